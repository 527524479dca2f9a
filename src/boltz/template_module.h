/// Template module, version 2 (AlphaFold 3 algorithm 16 as Boltz-2 changed it).
#pragma once

#include "tilefold/parameters.h"
#include "tilefold/tensor.h"

namespace tilefold::boltz {

/// One template row over N tokens.
struct TemplateRow {
  Tensor res_type;       ///< int32 [N, 1]
  Tensor frame_rot;      ///< [N, 3, 3]
  Tensor frame_t;        ///< [N, 3]
  Tensor ca;             ///< [N, 3]
  Tensor cb;             ///< [N, 3]
  Tensor cb_mask;        ///< [N, 1]
  Tensor frame_mask;     ///< [N, 1]
  Tensor visibility_id;  ///< [N, 1]: tokens see each other where these are equal
};

struct TemplateOptions {
  double min_dist = 3.25;
  double max_dist = 50.75;
  std::int64_t num_bins = 38;
};

/// Input of the template stack: normed and projected z plus the embedded template, [N, N, Ct].
Tensor template_embedding(const Parameters& parameters, const Tensor& z, const TemplateRow& row,
                          const TemplateOptions& options);

/// What one template contributes: LayerNorm(v + stack(v)), [N, N, Ct]. The stack already returns v plus its updates, so
/// v counts twice, as the network was trained.
Tensor template_representation(const Parameters& parameters, const Tensor& v, const Tensor& stack);

/// The update of z from the mean over templates u [N, N, Ct].
Tensor template_update(const Parameters& parameters, const Tensor& u);
/// z with the update from u = `sum` over templates times `weight` [1, 1, 1], one over their number.
Tensor add_template_update(const Parameters& parameters, const Tensor& z, const Tensor& sum, const Tensor& weight);

}  // namespace tilefold::boltz
