#include "support.h"

#include <cmath>

namespace tilefold::testing {

Tensor random_tensor(const std::vector<std::int64_t>& sizes, std::uint64_t seed, DType dtype) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<float> normal;
  Tensor tensor = Tensor::empty(Shape(sizes));
  for (float& value : tensor.mutable_data<float>()) value = normal(engine);
  return dtype == DType::float32 ? tensor : tensor.converted_to(dtype);
}

Tensor random_integers(const std::vector<std::int64_t>& sizes, std::uint64_t seed, int low, int high) {
  std::mt19937_64 engine(seed);
  std::uniform_int_distribution<std::int32_t> uniform(low, high - 1);
  Tensor tensor = Tensor::empty(Shape(sizes), DType::int32);
  for (std::int32_t& value : tensor.mutable_data<std::int32_t>()) value = uniform(engine);
  return tensor;
}

namespace {

void expect_close(const Tensor& found, const Tensor& expected, double relative, std::size_t output) {
  ASSERT_EQ(found.type().to_string(), expected.type().to_string()) << "output " << output;
  if (!is_floating_point(expected.dtype())) {
    ASSERT_EQ(found.to_floats(), expected.to_floats()) << "output " << output;
    return;
  }
  const std::vector<float> a = found.to_floats();
  const std::vector<float> b = expected.to_floats();
  double largest = 1;
  for (const float value : b) {
    if (std::isfinite(value)) largest = std::max(largest, std::abs(static_cast<double>(value)));
  }
  if (expected.dtype() == DType::bfloat16) relative += 0x1p-8;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
    ASSERT_NEAR(a[i], b[i], relative * largest) << "output " << output << " element " << i << " of " << b.size();
  }
}

}  // namespace

void expect_matches_reference(const Function& function, const std::vector<Tensor>& inputs, const JitOptions& options,
                              Tolerance tolerance) {
  const auto program = jit([&](const std::vector<Tensor>& arguments) { return function(arguments); }, options);
  const std::vector<Tensor> found = program(inputs);
  std::vector<Tensor> expected;
  {
    const ReferenceScope reference;
    expected = program(inputs);
  }
  ASSERT_EQ(found.size(), expected.size());
  // Rounding errors of sums add up like a random walk; four standard deviations of it are never seen in practice.
  const double unit = options.precision == Precision::mixed ? 0x1p-8 : 0x1p-23;
  const double relative = 4 * unit * tolerance.operations * std::sqrt(tolerance.length);
  for (std::size_t i = 0; i < found.size(); ++i) expect_close(found[i], expected[i], relative, i);
  if (::testing::Test::HasFailure()) ADD_FAILURE() << program.program_text();
}

void expect_matches_in_all_modes(const Function& function, const std::vector<Tensor>& inputs, Tolerance tolerance) {
  for (const bool symbolic : {false, true}) {
    for (const Precision precision : {Precision::float32, Precision::mixed}) {
      SCOPED_TRACE(std::string(symbolic ? "symbolic" : "static") +
                   (precision == Precision::mixed ? ", mixed" : ", float32"));
      JitOptions options{.name = "test"};
      options.precision = precision;
      options.symbolic = symbolic;
      expect_matches_reference(function, inputs, options, tolerance);
      if (::testing::Test::HasFatalFailure() || ::testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace tilefold::testing
