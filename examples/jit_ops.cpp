// Three jitted functions, each checked against plain loops: an activation, a residual connection with layer
// normalisation, and an activation chosen by a string.
#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "tilefold/jit.h"
#include "tilefold/ops.h"

namespace {

using tilefold::JitOptions;
using tilefold::Tensor;
namespace ops = tilefold::ops;

JitOptions options(const std::string& name) {
  JitOptions chosen;
  chosen.name = name;
  chosen.max_grid = tilefold::CoreCoord{7, 7};
  chosen.enable_cache = true;
  chosen.graph_capture = true;
  return chosen;
}

const auto jit_gelu = tilefold::jit([](const Tensor& x) { return ops::gelu(x); }, options("gelu"));

const auto jit_residual_norm =
    tilefold::jit([](const Tensor& x, const Tensor& residual, const Tensor& weight,
                     const Tensor& bias) { return ops::layer_norm(ops::add(x, residual), weight, bias, 1e-5); },
                  options("residual_norm"));

const auto jit_conditional_activation = tilefold::jit(
    [](const Tensor& x, const std::string& activation_type) {
      if (activation_type == "relu") return ops::relu(x);
      if (activation_type == "gelu") return ops::gelu(x);
      return ops::silu(x);
    },
    options("conditional_activation"));

float gelu(float x) { return 0.5F * x * (1.0F + std::erf(x / std::sqrt(2.0F))); }
float silu(float x) { return x / (1.0F + std::exp(-x)); }
float relu(float x) { return x > 0 ? x : 0; }

std::vector<float> mapped(const std::vector<float>& values, float (*function)(float)) {
  std::vector<float> result;
  for (const float x : values) result.push_back(function(x));
  return result;
}

std::vector<float> residual_norm(const std::vector<float>& x, const std::vector<float>& residual,
                                 const std::vector<float>& weight, const std::vector<float>& bias) {
  const std::size_t width = weight.size();
  std::vector<float> result(x.size());
  for (std::size_t row = 0; row < x.size(); row += width) {
    double mean = 0;
    double variance = 0;
    for (std::size_t i = 0; i < width; ++i) mean += x[row + i] + residual[row + i];
    mean /= static_cast<double>(width);
    for (std::size_t i = 0; i < width; ++i) variance += std::pow(x[row + i] + residual[row + i] - mean, 2);
    const double factor = 1 / std::sqrt(variance / static_cast<double>(width) + 1e-5);
    for (std::size_t i = 0; i < width; ++i) {
      const double centered = x[row + i] + residual[row + i] - mean;
      result[row + i] = static_cast<float>(centered * factor * weight[i] + bias[i]);
    }
  }
  return result;
}

std::vector<float> random_values(std::size_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(engine);
  return values;
}

/// Prints the largest difference; true when it is within a few roundoffs of fp32.
bool check(const char* name, const Tensor& result, const std::vector<float>& expected) {
  const std::vector<float> values = result.to_floats();
  double worst = values.size() == expected.size() ? 0 : INFINITY;
  for (std::size_t i = 0; i < values.size() && i < expected.size(); ++i)
    worst = std::max(worst, static_cast<double>(std::abs(values[i] - expected[i]) / (1 + std::abs(expected[i]))));
  const bool good = worst < 2e-6;
  std::printf("%-32s %-18s largest relative difference %.1e  %s\n", name, result.type().to_string().c_str(), worst,
              good ? "ok" : "MISMATCH");
  return good;
}

template <typename Function>
void report(const char* name, const Function& function) {
  const tilefold::JitStatistics statistics = function.statistics();
  std::printf("%-32s %zu programs, %zu hits, %zu misses, compiled in %.1f ms\n", name, statistics.entries,
              statistics.hits, statistics.misses, statistics.compile_seconds * 1e3);
}

}  // namespace

int main() {
  constexpr std::int64_t kRows = 100;
  constexpr std::int64_t kWidth = 96;
  const tilefold::Shape shape{kRows, kWidth};
  const std::vector<float> x = random_values(kRows * kWidth, 1);
  const std::vector<float> residual = random_values(kRows * kWidth, 2);
  const std::vector<float> weight = random_values(kWidth, 3);
  const std::vector<float> bias = random_values(kWidth, 4);
  const Tensor x_tensor = Tensor::from_data<float>(shape, x);
  const Tensor residual_tensor = Tensor::from_data<float>(shape, residual);
  const Tensor weight_tensor = Tensor::from_data<float>({kWidth}, weight);
  const Tensor bias_tensor = Tensor::from_data<float>({kWidth}, bias);

  bool good = check("jit_gelu", jit_gelu(x_tensor), mapped(x, gelu));
  good &= check("jit_residual_norm", jit_residual_norm(x_tensor, residual_tensor, weight_tensor, bias_tensor),
                residual_norm(x, residual, weight, bias));
  // The branch is taken while tracing: each activation is a program of its own, found again by the next call.
  for (int call = 0; call < 2; ++call) {
    good &= check("jit_conditional_activation relu", jit_conditional_activation(x_tensor, std::string("relu")),
                  mapped(x, relu));
    good &= check("jit_conditional_activation gelu", jit_conditional_activation(x_tensor, std::string("gelu")),
                  mapped(x, gelu));
    good &= check("jit_conditional_activation silu", jit_conditional_activation(x_tensor, std::string("silu")),
                  mapped(x, silu));
  }

  std::printf("\n");
  report("jit_gelu", jit_gelu);
  report("jit_residual_norm", jit_residual_norm);
  report("jit_conditional_activation", jit_conditional_activation);
  const tilefold::JitStatistics statistics = jit_conditional_activation.statistics();
  if (statistics.entries != 3 || statistics.hits != 3 || statistics.misses != 3) {
    std::printf("the cache should hold 3 programs after 3 misses and 3 hits\n");
    good = false;
  }
  std::printf("\nThe program of jit_residual_norm:\n%s\n", jit_residual_norm.program_text().c_str());
  return good ? 0 : 1;
}
