/// The parts of the featurizer; each adds its tensors to `features`.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "tilefold/bio/features.h"

namespace tilefold::bio {

/// Where the atoms of a complex stand in its features: those of its tokens one after the other. In a crop that is not
/// where they stand in the structure.
class AtomRows {
 public:
  explicit AtomRows(const Complex& complex);

  /// Global index of the atom in row `row`.
  std::int32_t atom(std::int64_t row) const { return atoms_[static_cast<std::size_t>(row)]; }
  /// Row of an atom of the structure; -1 when no token holds it.
  std::int32_t row(std::int32_t atom) const { return rows_[static_cast<std::size_t>(atom)]; }
  std::int64_t count() const { return static_cast<std::int64_t>(atoms_.size()); }

 private:
  std::vector<std::int32_t> atoms_;
  std::vector<std::int32_t> rows_;
};

void add_token_features(const Complex& complex, const FeaturizeOptions& options, Features& features);
void add_contact_features(const Complex& complex, Features& features);
void add_atom_features(const Complex& complex, const FeaturizeOptions& options, Features& features);
void add_msa_features(const Complex& complex, const FeaturizeOptions& options, Features& features,
                      Diagnostics& diagnostics);
void add_template_features(const Complex& complex, const FeaturizeOptions& options, Features& features);
/// Index tensors of forced pockets and contacts.
void add_forced_contact_features(const Complex& complex, Features& features);
/// Index tensors of the physical potentials. Throws ValueError for a component that cannot be treated.
void add_potential_features(const Complex& complex, Features& features);

/// Tokens that `reference` names, ascending: one, or none in a crop without it.
std::vector<std::int64_t> find_tokens(const Complex& complex, const TokenReference& reference);

/// Adds a vector [count] of `value(i)` under `name`.
template <typename T, typename Function>
void add_vector(Features& features, const std::string& name, std::int64_t count, Function value) {
  Tensor tensor = Tensor::empty(Shape{count}, DTypeOf<T>::value);
  auto data = tensor.mutable_data<T>();
  for (std::int64_t i = 0; i < count; ++i) data[i] = static_cast<T>(value(i));
  features.tensors.insert_or_assign(name, std::move(tensor));
}

}  // namespace tilefold::bio
