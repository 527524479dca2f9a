#include "boltz/score_network.h"

namespace tilefold::boltz {

ScoreNetwork::ScoreNetwork(const Programs& programs, Parameters parameters, ScoreNetworkInputs inputs)
    : programs_(programs),
      parameters_(std::move(parameters)),
      layout_(std::move(inputs.layout)),
      conditioning_(std::move(inputs.conditioning)),
      key_bias_(key_mask_bias(inputs.token_mask)) {
  const auto layers = [&](const char* transformer) {
    return programs.atom_layers(parameters_.scope(transformer), conditioning_.atoms.c);
  };
  encoder_layers_ = layers("atom_attention_encoder.atom_encoder");
  decoder_layers_ = layers("atom_attention_decoder.atom_decoder");
  single_ = programs.single_embedding(parameters_.scope("single_conditioner"), inputs.s_trunk, inputs.s_inputs);
}

Tensor ScoreNetwork::operator()(const Tensor& r, const Tensor& times) const {
  const AtomConditioning& atoms = conditioning_.atoms;
  auto [a, s, q] =
      programs_.score_encode(parameters_, single_, times, r, atoms.q, encoder_layers_, atoms.encoder_biases, layout_);
  for (std::size_t layer = 0; layer < conditioning_.token_biases.size(); ++layer) {
    a = programs_.token_layer(parameters_.scope("token_transformer.layers", static_cast<std::int64_t>(layer)), a, s,
                              conditioning_.token_biases[layer], key_bias_);
  }
  return programs_.score_decode(parameters_, a, q, decoder_layers_, atoms.decoder_biases, layout_);
}

}  // namespace tilefold::boltz
