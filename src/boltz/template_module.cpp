#include "boltz/template_module.h"

#include "boltz/layers.h"
#include "boltz/pair_modules.h"
#include "tilefold/bio.h"
#include "tilefold/precision.h"

namespace tilefold::boltz {
namespace {

/// min_dist, ..., max_dist in equal steps: the edges between the distogram's bins.
Tensor bin_boundaries(const TemplateOptions& options) {
  const std::int64_t edges = options.num_bins - 1;
  const double step = (options.max_dist - options.min_dist) / static_cast<double>(edges - 1);
  return ops::typecast(ops::arange(edges), DType::float32) * step + options.min_dist;
}

/// Signs of R_j^T (ca_i - t_j), one [N, N, 1] tensor per component: the frame is that of the second token, the point
/// that of the first. The reference means a unit vector but normalises along an axis of length 1, which leaves the
/// sign; the network was trained with it.
std::vector<Tensor> local_directions(const TemplateRow& row) {
  const Dim tokens = row.ca.shape().dim(0);
  const Tensor offset = ops::unsqueeze(row.ca, 1) - ops::unsqueeze(row.frame_t, 0);  // [N, N, 3]
  Tensor local;
  for (std::int64_t axis = 0; axis < 3; ++axis) {
    const Tensor frame_row = ops::reshape(ops::slice(row.frame_rot, 1, axis, axis + 1), Shape{1, tokens, 3});
    const Tensor part = ops::slice(offset, 2, axis, axis + 1) * frame_row;
    local = local.defined() ? local + part : part;
  }
  std::vector<Tensor> components;
  components.reserve(3);
  for (std::int64_t axis = 0; axis < 3; ++axis) components.push_back(ops::sign(ops::slice(local, 2, axis, axis + 1)));
  return components;
}

Tensor by_pair(const Tensor& column) {
  return with_channel(column * ops::transpose(column, 0, 1));  // [N, N, 1]
}

}  // namespace

// Geometry is multiplied by visibility, residue types are not; tokens that a template does not cover have type 0 and
// coordinates 0, and still fall into a bin.
Tensor template_embedding(const Parameters& parameters, const Tensor& z, const TemplateRow& row,
                          const TemplateOptions& options) {
  const Tensor projected = linear_no_bias(parameters, "z_proj", layer_norm(parameters, "z_norm", z));
  const PrecisionScope full(Precision::float32);
  const Tensor weight = parameters["a_proj.weight"];  // [Ct, bins + 1 + 3 + 1 + 2 * 33]
  std::int64_t column = 0;
  const auto next = [&](std::int64_t width) {
    column += width;
    return column_table(weight, column - width, column);
  };
  const Tensor bins = distance_bins(pairwise_distances(row.cb), bin_boundaries(options));
  Tensor geometry = ops::embedding(bins, next(options.num_bins));
  geometry = geometry + by_pair(row.cb_mask) * next(1);
  for (const Tensor& direction : local_directions(row)) geometry = geometry + direction * next(1);
  geometry = geometry + by_pair(row.frame_mask) * next(1);
  const Tensor visible = with_channel(ops::eq(row.visibility_id, ops::transpose(row.visibility_id, 0, 1)));

  const Tensor type = without_channel(row.res_type);
  const Tensor first = ops::unsqueeze(ops::embedding(type, next(bio::kNumResidueTypes)), 1);
  const Tensor second = ops::unsqueeze(ops::embedding(type, next(bio::kNumResidueTypes)), 0);
  return projected + geometry * visible + first + second;
}

Tensor template_representation(const Parameters& parameters, const Tensor& v, const Tensor& stack) {
  return layer_norm(parameters, "v_norm", v + stack);
}

Tensor template_update(const Parameters& parameters, const Tensor& u) {
  return linear_no_bias(parameters, "u_proj", ops::relu(u));
}

Tensor add_template_update(const Parameters& parameters, const Tensor& z, const Tensor& sum, const Tensor& weight) {
  return z + template_update(parameters, sum * weight);
}

}  // namespace tilefold::boltz
