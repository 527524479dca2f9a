// Features of atoms: reference conformers, elements, names, and the maps between atoms and tokens.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>
#include <string_view>

#include "bio/conformer_choice.h"
#include "bio/constants.h"
#include "bio/feature_parts.h"
#include "tilefold/error.h"
#include "tilefold/random.h"

namespace tilefold::bio {
namespace {

using Position = std::array<float, 3>;

/// Reference conformers of all residues, before augmentation.
class Conformers {
 public:
  Conformers(const Complex& complex, const FeaturizeOptions& options) : complex_(complex), options_(options) {}

  /// Coordinates of the atoms of tokens [first, last), which are of one residue, the `uid`-th in token order.
  std::vector<Position> of(std::int64_t first, std::int64_t last, std::uint64_t uid) {
    const Residue& residue = complex_.structure.residues[complex_.tokens[first].residue];
    if (const std::vector<Conformer>* given = given_for(residue.name)) {
      const CounterRandom random(options_.seed, RandomStream::conformer_choice);
      const Conformer& chosen = (*given)[random.below(uid, static_cast<std::uint32_t>(given->size()))];
      const auto count = static_cast<std::size_t>(residue.atom_count);
      if (chosen.size() != count) {
        throw ValueError(
            fmt::format("conformers of {} have {} atoms; expected {}", residue.name, chosen.size(), count));
      }
      return chosen;
    }
    const std::vector<Conformer>& known = residue.component->conformers;
    const Conformer& chosen = known[choice_.next(static_cast<std::uint32_t>(known.size()))];
    std::vector<Position> positions;
    for (std::int64_t t = first; t < last; ++t) {
      const Token& token = complex_.tokens[t];
      for (std::int32_t i = token.atom_start; i < token.atom_start + token.atom_count; ++i)
        positions.push_back(chosen[complex_.structure.atoms[i].component_atom]);
    }
    return positions;
  }

 private:
  const std::vector<Conformer>* given_for(const std::string& name) const {
    if (options_.conformers == nullptr) return nullptr;
    const auto found = options_.conformers->find(name);
    return found == options_.conformers->end() || found->second.empty() ? nullptr : &found->second;
  }

