// Vector functions against double precision over the whole range of fp32, in units in the last place.
#include <functional>

#include "support.h"

namespace tilefold::isa::test {
namespace {

struct Reference {
  const char* name;
  std::function<double(double)> exact;
  double bound;  ///< units in the last place
};

const std::vector<Reference>& references() {
  static const std::vector<Reference> table = {
      {"exp", [](double x) { return std::exp(x); }, 2.0},
      {"exp2", [](double x) { return std::exp2(x); }, 2.0},
      {"expm1", [](double x) { return std::expm1(x); }, 3.0},
      {"log", [](double x) { return std::log(x); }, 2.0},
      {"log2", [](double x) { return std::log2(x); }, 3.0},
      {"log1p", [](double x) { return std::log1p(x); }, 3.0},
      {"tanh", [](double x) { return std::tanh(x); }, 4.0},
      {"sigmoid", [](double x) { return 1.0 / (1.0 + std::exp(-x)); }, 3.0},
      {"erf", [](double x) { return std::erf(x); }, 8.0},
      {"sin", [](double x) { return std::sin(x); }, 2.0},
      {"cos", [](double x) { return std::cos(x); }, 2.0},
      {"rsqrt", [](double x) { return 1.0 / std::sqrt(x); }, 2.0},
  };
  return table;
}

/// Spacing of fp32 numbers around x, not below the smallest denormal.
double spacing(double x) {
  if (x == 0) return std::ldexp(1.0, -149);
  return std::ldexp(1.0, std::max(std::ilogb(x) - 23, -149));
}

/// Distance in units in the last place; 0 if both are the same special value.
double distance(float computed, double exact) {
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  if (std::isnan(exact)) return std::isnan(computed) ? 0 : kInfinite;
  const auto rounded = static_cast<float>(exact);
  if (std::isinf(computed) || std::isinf(rounded)) {
    // One step beyond the largest number may be either.
    const bool near_limit = std::abs(exact) < std::ldexp(1.0, 128) * (1 + 1e-6) && std::abs(exact) > 3.4e38;
    return computed == rounded || (near_limit && std::isinf(computed)) ? 0 : kInfinite;
  }
  if (std::isnan(computed)) return kInfinite;
  return std::abs(static_cast<double>(computed) - exact) / spacing(exact);
}

class VectorMath : public Levels {
 protected:
  const NativeMath& function(const std::string& name) const {
    for (std::int32_t i = 0; i < primitives().math_count; ++i) {
      if (primitives().math[i].name == name) return primitives().math[i];
    }
    throw std::out_of_range(name);
  }

  void check(const Reference& reference, const std::vector<float>& in) const {
    std::vector<float> out(in.size());
    function(reference.name).apply(in.data(), out.data(), static_cast<std::int64_t>(in.size()));
    double worst = 0;
    float where = 0;
    float value = 0;
    for (std::size_t i = 0; i < in.size(); ++i) {
      const double error = distance(out[i], reference.exact(static_cast<double>(in[i])));
      if (error > worst) {
        worst = error;
        where = in[i];
        value = out[i];
      }
    }
    RecordProperty(reference.name, std::to_string(worst));
    EXPECT_LE(worst, reference.bound) << reference.name << "(" << where << ") = " << value << ", exact "
                                      << reference.exact(static_cast<double>(where));
  }
};

TEST_P(VectorMath, EveryFunctionHasAReference) {
  EXPECT_EQ(static_cast<std::size_t>(primitives().math_count), references().size());
}

TEST_P(VectorMath, WholeRange) {
  std::vector<float> in;
  for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32); bits += 10007) {
    const auto word = static_cast<std::uint32_t>(bits);
    float x;
    std::memcpy(&x, &word, 4);
    in.push_back(x);
  }
  in.resize(in.size() / 16 * 16);
  for (const Reference& reference : references()) check(reference, in);
}

