#include "boltz/layers.h"
#include "boltz/pair_modules.h"

namespace tilefold::boltz {
namespace {

/// Hidden channels of the left factor that are worked on at once: bounds the outer products to
/// [N, N, 8 * hidden] where all of them would be [N, N, hidden * hidden].
constexpr std::int64_t kGroup = 8;

}  // namespace

Tensor outer_product_mean(const Parameters& parameters, const Tensor& m, const Tensor& mask) {
  const Dim rows = m.shape().dim(0);
  const Dim tokens = m.shape().dim(1);
  const Tensor normed = layer_norm(parameters, "norm", m);
  const Tensor a = linear_no_bias(parameters, "proj_a", normed) * mask;  // [S, N, c]
  const Tensor b = linear_no_bias(parameters, "proj_b", normed) * mask;
  const std::int64_t hidden = a.shape()[-1];
  const std::int64_t group = hidden % kGroup == 0 ? kGroup : hidden;
  const Tensor right = ops::reshape(b, Shape{rows, tokens * hidden});
  const Tensor weight = parameters["proj_o.weight"];  // [Cz, hidden * hidden], left channel major

  Tensor total;
  for (std::int64_t start = 0; start < hidden; start += group) {
    const Tensor left = ops::reshape(ops::slice(a, 2, start, start + group), Shape{rows, tokens * group});
    const Tensor outer = ops::reshape(ops::matmul(left, right, {.transpose_a = true}),
                                      Shape{tokens, group, tokens, hidden});  // sum over s of a[s,i,c] b[s,j,d]
    const Tensor pairs = ops::reshape(ops::permute(outer, {0, 2, 1, 3}), Shape{tokens, tokens, group * hidden});
    const Tensor part =
        ops::linear(pairs, ops::slice(weight, 1, start * hidden, (start + group) * hidden), {}, {.transpose_b = true});
    total = total.defined() ? total + part : part;
  }
  const Tensor flat_mask = without_channel(mask);
  const Tensor count = ops::maximum(ops::matmul(flat_mask, flat_mask, {.transpose_a = true}), 1.0);
  return total / with_channel(count) + parameters["proj_o.bias"];
}

}  // namespace tilefold::boltz
