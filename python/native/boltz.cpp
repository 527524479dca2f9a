/// The compiled modules of Boltz-2 for PyTorch models: classes that hold weights by the reference's names and run the
/// model's programs. Shapes are the engine's, without the reference's batch axis.
#include "tilefold/boltz.h"

#include <nanobind/stl/map.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>

#include "boltz/atom_modules.h"
#include "boltz/attention_pair_bias.h"
#include "boltz/layers.h"
#include "boltz/programs.h"
#include "native/bindings.h"

namespace nb = nanobind;

namespace tilefold::python {
namespace {

using TensorList = std::vector<Tensor>;
using TensorPair = std::pair<Tensor, Tensor>;

/// All modules of one precision share their programs: two Pairformers of equal dimensions compile once. Lives until the
/// process ends.
const boltz::Programs& programs_of(Precision precision) {
  static const boltz::Programs* const full = new boltz::Programs(Precision::float32);
  static const boltz::Programs* const mixed = new boltz::Programs(Precision::mixed);
  return precision == Precision::mixed ? *mixed : *full;
}

/// Weights and the programs that use them.
class Module {
 public:
  Module(const ParameterMap& weights, Precision precision)
      : parameters_(std::make_shared<const ParameterMap>(weights)), programs_(programs_of(precision)) {}

 protected:
  const Parameters& parameters() const { return parameters_; }
  const boltz::Programs& programs() const { return programs_; }

 private:
  Parameters parameters_;
  const boltz::Programs& programs_;
};

class PairformerStack : public Module {
 public:
  PairformerStack(const ParameterMap& weights, std::int64_t blocks, Precision precision)
      : Module(weights, precision), blocks_(blocks) {}

  TensorPair run(Tensor s, Tensor z, const Tensor& mask, const Tensor& pair_mask) const {
    for (std::int64_t block = 0; block < blocks_; ++block)
      std::tie(s, z) = programs().pairformer_layer(parameters().scope("layers", block), s, z, mask, pair_mask);
    return {s, z};
  }

 private:
  std::int64_t blocks_;
};

class PairStack : public Module {
 public:
  PairStack(const ParameterMap& weights, std::int64_t blocks, Precision precision)
      : Module(weights, precision), blocks_(blocks) {}

  Tensor run(Tensor z, const Tensor& pair_mask) const {
    for (std::int64_t block = 0; block < blocks_; ++block)
      z = programs().pair_stack(parameters().scope("layers", block), z, pair_mask);
    return z;
  }

 private:
  std::int64_t blocks_;
};

class MsaModule : public Module {
 public:
  MsaModule(const ParameterMap& weights, std::int64_t blocks, Precision precision)
      : Module(weights, precision), blocks_(blocks) {}

  /// `features`: msa (int32), has_deletion, deletion_value and, when the model has it, paired; each [S, N, 1].
  Tensor run(Tensor z, const Tensor& s_inputs, const TensorList& features, const Tensor& msa_mask,
             const Tensor& pair_mask) const {
    const Tensor paired = features.size() > 3 ? features[3] : Tensor();
    Tensor m = programs().msa_embedding(parameters(), s_inputs, features.at(0), features.at(1), features.at(2), paired);
    for (std::int64_t block = 0; block < blocks_; ++block)
      std::tie(m, z) = programs().msa_layer(parameters().scope("layers", block), m, z, pair_mask, msa_mask);
    return z;
  }

 private:
  std::int64_t blocks_;
};

/// What the score model derives from the trunk; one of these serves all steps and samples of a prediction.
struct ScoreConditioning {
  Tensor single;
  Tensor q;
  Tensor key_bias;
  boltz::AtomLayout layout;
  std::vector<boltz::LayerConditioning> encoder_layers;
  std::vector<boltz::LayerConditioning> decoder_layers;
  TensorList encoder_biases;
  TensorList decoder_biases;
  TensorList token_biases;
};

/// What the reference calls diffusion_conditioning and feats, in the engine's shapes.
struct ScoreInputs {
  Tensor s_trunk;
  Tensor s_inputs;
  Tensor q;
  Tensor c;
  Tensor token_mask;
  Tensor atom_mask;
  Tensor atom_to_token;
  TensorList encoder_biases;
  TensorList decoder_biases;
  TensorList token_biases;
  std::int64_t queries = 32;
  std::int64_t keys = 128;
};

class ScoreModel : public Module {
 public:
  ScoreModel(const ParameterMap& weights, Precision precision) : Module(weights, precision) {}

