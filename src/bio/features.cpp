// The featurizer: its parts in order, and the row that stands for "no template".
#include <fmt/format.h>

#include "bio/feature_parts.h"
#include "tilefold/error.h"

namespace tilefold::bio {

const Tensor& Features::at(std::string_view name) const {
  const auto found = tensors.find(name);
  if (found == tensors.end()) throw ValueError(fmt::format("there is no feature '{}'", name));
  return found->second;
}

void add_template_features(const Complex& complex, const FeaturizeOptions&, Features& features) {
  const std::int64_t count = complex.num_tokens();
  for (const char* name : {"template_mask_cb", "template_mask_frame", "template_mask", "visibility_ids"}) {
    features.tensors.insert_or_assign(name, Tensor::zeros(Shape{1, count}));
  }
  for (const char* name : {"template_frame_t", "template_cb", "template_ca"}) {
    features.tensors.insert_or_assign(name, Tensor::zeros(Shape{1, count, 3}));
  }
  features.tensors.insert_or_assign("template_frame_rot", Tensor::zeros(Shape{1, count, 3, 3}));
  // Index 0: tokens without a template carry the one-hot of `<pad>`, not a zero vector.
  for (const char* name : {"template_restype.index", "query_to_template"}) {
    features.tensors.insert_or_assign(name, Tensor::zeros(Shape{1, count}, DType::int32));
  }
}

void set_reference_positions(Features& features, const Tensor& positions) {
  const Tensor& current = features.at("ref_pos");
  if (!positions.defined() || positions.dtype() != DType::float32 || !(positions.shape() == current.shape())) {
    throw ValueError(fmt::format("ref_pos: expected float32 {}, found {}", current.shape().to_string(),
                                 positions.defined() ? positions.type().to_string() : "nothing"));
  }
  features.tensors.insert_or_assign("ref_pos", positions);
}

Features featurize(const Complex& complex, const FeaturizeOptions& options, Diagnostics& diagnostics) {
  if (complex.tokens.empty()) throw ValueError(fmt::format("complex '{}' has no tokens", complex.id));
  Features features;
  add_token_features(complex, options, features);
  add_contact_features(complex, features);
  add_atom_features(complex, options, features);
  add_msa_features(complex, options, features, diagnostics);
  add_template_features(complex, options, features);
  add_forced_contact_features(complex, features);
  if (options.potentials) throw UnsupportedError("features of the potentials are not supported yet");
  return features;
}

}  // namespace tilefold::bio
