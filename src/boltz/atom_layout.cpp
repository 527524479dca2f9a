#include <fmt/format.h>

#include "boltz/atom_modules.h"
#include "boltz/layers.h"
#include "tilefold/error.h"

namespace tilefold::boltz {

// The keys of a window are centred on its queries: with 32 and 128, 48 atoms on either side. Keys outside of the array
// are absent (zero vectors with mask 0), not clamped to its ends.
AtomLayout make_atom_layout(const Tensor& atom_pad_mask, const Tensor& atom_to_token, std::int64_t tokens,
                            std::int64_t queries, std::int64_t keys) {
  const std::int64_t atoms = atom_pad_mask.shape()[0];
  if (atoms % queries != 0) {
    throw ValueError(fmt::format("the number of atoms must be padded to a multiple of {}, found {}", queries, atoms));
  }
  const std::int64_t windows = atoms / queries;
  const std::int64_t before = (keys - queries) / 2;
  const Tensor window_start = ops::reshape(ops::arange(windows), Shape{windows, 1}) * static_cast<double>(queries);
  const Tensor position = window_start + ops::arange(keys) - static_cast<double>(before);  // [W, keys]
  const Tensor inside = ops::logical_and(ops::ge(position, 0.0), ops::lt(position, static_cast<double>(atoms)));

  AtomLayout layout;
  layout.key_index = ops::where(inside, position, ops::full(Shape{1, 1}, -1.0, DType::int32));
  layout.key_bias = (ops::embedding(layout.key_index, atom_pad_mask) - 1.0) * kMaskValue;
  layout.atom_to_token = atom_to_token;
  layout.token_atom_count = ops::segment_sum(ops::full(Shape{atoms, 1}, 1.0), atom_to_token, tokens);
  return layout;
}

}  // namespace tilefold::boltz
