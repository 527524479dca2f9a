// The part of a predicted complex that the affinity model sees.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include "tilefold/bio/complex.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

/// Grows a set of tokens around the binder until a limit is met.
class AffinityCrop {
 public:
  AffinityCrop(const Complex& complex, const CropLimits& limits)
      : complex_(complex), limits_(limits), kept_(complex.tokens.size(), false), chain_tokens_(num_chains()) {
    for (std::size_t t = 0; t < complex.tokens.size(); ++t)
      chain_tokens_[complex.tokens[t].chain].push_back(static_cast<std::int32_t>(t));
  }

  /// Takes a token with its neighbours in the chain. False when that would exceed a limit: the crop is complete then.
  bool take(std::int32_t token) {
    std::vector<std::int32_t> added = neighbourhood(token);
    std::erase_if(added, [&](std::int32_t t) { return kept_[t]; });
    std::int64_t atoms = atoms_;
    std::int64_t others = others_;
    for (const std::int32_t t : added) {
      atoms += complex_.tokens[t].atom_count;
      others += is_ligand(t) ? 0 : 1;
    }
    const std::int64_t tokens = tokens_ + static_cast<std::int64_t>(added.size());
    if (tokens > limits_.max_tokens || atoms > limits_.max_atoms || others > limits_.max_other_tokens) return false;
    for (const std::int32_t t : added) kept_[t] = true;
    tokens_ = tokens;
    atoms_ = atoms;
    others_ = others;
    return true;
  }

  std::vector<Token> tokens() const {
    std::vector<Token> result;
    for (std::size_t t = 0; t < kept_.size(); ++t) {
      if (kept_[t]) result.push_back(complex_.tokens[t]);
    }
    return result;
  }

 private:
  std::size_t num_chains() const { return complex_.structure.chains.size(); }
  bool is_ligand(std::int32_t token) const {
    return complex_.structure.chains[complex_.tokens[token].chain].type == ChainType::nonpolymer;
  }

  /// A small chain as a whole; else the tokens of the nearest residues on both sides, until there are enough.
  std::vector<std::int32_t> neighbourhood(std::int32_t token) const {
    const std::vector<std::int32_t>& chain = chain_tokens_[complex_.tokens[token].chain];
    if (static_cast<std::int64_t>(chain.size()) <= limits_.neighbourhood) return chain;
    std::vector<std::int32_t> taken;
    for (std::int64_t width = 0; width <= limits_.neighbourhood; ++width) {
      taken.clear();
      std::copy_if(chain.begin(), chain.end(), std::back_inserter(taken), [&](std::int32_t other) {
        return std::abs(complex_.tokens[other].residue_index - complex_.tokens[token].residue_index) <= width;
      });
      if (static_cast<std::int64_t>(taken.size()) >= limits_.neighbourhood) break;
    }
    return taken;
  }

  const Complex& complex_;
  const CropLimits& limits_;
  std::vector<bool> kept_;
  std::vector<std::vector<std::int32_t>> chain_tokens_;
  std::int64_t tokens_ = 0;
  std::int64_t atoms_ = 0;
  std::int64_t others_ = 0;
};

/// Distance of each token's centre from the nearest one of the binder; in fp32, as the reference orders them.
std::vector<float> distances_to_binder(const Complex& complex, std::span<const float> coordinates) {
  const auto centre = [&](const Token& token) { return &coordinates[3 * static_cast<std::size_t>(token.center_atom)]; };
  std::vector<float> distances(complex.tokens.size(), std::numeric_limits<float>::infinity());
  for (const Token& binder : complex.tokens) {
    if (binder.chain != complex.affinity->chain) continue;
    const float* there = centre(binder);
    for (std::size_t t = 0; t < complex.tokens.size(); ++t) {
      const float* here = centre(complex.tokens[t]);
      const float x = here[0] - there[0];
      const float y = here[1] - there[1];
      const float z = here[2] - there[2];
      distances[t] = std::min(distances[t], std::sqrt(x * x + y * y + z * z));
    }
  }
  return distances;
}

}  // namespace

Complex crop_around_binder(const Complex& complex, std::span<const float> coordinates, const CropLimits& limits) {
  if (!complex.affinity) throw ValueError(fmt::format("'{}' asks for no affinity", complex.id));
  if (coordinates.size() != 3 * complex.structure.atoms.size()) {
    throw TypeError(fmt::format("'{}': expected {} coordinates for {} atoms, found {}", complex.id,
                                3 * complex.structure.atoms.size(), complex.structure.atoms.size(),
                                coordinates.size()));
  }
  const std::vector<float> distances = distances_to_binder(complex, coordinates);
  std::vector<std::int32_t> order(complex.tokens.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int32_t a, std::int32_t b) { return distances[a] < distances[b]; });
  AffinityCrop crop(complex, limits);
  for (const std::int32_t token : order) {
    if (!crop.take(token)) break;
  }
  Complex result = complex;
  result.tokens = crop.tokens();
  if (result.tokens.empty()) {
    throw ValueError(
        fmt::format("'{}': the binder does not fit the limits of an affinity prediction ({} tokens, {} atoms)",
                    complex.id, limits.max_tokens, limits.max_atoms));
  }
  return result;
}

}  // namespace tilefold::bio
