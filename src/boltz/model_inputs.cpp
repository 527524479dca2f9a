#include "boltz/model_inputs.h"

#include <algorithm>

#include "tilefold/ops.h"

namespace tilefold::boltz {
namespace {

/// Access to features with the dtype and trailing dimension that the modules want.
class FeatureReader {
 public:
  explicit FeatureReader(const bio::Features& features) : features_(features) {}

  Tensor floats(const std::string& name) const { return features_.at(name).converted_to(DType::float32); }
  Tensor integers(const std::string& name) const { return features_.at(name).converted_to(DType::int32); }
  Tensor float_column(const std::string& name) const { return column(floats(name)); }
  Tensor integer_column(const std::string& name) const { return column(integers(name)); }

  static Tensor column(const Tensor& tensor) {
    std::vector<Dim> dims = tensor.shape().dims();
    dims.emplace_back(1);
    return tensor.viewed_as(Shape(std::move(dims)));
  }

 private:
  const bio::Features& features_;
};

bool has_constraints(const Tensor& contact_kinds) {
  const auto kinds = contact_kinds.data<std::int32_t>();
  return std::any_of(kinds.begin(), kinds.end(),
                     [](std::int32_t kind) { return kind > static_cast<std::int32_t>(bio::ContactKind::unselected); });
}

bool any_positive(const Tensor& floats) {
  const auto values = floats.data<float>();
  return std::any_of(values.begin(), values.end(), [](float value) { return value > 0; });
}

/// Row `index` of a tensor [T, ...], without a copy.
Tensor row_of(const Tensor& stacked, std::int64_t index) {
  std::vector<Dim> dims = stacked.shape().dims();
  dims.erase(dims.begin());
  TensorType type = stacked.type();
  type.shape = Shape(std::move(dims));
  const std::size_t bytes = stacked.bytes() / static_cast<std::size_t>(stacked.shape()[0]);
  return Tensor::from_storage(std::move(type), stacked.storage(),
                              stacked.storage_offset() + static_cast<std::size_t>(index) * bytes);
}

bool has_nonzero(const Tensor& floats) {
  const auto values = floats.data<float>();
  return std::any_of(values.begin(), values.end(), [](float value) { return value != 0; });
}

std::vector<TemplateRow> read_templates(const FeatureReader& read, const TemplateShape& shape, const Tensor& asym_id) {
  const Tensor mask = read.floats("template_mask");
  std::vector<TemplateRow> rows;
  for (std::int64_t index = 0; index < mask.shape()[0]; ++index) {
    if (!has_nonzero(row_of(mask, index))) continue;
    const auto column = [&](const Tensor& stacked) { return FeatureReader::column(row_of(stacked, index)); };
    rows.push_back(
        {column(read.integers("template_restype.index")), row_of(read.floats("template_frame_rot"), index),
         row_of(read.floats("template_frame_t"), index), row_of(read.floats("template_ca"), index),
         row_of(read.floats("template_cb"), index), column(read.floats("template_mask_cb")),
         column(read.floats("template_mask_frame")),
         shape.by_visibility ? column(read.floats("visibility_ids")) : asym_id.converted_to(DType::float32)});
  }
  return rows;
}

}  // namespace

ModelInputs make_model_inputs(const bio::Features& features, const HyperParameters& values) {
  const FeatureReader read(features);
  ModelInputs inputs;
  inputs.tokens = read.integers("token_index").shape()[0];
  inputs.atoms = read.floats("ref_pos").shape()[0];
  inputs.atom_features = {read.floats("ref_pos"),
                          read.float_column("ref_charge"),
                          read.integers("ref_element.index"),
                          read.integers("ref_atom_name_chars.index"),
                          read.integers("ref_space_uid"),
                          read.floats("atom_pad_mask")};
  inputs.atom_layout = make_atom_layout(inputs.atom_features.atom_pad_mask, read.integers("atom_to_token.index"),
                                        inputs.tokens, values.atoms_per_window_queries, values.atoms_per_window_keys);
  inputs.token_features = {read.integers("res_type.index"),    read.floats("profile"),
                           read.float_column("deletion_mean"), read.integers("method_feature"),
                           read.integers("modified"),          read.float_column("cyclic_period"),
                           read.integers("mol_type")};
  inputs.identity = {read.integer_column("asym_id"),   read.integer_column("residue_index"),
                     read.integer_column("entity_id"), read.integer_column("token_index"),
                     read.integer_column("sym_id"),    read.float_column("cyclic_period")};

  inputs.relative_positions = {.fix_sym_check = values.fix_sym_check,
                               .cyclic = values.cyclic_pos_enc && any_positive(inputs.identity.cyclic_period)};
  inputs.bonds.present = read.floats("token_bonds");
  if (values.bond_type_feature) inputs.bonds.kind = read.integer_column("type_bonds");
  const Tensor contact_kind = read.integer_column("contact_conditioning.index");
  inputs.contacts = {contact_kind, read.float_column("contact_threshold"), has_constraints(contact_kind),
                     values.conditioning_cutoff_min, values.conditioning_cutoff_max};

  const Tensor mask = read.floats("token_pad_mask");
  inputs.mask = FeatureReader::column(mask);
  inputs.pair_mask = ops::unsqueeze(inputs.mask, 0) * ops::unsqueeze(inputs.mask, 1);

  inputs.msa = read.integer_column("msa");
  inputs.has_deletion = read.float_column("has_deletion");
  inputs.deletion_value = read.float_column("deletion_value");
  if (values.msa.use_paired_feature) inputs.msa_paired = read.float_column("msa_paired");
  inputs.msa_mask = read.float_column("msa_mask");

  if (values.templates) inputs.templates = read_templates(read, *values.templates, inputs.identity.asym_id);
  inputs.frames = read.integers("frames_idx");
  inputs.representative_atom = read.integers("token_to_rep_atom.index");
  if (features.contains("profile_affinity")) {
    AffinityInputs affinity{inputs.token_features, read.float_column("affinity_token_mask"), 0};
    affinity.tokens.profile = read.floats("profile_affinity");
    affinity.tokens.deletion_mean = read.float_column("deletion_mean_affinity");
    affinity.molecular_weight = features.at("affinity_mw").item();
    inputs.affinity = std::move(affinity);
  }
  return inputs;
}

}  // namespace tilefold::boltz
