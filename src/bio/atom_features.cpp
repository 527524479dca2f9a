// Features of atoms: reference conformers, elements, names, and the maps between atoms and tokens.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>
#include <string_view>

#include "bio/constants.h"
#include "bio/feature_parts.h"
#include "tilefold/error.h"
#include "tilefold/random.h"

namespace tilefold::bio {
namespace {

using Position = std::array<float, 3>;

/// Reference coordinates of a token's atoms, before augmentation.
std::vector<Position> conformer_of(const Complex& complex, std::int64_t token_index, const FeaturizeOptions& options) {
  const Token& token = complex.tokens[token_index];
  const std::string& name = complex.structure.residues[token.residue].name;
  const auto count = static_cast<std::size_t>(token.atom_count);
  if (options.conformers != nullptr) {
    const auto found = options.conformers->find(name);
    if (found != options.conformers->end() && !found->second.empty()) {
      const CounterRandom random(options.seed, RandomStream::conformer_choice);
      const auto choice =
          random.below(static_cast<std::uint64_t>(token_index), static_cast<std::uint32_t>(found->second.size()));
      const Conformer& conformer = found->second[choice];
      if (conformer.size() != count) {
        throw ValueError(fmt::format("conformers of {} have {} atoms; expected {}", name, conformer.size(), count));
      }
      return conformer;
    }
  }
  std::vector<Position> positions;
  for (std::size_t i = 0; i < count; ++i) positions.push_back(complex.structure.atoms[token.atom_start + i].reference);
  return positions;
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
  for (std::int64_t t = 0; t < complex.num_tokens(); ++t) {
    std::vector<Position> positions = conformer_of(complex, t, options);
    // Reference quirk: its loop over residues ends one early, so the last residue is neither centred nor rotated.
    if (t + 1 < complex.num_tokens()) augment(positions, static_cast<std::uint64_t>(t), options.seed);
    std::int64_t at = std::int64_t{3} * complex.tokens[t].atom_start;
    for (const Position& position : positions) {
      for (const float value : position) data[at++] = value;
    }
  }
  features.tensors.insert_or_assign("ref_pos", std::move(tensor));
}

/// A per-atom vector; `value(atom)` on real atoms, `padding` behind them.
template <typename T, typename Function>
void add_atom_vector(const Complex& complex, Features& features, const std::string& name, T padding, Function value) {
  add_vector<T>(features, name, complex.num_padded_atoms(), [&](std::int64_t i) {
    return i < complex.num_atoms() ? static_cast<T>(value(complex.structure.atoms[i])) : padding;
  });
}

void add_atom_properties(const Complex& complex, Features& features) {
  add_atom_vector<std::int32_t>(complex, features, "ref_element.index", -1, [](const Atom& a) { return a.element; });
  add_atom_vector<float>(complex, features, "ref_charge", 0.0F, [](const Atom& a) { return a.charge; });
  add_atom_vector<std::int32_t>(complex, features, "ref_chirality", 0, [](const Atom& a) { return a.chirality; });
  add_atom_vector<float>(complex, features, "atom_pad_mask", 0.0F, [](const Atom&) { return 1.0F; });
  add_atom_vector<std::int32_t>(complex, features, "atom_resolved_mask", 0, [](const Atom&) { return 1; });
  Tensor names = Tensor::full(Shape{complex.num_padded_atoms(), 4}, -1.0, DType::int32);
  auto characters = names.mutable_data<std::int32_t>();
  for (std::int64_t i = 0; i < complex.num_atoms(); ++i) {
    const std::string& name = complex.structure.atoms[i].name;
    for (std::size_t k = 0; k < 4; ++k) characters[4 * i + k] = k < name.size() ? name[k] - 32 : 0;
  }
  features.tensors.insert_or_assign("ref_atom_name_chars.index", std::move(names));
}

void add_maps(const Complex& complex, Features& features) {
  const std::vector<Token>& tokens = complex.tokens;
  const std::int64_t padded = complex.num_padded_atoms();
  Tensor tensor_owner = Tensor::full(Shape{padded}, -1.0, DType::int32);
  Tensor tensor_uid = Tensor::zeros(Shape{padded}, DType::int32);
  Tensor tensor_backbone = Tensor::full(Shape{padded}, -1.0, DType::int32);
  auto owner = tensor_owner.mutable_data<std::int32_t>();
  auto uid = tensor_uid.mutable_data<std::int32_t>();
  auto backbone = tensor_backbone.mutable_data<std::int32_t>();
  for (std::int64_t t = 0; t < complex.num_tokens(); ++t) {
    const ChainType type = complex.structure.chains[tokens[t].chain].type;
    for (std::int64_t i = tokens[t].atom_start; i < tokens[t].atom_start + tokens[t].atom_count; ++i) {
      owner[i] = static_cast<std::int32_t>(t);
      uid[i] = static_cast<std::int32_t>(t);  // one running number per (chain, residue): the token's
      backbone[i] = backbone_class(type, complex.structure.atoms[i].name);
    }
  }
  features.tensors.insert_or_assign("atom_to_token.index", std::move(tensor_owner));
  features.tensors.insert_or_assign("ref_space_uid", std::move(tensor_uid));
  features.tensors.insert_or_assign("atom_backbone_feat.index", std::move(tensor_backbone));
  const auto center = [&](std::int64_t t) { return tokens[t].center_atom; };
  add_vector<std::int32_t>(features, "token_to_rep_atom.index", complex.num_tokens(),
                           [&](std::int64_t t) { return tokens[t].disto_atom; });
  add_vector<std::int32_t>(features, "token_to_center_atom.index", complex.num_tokens(), center);
  add_vector<std::int32_t>(features, "r_set_to_rep_atom.index", complex.num_tokens(), center);
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

void add_frames(const Complex& complex, Features& features) {
  const std::int64_t count = complex.num_tokens();
  Tensor frames = Tensor::zeros(Shape{1, count, 3}, DType::int32);
  auto index = frames.mutable_data<std::int32_t>();
  for (std::int64_t t = 0; t < count; ++t) {
    const std::array<std::int32_t, 3> frame = frame_of(complex, complex.tokens[t]);
    for (std::size_t k = 0; k < 3; ++k) index[3 * t + k] = complex.tokens[t].atom_start + frame[k];
  }
  features.tensors.insert_or_assign("frames_idx", std::move(frames));
  // All coordinates are zero before a prediction, hence every frame is degenerate.
  features.tensors.insert_or_assign("frame_resolved_mask", Tensor::zeros(Shape{1, count}, DType::int32));
}

}  // namespace

void add_atom_features(const Complex& complex, const FeaturizeOptions& options, Features& features) {
  add_reference_positions(complex, options, features);
  add_atom_properties(complex, features);
  add_maps(complex, features);
  add_frames(complex, features);
}

}  // namespace tilefold::bio
