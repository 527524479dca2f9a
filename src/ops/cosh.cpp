#include <cmath>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

/// (e^|x| + e^-|x|) / 2 from e^(|x| / 2), which does not overflow before the result does.
int program(ScalarProgram& p, int x) {
  const int half = p.constant(0.5);
  const int root = p.apply(ScalarOp::exp, p.apply(ScalarOp::multiply, p.apply(ScalarOp::abs, x), half));
  const int growing = p.apply(ScalarOp::multiply, p.apply(ScalarOp::multiply, root, half), root);
  const int shrinking = p.apply(ScalarOp::divide, p.apply(ScalarOp::divide, half, root), root);
  return p.apply(ScalarOp::add, growing, shrinking);
}

const OperationDefinition& definition = register_unary({
    .name = "cosh",
    .doc = "Hyperbolic cosine.",
    .program = program,
    .reference = [](double x) { return std::cosh(x); },
    .low = -20,
    .high = 20,
});

}  // namespace

Tensor cosh(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