TEST_P(VectorMath, UsualRange) {
  std::vector<float> in;
  for (int i = -160000; i < 160000; ++i) in.push_back(static_cast<float>(i) * 7.3e-4f);
  for (const Reference& reference : references()) check(reference, in);
}

TEST_P(VectorMath, SpecialValues) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float denormal = std::numeric_limits<float>::denorm_min();
  const float largest = std::numeric_limits<float>::max();
  const float smallest = std::numeric_limits<float>::min();
  const std::vector<float> in = {0.0f,     -0.0f,    infinity,  -infinity, std::nanf(""), denormal, -denormal, largest,
                                 -largest, smallest, -smallest, 1.0f,      -1.0f,         88.73f,   -103.9f,   128.0f};
  for (const Reference& reference : references()) check(reference, in);
}

// 1 + erf must be zero far to the left: gelu multiplies it by its argument.
TEST_P(VectorMath, SaturatesExactly) {
  std::vector<float> in;
  for (int i = 0; i < 1600; ++i) in.push_back(4.2f + static_cast<float>(i) * 0.01f);
  for (std::size_t i = 0; i < 16; ++i) in.push_back(std::numeric_limits<float>::infinity());
  std::vector<float> out(in.size());
  for (const float sign : {1.0f, -1.0f}) {
    std::vector<float> signed_in = in;
    for (float& x : signed_in) x *= sign;
    function("erf").apply(signed_in.data(), out.data(), static_cast<std::int64_t>(in.size()));
    for (const float y : out) ASSERT_EQ(y, sign);
  }
}

TEST_P(VectorMath, SignOfZeroIsKept) {
  const std::vector<float> in(16, -0.0f);
  std::vector<float> out(16);
  for (const char* name : {"expm1", "log1p", "tanh", "erf", "sin"}) {
    function(name).apply(in.data(), out.data(), 16);
    EXPECT_TRUE(out[0] == 0.0f && std::signbit(out[0])) << name;
  }
}

void check_pow(const NativePrimitives& primitives, const std::vector<float>& x, const std::vector<float>& y) {
  std::vector<float> out(x.size());
  primitives.pow(x.data(), y.data(), out.data(), static_cast<std::int64_t>(x.size()));
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double exact = std::pow(static_cast<double>(x[i]), static_cast<double>(y[i]));
    ASSERT_LE(distance(out[i], exact), 1.0)
        << "pow(" << x[i] << ", " << y[i] << ") = " << out[i] << ", exact " << exact;
    if (exact != 0) continue;
    ASSERT_EQ(std::signbit(out[i]), std::signbit(exact)) << x[i] << " " << y[i];
  }
}

TEST_P(VectorMath, PowOfRandomNumbers) {
  std::mt19937 engine(1);
  std::uniform_real_distribution<float> exponent(-40.0f, 40.0f);
  std::vector<float> x(160000);
  std::vector<float> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = std::exp(exponent(engine));
    y[i] = i % 3 == 0 ? std::round(exponent(engine)) : exponent(engine) / 16;
    if (i % 3 == 0 && i % 2 == 0) x[i] = -x[i];
  }
  check_pow(primitives(), x, y);
}

TEST_P(VectorMath, PowOfSpecialValues) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float values[] = {0.0f,      -0.0f, 1.0f,   -1.0f,       2.0f,       -2.0f,        3.0f,
                          -3.0f,     0.5f,  -0.5f,  1.5f,        -1.5f,      1e-40f,       infinity,
                          -infinity, 1e38f, -1e38f, 16777217.0f, 8388609.0f, std::nanf("")};
  std::vector<float> x;
  std::vector<float> y;
  for (float a : values) {
    for (float b : values) {
      x.push_back(a);
      y.push_back(b);
    }
  }
  x.resize((x.size() + 15) / 16 * 16, 1.0f);
  y.resize(x.size(), 1.0f);
  check_pow(primitives(), x, y);
}

TILEFOLD_TEST_LEVELS(VectorMath);

}  // namespace
}  // namespace tilefold::isa::test