  const Complex& complex_;
  const FeaturizeOptions& options_;
  ConformerChoice choice_;
};

/// First tokens of the residues of a complex, and the number of tokens at the end.
std::vector<std::int64_t> residue_starts(const Complex& complex) {
  std::vector<std::int64_t> starts;
  for (std::int64_t t = 0; t < complex.num_tokens(); ++t) {
    if (t == 0 || complex.tokens[t].residue != complex.tokens[t - 1].residue) starts.push_back(t);
  }
  starts.push_back(complex.num_tokens());
  return starts;
}

/// Moves the centre to the origin, rotates at random (row vectors times matrix), then shifts by a unit normal vector.
void augment(std::vector<Position>& positions, std::uint64_t index, std::uint64_t seed) {
  std::array<float, 4> quaternion{};
  Position shift{};
  CounterRandom(seed, RandomStream::conformer_rotation).fill_normal(4 * index, quaternion);
  CounterRandom(seed, RandomStream::conformer_shift).fill_normal(3 * index, shift);
  const std::array<float, 9> rotation = rotation_from_quaternion(quaternion);
  Position center{};
  for (const Position& position : positions) {
    for (std::size_t axis = 0; axis < 3; ++axis) center[axis] += position[axis];
  }
  for (float& value : center) value /= static_cast<float>(positions.size());
  for (Position& position : positions) {
    const Position old = position;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      float sum = shift[axis];
      for (std::size_t k = 0; k < 3; ++k) sum += (old[k] - center[k]) * rotation[3 * k + axis];
      position[axis] = sum;
    }
  }
}

void add_reference_positions(const Complex& complex, const FeaturizeOptions& options, Features& features) {
  Tensor tensor = Tensor::zeros(Shape{complex.num_padded_atoms(), 3});
  auto data = tensor.mutable_data<float>();
  Conformers conformers(complex, options);
  const std::vector<std::int64_t> starts = residue_starts(complex);
  const std::size_t count = starts.size() - 1;
  std::size_t at = 0;
  for (std::size_t uid = 0; uid < count; ++uid) {
    std::vector<Position> positions = conformers.of(starts[uid], starts[uid + 1], uid);
    // Reference quirk: its loop over residues ends one early, so the last residue is neither centred nor rotated.
    if (uid + 1 < count) augment(positions, uid, options.seed);
    for (const Position& position : positions) {
      for (const float value : position) data[at++] = value;
    }
  }
  features.tensors.insert_or_assign("ref_pos", std::move(tensor));
}

/// A per-atom vector; `value(atom)` on real atoms, `padding` behind them.
template <typename T, typename Function>
void add_atom_vector(const Complex& complex, const AtomRows& rows, Features& features, const std::string& name,
                     T padding, Function value) {
  add_vector<T>(features, name, complex.num_padded_atoms(), [&](std::int64_t i) {
    return i < rows.count() ? static_cast<T>(value(complex.structure.atoms[rows.atom(i)])) : padding;
  });
}

void add_atom_properties(const Complex& complex, const AtomRows& rows, Features& features) {
  const auto integers = [&](const char* name, std::int32_t padding, auto value) {
    add_atom_vector<std::int32_t>(complex, rows, features, name, padding, value);
  };
  integers("ref_element.index", -1, [](const Atom& a) { return a.element; });
  integers("ref_chirality", 0, [](const Atom& a) { return a.chirality; });
  integers("atom_resolved_mask", 0, [](const Atom&) { return 1; });
  add_atom_vector<float>(complex, rows, features, "ref_charge", 0.0F, [](const Atom& a) { return a.charge; });
  add_atom_vector<float>(complex, rows, features, "atom_pad_mask", 0.0F, [](const Atom&) { return 1.0F; });
  Tensor names = Tensor::full(Shape{complex.num_padded_atoms(), 4}, -1.0, DType::int32);
  auto characters = names.mutable_data<std::int32_t>();
  for (std::int64_t i = 0; i < rows.count(); ++i) {
    const std::string& name = complex.structure.atoms[rows.atom(i)].name;
    for (std::size_t k = 0; k < 4; ++k) characters[4 * i + k] = k < name.size() ? name[k] - 32 : 0;
  }
  features.tensors.insert_or_assign("ref_atom_name_chars.index", std::move(names));
}

/// Owner, residue and backbone class of every atom.
void add_atom_maps(const Complex& complex, const AtomRows& rows, Features& features) {
  const std::int64_t padded = complex.num_padded_atoms();
  Tensor tensor_owner = Tensor::full(Shape{padded}, -1.0, DType::int32);
  Tensor tensor_uid = Tensor::zeros(Shape{padded}, DType::int32);
  Tensor tensor_backbone = Tensor::full(Shape{padded}, -1.0, DType::int32);
  auto owner = tensor_owner.mutable_data<std::int32_t>();
  auto uid = tensor_uid.mutable_data<std::int32_t>();
  auto backbone = tensor_backbone.mutable_data<std::int32_t>();
  std::int32_t residue = -1;  // a running number per residue of the tokens
  for (std::int64_t t = 0; t < complex.num_tokens(); ++t) {
    const Token& token = complex.tokens[t];
    if (t == 0 || token.residue != complex.tokens[t - 1].residue) ++residue;
    const ChainType type = complex.structure.chains[token.chain].type;
    for (std::int32_t atom = token.atom_start; atom < token.atom_start + token.atom_count; ++atom) {
      const std::int32_t i = rows.row(atom);
      owner[i] = static_cast<std::int32_t>(t);
      uid[i] = residue;
      backbone[i] = backbone_class(type, complex.structure.atoms[atom].name);
    }
  }
  features.tensors.insert_or_assign("atom_to_token.index", std::move(tensor_owner));
  features.tensors.insert_or_assign("ref_space_uid", std::move(tensor_uid));
  features.tensors.insert_or_assign("atom_backbone_feat.index", std::move(tensor_backbone));
}

/// Atoms that stand for tokens.
void add_token_maps(const Complex& complex, const AtomRows& rows, Features& features) {
  const std::vector<Token>& tokens = complex.tokens;
  add_vector<std::int32_t>(features, "token_to_rep_atom.index", complex.num_tokens(),
                           [&](std::int64_t t) { return rows.row(tokens[t].disto_atom); });
  add_vector<std::int32_t>(features, "token_to_center_atom.index", complex.num_tokens(),
                           [&](std::int64_t t) { return rows.row(tokens[t].center_atom); });
  std::vector<std::int32_t> centers;
  for (const Token& token : tokens) {
    if (complex.structure.chains[token.chain].type != ChainType::nonpolymer)
      centers.push_back(rows.row(token.center_atom));
  }
  features.tensors.insert_or_assign("r_set_to_rep_atom.index",
                                    Tensor::from_data(Shape{static_cast<std::int64_t>(centers.size())}, centers));
}

/// The three atoms of a token's frame, counted from its first atom. Tokens without a frame get its first atom thrice.
std::array<std::int32_t, 3> frame_of(const Complex& complex, const Token& token) {
  if (token.atom_count < 3 || token.type == kUnknownProteinType) return {0, 0, 0};
  const std::span<const Atom> atoms(complex.structure.atoms.data() + token.atom_start,
                                    static_cast<std::size_t>(token.atom_count));
  // Atoms that a modified nucleotide lacks count as its first.
  const auto find = [&](std::string_view name) {
    const auto found = std::find_if(atoms.begin(), atoms.end(), [&](const Atom& atom) { return atom.name == name; });
    return found == atoms.end() ? 0 : static_cast<std::int32_t>(found - atoms.begin());
  };
  if (complex.structure.chains[token.chain].type == ChainType::protein) return {find("N"), find("CA"), find("C")};
  return {find("C1'"), find("C3'"), find("C4'")};
}

void add_frames(const Complex& complex, const AtomRows& rows, Features& features) {
  const std::int64_t count = complex.num_tokens();
  Tensor frames = Tensor::zeros(Shape{1, count, 3}, DType::int32);
  auto index = frames.mutable_data<std::int32_t>();
  for (std::int64_t t = 0; t < count; ++t) {
    const std::array<std::int32_t, 3> frame = frame_of(complex, complex.tokens[t]);
    for (std::size_t k = 0; k < 3; ++k) index[3 * t + k] = rows.row(complex.tokens[t].atom_start + frame[k]);
  }
  features.tensors.insert_or_assign("frames_idx", std::move(frames));
  // All coordinates are zero before a prediction, hence every frame is degenerate.
  features.tensors.insert_or_assign("frame_resolved_mask", Tensor::zeros(Shape{1, count}, DType::int32));
}

}  // namespace

AtomRows::AtomRows(const Complex& complex) : rows_(complex.structure.atoms.size(), -1) {
  for (const Token& token : complex.tokens) {
    for (std::int32_t atom = token.atom_start; atom < token.atom_start + token.atom_count; ++atom) {
      rows_[atom] = static_cast<std::int32_t>(atoms_.size());
      atoms_.push_back(atom);
    }
  }
}

void add_atom_features(const Complex& complex, const FeaturizeOptions& options, Features& features) {
  const AtomRows rows(complex);
  add_reference_positions(complex, options, features);
  add_atom_properties(complex, rows, features);
  add_atom_maps(complex, rows, features);
  add_token_maps(complex, rows, features);
  add_frames(complex, rows, features);
}

}  // namespace tilefold::bio
