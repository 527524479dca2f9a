#include "boltz/hyper_parameters.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tilefold/error.h"

namespace tilefold::boltz {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kSupportedAtomFeatures = 388;  // position, charge, element, four name characters
constexpr double kLargestSize = 1 << 20;

/// A JSON object with typed access; errors name the full path of the value.
class Section {
 public:
  Section(const Json& json, std::string path) : json_(json), path_(std::move(path)) {
    if (!json_.is_object()) fail(path_, "an object", json_);
  }

  bool has(const char* name) const { return json_.contains(name) && !json_.at(name).is_null(); }
  Section section(const char* name) const { return Section(required(name), full(name)); }

  /// A whole number in [minimum, 2^20]; numbers like 16.0 count as whole.
  std::int64_t size(const char* name, std::int64_t minimum = 1) const {
    const Json& value = required(name);
    if (!value.is_number()) fail(full(name), "a whole number", value);
    const double number = value.get<double>();
    if (std::floor(number) != number || number < static_cast<double>(minimum) || number > kLargestSize)
      fail(full(name), fmt::format("a whole number of at least {}", minimum).c_str(), value);
    return static_cast<std::int64_t>(number);
  }
  std::int64_t size_or(const char* name, std::int64_t fallback, std::int64_t minimum = 1) const {
    return has(name) ? size(name, minimum) : fallback;
  }
  double number_or(const char* name, double fallback) const {
    if (!has(name)) return fallback;
    if (!json_.at(name).is_number()) fail(full(name), "a number", json_.at(name));
    return json_.at(name).get<double>();
  }
  bool flag_or(const char* name, bool fallback) const {
    if (!has(name)) return fallback;
    if (!json_.at(name).is_boolean()) fail(full(name), "true or false", json_.at(name));
    return json_.at(name).get<bool>();
  }
  /// Refuses a flag that selects a part of the reference that is not built here.
  void refuse(const char* name, bool unsupported, bool fallback = false) const {
    if (flag_or(name, fallback) == unsupported)
      throw UnsupportedError(
          fmt::format("hyper-parameter '{}': {} is not supported", full(name), unsupported ? "true" : "false"));
  }

 private:
  std::string full(const char* name) const { return path_.empty() ? name : path_ + "." + name; }
  const Json& required(const char* name) const {
    if (!has(name)) throw WeightError(fmt::format("the checkpoint lacks the hyper-parameter '{}'", full(name)));
    return json_.at(name);
  }
  [[noreturn]] static void fail(const std::string& name, const char* expected, const Json& found) {
    std::string text = found.dump(-1, ' ', true, Json::error_handler_t::replace);
    if (text.size() > 40) text = text.substr(0, 40) + "...";
    throw WeightError(fmt::format("hyper-parameter '{}': expected {}, found {}",
                                  name.empty() ? "(the whole set)" : name, expected, text));
  }

