#include "bio/template_chain.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "bio/constants.h"
#include "bio/template_alignment.h"
#include "bio/template_model.h"
#include "bio/template_values.h"
#include "bio/text.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

constexpr std::int32_t kMatch = 1;
constexpr std::int32_t kMismatch = -1;
constexpr std::int32_t kGapOpen = -1;
constexpr std::int32_t kGapOpenInBond = -2;
constexpr std::int32_t kGapExtend = -1;  // for each residue of a gap, the first one too

// How a cell of the table is reached, and whether the gaps that lead out of it have begun before.
constexpr std::uint8_t kPair = 0;
constexpr std::uint8_t kLeftOut = 1;     // an observed residue has no place in the sequence
constexpr std::uint8_t kUnobserved = 2;  // a place of the sequence has no observed residue
constexpr std::uint8_t kWay = 3;
constexpr std::uint8_t kLongLeftOut = 4;
constexpr std::uint8_t kLongUnobserved = 8;

/// Global alignment of observed residues (rows) to a sequence (columns) as gemmi 0.6.5 makes it, with its choice among
/// equally good ones.
class PlacementTable {
 public:
  PlacementTable(const std::vector<std::string>& sequence, const std::vector<ObservedResidue>& observed)
      : ways_(sequence.size() * observed.size()) {
    std::unordered_map<std::string_view, std::int32_t> numbers;
    const auto number = [&](const std::string& name) {
      return numbers.try_emplace(name, static_cast<std::int32_t>(numbers.size())).first->second;
    };
    for (const std::string& name : sequence) sequence_.push_back(number(name));
    for (const ObservedResidue& residue : observed) observed_.push_back(number(residue.name));
    // Unobserved residues are expected at the ends of the chain and where it is broken.
    opening_.assign(observed.size() + 1, 0);
    for (std::size_t i = 1; i < observed.size(); ++i) {
      if (are_bonded(observed[i - 1], observed[i])) opening_[i] = kGapOpenInBond;
    }
    fill();
  }

  std::vector<std::int32_t> places() const {
    std::vector<std::int32_t> places(sequence_.size(), -1);
    std::size_t i = observed_.size();
    std::size_t j = sequence_.size();
    std::uint8_t way = kPair;
    while (i > 0 && j > 0) {
      const std::uint8_t cell = ways_[(i - 1) * sequence_.size() + j - 1];
      const bool goes_on =
          (way == kLeftOut && (cell & kLongLeftOut) != 0) || (way == kUnobserved && (cell & kLongUnobserved) != 0);
      if (!goes_on) way = cell & kWay;
      if (way == kPair && observed_[i - 1] == sequence_[j - 1]) places[j - 1] = static_cast<std::int32_t>(i) - 1;
      if (way != kUnobserved) --i;
      if (way != kLeftOut) --j;
    }
    return places;
  }

 private:
  void fill() {
    const std::size_t columns = sequence_.size();
    // By column: the best score, and that of leaving out the next observed residue.
    std::vector<std::int32_t> scores(columns + 1);
    std::vector<std::int32_t> left_out(columns + 1);
    for (std::size_t j = 0; j <= columns; ++j) {
      scores[j] = kGapExtend * static_cast<std::int32_t>(j);
      left_out[j] = scores[j] + kGapOpen + kGapExtend;
    }
    for (std::size_t i = 1; i <= observed_.size(); ++i) {
      std::int32_t diagonal = scores[0];
      scores[0] = kGapOpen + kGapExtend * static_cast<std::int32_t>(i);
      std::int32_t unobserved = scores[0] + kGapOpen + kGapExtend;
      std::uint8_t* row = &ways_[(i - 1) * columns];
      for (std::size_t j = 1; j <= columns; ++j) {
        std::int32_t best = diagonal + (observed_[i - 1] == sequence_[j - 1] ? kMatch : kMismatch);
        diagonal = scores[j];
        std::uint8_t way = kPair;
        if (best < left_out[j]) {
          best = left_out[j];
          way = kLeftOut;
        }
        if (best <= unobserved) {
          best = unobserved;
          way = kUnobserved;
        }
        scores[j] = best;
        if (left_out[j] > best + kGapOpen) way |= kLongLeftOut;
        left_out[j] = std::max(left_out[j], best + kGapOpen) + kGapExtend;
        if (unobserved > best + opening_[i]) way |= kLongUnobserved;
        unobserved = std::max(unobserved, best + opening_[i]) + kGapExtend;
        row[j - 1] = way;
      }
    }
  }

  std::vector<std::uint8_t> ways_;
  std::vector<std::int32_t> opening_;  ///< score of beginning a gap, by number of observed residues before it
  std::vector<std::int32_t> sequence_;
  std::vector<std::int32_t> observed_;
};

bool same_names(const std::vector<std::string>& sequence, const std::vector<ObservedResidue>& observed) {
  return std::equal(sequence.begin(), sequence.end(), observed.begin(), observed.end(),
                    [](const std::string& name, const ObservedResidue& residue) { return name == residue.name; });
}

std::array<float, 3> to_floats(const std::array<double, 3>& position) {
  return {static_cast<float>(position[0]), static_cast<float>(position[1]), static_cast<float>(position[2])};
}

