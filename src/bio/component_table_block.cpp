// Decoding of one component from a block of the component table.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "bio/component_bytes.h"
#include "bio/component_checks.h"
#include "bio/component_table.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

/// The columns in their order in a block.
enum Column : std::size_t {
  kAtomCount,
  kBondCount,
  kNameLength,
  kKindLength,
  kFlags,
  kKeptHydrogens,
  kName,
  kKind,
  kAtomName,
  kElement,
  kCharge,
  kChirality,
  kHydrogens,
  kExplicitHydrogens,
  kRadicals,
  kAtomFlags,
  kCipRank,
  kBondLarger,
  kBondSmaller,
  kBondKind,
  kStereoAtoms,
  kCoordinates,
  kWideCoordinates,
  kNumColumns,
};

constexpr std::uint32_t kWideFlag = 1;
constexpr std::uint32_t kLeavingFlag = 1;
constexpr std::uint32_t kNoImplicitFlag = 2;
constexpr std::uint32_t kReversedFlag = 0x40;
constexpr std::uint32_t kDativeFlag = 0x80;
constexpr std::uint32_t kNone16 = 0xFFFF;
constexpr std::int32_t kLastTag = 8;
constexpr std::int32_t kLastChiralityFeature = 6;

/// A column of `size` unsigned numbers whose bytes lie in planes.
class Planes {
 public:
  Planes(std::string_view bytes, std::size_t width) : bytes_(bytes), size_(bytes.size() / width), width_(width) {}
  std::size_t size() const { return size_; }
  std::uint32_t operator[](std::size_t index) const {
    std::uint32_t value = 0;
    for (std::size_t plane = 0; plane < width_; ++plane) {
      value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes_[plane * size_ + index])) << (8 * plane);
    }
    return value;
  }
  /// Sum of the values in [begin, end).
  std::size_t sum(std::size_t begin, std::size_t end) const {
    std::size_t total = 0;
    for (std::size_t i = begin; i < end; ++i) total += (*this)[i];
    return total;
  }

 private:
  std::string_view bytes_;
  std::size_t size_;
  std::size_t width_;
};

class Block {
 public:
  Block(std::string_view bytes, std::size_t count, std::size_t index, const std::string& where)
      : index_(index), where_(where) {
    read_columns(bytes);
    check_sizes(count);
    first_atom_ = column(kAtomCount).sum(0, index);
    first_bond_ = column(kBondCount).sum(0, index);
    num_atoms_ = column(kAtomCount)[index];
    num_bonds_ = column(kBondCount)[index];
  }

  Component decode() const {
    Component component;
    component.name = text(kName, kNameLength);
    component.kind = text(kKind, kKindLength);
    for (std::size_t i = 0; i < num_atoms_; ++i) component.atoms.push_back(atom(first_atom_ + i));
    component.bonds = bonds();
    component.conformers.push_back(positions(component.bonds));
    component.total_atoms = static_cast<std::int32_t>(num_atoms_ + column(kKeptHydrogens)[index_]);
    if (component.atoms.empty()) fail("no atoms");
    check_distinct_names(component, where_);
    return component;
  }

 private:
  [[noreturn]] void fail(std::string_view why) const { throw ParseError(fmt::format("{}: {}", where_, why)); }

  static std::size_t width(std::size_t column) {
    switch (column) {
      case kAtomCount:
      case kBondCount:
      case kNameLength:
      case kCipRank:
      case kBondLarger:
      case kBondSmaller:
      case kStereoAtoms:
      case kCoordinates:
        return 2;
      case kAtomName:
      case kWideCoordinates:
        return 4;
      default:
        return 1;
    }
  }
  Planes column(Column which) const { return {columns_[which], width(which)}; }