  const Json& json_;
  std::string path_;
};

PairformerShape parse_pairformer(const Section& section) {
  section.refuse("post_layer_norm", true);
  section.refuse("no_update_s", true);
  return {section.size("num_blocks", 0), section.size_or("num_heads", 16), section.size_or("pairwise_head_width", 32),
          section.size_or("pairwise_num_heads", 4)};
}

InputEmbedderShape parse_embedder(const Section& section) {
  return {section.size("atom_encoder_depth"),
          section.size("atom_encoder_heads"),
          section.flag_or("add_method_conditioning", false),
          section.flag_or("add_modified_flag", false),
          section.flag_or("add_cyclic_flag", false),
          section.flag_or("add_mol_type_feat", false)};
}

MsaShape parse_msa(const Section& section) {
  MsaShape shape;
  shape.msa_s = section.size("msa_s");
  shape.msa_blocks = section.size("msa_blocks", 0);
  shape.pairwise_head_width = section.size_or("pairwise_head_width", shape.pairwise_head_width);
  shape.pairwise_num_heads = section.size_or("pairwise_num_heads", shape.pairwise_num_heads);
  shape.use_paired_feature = section.flag_or("use_paired_feature", true);
  return shape;
}

ScoreModelShape parse_score_model(const Section& section) {
  section.refuse("transformer_post_ln", true);
  ScoreModelShape shape;
  shape.dim_fourier = section.size_or("dim_fourier", shape.dim_fourier);
  shape.atom_encoder_depth = section.size("atom_encoder_depth");
  shape.atom_encoder_heads = section.size("atom_encoder_heads");
  shape.token_transformer_depth = section.size("token_transformer_depth", 0);
  shape.token_transformer_heads = section.size("token_transformer_heads");
  shape.atom_decoder_depth = section.size("atom_decoder_depth");
  shape.atom_decoder_heads = section.size("atom_decoder_heads");
  shape.conditioning_transition_layers = section.size("conditioning_transition_layers", 0);
  return shape;
}

TemplateShape parse_templates(const Section& section, bool by_visibility) {
  section.refuse("post_layer_norm", true);
  TemplateShape shape;
  shape.template_dim = section.size("template_dim");
  shape.stack.num_blocks = section.size("template_blocks", 0);
  shape.stack.pairwise_head_width = section.size_or("pairwise_head_width", 32);
  shape.stack.pairwise_num_heads = section.size_or("pairwise_num_heads", 4);
  shape.options.min_dist = section.number_or("min_dist", shape.options.min_dist);
  shape.options.max_dist = section.number_or("max_dist", shape.options.max_dist);
  shape.options.num_bins = section.size_or("num_bins", shape.options.num_bins, 3);
  shape.by_visibility = by_visibility;
  return shape;
}

ConfidenceShape parse_confidence(const Section& section) {
  if (section.size_or("maximum_bond_distance", 0, 0) != 0)
    throw UnsupportedError("hyper-parameter 'confidence_model_args.maximum_bond_distance': only 0 is supported");
  ConfidenceShape shape;
  shape.pairformer = parse_pairformer(section.section("pairformer_args"));
  shape.num_dist_bins = section.size_or("num_dist_bins", shape.num_dist_bins, 2);
  shape.add_s_to_z_prod = section.flag_or("add_s_to_z_prod", false);
  shape.add_s_input_to_s = section.flag_or("add_s_input_to_s", false);
  shape.add_z_input_to_z = section.flag_or("add_z_input_to_z", false);
  const Section heads = section.section("confidence_args");
  shape.num_plddt_bins = heads.size_or("num_plddt_bins", shape.num_plddt_bins);
  shape.num_pde_bins = heads.size_or("num_pde_bins", shape.num_pde_bins);
  shape.num_pae_bins = heads.size_or("num_pae_bins", shape.num_pae_bins);
  shape.use_separate_heads = heads.flag_or("use_separate_heads", false);
  return shape;
}

AffinityShape parse_affinity(const Section& section, const char* name) {
  section.refuse("use_cross_transformer", true);
  const Section stack = section.section("pairformer_args");
  stack.refuse("post_layer_norm", true);
  AffinityShape shape;
  shape.name = name;
  shape.stack.num_blocks = stack.size("num_blocks", 0);
  shape.stack.pairwise_head_width = stack.size_or("pairwise_head_width", 32);
  shape.stack.pairwise_num_heads = stack.size_or("pairwise_num_heads", 4);
  shape.num_dist_bins = section.size_or("num_dist_bins", shape.num_dist_bins, 2);
  shape.head_width = section.section("transformer_args").size("token_s");
  return shape;
}

void refuse_other_architectures(const Section& root) {
  root.refuse("use_no_atom_char", true);
  root.refuse("use_atom_backbone_feat", true);
  root.refuse("use_residue_feats_atoms", true);
  root.refuse("token_level_confidence", false, true);
}

void check_sizes(const HyperParameters& values) {
  const auto fail = [](const std::string& what) { throw WeightError("hyper-parameters do not fit together: " + what); };
  if (values.atom_feature_dim != kSupportedAtomFeatures) {
    throw UnsupportedError(fmt::format("hyper-parameter 'atom_feature_dim': expected {}, found {}",
                                       kSupportedAtomFeatures, values.atom_feature_dim));
  }
  const std::int64_t queries = values.atoms_per_window_queries;
  if (values.atoms_per_window_keys < queries || (values.atoms_per_window_keys - queries) % 2 != 0)
    fail(fmt::format("atoms_per_window_keys {} cannot be centred on atoms_per_window_queries {}",
                     values.atoms_per_window_keys, queries));
  const auto check_heads = [&](const char* what, std::int64_t width, std::int64_t heads) {
    if (width % heads != 0) fail(fmt::format("{} heads do not divide the {} {}", heads, width, what));
  };
  check_heads("channels of the Pairformer", values.token_s, values.pairformer.num_heads);
  check_heads("channels of the input embedder's atoms", values.atom_s, values.embedder.atom_encoder_heads);
  check_heads("channels of the score model's tokens", 2 * values.token_s, values.score.token_transformer_heads);
  check_heads("channels of the score model's atoms", values.atom_s, values.score.atom_encoder_heads);
  check_heads("channels of the score model's atoms", values.atom_s, values.score.atom_decoder_heads);
  if (values.confidence)
    check_heads("channels of the confidence module", values.token_s, values.confidence->pairformer.num_heads);
}

}  // namespace

