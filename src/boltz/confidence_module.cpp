#include "boltz/confidence_module.h"

#include <cmath>

#include "boltz/layers.h"
#include "boltz/pair_modules.h"

namespace tilefold::boltz {
namespace {

constexpr double kMaxError = 32.0;         // Angstrom, end of the last PAE and PDE bin
constexpr std::int64_t kContactBins = 20;  // of the distogram, up to about 8 Angstrom

/// (b + 1/2) * end / bins for b = 0, 1, ...: [bins].
Tensor bin_centres(std::int64_t bins, double end) {
  return (ops::typecast(ops::arange(bins), DType::float32) + 0.5) * (end / static_cast<double>(bins));
}

Tensor weighted_mean(const Tensor& logits, const Tensor& values) {
  return ops::sum(ops::softmax(logits, -1) * values, {-1});
}

/// Mean over bins from 0 to `end`.
Tensor expected_value(const Tensor& logits, double end) {
  return weighted_mean(logits, bin_centres(logits.shape()[-1], end));
}

Tensor expected_tm(const Tensor& pae_logits, std::int64_t tokens) {
  const double length = std::max(static_cast<double>(tokens), 19.0);
  const double d0 = 1.24 * std::cbrt(length - 15.0) - 1.8;
  const Tensor distance = bin_centres(pae_logits.shape()[-1], kMaxError) / d0;
  return weighted_mean(pae_logits, ops::reciprocal(ops::square(distance) + 1.0));
}

Tensor contact_probability(const Tensor& distogram_logits) {
  return ops::sum(ops::slice(ops::softmax(distogram_logits, -1), 2, 0, kContactBins), {-1});
}

}  // namespace

ConfidenceInputs confidence_inputs(const Parameters& parameters, const Tensor& s_inputs, const Tensor& s,
                                   const Tensor& z, const Tensor& pair_features) {
  const Tensor inputs = layer_norm(parameters, "s_inputs_norm", s_inputs);
  Tensor single = layer_norm(parameters, "s_norm", s);
  if (parameters.contains("s_input_to_s.weight")) single = single + linear_no_bias(parameters, "s_input_to_s", inputs);

  Tensor pair = layer_norm(parameters, "z_norm", z);
  if (pair_features.defined()) pair = pair + pair_features;
  const auto rows = [&](const std::string& name) {
    return ops::unsqueeze(linear_no_bias(parameters, name, inputs), 1);  // by first token
  };
  const auto columns = [&](const std::string& name) {
    return ops::unsqueeze(linear_no_bias(parameters, name, inputs), 0);  // by second token
  };
  pair = pair + rows("s_to_z") + columns("s_to_z_transpose");
  if (parameters.contains("s_to_z_prod_out.weight")) {
    const Tensor product = rows("s_to_z_prod_in1") * columns("s_to_z_prod_in2");
    pair = pair + linear_no_bias(parameters, "s_to_z_prod_out", product);
  }
  return {single, pair};
}

Tensor add_distances(const Parameters& parameters, const Tensor& z, const Tensor& x) {
  const Tensor bins = distance_bins(pairwise_distances(x), parameters["boundaries"]);
  return z + ops::embedding(bins, parameters["dist_bin_pairwise_embed.weight"]);
}

ConfidenceLogits confidence_heads(const Parameters& parameters, const Tensor& s, const Tensor& z,
                                  const Tensor& same_chain) {
  const auto pair_head = [&](const std::string& name, const Tensor& pair) {
    if (!parameters.contains(name + "_intra_logits.weight")) return linear_no_bias(parameters, name + "_logits", pair);
    const Tensor intra = linear_no_bias(parameters, name + "_intra_logits", pair);
    const Tensor inter = linear_no_bias(parameters, name + "_inter_logits", pair);
    return ops::where(same_chain, intra, inter);
  };
  return {linear_no_bias(parameters, "to_plddt_logits", s), linear_no_bias(parameters, "to_resolved_logits", s),
          pair_head("to_pae", z), pair_head("to_pde", z + ops::transpose(z, 0, 1))};
}

ConfidenceValues confidence_values(const ConfidenceLogits& logits, const Tensor& distogram_logits,
                                   std::int64_t tokens) {
  return {expected_value(logits.plddt, 1.0), expected_value(logits.pae, kMaxError),
          expected_value(logits.pde, kMaxError), expected_tm(logits.pae, tokens),
          contact_probability(distogram_logits)};
}

}  // namespace tilefold::boltz
