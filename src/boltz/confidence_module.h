/// Confidence module (AlphaFold 3 algorithm 31) and the numbers made from its logits.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "tilefold/boltz.h"
#include "tilefold/parameters.h"
#include "tilefold/tensor.h"

namespace tilefold::boltz {

struct ConfidenceInputs {
  Tensor s;  ///< [N, Cs]
  Tensor z;  ///< [N, N, Cz], without the distances of the sample
};

/// The input of the confidence stack that all samples share. `pair_features` [N, N, Cz] are the module's own relative
/// positions, bonds and contacts; not defined when it has none.
ConfidenceInputs confidence_inputs(const Parameters& parameters, const Tensor& s_inputs, const Tensor& s,
                                   const Tensor& z, const Tensor& pair_features);

/// Adds to z the embedded distances between the representative atoms x [N, 3] of one sample.
Tensor add_distances(const Parameters& parameters, const Tensor& z, const Tensor& x);

struct ConfidenceLogits {
  Tensor plddt;     ///< [N, bins]
  Tensor resolved;  ///< [N, 2]
  Tensor pae;       ///< [N, N, bins]
  Tensor pde;       ///< [N, N, bins]
};

/// The heads, `parameters` being their scope. same_chain is [N, N, 1]: 1 for tokens of one chain, else 0.
ConfidenceLogits confidence_heads(const Parameters& parameters, const Tensor& s, const Tensor& z,
                                  const Tensor& same_chain);

/// What the logits say.
struct ConfidenceValues {
  Tensor plddt;                ///< [N], 0..1
  Tensor pae;                  ///< [N, N], Angstrom
  Tensor pde;                  ///< [N, N], Angstrom
  Tensor tm;                   ///< [N, N]: expected TM term of every pair (AlphaFold 3 section 5.9.1)
  Tensor contact_probability;  ///< [N, N]: that the representative atoms of two tokens are in contact
};

/// Expected values over the bins, the TM terms for a complex of `tokens` tokens; contacts from distogram logits.
ConfidenceValues confidence_values(const ConfidenceLogits& logits, const Tensor& distogram_logits, std::int64_t tokens);

/// What the scores of one sample are made of; everything on the host.
struct ScoreInputs {
  Tensor coordinates;  ///< [M, 3]
  ConfidenceValues values;
  Tensor asym_id;              ///< int32 [N]
  Tensor mol_type;             ///< int32 [N]
  Tensor frames;               ///< int32 [N, 3]
  Tensor representative_atom;  ///< int32 [N]
  Tensor atom_to_token;        ///< int32 [M], -1 for padding
  Tensor token_pad_mask;       ///< [N]
};

/// All numbers of one sample but `confidence_score`, which depends on all samples.
SampleConfidence score_sample(const ScoreInputs& inputs);

/// Sets `confidence_score` = (4 complex_plddt + x) / 5, where x is ipTM unless that is about zero for all samples, and
/// pTM then; the choice is made once for all.
void set_confidence_scores(std::vector<SampleConfidence>& samples);

}  // namespace tilefold::boltz
