#include "boltz/layers.h"

#include <numbers>

namespace tilefold::boltz {

Tensor linear_no_bias(const Parameters& parameters, const std::string& name, const Tensor& x,
                      const std::string& activation) {
  return ops::linear(x, parameters[name + ".weight"], {}, {.transpose_b = true}, activation);
}

Tensor linear(const Parameters& parameters, const std::string& name, const Tensor& x, const std::string& activation) {
  return ops::linear(x, parameters[name + ".weight"], parameters[name + ".bias"], {.transpose_b = true}, activation);
}

Tensor layer_norm(const Parameters& parameters, const std::string& name, const Tensor& x) {
  return ops::layer_norm(x, parameters[name + ".weight"], parameters[name + ".bias"]);
}

Tensor column_table(const Tensor& weight, std::int64_t start, std::int64_t end) {
  return ops::slice(ops::transpose(weight, 0, 1), 0, start, end);
}

Tensor split_heads(const Tensor& x, std::int64_t heads) {
  std::vector<Dim> dims = x.shape().dims();
  const std::int64_t channels = dims.back().value();
  dims.back() = heads;
  dims.emplace_back(channels / heads);
  return ops::reshape(x, Shape(std::move(dims)));
}

Tensor merge_heads(const Tensor& x) {
  std::vector<Dim> dims = x.shape().dims();
  const Dim width = dims.back();
  dims.pop_back();
  dims.back() = dims.back() * width;
  return ops::reshape(x, Shape(std::move(dims)));
}

Tensor with_channel(const Tensor& x) { return ops::unsqueeze(x, -1); }
Tensor without_channel(const Tensor& x) { return ops::squeeze(x, -1); }

Tensor fourier_embedding(const Parameters& parameters, const Tensor& x) {
  return ops::cos(linear(parameters, "proj", x) * (2.0 * std::numbers::pi));
}

std::int64_t module_count(const Parameters& parameters, const std::string& name, const std::string& member) {
  std::int64_t count = 0;
  while (parameters.scope(name, count).contains(member)) ++count;
  return count;
}

}  // namespace tilefold::boltz
