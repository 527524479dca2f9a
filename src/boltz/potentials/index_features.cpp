#include "boltz/potentials/index_features.h"

#include <fmt/format.h>

#include <algorithm>

#include "boltz/potentials/van_der_waals.h"
#include "tilefold/error.h"

namespace tilefold::boltz {
namespace {

/// The feature, checked to be [count].
const Tensor& vector_feature(const bio::Features& features, const std::string& name, std::int64_t count) {
  const Tensor& tensor = features.at(name);
  if (tensor.shape() != Shape{count}) {
    throw ValueError(fmt::format("feature '{}': expected shape {}, found {}", name, Shape{count}.to_string(),
                                 tensor.shape().to_string()));
  }
  return tensor;
}

void check_range(const std::string& name, std::int64_t row, std::size_t column, std::int32_t value,
                 std::int64_t bound) {
  if (value >= 0 && value < bound) return;
  throw ValueError(
      fmt::format("feature '{}': entry [{}, {}] is {}, expected 0 to {}", name, row, column, value, bound - 1));
}

}  // namespace

std::vector<std::vector<std::int32_t>> index_rows(const bio::Features& features, const std::string& name,
                                                  std::int64_t row_count, std::int64_t bound) {
  std::vector<std::vector<std::int32_t>> rows(static_cast<std::size_t>(row_count));
  if (!features.contains(name)) return rows;
  const Tensor& tensor = features.at(name);
  if (tensor.rank() != 2 || tensor.shape()[0] != row_count) {
    throw ValueError(
        fmt::format("feature '{}': expected shape [{}, n], found {}", name, row_count, tensor.shape().to_string()));
  }
  const std::vector<std::int32_t> values = tensor.to_ints();
  const auto columns = static_cast<std::size_t>(tensor.shape()[1]);
  for (std::int64_t row = 0; row < row_count; ++row) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(row) * columns);
    auto& copy = rows[static_cast<std::size_t>(row)];
    copy.assign(first, first + static_cast<std::ptrdiff_t>(columns));
    for (std::size_t column = 0; column < columns; ++column) check_range(name, row, column, copy[column], bound);
  }
  return rows;
}

std::vector<std::int32_t> integer_values(const bio::Features& features, const std::string& name, std::int64_t count) {
  if (count == 0 && !features.contains(name)) return {};
  return vector_feature(features, name, count).to_ints();
}

std::vector<float> float_values(const bio::Features& features, const std::string& name, std::int64_t count) {
  if (count == 0 && !features.contains(name)) return {};
  return vector_feature(features, name, count).to_floats();
}

AtomTable::AtomTable(const bio::Features& features) {
  const std::vector<float> mask = features.at("atom_pad_mask").to_floats();
  const auto atoms = static_cast<std::int64_t>(mask.size());
  const std::vector<std::int32_t> token_of_atom = integer_values(features, "atom_to_token.index", atoms);
  const std::vector<std::int32_t> element = integer_values(features, "ref_element.index", atoms);
  const std::vector<std::int32_t> asym_id = features.at("asym_id").to_ints();
  const auto tokens = static_cast<std::int64_t>(asym_id.size());
  for (std::size_t i = 0; i < asym_id.size(); ++i) check_range("asym_id", 0, i, asym_id[i], tokens);

  for (std::size_t atom = 0; atom < mask.size(); ++atom) {
    const bool in_token = token_of_atom[atom] >= 0;
    if (in_token) check_range("atom_to_token.index", 0, atom, token_of_atom[atom], tokens);
    token.push_back(in_token ? token_of_atom[atom] : 0);
    chain.push_back(in_token ? asym_id[static_cast<std::size_t>(token_of_atom[atom])] : 0);
    real.push_back(mask[atom] != 0);
    radius.push_back(static_cast<float>(van_der_waals_radius(element[atom])));
  }
  const std::int32_t last_chain = asym_id.empty() ? -1 : *std::max_element(asym_id.begin(), asym_id.end());
  chain_size.resize(static_cast<std::size_t>(last_chain) + 1);
  for (std::size_t atom = 0; atom < mask.size(); ++atom) {
    if (real[atom]) ++chain_size[static_cast<std::size_t>(chain[atom])];
  }
}

}  // namespace tilefold::boltz
