/// Names and shapes of the parameters of Boltz-2 and of its modules, as dicts name -> shape.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include "boltz/parameter_shapes.h"
#include "native/bindings.h"
#include "tilefold/bio.h"
#include "tilefold/boltz.h"

namespace nb = nanobind;

namespace tilefold::python {
namespace {

nb::dict as_dict(const std::vector<ParameterSpec>& specs) {
  nb::dict result;
  for (const ParameterSpec& spec : specs) {
    nb::list sizes;
    for (const std::int64_t size : spec.shape.sizes()) sizes.append(size);
    result[spec.name.c_str()] = nb::tuple(sizes);
  }
  return result;
}

}  // namespace

void bind_boltz_parameters(nb::module_& module) {
  using Size = std::int64_t;
  module.attr("RESIDUE_TYPES") = bio::kNumResidueTypes;
  module.def("alias_of_parameter", &alias_of_parameter, nb::arg("name"),
             "The other name of an aliased output projection, or None for all other names.");
  module.def(
      "expected_parameters", [](const std::string& json) { return as_dict(boltz::expected_parameters(json)); },
      nb::arg("hyper_parameters_json"), "All parameters that a checkpoint with these hyper-parameters holds.");
  module.def(
      "pairformer_parameters",
      [](Size token_s, Size token_z, Size blocks, Size heads, Size pair_head_width, Size pair_heads, bool post_norm) {
        const boltz::PairformerShape shape{blocks, heads, pair_head_width, pair_heads, post_norm};
        return as_dict(boltz::shapes::pairformer(shape, token_s, token_z).specs());
      },
      nb::kw_only(), nb::arg("token_s"), nb::arg("token_z"), nb::arg("num_blocks"), nb::arg("num_heads"),
      nb::arg("pairwise_head_width"), nb::arg("pairwise_num_heads"), nb::arg("post_layer_norm"));
  module.def(
      "pair_stack_parameters",
      [](Size token_z, Size blocks, Size head_width, Size heads) {
        const boltz::PairformerShape shape{
            .num_blocks = blocks, .pairwise_head_width = head_width, .pairwise_num_heads = heads};
        return as_dict(boltz::shapes::pair_stack(shape, token_z).specs());
      },
      nb::kw_only(), nb::arg("token_z"), nb::arg("num_blocks"), nb::arg("pairwise_head_width"),
      nb::arg("pairwise_num_heads"));
  module.def(
      "msa_module_parameters",
      [](Size msa_s, Size token_s, Size token_z, Size blocks, Size head_width, Size heads, bool paired) {
        const boltz::MsaShape shape{msa_s, blocks, head_width, heads, paired};
        return as_dict(boltz::shapes::msa_module(shape, token_s, token_z).specs());
      },
      nb::kw_only(), nb::arg("msa_s"), nb::arg("token_s"), nb::arg("token_z"), nb::arg("msa_blocks"),
      nb::arg("pairwise_head_width"), nb::arg("pairwise_num_heads"), nb::arg("use_paired_feature"));
  module.def(
      "score_model_parameters",
      [](Size token_s, Size atom_s, Size dim_fourier, Size encoder_depth, Size token_depth, Size decoder_depth,
         Size transitions) {
        const boltz::ScoreModelShape shape{.dim_fourier = dim_fourier,
                                           .atom_encoder_depth = encoder_depth,
                                           .token_transformer_depth = token_depth,
                                           .atom_decoder_depth = decoder_depth,
                                           .conditioning_transition_layers = transitions};
        return as_dict(boltz::shapes::score_model(shape, token_s, atom_s).specs());
      },
      nb::kw_only(), nb::arg("token_s"), nb::arg("atom_s"), nb::arg("dim_fourier"), nb::arg("atom_encoder_depth"),
      nb::arg("token_transformer_depth"), nb::arg("atom_decoder_depth"), nb::arg("conditioning_transition_layers"));
}

}  // namespace tilefold::python
