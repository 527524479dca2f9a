/// The parts of the featurizer; each adds its tensors to `features`.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "tilefold/bio.h"

namespace tilefold::bio {

void add_token_features(const Complex& complex, const FeaturizeOptions& options, Features& features);
void add_atom_features(const Complex& complex, const FeaturizeOptions& options, Features& features);
void add_msa_features(const Complex& complex, const FeaturizeOptions& options, Features& features);
void add_template_features(const Complex& complex, Features& features);

/// Adds a vector [count] of `value(i)` under `name`.
template <typename T, typename Function>
void add_vector(Features& features, const std::string& name, std::int64_t count, Function value) {
  Tensor tensor = Tensor::empty(Shape{count}, DTypeOf<T>::value);
  auto data = tensor.mutable_data<T>();
  for (std::int64_t i = 0; i < count; ++i) data[i] = static_cast<T>(value(i));
  features.tensors.insert_or_assign(name, std::move(tensor));
}

}  // namespace tilefold::bio
