#include "boltz/hyper_parameters.h"

#include <map>

#include "golden.h"
#include "tilefold/boltz.h"
#include "tilefold/error.h"

namespace tilefold::boltz {
namespace {

using Json = nlohmann::json;

/// The hyper-parameters of the released structure model.
Json released() {
  return Json::parse(R"({
    "atom_s": 128, "atom_z": 16, "token_s": 384, "token_z": 128, "num_bins": 64, "atom_feature_dim": 388,
    "fix_sym_check": true, "cyclic_pos_enc": true, "bond_type_feature": true, "predict_bfactor": true,
    "use_templates": true, "use_templates_v2": true, "template_args": {"template_dim": 64, "template_blocks": 2},
    "embedder_args": {"atom_encoder_depth": 3, "atom_encoder_heads": 4, "add_method_conditioning": true,
                      "add_modified_flag": true, "add_cyclic_flag": true, "add_mol_type_feat": true},
    "msa_args": {"msa_s": 64, "msa_blocks": 4, "use_paired_feature": true},
    "pairformer_args": {"num_blocks": 64, "num_heads": 16, "v2": true},
    "score_model_args": {"dim_fourier": 256, "atom_encoder_depth": 3, "atom_encoder_heads": 4,
                         "token_transformer_depth": 24, "token_transformer_heads": 16, "atom_decoder_depth": 3,
                         "atom_decoder_heads": 4, "conditioning_transition_layers": 2},
    "confidence_model_args": {"pairformer_args": {"num_blocks": 8, "num_heads": 16}, "num_dist_bins": 64,
                              "max_dist": 22, "add_s_to_z_prod": true, "add_s_input_to_s": true,
                              "add_z_input_to_z": true,
                              "confidence_args": {"num_plddt_bins": 50, "num_pde_bins": 64, "num_pae_bins": 64,
                                                  "use_separate_heads": true}}})");
}

// Counts of unique parameters by module, from an inventory of the released model; the distance bin edges are a buffer.
TEST(ExpectedParameters, CountThoseOfTheReleasedModel) {
  std::map<std::string, std::int64_t> counts;
  std::int64_t total = 0;
  for (const ParameterSpec& spec : expected_parameters(released().dump())) {
    if (spec.name == "confidence_module.boundaries") continue;
    counts[spec.name.substr(0, spec.name.find('.'))] += spec.shape.volume().value();
    total += spec.shape.volume().value();
  }
  EXPECT_EQ(counts["input_embedder"], 1073712);
  EXPECT_EQ(counts["contact_conditioning"], 17536);
  EXPECT_EQ(counts["template_module"], 387008);
  EXPECT_EQ(counts["msa_module"], 3207424);
  EXPECT_EQ(counts["pairformer_module"], 196534272);
  EXPECT_EQ(counts["diffusion_conditioning"], 393232);
  EXPECT_EQ(counts["structure_module"], 279623168);
  EXPECT_EQ(counts["confidence_module"], 25026304);
  EXPECT_EQ(total, 506724992);
}

TEST(ExpectedParameters, LeaveOutWhatTheHyperParametersSwitchOff) {
  Json values = released();
  values["use_templates"] = false;
  values["confidence_prediction"] = false;
  values["predict_bfactor"] = false;
  for (const ParameterSpec& spec : expected_parameters(values.dump())) {
    for (const char* absent : {"template_module", "confidence_module", "bfactor_module"})
      EXPECT_NE(spec.name.substr(0, spec.name.find('.')), absent);
  }
}

TEST(HyperParameters, UseTheDefaultsOfTheReference) {
  Json values = released();
  values["pairformer_args"] = {{"num_blocks", 1}};
  values["confidence_model_args"]["confidence_args"] = Json::object();
  const HyperParameters parsed = HyperParameters::parse(values.dump());
  EXPECT_EQ(parsed.pairformer.num_heads, 16);
  EXPECT_EQ(parsed.pairformer.pairwise_head_width, 32);
  EXPECT_EQ(parsed.confidence->num_plddt_bins, 50);
  EXPECT_FALSE(parsed.confidence->use_separate_heads);
  EXPECT_EQ(parsed.atoms_per_window_keys, 128);
}

struct WrongValue {
  const char* pointer;
  const char* value;  // nothing: removed
  const char* message;
};

TEST(HyperParameters, NameWhatIsMissingOrWrong) {
  for (const WrongValue& wrong :
       {WrongValue{"/token_s", nullptr, "token_s"}, WrongValue{"/token_s", "\"384\"", "expected a whole number"},
        WrongValue{"/token_s", "3.5", "expected a whole number"}, WrongValue{"/token_s", "-1", "at least 1"},
        WrongValue{"/token_s", "1e300", "at least 1"}, WrongValue{"/msa_args", "7", "expected an object"},
        WrongValue{"/msa_args/msa_blocks", nullptr, "msa_args.msa_blocks"},
        WrongValue{"/affinity_prediction", "true", "affinity_model_args"},
        WrongValue{"/fix_sym_check", "1", "true or false"}, WrongValue{"/pairformer_args/num_heads", "7", "7 heads"}}) {
    Json values = released();
    const Json::json_pointer pointer(wrong.pointer);
    if (wrong.value == nullptr) {
      values.at(pointer.parent_pointer()).erase(pointer.back());
    } else {
      values[pointer] = Json::parse(wrong.value);
    }
    try {
      (void)HyperParameters::parse(values.dump());
      ADD_FAILURE() << wrong.pointer << " was accepted";
    } catch (const WeightError& error) {
      EXPECT_NE(std::string(error.what()).find(wrong.message), std::string::npos) << error.what();
    }
  }
  EXPECT_THROW((void)HyperParameters::parse("{"), WeightError);
  EXPECT_THROW((void)HyperParameters::parse("[]"), WeightError);
}

TEST(HyperParameters, RefuseOtherArchitectures) {
  for (const char* flag : {"use_no_atom_char", "use_atom_backbone_feat", "use_residue_feats_atoms"}) {
    Json values = released();
    values[flag] = true;
    EXPECT_THROW((void)HyperParameters::parse(values.dump()), UnsupportedError) << flag;
  }
  Json values = released();
  values["atom_feature_dim"] = 389;
  EXPECT_THROW((void)HyperParameters::parse(values.dump()), UnsupportedError);
}

}  // namespace
}  // namespace tilefold::boltz
