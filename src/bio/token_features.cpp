// Features of tokens and token pairs.
#include <fmt/format.h>

#include "bio/constants.h"
#include "bio/feature_parts.h"
#include "bio/text.h"
#include "bio/tokens.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

std::int32_t method_of(const FeaturizeOptions& options) {
  const auto id = method_class(options.method.empty() ? "x-ray diffraction" : options.method);
  if (!id) {
    throw ValueError(
        fmt::format("method {} is unknown; expected one of: {}", in_quotes(options.method), method_names()));
  }
  return *id;
}

void add_identity_features(const Complex& complex, Features& features) {
  const std::vector<Token>& tokens = complex.tokens;
  const std::int64_t count = complex.num_tokens();
  const auto chain_of = [&](std::int64_t i) -> const Chain& { return complex.structure.chains[tokens[i].chain]; };
  add_vector<std::int32_t>(features, "token_index", count, [](std::int64_t i) { return i; });
  add_vector<std::int32_t>(features, "residue_index", count, [&](std::int64_t i) { return tokens[i].residue_index; });
  add_vector<std::int32_t>(features, "asym_id", count, [&](std::int64_t i) { return chain_of(i).asym_id; });
  add_vector<std::int32_t>(features, "entity_id", count, [&](std::int64_t i) { return chain_of(i).entity_id; });
  add_vector<std::int32_t>(features, "sym_id", count, [&](std::int64_t i) { return chain_of(i).sym_id; });
  add_vector<std::int32_t>(features, "mol_type", count, [&](std::int64_t i) { return chain_of(i).type; });
  add_vector<std::int32_t>(features, "res_type.index", count, [&](std::int64_t i) { return tokens[i].type; });
  add_vector<std::int32_t>(features, "modified", count, [&](std::int64_t i) { return tokens[i].modified; });
  add_vector<float>(features, "cyclic_period", count, [&](std::int64_t i) { return chain_of(i).cyclic_period; });
}

void add_bond_features(const Complex& complex, Features& features) {
  const std::int64_t count = complex.num_tokens();
  Tensor bonds = Tensor::zeros(Shape{count, count, 1});
  Tensor types = Tensor::zeros(Shape{count, count}, DType::int32);
  auto bond = bonds.mutable_data<float>();
  auto type = types.mutable_data<std::int32_t>();
  // Bonds of a modified residue all fall on one diagonal entry; as in the reference, the last one wins.
  for (const TokenBond& entry : token_bonds(complex.structure, complex.tokens)) {
    for (const std::int64_t at : {entry.first * count + entry.second, entry.second * count + entry.first}) {
      bond[at] = 1.0F;
      type[at] = entry.value;
    }
  }
  features.tensors.insert_or_assign("token_bonds", std::move(bonds));
  features.tensors.insert_or_assign("type_bonds", std::move(types));
}

}  // namespace

void add_token_features(const Complex& complex, const FeaturizeOptions& options, Features& features) {
  const std::int64_t count = complex.num_tokens();
  const std::int32_t method = method_of(options);
  add_identity_features(complex, features);
  add_bond_features(complex, features);
  add_vector<std::int32_t>(features, "method_feature", count, [&](std::int64_t) { return method; });
  for (const char* name : {"token_pad_mask", "token_resolved_mask", "token_disto_mask"}) {
    features.tensors.insert_or_assign(name, Tensor::full(Shape{count}, 1.0));
  }
  if (options.affinity) {
    if (!complex.affinity) throw ValueError(fmt::format("'{}' asks for no affinity", complex.id));
    features.tensors.insert_or_assign("affinity_mw", Tensor::full(Shape{1}, complex.affinity->molecular_weight));
  }
  add_vector<float>(features, "affinity_token_mask", count, [&](std::int64_t i) {
    return complex.affinity && complex.tokens[i].chain == complex.affinity->chain ? 1.0F : 0.0F;
  });
}

}  // namespace tilefold::bio
