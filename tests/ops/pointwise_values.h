/// Values of element-wise operations, computed by hand or by closed forms.
#pragma once

#include <vector>

namespace tilefold::testing {

struct UnaryValues {
  const char* name;
  std::vector<float> input;
  std::vector<float> expected;
};

struct BinaryValues {
  const char* name;
  std::vector<float> expected;  // for a = {3, -1, 0, 2}, b = {2, -1, 4, 0}
};

const std::vector<UnaryValues>& unary_values();
const std::vector<BinaryValues>& binary_values();

}  // namespace tilefold::testing
