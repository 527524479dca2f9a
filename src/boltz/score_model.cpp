#include "boltz/score_model.h"

#include "boltz/layers.h"

namespace tilefold::boltz {

ScoreTokens score_model_encode(const Parameters& parameters, const Tensor& single, const Tensor& times, const Tensor& r,
                               const Tensor& q, const std::vector<LayerConditioning>& atom_conditioning,
                               const std::vector<Tensor>& biases, const AtomLayout& layout) {
  const Tensor s = single_conditioning(parameters.scope("single_conditioner"), single, times);
  const EncodedAtoms encoded =
      atom_attention_encoder(parameters.scope("atom_attention_encoder"), q, r, atom_conditioning, biases, layout);
  const Parameters s_to_a = parameters.scope("s_to_a_linear");
  return {encoded.a + linear_no_bias(s_to_a, "1", layer_norm(s_to_a, "0", s)), s, encoded.q};
}

Tensor score_model_decode(const Parameters& parameters, const Tensor& a, const Tensor& q,
                          const std::vector<LayerConditioning>& atom_conditioning, const std::vector<Tensor>& biases,
                          const AtomLayout& layout) {
  return atom_attention_decoder(parameters.scope("atom_attention_decoder"), layer_norm(parameters, "a_norm", a), q,
                                atom_conditioning, biases, layout);
}

}  // namespace tilefold::boltz