HyperParameters HyperParameters::parse(const std::string& json) {
  const Json parsed = Json::parse(json, nullptr, false);
  if (parsed.is_discarded()) throw WeightError("the checkpoint's hyper-parameters are not valid JSON");
  const Section root(parsed, "");
  refuse_other_architectures(root);

  HyperParameters values;
  values.atom_s = root.size("atom_s");
  values.atom_z = root.size("atom_z");
  values.token_s = root.size("token_s");
  values.token_z = root.size("token_z");
  values.num_bins = root.size("num_bins");
  values.atom_feature_dim = root.size_or("atom_feature_dim", values.atom_feature_dim);
  values.atoms_per_window_queries = root.size_or("atoms_per_window_queries", values.atoms_per_window_queries);
  values.atoms_per_window_keys = root.size_or("atoms_per_window_keys", values.atoms_per_window_keys);
  values.fix_sym_check = root.flag_or("fix_sym_check", false);
  values.cyclic_pos_enc = root.flag_or("cyclic_pos_enc", false);
  values.bond_type_feature = root.flag_or("bond_type_feature", false);
  values.predict_bfactor = root.flag_or("predict_bfactor", false);
  values.conditioning_cutoff_min = root.number_or("conditioning_cutoff_min", values.conditioning_cutoff_min);
  values.conditioning_cutoff_max = root.number_or("conditioning_cutoff_max", values.conditioning_cutoff_max);
  values.embedder = parse_embedder(root.section("embedder_args"));
  values.msa = parse_msa(root.section("msa_args"));
  values.pairformer = parse_pairformer(root.section("pairformer_args"));
  values.score = parse_score_model(root.section("score_model_args"));
  if (root.flag_or("use_templates", false))
    values.templates = parse_templates(root.section("template_args"), root.flag_or("use_templates_v2", false));
  if (root.flag_or("confidence_prediction", true))
    values.confidence = parse_confidence(root.section("confidence_model_args"));
  if (root.flag_or("affinity_prediction", false)) {
    if (root.flag_or("affinity_ensemble", false)) {
      values.affinity = {parse_affinity(root.section("affinity_model_args1"), "affinity_module1"),
                         parse_affinity(root.section("affinity_model_args2"), "affinity_module2")};
    } else {
      values.affinity = {parse_affinity(root.section("affinity_model_args"), "affinity_module")};
    }
  }
  check_sizes(values);
  return values;
}

}  // namespace tilefold::boltz
