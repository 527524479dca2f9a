#include "boltz/conditioning.h"

namespace tilefold::boltz {

AtomConditioning atom_conditioning(const Parameters& parameters, const AtomFeatures& features, const AtomLayout& layout,
                                   const Tensor& s_trunk, const Tensor& pair) {
  const AtomEmbedding embedding = atom_encoder(parameters.scope("atom_encoder"), features, layout, s_trunk, pair);
  return {embedding.q, embedding.c, atom_biases(parameters, "atom_enc_proj_z", embedding.p),
          atom_biases(parameters, "atom_dec_proj_z", embedding.p)};
}

}  // namespace tilefold::boltz
