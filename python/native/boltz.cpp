/// The compiled modules of Boltz-2 for PyTorch models: classes that hold weights by the reference's names and run the
/// model's programs. Shapes are the engine's, without the reference's batch axis.
#include "tilefold/boltz.h"

#include <nanobind/stl/map.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>

#include "boltz/score_network.h"
#include "boltz/stacks.h"
#include "native/bindings.h"

namespace nb = nanobind;

namespace tilefold::python {
namespace {

using TensorList = std::vector<Tensor>;

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

/// A number of blocks of one kind.
class Stack : public Module {
 public:
  Stack(const ParameterMap& weights, std::int64_t blocks, Precision precision)
      : Module(weights, precision), blocks_(blocks) {}

 protected:
  std::int64_t blocks() const { return blocks_; }

 private:
  std::int64_t blocks_;
};

class PairformerStack : public Stack {
 public:
  using Stack::Stack;
  std::pair<Tensor, Tensor> run(const Tensor& s, const Tensor& z, const Tensor& mask, const Tensor& pair_mask) const {
    return boltz::run_pairformer(programs(), parameters(), blocks(), s, z, mask, pair_mask);
  }
};

class PairStack : public Stack {
 public:
  using Stack::Stack;
  Tensor run(const Tensor& z, const Tensor& pair_mask) const {
    return boltz::run_pair_stack(programs(), parameters(), blocks(), z, pair_mask);
  }
};

class MsaModule : public Stack {
 public:
  using Stack::Stack;
  /// `features`: msa (int32), has_deletion, deletion_value and, when the model has it, paired; each [S, N, 1].
  Tensor run(const Tensor& z, const Tensor& s_inputs, const TensorList& features, const Tensor& msa_mask,
             const Tensor& pair_mask) const {
    const Tensor paired = features.size() > 3 ? features[3] : Tensor();
    const Tensor m =
        programs().msa_embedding(parameters(), s_inputs, features.at(0), features.at(1), features.at(2), paired);
    return boltz::run_msa_stack(programs(), parameters(), blocks(), m, z, pair_mask, msa_mask);
  }
};

class ScoreModel : public Module {
 public:
  using Module::Module;
  boltz::ScoreNetwork condition(boltz::ScoreNetworkInputs inputs) const {
    return {programs(), parameters(), std::move(inputs)};
  }
};

using Released = nb::call_guard<nb::gil_scoped_release>;

void bind_score_model(nb::module_& module) {
  nb::class_<boltz::ScoreNetwork>(module, "ScoreNetwork",
                                  "A score model with everything that depends on neither noise level nor sample.")
      .def("run", &boltz::ScoreNetwork::operator(), nb::arg("r"), nb::arg("times"), Released(),
           "r_update [B, M, 3] for scaled positions r [B, M, 3] and noise levels times [1 or B, 1].");
  nb::class_<ScoreModel>(module, "ScoreModel", "The network of the diffusion module, fp32 in every precision.")
      .def(nb::init<const ParameterMap&, Precision>(), nb::arg("weights"), nb::arg("precision"))
      .def(
          "condition",
          [](const ScoreModel& model, const Tensor& s_trunk, const Tensor& s_inputs, const Tensor& q, const Tensor& c,
             const Tensor& token_mask, const Tensor& atom_mask, const Tensor& atom_to_token,
             const TensorList& encoder_biases, const TensorList& decoder_biases, const TensorList& token_biases,
             std::int64_t queries, std::int64_t keys) {
            const std::int64_t tokens = s_trunk.shape()[0];
            return model.condition({s_trunk,
                                    s_inputs,
                                    token_mask,
                                    boltz::make_atom_layout(atom_mask, atom_to_token, tokens, queries, keys),
                                    {{q, c, encoder_biases, decoder_biases}, token_biases}});
          },
          nb::kw_only(), nb::arg("s_trunk"), nb::arg("s_inputs"), nb::arg("q"), nb::arg("c"), nb::arg("token_mask"),
          nb::arg("atom_mask"), nb::arg("atom_to_token"), nb::arg("encoder_biases"), nb::arg("decoder_biases"),
          nb::arg("token_biases"), nb::arg("queries"), nb::arg("keys"), Released(),
          "The network for what the reference calls diffusion_conditioning and feats, in the engine's shapes: s_trunk, "
          "s_inputs [N, C]; q, c [M, Ca]; token_mask [N, 1]; atom_mask [M]; atom_to_token int32 [M]; per layer biases "
          "[W, H, queries, keys] of atoms and [1, H, N, N] of tokens.");
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
