/// Golden tensors of the reference implementation and how results are compared with them.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "tilefold/ops.h"
#include "tilefold/parameters.h"
#include "tilefold/weights.h"

namespace tilefold::boltz {

/// Parameters, inputs and outputs of one case of tests/golden/modules.
class GoldenCase {
 public:
  explicit GoldenCase(const std::string& name)
      : file_(load_safetensors(std::string(TILEFOLD_SOURCE_DIR) + "/tests/golden/modules/" + name + ".safetensors")) {
    auto map = std::make_shared<ParameterMap>();
    for (const auto& [key, tensor] : file_.tensors) {
      if (key.rfind("param.", 0) == 0) map->emplace(key.substr(6), tensor.converted_to(DType::float32));
    }
    parameters = Parameters(std::move(map));
    config = nlohmann::json::parse(file_.metadata.at("config"));
  }

  /// An input; bf16 values (a compact form) become fp32.
  Tensor in(const std::string& name) const {
    const Tensor& tensor = file_.tensor("in." + name);
    return tensor.dtype() == DType::bfloat16 ? tensor.converted_to(DType::float32) : tensor;
  }
  /// An input with a trailing dimension of 1.
  Tensor column(const std::string& name) const {
    const Tensor tensor = in(name);
    std::vector<Dim> dims = tensor.shape().dims();
    dims.emplace_back(1);
    return tensor.viewed_as(Shape(std::move(dims)));
  }
  const Tensor& out(const std::string& name) const { return file_.tensor("out." + name); }

  Parameters parameters;
  nlohmann::json config;

 private:
  Checkpoint file_;
};

/// ||actual - expected|| / ||expected|| in double. Errors of single elements say little where values cancel; the norm
/// is what an error in the next module is proportional to.
inline double relative_error(const Tensor& actual, const Tensor& expected) {
  const std::vector<float> a = actual.to_floats();
  const std::vector<float> e = expected.to_floats();
  EXPECT_EQ(a.size(), e.size());
  double difference = 0;
  double norm = 0;
  for (std::size_t i = 0; i < std::min(a.size(), e.size()); ++i) {
    difference += (static_cast<double>(a[i]) - e[i]) * (static_cast<double>(a[i]) - e[i]);
    norm += static_cast<double>(e[i]) * e[i];
  }
  return std::sqrt(difference) / std::max(std::sqrt(norm), 1e-30);
}

/// Changing every parameter by one fp32 rounding changes the golden outputs by less than 3e-6 of their norm
/// (tools/golden/README.md), so 1e-5 leaves room for another order of summation and for nothing else.
constexpr double kModuleTolerance = 1e-5;

inline void expect_close(const Tensor& actual, const Tensor& expected, double tolerance = kModuleTolerance) {
  ASSERT_EQ(actual.volume(), expected.volume())
      << actual.type().to_string() << " instead of " << expected.type().to_string();
  EXPECT_LE(relative_error(actual, expected), tolerance);
}

}  // namespace tilefold::boltz
