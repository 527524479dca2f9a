#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <span>

#include "boltz/confidence_module.h"

namespace tilefold::boltz {
namespace {

using Point = std::array<double, 3>;

constexpr double kContactDistance = 8.0;  // Angstrom
constexpr auto kProtein = static_cast<std::int32_t>(bio::ChainType::protein);
constexpr auto kNonpolymer = static_cast<std::int32_t>(bio::ChainType::nonpolymer);

double dot(const Point& a, const Point& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
Point minus(const Point& a, const Point& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
double distance(const Point& a, const Point& b) { return std::sqrt(dot(minus(a, b), minus(a, b))); }

/// Host views of the inputs with the few quantities that several scores share.
class Sample {
 public:
  explicit Sample(const ScoreInputs& inputs)
      : tokens(static_cast<std::size_t>(inputs.values.plddt.volume())),
        plddt(inputs.values.plddt.data<float>()),
        pde(inputs.values.pde.data<float>()),
        tm(inputs.values.tm.data<float>()),
        contact(inputs.values.contact_probability.data<float>()),
        asym(inputs.asym_id.data<std::int32_t>()),
        type(inputs.mol_type.data<std::int32_t>()),
        frames(inputs.frames.data<std::int32_t>()),
        representative(inputs.representative_atom.data<std::int32_t>()),
        atom_to_token(inputs.atom_to_token.data<std::int32_t>()),
        mask(inputs.token_pad_mask.data<float>()),
        coordinates_(inputs.coordinates.data<float>()) {}

  Point atom(std::int32_t index) const {
    const auto first = static_cast<std::size_t>(index) * 3;
    return {coordinates_[first], coordinates_[first + 1], coordinates_[first + 2]};
  }
  double at(std::span<const float> pairs, std::size_t i, std::size_t j) const { return pairs[i * tokens + j]; }

  std::size_t tokens;
  std::span<const float> plddt, pde, tm, contact;
  std::span<const std::int32_t> asym, type, frames, representative, atom_to_token;
  std::span<const float> mask;

 private:
  std::span<const float> coordinates_;
};

/// Three atoms make a frame when they are apart and not on a line; the small constants are the reference's.
bool is_valid_frame(const Point& a, const Point& b, const Point& c) {
  const Point first = minus(a, b);
  const Point second = minus(c, b);
  const double length_1 = std::sqrt(dot(first, first));
  const double length_2 = std::sqrt(dot(second, second));
  const double cosine = dot(first, second) / ((length_1 + 1e-6) * (length_2 + 1e-6));
  return std::abs(cosine) < 0.9063 && length_1 > 1e-2 && length_2 > 1e-2;
}

/// Frame of a ligand atom: itself between its nearest and second nearest atom of the chain.
bool is_valid_ligand_frame(const Sample& sample, const std::vector<std::int32_t>& chain_atoms, std::int32_t atom) {
  const Point centre = sample.atom(atom);
  std::vector<std::pair<double, std::int32_t>> nearest;
  nearest.reserve(chain_atoms.size());
  for (const std::int32_t other : chain_atoms) nearest.emplace_back(distance(sample.atom(other), centre), other);
  std::partial_sort(nearest.begin(), nearest.begin() + 3, nearest.end());
  const auto ranked = [&](std::size_t rank) { return sample.atom(nearest[rank].second); };
  return is_valid_frame(ranked(1), ranked(0), ranked(2));
}

/// Whether each token has a frame. Chains of ligand atoms with at least three atoms get frames from the prediction, all
/// other tokens the featurizer's triples, which are degenerate where there is none.
std::vector<bool> valid_frames(const Sample& sample) {
  std::map<std::int32_t, std::vector<std::int32_t>> ligand_atoms;
  std::vector<std::int32_t> first_atom(sample.tokens, -1);
  for (std::size_t atom = 0; atom < sample.atom_to_token.size(); ++atom) {
    if (sample.atom_to_token[atom] < 0) continue;
    const auto token = static_cast<std::size_t>(sample.atom_to_token[atom]);
    if (first_atom[token] < 0) first_atom[token] = static_cast<std::int32_t>(atom);
    if (sample.type[token] == kNonpolymer) ligand_atoms[sample.asym[token]].push_back(static_cast<std::int32_t>(atom));
  }
  std::vector<bool> valid(sample.tokens);
  for (std::size_t token = 0; token < sample.tokens; ++token) {
    const auto chain = ligand_atoms.find(sample.asym[token]);
    if (sample.type[token] == kNonpolymer && chain != ligand_atoms.end() && chain->second.size() >= 3) {
      valid[token] = is_valid_ligand_frame(sample, chain->second, first_atom[token]);
    } else {
      const auto triple = sample.frames.subspan(3 * token, 3);
      valid[token] = is_valid_frame(sample.atom(triple[0]), sample.atom(triple[1]), sample.atom(triple[2]));
    }
    valid[token] = valid[token] && sample.mask[token] != 0;
  }
  return valid;
}

/// max_i sum_j tm[i, j] m[i, j] / (sum_j m[i, j] + 1e-5) over the pairs that `chosen` selects, rows with a frame only.
double best_alignment(const Sample& sample, const std::vector<bool>& frames,
                      const std::function<bool(std::size_t, std::size_t)>& chosen) {
  double best = 0;
  for (std::size_t i = 0; i < sample.tokens; ++i) {
    if (!frames[i]) continue;
    double sum = 0;
    double count = 0;
    for (std::size_t j = 0; j < sample.tokens; ++j) {
      if (sample.mask[j] == 0 || !chosen(i, j)) continue;
      sum += sample.at(sample.tm, i, j);
      count += 1;
    }
    best = std::max(best, sum / (count + 1e-5));
  }
  return best;
}

void score_alignments(const Sample& sample, SampleConfidence& scores) {
  const std::vector<bool> frames = valid_frames(sample);
  const auto across = [&](std::size_t i, std::size_t j) { return sample.asym[i] != sample.asym[j]; };
  const auto types = [&](std::size_t i, std::size_t j, std::int32_t a, std::int32_t b) {
    return sample.type[i] == a && sample.type[j] == b;
  };
  scores.ptm = best_alignment(sample, frames, [](std::size_t, std::size_t) { return true; });
  scores.iptm = best_alignment(sample, frames, across);
  scores.ligand_iptm = best_alignment(sample, frames, [&](std::size_t i, std::size_t j) {
    return across(i, j) && (types(i, j, kNonpolymer, kProtein) || types(i, j, kProtein, kNonpolymer));
  });
  scores.protein_iptm = best_alignment(
      sample, frames, [&](std::size_t i, std::size_t j) { return across(i, j) && types(i, j, kProtein, kProtein); });
  // The first key is the chain of the columns, the second that of the rows, which give the frames.
  for (const std::int32_t column_chain : sample.asym) {
    if (scores.pair_chains_iptm.contains(column_chain)) continue;
    for (const std::int32_t row_chain : sample.asym) {
      auto& row = scores.pair_chains_iptm[column_chain];
      if (row.contains(row_chain)) continue;
      row[row_chain] = best_alignment(sample, frames, [&](std::size_t i, std::size_t j) {
        return sample.asym[i] == row_chain && sample.asym[j] == column_chain;
      });
    }
  }
}

/// Whether a token's representative atom is in contact with one of another chain.
bool is_at_interface(const Sample& sample, std::size_t token) {
  const Point here = sample.atom(sample.representative[token]);
  for (std::size_t other = 0; other < sample.tokens; ++other) {
    if (sample.asym[other] == sample.asym[token]) continue;
    if (distance(here, sample.atom(sample.representative[other])) < kContactDistance) return true;
  }
  return false;
}

void score_plddt(const Sample& sample, SampleConfidence& scores) {
  constexpr double kLigandWeight = 20;
  constexpr double kInterfaceWeight = 10;
  double sum = 0;
  double count = 0;
  double interface_sum = 0;
  double interface_count = 0;
  for (std::size_t token = 0; token < sample.tokens; ++token) {
    const double value = sample.mask[token] * static_cast<double>(sample.plddt[token]);
    sum += value;
    count += sample.mask[token];
    double weight = 1;
    if (sample.type[token] == kNonpolymer) {
      weight = kLigandWeight;
    } else if (is_at_interface(sample, token)) {
      weight = kInterfaceWeight;
    }
    interface_sum += weight * value;
    interface_count += weight * sample.mask[token];
  }
  scores.complex_plddt = sum / count;
  scores.complex_iplddt = interface_sum / interface_count;
}

void score_pde(const Sample& sample, SampleConfidence& scores) {
  double sum = 0;
  double weight_sum = 0;
  double interface_sum = 0;
  double interface_weight_sum = 0;
  for (std::size_t i = 0; i < sample.tokens; ++i) {
    for (std::size_t j = 0; j < sample.tokens; ++j) {
      if (i == j) continue;
      const double weight = sample.at(sample.contact, i, j) * sample.mask[i] * sample.mask[j];
      const double value = weight * sample.at(sample.pde, i, j);
      sum += value;
      weight_sum += weight;
      if (sample.asym[i] == sample.asym[j]) continue;
      interface_sum += value;
      interface_weight_sum += weight;
    }
  }
  // A complex of one token has no pairs; the reference divides zero by zero.
  scores.complex_pde = weight_sum > 0 ? sum / weight_sum : 0.0;
  scores.complex_ipde = interface_sum / (interface_weight_sum + 1e-5);
}

}  // namespace

SampleConfidence score_sample(const ScoreInputs& inputs) {
  SampleConfidence scores;
  const Sample sample(inputs);
  score_alignments(sample, scores);
  score_plddt(sample, scores);
  score_pde(sample, scores);
  scores.plddt = inputs.values.plddt;
  scores.pae = inputs.values.pae;
  scores.pde = inputs.values.pde;
  return scores;
}

void set_confidence_scores(std::vector<SampleConfidence>& samples) {
  constexpr double kAboutZero = 1e-8;
  const bool has_interfaces = std::any_of(samples.begin(), samples.end(),
                                          [](const SampleConfidence& s) { return std::abs(s.iptm) > kAboutZero; });
  for (SampleConfidence& sample : samples)
    sample.confidence_score = (4 * sample.complex_plddt + (has_interfaces ? sample.iptm : sample.ptm)) / 5;
}

}  // namespace tilefold::boltz