  std::shared_ptr<const ScoreConditioning> condition(const ScoreInputs& inputs) const {
    auto result = std::make_shared<ScoreConditioning>();
    const auto layers = [&](const char* transformer) {
      return programs().atom_layers(parameters().scope(transformer), inputs.c);
    };
    result->single =
        programs().single_embedding(parameters().scope("single_conditioner"), inputs.s_trunk, inputs.s_inputs);
    result->q = inputs.q;
    result->key_bias = boltz::key_mask_bias(inputs.token_mask);
    result->layout = boltz::make_atom_layout(inputs.atom_mask, inputs.atom_to_token, inputs.s_trunk.shape()[0],
                                             inputs.queries, inputs.keys);
    result->encoder_layers = layers("atom_attention_encoder.atom_encoder");
    result->decoder_layers = layers("atom_attention_decoder.atom_decoder");
    result->encoder_biases = inputs.encoder_biases;
    result->decoder_biases = inputs.decoder_biases;
    result->token_biases = inputs.token_biases;
    return result;
  }

  /// r_update [B, M, 3] for scaled positions r [B, M, 3] and noise levels times [1 or B, 1].
  Tensor run(const ScoreConditioning& given, const Tensor& r, const Tensor& times) const {
    auto [a, s, q] = programs().score_encode(parameters(), given.single, times, r, given.q, given.encoder_layers,
                                             given.encoder_biases, given.layout);
    for (std::size_t layer = 0; layer < given.token_biases.size(); ++layer) {
      a = programs().token_layer(parameters().scope("token_transformer.layers", static_cast<std::int64_t>(layer)), a, s,
                                 given.token_biases[layer], given.key_bias);
    }
    return programs().score_decode(parameters(), a, q, given.decoder_layers, given.decoder_biases, given.layout);
  }
};

using Released = nb::call_guard<nb::gil_scoped_release>;

void bind_score_model(nb::module_& module) {
  nb::class_<ScoreConditioning>(module, "ScoreConditioning",
                                "Everything in the score model that depends on neither noise level nor sample.");
  nb::class_<ScoreModel>(module, "ScoreModel", "The network of the diffusion module, fp32 in every precision.")
      .def(nb::init<const ParameterMap&, Precision>(), nb::arg("weights"), nb::arg("precision"))
      .def(
          "condition",
          [](const ScoreModel& model, const Tensor& s_trunk, const Tensor& s_inputs, const Tensor& q, const Tensor& c,
             const Tensor& token_mask, const Tensor& atom_mask, const Tensor& atom_to_token,
             const TensorList& encoder_biases, const TensorList& decoder_biases, const TensorList& token_biases,
             std::int64_t queries, std::int64_t keys) {
            return std::const_pointer_cast<ScoreConditioning>(
                model.condition({s_trunk, s_inputs, q, c, token_mask, atom_mask, atom_to_token, encoder_biases,
                                 decoder_biases, token_biases, queries, keys}));
          },
          nb::kw_only(), nb::arg("s_trunk"), nb::arg("s_inputs"), nb::arg("q"), nb::arg("c"), nb::arg("token_mask"),
          nb::arg("atom_mask"), nb::arg("atom_to_token"), nb::arg("encoder_biases"), nb::arg("decoder_biases"),
          nb::arg("token_biases"), nb::arg("queries"), nb::arg("keys"), Released(),
          "s_trunk, s_inputs [N, C]; q, c [M, Ca]; token_mask [N, 1]; atom_mask [M]; atom_to_token int32 [M]; per "
          "layer biases [W, H, queries, keys] of atoms and [1, H, N, N] of tokens.")
      .def("run", &ScoreModel::run, nb::arg("conditioning"), nb::arg("r"), nb::arg("times"), Released());
}

}  // namespace

void bind_boltz(nb::module_& module) {
  nb::class_<PairformerStack>(module, "PairformerStack", "Blocks of the Pairformer with a sequence track.")
      .def(nb::init<const ParameterMap&, std::int64_t, Precision>(), nb::arg("weights"), nb::arg("blocks"),
           nb::arg("precision"))
      .def("run", &PairformerStack::run, nb::arg("s"), nb::arg("z"), nb::arg("mask"), nb::arg("pair_mask"), Released(),
           "s [N, Cs], z [N, N, Cz], mask [N, 1], pair_mask [N, N, 1] -> s, z");
  nb::class_<PairStack>(module, "PairStack", "Blocks of the Pairformer without a sequence track.")
      .def(nb::init<const ParameterMap&, std::int64_t, Precision>(), nb::arg("weights"), nb::arg("blocks"),
           nb::arg("precision"))
      .def("run", &PairStack::run, nb::arg("z"), nb::arg("pair_mask"), Released(),
           "z [N, N, Cz], pair_mask [N, N, 1] -> z");
  nb::class_<MsaModule>(module, "MsaModule", "Embedding of the alignment and the blocks of the MSA module.")
      .def(nb::init<const ParameterMap&, std::int64_t, Precision>(), nb::arg("weights"), nb::arg("blocks"),
           nb::arg("precision"))
      .def("run", &MsaModule::run, nb::arg("z"), nb::arg("s_inputs"), nb::arg("features"), nb::arg("msa_mask"),
           nb::arg("pair_mask"), Released(),
           "z [N, N, Cz], s_inputs [N, Cs], features and msa_mask [S, N, 1], pair_mask [N, N, 1] -> z");
  bind_score_model(module);
}

}  // namespace tilefold::python
