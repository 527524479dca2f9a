#include "bio/model_checks.h"

#include <fmt/format.h>

#include <cmath>
#include <gemmi/elem.hpp>

namespace tilefold::bio {

void check_model(const Complex& complex, const ModelCoordinates& model) {
  const auto atoms = static_cast<std::size_t>(complex.num_atoms());
  const auto tokens = static_cast<std::size_t>(complex.num_tokens());
  if (model.coordinates.size() != 3 * atoms) {
    throw TypeError(fmt::format("'{}': expected {} coordinates for {} atoms, found {}", complex.id, 3 * atoms, atoms,
                                model.coordinates.size()));
  }
  if (!model.plddt.empty() && model.plddt.size() != tokens) {
    throw TypeError(fmt::format("'{}': expected {} pLDDT values, found {}", complex.id, tokens, model.plddt.size()));
  }
  for (std::size_t i = 0; i < model.coordinates.size(); ++i) {
    if (!std::isfinite(model.coordinates[i])) {
      throw ValueError(fmt::format("'{}': atom {} has a coordinate that is not finite", complex.id, i / 3));
    }
  }
}

std::vector<double> atom_b_factors(const Complex& complex, const ModelCoordinates& model) {
  std::vector<double> factors(static_cast<std::size_t>(complex.num_atoms()), 100.0);
  if (model.plddt.empty()) return factors;
  for (std::size_t token = 0; token < complex.tokens.size(); ++token) {
    const Token& entry = complex.tokens[token];
    for (std::int32_t atom = entry.atom_start; atom < entry.atom_start + entry.atom_count; ++atom) {
      factors[static_cast<std::size_t>(atom)] = static_cast<double>(model.plddt[token]) * 100.0;
    }
  }
  return factors;
}

std::string element_symbol(const Atom& atom) { return gemmi::Element(atom.element).uname(); }

}  // namespace tilefold::bio