  void read_columns(std::string_view bytes) {
    ByteCursor in(bytes, where_);
    std::array<std::uint32_t, kNumColumns> sizes;
    for (std::uint32_t& size : sizes) size = in.read<std::uint32_t>();
    for (std::size_t i = 0; i < kNumColumns; ++i) {
      columns_[i] = in.take(sizes[i]);
      if (sizes[i] % width(i) != 0) fail(fmt::format("column {} of its block has {} bytes", i, sizes[i]));
    }
  }

  void check_size(Column which, std::size_t expected) const {
    if (column(which).size() != expected) {
      fail(fmt::format("column {} of its block has {} values, expected {}", std::size_t{which}, column(which).size(),
                       expected));
    }
  }
  /// The size of every column follows from the first ones.
  void check_sizes(std::size_t count) const {
    for (const Column which : {kAtomCount, kBondCount, kNameLength, kKindLength, kFlags, kKeptHydrogens})
      check_size(which, count);
    const std::size_t atoms = column(kAtomCount).sum(0, count);
    const std::size_t bonds = column(kBondCount).sum(0, count);
    check_size(kName, column(kNameLength).sum(0, count));
    check_size(kKind, column(kKindLength).sum(0, count));
    for (const Column which :
         {kAtomName, kElement, kCharge, kChirality, kHydrogens, kExplicitHydrogens, kRadicals, kAtomFlags, kCipRank}) {
      check_size(which, atoms);
    }
    for (const Column which : {kBondLarger, kBondSmaller, kBondKind}) check_size(which, bonds);
    check_size(kStereoAtoms, 2 * count_stereo(0, bonds));
    const std::size_t wide = wide_atoms(count);
    check_size(kCoordinates, 3 * (atoms - wide));
    check_size(kWideCoordinates, 3 * wide);
  }
  /// Atoms of the first `count` components whose coordinates are wide.
  std::size_t wide_atoms(std::size_t count) const {
    std::size_t total = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if ((column(kFlags)[i] & kWideFlag) != 0) total += column(kAtomCount)[i];
    }
    return total;
  }
  static std::uint32_t stereo_of(std::uint32_t kind) { return (kind >> 3) & 7; }
  /// Bonds in [begin, end) that name stereo atoms.
  std::size_t count_stereo(std::size_t begin, std::size_t end) const {
    std::size_t total = 0;
    for (std::size_t i = begin; i < end; ++i) total += stereo_of(column(kBondKind)[i]) > 1 ? 1U : 0U;
    return total;
  }

  std::string text(Column which, Column length) const {
    const std::size_t begin = column(length).sum(0, index_);
    return std::string(columns_[which].substr(begin, column(length)[index_]));
  }

  ComponentAtom atom(std::size_t i) const {
    ComponentAtom result;
    const std::uint32_t name = column(kAtomName)[i];
    for (std::uint32_t letters = name; letters != 0; letters >>= 8) result.name.push_back(static_cast<char>(letters));
    check_atom_name(result.name, where_);
    result.element = static_cast<std::int32_t>(column(kElement)[i]);
    check_element(result.element, result.name, where_);
    result.charge = static_cast<std::int8_t>(column(kCharge)[i]);
    result.chirality = static_cast<std::int32_t>(column(kChirality)[i] >> 4);
    result.chirality_feature = static_cast<std::int32_t>(column(kChirality)[i] & 15);
    if (result.chirality > kLastTag || result.chirality_feature > kLastChiralityFeature) {
      fail(fmt::format("atom {} has an unknown chirality", result.name));
    }
    result.hydrogens = static_cast<std::int32_t>(column(kHydrogens)[i]);
    result.explicit_hydrogens = static_cast<std::int32_t>(column(kExplicitHydrogens)[i]);
    result.radicals = static_cast<std::int32_t>(column(kRadicals)[i]);
    result.leaving = (column(kAtomFlags)[i] & kLeavingFlag) != 0;
    result.no_implicit = (column(kAtomFlags)[i] & kNoImplicitFlag) != 0;
    const std::uint32_t rank = column(kCipRank)[i];
    result.cip_rank = rank == kNone16 ? -1 : static_cast<std::int32_t>(rank);
    return result;
  }

  /// An atom's number in the component.
  std::int32_t atom_number(std::uint32_t number) const {
    if (number >= num_atoms_) fail(fmt::format("a bond refers to atom {} of {}", number, num_atoms_));
    return static_cast<std::int32_t>(number);
  }

  std::vector<ComponentBond> bonds() const {
    std::vector<ComponentBond> result;
    std::size_t stereo = 2 * count_stereo(0, first_bond_);
    std::uint32_t larger = 0;
    for (std::size_t i = first_bond_; i < first_bond_ + num_bonds_; ++i) {
      larger = (larger + column(kBondLarger)[i]) & kNone16;
      const std::uint32_t kind = column(kBondKind)[i];
      ComponentBond bond;
      bond.second = atom_number(larger);
      bond.first = atom_number((larger - column(kBondSmaller)[i]) & kNone16);
      if (bond.first >= bond.second) fail(fmt::format("a bond between atoms {} and {}", bond.first, bond.second));
      if ((kind & 7) > 4 || stereo_of(kind) > 5) fail(fmt::format("a bond of the unknown kind {}", kind));
      bond.type = static_cast<BondType>(kind & 7);
      bond.stereo = static_cast<BondStereo>(stereo_of(kind));
      bond.dative = (kind & kDativeFlag) != 0;
      if ((kind & kReversedFlag) != 0) std::swap(bond.first, bond.second);
      if (stereo_of(kind) > 1) {
        for (std::int32_t& neighbor : bond.stereo_atoms) {
          const std::uint32_t number = column(kStereoAtoms)[stereo++];
          neighbor = number == kNone16 ? -1 : atom_number(number);
        }
      }
      result.push_back(bond);
    }
    return result;
  }

  /// Coordinates are stored as differences to the atom's parent.
  Conformer positions(const std::vector<ComponentBond>& bonds) const {
    const bool is_wide = (column(kFlags)[index_] & kWideFlag) != 0;
    const std::size_t wide_before = wide_atoms(index_);
    const Planes differences = column(is_wide ? kWideCoordinates : kCoordinates);
    const std::size_t first = is_wide ? wide_before : first_atom_ - wide_before;
    std::vector<std::int32_t> parents(num_atoms_, -1);
    for (const ComponentBond& bond : bonds) {
      const auto [smaller, larger] = std::minmax(bond.first, bond.second);
      if (parents[larger] < 0) parents[larger] = smaller;
    }
    std::vector<std::array<std::int64_t, 3>> places(num_atoms_);
    Conformer result(num_atoms_);
    for (std::size_t i = 0; i < num_atoms_; ++i) {
      if (parents[i] < 0) parents[i] = static_cast<std::int32_t>(i) - 1;
      for (std::size_t axis = 0; axis < 3; ++axis) {
        const std::uint32_t stored = differences[3 * (first + i) + axis];
        const std::int64_t difference =
            is_wide ? std::int64_t{static_cast<std::int32_t>(stored)} : std::int64_t{static_cast<std::int16_t>(stored)};
        places[i][axis] = difference + (parents[i] < 0 ? 0 : places[parents[i]][axis]);
        result[i][axis] = static_cast<float>(static_cast<double>(places[i][axis]) / 1000.0);
      }
    }
    return result;
  }

  std::size_t index_;
  const std::string& where_;
  std::array<std::string_view, kNumColumns> columns_;
  std::size_t first_atom_ = 0;
  std::size_t first_bond_ = 0;
  std::size_t num_atoms_ = 0;
  std::size_t num_bonds_ = 0;
};

}  // namespace

Component decode_component(std::string_view block, std::size_t count, std::size_t index, const std::string& where) {
  return Block(block, count, index, where).decode();
}

}  // namespace tilefold::bio
