/// Model inputs from the inputs of a golden case.
#pragma once

#include "boltz/atom_modules.h"
#include "boltz/pair_features.h"
#include "golden.h"

namespace tilefold::boltz {

inline TokenIdentity token_identity(const GoldenCase& golden) {
  return {golden.column("asym_id"),     golden.column("residue_index"), golden.column("entity_id"),
          golden.column("token_index"), golden.column("sym_id"),        golden.column("cyclic_period")};
}

inline Contacts contacts(const GoldenCase& golden, bool constrained) {
  return {golden.column("contact_conditioning.index"), golden.column("contact_threshold"), constrained, 4.0, 20.0};
}

inline AtomFeatures atom_features(const GoldenCase& golden) {
  return {golden.in("ref_pos"),           golden.column("ref_charge"),
          golden.in("ref_element.index"), golden.in("ref_atom_name_chars.index"),
          golden.in("ref_space_uid"),     golden.in("atom_pad_mask")};
}

inline AtomLayout atom_layout(const GoldenCase& golden, std::int64_t tokens) {
  return make_atom_layout(golden.in("atom_pad_mask"), golden.in("atom_to_token.index"), tokens,
                          golden.config.value("atoms_per_window_queries", 32),
                          golden.config.value("atoms_per_window_keys", 128));
}

/// [W, 32, 128, layers * H], layer major, as one [W, H, 32, 128] per layer.
inline std::vector<Tensor> split_atom_bias(const Tensor& bias, std::int64_t layers) {
  const std::int64_t heads = bias.shape()[3] / layers;
  std::vector<Tensor> result;
  for (std::int64_t layer = 0; layer < layers; ++layer)
    result.push_back(ops::permute(ops::slice(bias, 3, layer * heads, (layer + 1) * heads), {0, 3, 1, 2}));
  return result;
}

/// [N, N, layers * H], layer major, as one [1, H, N, N] per layer.
inline std::vector<Tensor> split_token_bias(const Tensor& bias, std::int64_t layers) {
  const std::int64_t heads = bias.shape()[2] / layers;
  std::vector<Tensor> result;
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    const Tensor part = ops::permute(ops::slice(bias, 2, layer * heads, (layer + 1) * heads), {2, 0, 1});
    result.push_back(ops::unsqueeze(part, 0));
  }
  return result;
}

}  // namespace tilefold::boltz
