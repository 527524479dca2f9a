/// Stacks of blocks, run one program per block. `parameters` is the scope that holds "layers".
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "boltz/programs.h"

namespace tilefold::boltz {

/// Called after every block.
using AfterBlock = std::function<void()>;

/// Pairformer: updated s [N, Cs] and z [N, N, Cz]; mask [N, 1], pair_mask [N, N, 1].
std::pair<Tensor, Tensor> run_pairformer(const Programs& programs, const Parameters& parameters, std::int64_t blocks,
                                         Tensor s, Tensor z, const Tensor& mask, const Tensor& pair_mask,
                                         const AfterBlock& after_block = {});

/// Pairformer without a sequence track: updated z.
Tensor run_pair_stack(const Programs& programs, const Parameters& parameters, std::int64_t blocks, Tensor z,
                      const Tensor& pair_mask);

/// MSA module after its embedding: updated z, from m [S, N, Cm]; msa_mask [S, N, 1].
Tensor run_msa_stack(const Programs& programs, const Parameters& parameters, std::int64_t blocks, Tensor m, Tensor z,
                     const Tensor& pair_mask, const Tensor& msa_mask, const AfterBlock& after_block = {});

}  // namespace tilefold::boltz
