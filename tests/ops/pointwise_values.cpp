#include "ops/pointwise_values.h"

#include <limits>

namespace tilefold::testing {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

}  // namespace

const std::vector<UnaryValues>& unary_values() {
  static const std::vector<UnaryValues> table = {
      {"abs", {-1.5F, 0, 2}, {1.5F, 0, 2}},
      {"cbrt", {8, -27, 0, 0.001F, 2, kInfinity}, {2, -3, 0, 0.1F, 1.25992105F, kInfinity}},
      {"ceil", {-1.5F, 0.25F, 2}, {-1, 1, 2}},
      {"cos", {0, 1, 3.14159265F}, {1, 0.540302306F, -1}},
      {"cosh", {0, 1, -2, 89}, {1, 1.54308063F, 3.76219569F, 2.24480642e38F}},
      {"digamma",
       {1, 0.5F, 10, 100.5F, 0.01F, 0, -0.5F, -1.75F},
       {-0.577215665F, -1.96351003F, 2.25175259F, 4.60517436F, -100.560885F, -kInfinity, 0.0364899740F, -2.32269163F}},
      {"erf", {0, 0.5F, -1, 4}, {0, 0.520499878F, -0.842700793F, 0.999999985F}},
      {"erfc", {0, 0.5F, -1, 3}, {1, 0.479500122F, 1.84270079F, 2.20904970e-5F}},
      {"exp", {0, 1, -2, 10}, {1, 2.71828183F, 0.135335283F, 22026.4658F}},
      {"floor", {-1.5F, 0.75F, 2}, {-2, 0, 2}},
      {"gelu", {0, 1, -1, 3}, {0, 0.841344746F, -0.158655254F, 2.99595031F}},
      {"gelu_tanh", {0, 1, -1, 3}, {0, 0.841191990F, -0.158808010F, 2.99636261F}},
      {"hardsigmoid", {0, 1, -3, -4, 6}, {0.5F, 0.666666667F, 0, 0, 1}},
      {"identity", {-1.5F, 0, 2}, {-1.5F, 0, 2}},
      {"log", {1, 2.71828183F, 10, 0}, {0, 1, 2.30258509F, -kInfinity}},
      {"logical_not", {0, -0.0F, 2, -1}, {1, 1, 0, 0}},
      {"neg", {1.5F, -2}, {-1.5F, 2}},
      {"reciprocal", {2, -0.25F, 0}, {0.5F, -4, kInfinity}},
      {"relu", {-1, 0, 2.5F}, {0, 0, 2.5F}},
      {"round", {0.5F, 1.5F, 2.5F, -0.5F, -2.6F}, {0, 2, 2, 0, -3}},
      // Ties go to the even neighbour: 1 + 2^-8 down, 1 + 3 * 2^-8 up.
      {"round_bfloat16", {1, 1.00390625F, 1.01171875F, -3.14159265F}, {1, 1, 1.015625F, -3.140625F}},
      {"rsqrt", {4, 0.25F, 0}, {0.5F, 2, kInfinity}},
      {"sigmoid", {0, 1, -2, 100}, {0.5F, 0.731058579F, 0.119202922F, 1}},
      {"sign", {-3, 0, 0.5F}, {-1, 0, 1}},
      {"silu", {0, 1, -2, -100}, {0, 0.731058579F, -0.238405844F, 0}},
      {"sin", {0, 1, 1.57079633F}, {0, 0.841470985F, 1}},
      {"sinh", {0, 1, -2, 0.001F, 89}, {0, 1.17520119F, -3.62686041F, 0.00100000017F, 2.24480642e38F}},
      {"sqrt", {0, 2, 9}, {0, 1.41421356F, 3}},
      {"square", {-3, 0.5F}, {9, 0.25F}},
      {"tan", {0, 1, -0.5F}, {0, 1.55740772F, -0.546302490F}},
      {"tanh", {0, 1, -2, 20}, {0, 0.761594156F, -0.964027580F, 1}},
      {"trunc", {-1.75F, 1.75F}, {-1, 1}},
  };
  return table;
}

const std::vector<BinaryValues>& binary_values() {
  static const std::vector<BinaryValues> table = {
      {"add", {5, -2, 4, 2}},        {"subtract", {1, 0, -4, 2}},
      {"multiply", {6, 1, 0, 0}},    {"divide", {1.5F, 1, 0, kInfinity}},
      {"maximum", {3, -1, 4, 2}},    {"minimum", {2, -1, 0, 0}},
      {"eq", {0, 1, 0, 0}},          {"ne", {1, 0, 1, 1}},
      {"gt", {1, 0, 0, 1}},          {"ge", {1, 1, 0, 1}},
      {"lt", {0, 0, 1, 0}},          {"le", {0, 1, 1, 0}},
      {"logical_and", {1, 1, 0, 0}}, {"logical_or", {1, 1, 1, 1}},
      {"logical_xor", {0, 0, 1, 1}},
  };
  return table;
}

}  // namespace tilefold::testing
