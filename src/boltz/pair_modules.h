/// The modules that update the pair representation z [N, N, Cz] and the MSA representation m [S, N, Cm].
///
/// Shapes in comments: N tokens, S alignment rows, C channels, H heads, D head width. Masks carry a trailing dimension
/// of 1, so that every last dimension is static and one compiled program serves every N and S.
#pragma once

#include <utility>

#include "tilefold/parameters.h"
#include "tilefold/tensor.h"

namespace tilefold::boltz {

/// SwiGLU transition (AlphaFold 3 algorithm 11): the update of x [..., C].
Tensor transition(const Parameters& parameters, const Tensor& x);

enum class Direction : std::uint8_t { outgoing, incoming };
/// Triangle multiplication (algorithms 12 and 13): the update of z [N, N, C]; mask [N, N, 1].
Tensor triangle_multiplication(const Parameters& parameters, const Tensor& z, const Tensor& mask, Direction direction);

enum class Node : std::uint8_t { starting, ending };
/// Triangle attention around the starting or ending node (algorithms 14 and 15): the update of z; mask [N, N, 1].
Tensor triangle_attention(const Parameters& parameters, const Tensor& z, const Tensor& mask, Node node);

/// Pair-weighted averaging of the MSA (algorithm 10): the update of m [S, N, Cm]; mask [N, N, 1].
Tensor pair_weighted_averaging(const Parameters& parameters, const Tensor& m, const Tensor& z, const Tensor& mask);

/// Outer product mean (algorithm 9): the update of z [N, N, Cz] from m [S, N, Cm]; mask [S, N, 1].
Tensor outer_product_mean(const Parameters& parameters, const Tensor& m, const Tensor& mask);

/// The pair stack of one Pairformer block without a sequence track; returns the updated z, residuals included.
Tensor pairformer_no_seq_layer(const Parameters& parameters, const Tensor& z, const Tensor& pair_mask);

/// One Pairformer block (algorithm 17): updated s [N, Cs] and z [N, N, Cz]; mask [N, 1], pair_mask [N, N, 1].
std::pair<Tensor, Tensor> pairformer_layer(const Parameters& parameters, const Tensor& s, const Tensor& z,
                                           const Tensor& mask, const Tensor& pair_mask);

/// One block of the MSA module (algorithm 8, in Boltz's order): updated m and z. msa_mask [S, N, 1].
std::pair<Tensor, Tensor> msa_layer(const Parameters& parameters, const Tensor& m, const Tensor& z,
                                    const Tensor& pair_mask, const Tensor& msa_mask);

/// The embedding of the alignment before the first block, [S, N, Cm]. msa [S, N, 1] holds residue types (int32);
/// has_deletion, deletion_value and paired are [S, N, 1]; paired is not defined when the model has no such feature.
Tensor msa_embedding(const Parameters& parameters, const Tensor& s_inputs, const Tensor& msa,
                     const Tensor& has_deletion, const Tensor& deletion_value, const Tensor& paired);

/// Distances of coordinates x [N, 3], [N, N].
Tensor pairwise_distances(const Tensor& x);

/// Number of boundaries [B] strictly below each distance [N, N], as int32 [N, N].
Tensor distance_bins(const Tensor& distances, const Tensor& boundaries);

/// Distogram logits (AlphaFold 2 supplement 1.9.8) of z: [N, N, bins], exactly symmetric.
Tensor distogram(const Parameters& parameters, const Tensor& z);

/// B-factor logits of s [N, Cs]: [N, bins].
Tensor b_factor(const Parameters& parameters, const Tensor& s);

}  // namespace tilefold::boltz
