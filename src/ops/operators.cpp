#include "tilefold/ops.h"

namespace tilefold {

Tensor operator+(const Tensor& a, const Tensor& b) { return ops::add(a, b); }
Tensor operator+(const Tensor& a, double b) { return ops::add(a, b); }
Tensor operator+(double a, const Tensor& b) { return ops::add(b, a); }
Tensor operator-(const Tensor& a, const Tensor& b) { return ops::subtract(a, b); }
Tensor operator-(const Tensor& a, double b) { return ops::subtract(a, b); }
Tensor operator-(double a, const Tensor& b) { return ops::add(ops::neg(b), a); }
Tensor operator-(const Tensor& a) { return ops::neg(a); }
Tensor operator*(const Tensor& a, const Tensor& b) { return ops::multiply(a, b); }
Tensor operator*(const Tensor& a, double b) { return ops::multiply(a, b); }
Tensor operator*(double a, const Tensor& b) { return ops::multiply(b, a); }
Tensor operator/(const Tensor& a, const Tensor& b) { return ops::divide(a, b); }
Tensor operator/(const Tensor& a, double b) { return ops::divide(a, b); }

}  // namespace tilefold
