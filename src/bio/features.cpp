// The featurizer: its parts in order.
#include <fmt/format.h>

#include "bio/feature_parts.h"
#include "tilefold/error.h"

namespace tilefold::bio {

const Tensor& Features::at(std::string_view name) const {
  const auto found = tensors.find(name);
  if (found == tensors.end()) throw ValueError(fmt::format("there is no feature '{}'", name));
  return found->second;
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
  if (options.potentials) add_potential_features(complex, features);
  return features;
}

}  // namespace tilefold::bio
