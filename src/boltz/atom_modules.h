/// The modules that work on atoms: encoder, sequence-local transformer, aggregation to tokens and back.
///
/// Shapes in comments: A atoms (padded to a multiple of the query window), W = A / 32 windows of 32 queries and 128
/// keys, N tokens, B samples, Ca atom channels, Cp atom pair channels. Everything here runs with static sizes.
#pragma once

#include <string>
#include <vector>

#include "boltz/diffusion_transformer.h"
#include "tilefold/parameters.h"
#include "tilefold/tensor.h"

namespace tilefold::boltz {

/// Where atoms are: their windows and tokens.
struct AtomLayout {
  Tensor key_index;         ///< int32 [W, 128]: atom of each key of a window, -1 outside of the array
  Tensor key_bias;          ///< [W, 128]: 0, or -1e6 for padding and absent atoms
  Tensor atom_to_token;     ///< int32 [A]: token of an atom, -1 for padding atoms
  Tensor token_atom_count;  ///< [N, 1]: atoms of a token
};

/// The layout of atoms with mask [A] and tokens [A] (int32), for windows of `queries` and `keys` atoms.
AtomLayout make_atom_layout(const Tensor& atom_pad_mask, const Tensor& atom_to_token, std::int64_t tokens,
                            std::int64_t queries, std::int64_t keys);

/// The features of reference conformers.
struct AtomFeatures {
  Tensor ref_pos;              ///< [A, 3]
  Tensor ref_charge;           ///< [A, 1]
  Tensor ref_element;          ///< int32 [A], -1 for padding atoms
  Tensor ref_atom_name_chars;  ///< int32 [A, 4], -1 for padding atoms
  Tensor ref_space_uid;        ///< int32 [A]
  Tensor atom_pad_mask;        ///< [A]
};

struct AtomEmbedding {
  Tensor q;  ///< [A, Ca], before trunk information
  Tensor c;  ///< [A, Ca]
  Tensor p;  ///< [W, 32, 128, Cp]
};

/// Atom encoder (the first part of AlphaFold 3 algorithm 5). With trunk outputs s_trunk [N, Cs] and z [N, N, Cz] it is
/// the variant of the diffusion conditioning; leave them undefined for the input embedder's.
AtomEmbedding atom_encoder(const Parameters& parameters, const AtomFeatures& features, const AtomLayout& layout,
                           const Tensor& s_trunk = {}, const Tensor& z = {});

/// Attention biases [W, H, 32, 128] of an atom transformer, one per layer, from p: with one norm and projection for all
/// `depth` layers (`shared`, scope of the sequence; layer-major channels), or with a sequence `name.i` for each layer.
std::vector<Tensor> atom_biases_shared(const Parameters& parameters, const Tensor& p, std::int64_t depth);
std::vector<Tensor> atom_biases(const Parameters& parameters, const std::string& name, const Tensor& p);

/// What every layer of an atom transformer derives from the atom conditioning c [A, Ca]; independent of noise and step.
std::vector<LayerConditioning> atom_transformer_conditioning(const Parameters& parameters, const Tensor& c);

/// Atom transformer (algorithm 7) on q [B, A, Ca]. `parameters` is the scope that holds `diffusion_transformer`.
Tensor atom_transformer(const Parameters& parameters, const Tensor& q,
                        const std::vector<LayerConditioning>& conditioning, const std::vector<Tensor>& biases,
                        const AtomLayout& layout);

/// Mean over the atoms of each token of ReLU(projection of q): q [B, A, Ca] -> [B, N, C]. `parameters` is the scope of
/// `atom_to_token_trans`.
Tensor aggregate_to_tokens(const Parameters& parameters, const Tensor& q, const AtomLayout& layout);

/// Rows of token features a [B, N, C] by atom: [B, A, C]; zeros for padding atoms.
Tensor broadcast_to_atoms(const Tensor& a, const AtomLayout& layout);

struct EncodedAtoms {
  Tensor a;  ///< [B, N, C]: tokens
  Tensor q;  ///< [B, A, Ca]: skip connection
};

/// Atom attention encoder (algorithm 5, second part). Positions r [B, A, 3] are added to q [A, Ca] in the score model;
/// without them q itself is encoded (B = 1).
EncodedAtoms atom_attention_encoder(const Parameters& parameters, const Tensor& q, const Tensor& r,
                                    const std::vector<LayerConditioning>& conditioning,
                                    const std::vector<Tensor>& biases, const AtomLayout& layout);

/// Atom attention decoder (algorithm 6): position updates [B, A, 3] from tokens a [B, N, C] and the skip q [B, A, Ca].
Tensor atom_attention_decoder(const Parameters& parameters, const Tensor& a, const Tensor& q,
                              const std::vector<LayerConditioning>& conditioning, const std::vector<Tensor>& biases,
                              const AtomLayout& layout);

}  // namespace tilefold::boltz