/// Atoms are found by their names in upper case.
const ObservedAtom* find_atom(const ObservedResidue* residue, std::string_view name) {
  if (residue == nullptr) return nullptr;
  const auto found = std::find_if(residue->atoms.rbegin(), residue->atoms.rend(),
                                  [&](const ObservedAtom& atom) { return upper_case(atom.name) == name; });
  return found == residue->atoms.rend() ? nullptr : &*found;
}

/// A residue of the vocabulary. Its side chain beyond the distogram atom plays no part in templates.
TemplateResidue standard_residue(const StandardResidue& standard, const ObservedResidue* observed) {
  TemplateResidue residue;
  residue.type = standard.type;
  const auto place = [&](std::size_t atom, std::array<float, 3>& position) {
    const ObservedAtom* found = find_atom(observed, standard.atoms[atom]);
    if (found != nullptr) position = to_floats(found->position);
    return found != nullptr;
  };
  const bool n = place(0, residue.n);
  const bool ca = place(1, residue.ca);
  const bool c = place(2, residue.c);
  residue.has_frame = n && ca && c;
  residue.has_disto = place(static_cast<std::size_t>(standard.disto), residue.disto);
  return residue;
}

/// The atom that stands for a residue outside of the vocabulary: the component's first one, or the next if that is lost
/// in the polymer. Reference quirk: where there is one heavy atom only, the first observed atom is taken, whatever its
/// name.
const ObservedAtom* first_atom(const Component& component, const ObservedResidue& observed) {
  if (component.atoms.size() == 1) return observed.atoms.empty() ? nullptr : &observed.atoms.front();
  for (const ComponentAtom& atom : component.atoms) {
    const auto found = std::find_if(observed.atoms.begin(), observed.atoms.end(),
                                    [&](const ObservedAtom& candidate) { return candidate.name == atom.name; });
    if (found != observed.atoms.end()) return &*found;
    if (!atom.leaving) return nullptr;
  }
  return nullptr;
}

TemplateResidue modified_residue(const Component* component, const ObservedResidue* observed) {
  TemplateResidue residue;
  residue.type = kUnknownProteinType;
  const ObservedAtom* atom = component == nullptr || observed == nullptr ? nullptr : first_atom(*component, *observed);
  residue.has_disto = atom != nullptr;
  if (atom != nullptr) residue.ca = residue.disto = to_floats(atom->position);
  return residue;
}

/// Warns about observed residues that no place has taken.
void report_left_out(const ProteinChain& chain, const std::vector<std::int32_t>& places, const std::string& source,
                     Diagnostics& diagnostics) {
  std::vector<bool> placed(chain.observed.size(), false);
  for (const std::int32_t place : places) {
    if (place >= 0) placed[static_cast<std::size_t>(place)] = true;
  }
  const auto count = std::count(placed.begin(), placed.end(), false);
  if (count == 0) return;
  const auto first = static_cast<std::size_t>(std::find(placed.begin(), placed.end(), false) - placed.begin());
  diagnostics.warn(
      fmt::format("{}: chain {}: {} of {} observed residues do not fit into its sequence and are left out; "
                  "the first is {}",
                  source, in_quotes(chain.name), count, placed.size(), in_quotes(chain.observed[first].label())));
}

}  // namespace

std::string sequence_letters(const std::vector<std::string>& residues) {
  std::string letters;
  for (const std::string& residue : residues) letters += sequence_letter(residue);
  return letters;
}

std::vector<std::int32_t> place_observed(const std::vector<std::string>& sequence,
                                         const std::vector<ObservedResidue>& observed) {
  if (same_names(sequence, observed)) {
    std::vector<std::int32_t> places(sequence.size());
    std::iota(places.begin(), places.end(), 0);
    return places;
  }
  if (static_cast<std::int64_t>(sequence.size()) > kMaxAlignmentCells / static_cast<std::int64_t>(observed.size())) {
    throw ValueError(fmt::format("a sequence of {} residues with {} observed ones is too long to be aligned",
                                 sequence.size(), observed.size()));
  }
  return PlacementTable(sequence, observed).places();
}

std::shared_ptr<const std::vector<TemplateResidue>> template_residues(const ProteinChain& chain,
                                                                      const ComponentLibrary& components,
                                                                      const std::string& source,
                                                                      Diagnostics& diagnostics) {
  const std::vector<std::int32_t> places = place_observed(chain.sequence, chain.observed);
  report_left_out(chain, places, source, diagnostics);
  auto residues = std::make_shared<std::vector<TemplateResidue>>();
  residues->reserve(places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    const ObservedResidue* observed = places[i] < 0 ? nullptr : &chain.observed[static_cast<std::size_t>(places[i])];
    // Selenomethionine is read as methionine.
    const std::string name = chain.sequence[i] == "MSE" ? "MET" : chain.sequence[i];
    if (const StandardResidue* standard = find_standard_residue(name)) {
      residues->push_back(standard_residue(*standard, observed));
      continue;
    }
    const std::shared_ptr<const Component> component = components.find(name);
    if (component == nullptr) {
      diagnostics.warn(fmt::format("{}: chain {}: unknown component {}; its residues have no coordinates", source,
                                   in_quotes(chain.name), in_quotes(name)));
    }
    residues->push_back(modified_residue(component.get(), observed));
  }
  return residues;
}

}  // namespace tilefold::bio
