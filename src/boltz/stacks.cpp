#include "boltz/stacks.h"

#include <tuple>

namespace tilefold::boltz {
namespace {

template <typename Block>
void for_each_block(const Parameters& parameters, std::int64_t blocks, const AfterBlock& after_block,
                    const Block& block) {
  for (std::int64_t index = 0; index < blocks; ++index) {
    block(parameters.scope("layers", index));
    if (after_block) after_block();
  }
}

}  // namespace

std::pair<Tensor, Tensor> run_pairformer(const Programs& programs, const Parameters& parameters, std::int64_t blocks,
                                         Tensor s, Tensor z, const Tensor& mask, const Tensor& pair_mask,
                                         const AfterBlock& after_block) {
  for_each_block(parameters, blocks, after_block, [&](const Parameters& block) {
    std::tie(s, z) = programs.pairformer_layer(block, s, z, mask, pair_mask);
  });
  return {std::move(s), std::move(z)};
}

Tensor run_pair_stack(const Programs& programs, const Parameters& parameters, std::int64_t blocks, Tensor z,
                      const Tensor& pair_mask) {
  for_each_block(parameters, blocks, {},
                 [&](const Parameters& block) { z = programs.pair_stack(block, z, pair_mask); });
  return z;
}

Tensor run_msa_stack(const Programs& programs, const Parameters& parameters, std::int64_t blocks, Tensor m, Tensor z,
                     const Tensor& pair_mask, const Tensor& msa_mask, const AfterBlock& after_block) {
  for_each_block(parameters, blocks, after_block, [&](const Parameters& block) {
    std::tie(m, z) = programs.msa_layer(block, m, z, pair_mask, msa_mask);
  });
  return z;
}

}  // namespace tilefold::boltz
