#include "bio/component_rdkit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "bio/component_bytes.h"
#include "bio/text.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

constexpr std::uint32_t kEndianMark = 0xDEADBEEF;
constexpr std::int32_t kMaxAtoms = 1 << 20;
constexpr std::int32_t kMaxConformers = 4096;

/// Tags between and inside of the sections of the format.
enum Tag : std::uint8_t {
  kBeginAtoms = 1,
  kBeginBonds = 11,
  kBeginProperties = 18,
  kEndProperties = 19,
  kBeginRings = 20,
  kEndMolecule = 22,
  kBeginConformers = 23,
  kMapNumber = 24,
  kDummyLabel = 44,
  kBeginPdbResidue = 45,
  kPdbSerial = 46,
  kPdbAltloc = 47,
  kPdbResidueName = 48,
  kPdbChain = 49,
  kPdbInsertionCode = 50,
  kPdbOccupancy = 51,
  kPdbTemperatureFactor = 52,
  kPdbHetero = 53,
  kPdbSecondaryStructure = 54,
  kPdbResidueNumber = 55,
  kPdbSegment = 56,
  kEndPdbResidue = 57,
  kBeginAtomProperties = 58,
  kBeginBondProperties = 59,
  kBeginSubstanceGroups = 61,
  kBeginStereoGroups = 62,
  kBeginConformerProperties = 63,
  kBeginDoubleConformers = 64,
  kBeginSymmetrizedRings = 66,
  kBeginFastRings = 67,
  kBeginOtherRings = 68,
  kPdbMonomerClass = 71,
  kBeginMonomer = 72,
  kMonomerResidueName = 73,
  kMonomerResidueNumber = 74,
  kMonomerChain = 75,
  kMonomerClass = 76,
  kEndMonomer = 77,
};

/// The value of one property; numbers as `number`, text as `text`, vectors as neither.
struct Property {
  std::string_view key;
  std::optional<std::int64_t> number;
  std::optional<std::string_view> text;
};

class Reader {
 public:
  Reader(std::string_view bytes, const std::string& where) : in_(bytes, where) {}

  RdkitMolecule run() {
    read_header();
    expect(kBeginAtoms, "atoms");
    for (std::int32_t i = 0; i < num_atoms_; ++i) molecule_.atoms.push_back(read_atom());
    expect(kBeginBonds, "bonds");
    for (std::int32_t i = 0; i < num_bonds_; ++i) molecule_.bonds.push_back(read_bond());
    while (read_section(in_.read<std::uint8_t>())) {
    }
    return std::move(molecule_);
  }

 private:
  std::string_view text() { return in_.take(in_.read<std::uint32_t>()); }
  void expect(Tag tag, std::string_view what) {
    const auto found = in_.read<std::uint8_t>();
    if (found != tag) in_.fail(fmt::format("tag {} instead of {}, which begins the {}", found, int{tag}, what));
  }
  [[noreturn]] void unsupported(std::string_view what) const {
    throw UnsupportedError(fmt::format("{}: the molecule has {}, which no component has", in_.where(), what));
  }

  /// Sizes and indices of atoms: one byte in molecules of up to 255 atoms.
  std::int32_t small() { return wide_ ? in_.read<std::int32_t>() : in_.read<std::uint8_t>(); }
  std::int32_t small_count() {
    const std::int32_t count = small();
    if (count < 0) in_.fail(fmt::format("a negative count, {}", count));
    return count;
  }
  std::int32_t atom_index() {
    const std::int32_t index = small();
    if (index < 0 || index >= num_atoms_) {
      in_.fail(fmt::format("atom {} of a molecule of {} atoms", index, num_atoms_));
    }
    return index;
  }

  void read_header() {
    if (in_.read<std::uint32_t>() != kEndianMark) in_.fail("not a molecule in RDKit's binary format");
    in_.read<std::int32_t>();
    const auto major = in_.read<std::int32_t>();
    const auto minor = in_.read<std::int32_t>();
    const auto patch = in_.read<std::int32_t>();
    if (major < 14 || major > 16) {
      throw UnsupportedError(fmt::format(
          "{}: the molecule has format {}.{} of RDKit's binary format; 14 to 16 (RDKit 2023 to 2026) can be "
          "read",
          in_.where(), major, minor));
    }
    groups_have_numbers_ = major > 14 || minor > 0;
    groups_have_bonds_ = major == 16 && (minor > 0 || patch > 0);
    num_atoms_ = in_.read<std::int32_t>();
    num_bonds_ = in_.read<std::int32_t>();
    in_.read<std::uint8_t>();
    // The shortest atom takes 6 bytes, the shortest bond 3.
    const auto limit = static_cast<std::int64_t>(in_.remaining());
    if (num_atoms_ < 1 || num_atoms_ > kMaxAtoms || num_atoms_ > limit / 6) {
      in_.fail(fmt::format("{} atoms, in {} bytes", num_atoms_, limit));
    }
    if (num_bonds_ < 0 || num_bonds_ > limit / 3) in_.fail(fmt::format("{} bonds, in {} bytes", num_bonds_, limit));
    wide_ = num_atoms_ > 255;
  }

  RdkitAtom read_atom() {
    RdkitAtom atom;
    atom.element = in_.read<std::uint8_t>();
    const auto flags = in_.read<std::uint8_t>();
    if ((flags & 0x10) != 0) unsupported("query atoms");
    atom.no_implicit = (flags & 0x20) != 0;
    const auto mask = in_.read<std::uint32_t>();
    if (mask > 0x1FF || (mask & 1) != 0) in_.fail(fmt::format("unknown fields of an atom, 0x{:x}", mask));
    const auto field = [&](std::uint32_t bit) -> std::int32_t {
      return (mask & bit) != 0 ? in_.read<std::int8_t>() : 0;
    };
    atom.charge = field(0x2);
    atom.chirality = field(0x4);
    field(0x8);  // hybridisation
    atom.explicit_hydrogens = field(0x10);
    field(0x20);  // explicit valence
    atom.implicit_hydrogens = field(0x40);
    atom.radicals = field(0x80);
    if ((mask & 0x100) != 0) in_.read<std::uint32_t>();  // isotope
    constexpr std::int32_t kLastTag = 8;
    if (atom.chirality < 0 || atom.chirality > kLastTag) in_.fail(fmt::format("unknown chirality {}", atom.chirality));
    if (atom.explicit_hydrogens < 0 || atom.implicit_hydrogens < 0 || atom.radicals < 0) {
      in_.fail("a negative count of an atom");
    }
    skip_labels(flags);
    return atom;
  }

  /// What may follow the fields of an atom: map number, label of a dummy atom, place in a polymer.
  void skip_labels(std::uint8_t flags) {
    if ((flags & 0x08) != 0) {
      expect(kMapNumber, "map number");
      if (in_.read<std::int8_t>() < 0) in_.read<std::int32_t>();
    }
    if ((flags & 0x04) != 0) {
      expect(kDummyLabel, "label of a dummy atom");
      text();
    }
    if ((flags & 0x02) != 0) skip_monomer();
  }

  void skip_monomer() {
    const auto begin = in_.read<std::uint8_t>();
    if (begin == kBeginMonomer) {
      text();
      in_.read<std::uint8_t>();
      while (skip_monomer_field(in_.read<std::uint8_t>())) {
      }
      return;
    }
    if (begin != kBeginPdbResidue) in_.fail(fmt::format("tag {} where an atom's place in a polymer begins", begin));
    text();
    constexpr std::uint32_t kPdbKind = 1;
    if (in_.read<std::uint32_t>() != kPdbKind) in_.fail("an atom's place in a polymer is of an unknown kind");
    while (skip_monomer_field(in_.read<std::uint8_t>())) {
    }
  }

  /// Skips the value of a field; false at the end.
  bool skip_monomer_field(std::uint8_t tag) {
    switch (tag) {
      case kEndPdbResidue:
      case kEndMonomer:
        return false;
      case kPdbAltloc:
      case kPdbResidueName:
      case kPdbChain:
      case kPdbInsertionCode:
      case kPdbMonomerClass:
      case kMonomerResidueName:
      case kMonomerChain:
      case kMonomerClass:
        text();
        return true;
      case kPdbSerial:
      case kPdbResidueNumber:
      case kPdbSecondaryStructure:
      case kPdbSegment:
      case kMonomerResidueNumber:
        in_.take(4);
        return true;
      case kPdbOccupancy:
      case kPdbTemperatureFactor:
        in_.take(8);
        return true;
      case kPdbHetero:
        in_.take(1);
        return true;
      default:
        in_.fail(fmt::format("unknown tag {} in an atom's place in a polymer", tag));
    }
  }

  RdkitBondRecord read_bond() {
    RdkitBondRecord bond;
    bond.first = atom_index();
    bond.second = atom_index();
    if (bond.first == bond.second) in_.fail(fmt::format("a bond of atom {} with itself", bond.first));
    const auto flags = in_.read<std::uint8_t>();
    if ((flags & 0x10) != 0) unsupported("query bonds");
    if ((flags & 0x08) != 0) bond.type = static_cast<RdkitBond>(in_.read<std::uint8_t>());
    if ((flags & 0x04) != 0) in_.read<std::uint8_t>();  // direction
    if ((flags & 0x02) != 0) {
      bond.stereo = in_.read<std::uint8_t>();
      const auto count = in_.read<std::uint8_t>();
      if (count != 0 && count != 2) in_.fail(fmt::format("{} atoms that say how a double bond is arranged", count));
      for (std::size_t i = 0; i < count; ++i) bond.stereo_atoms[i] = atom_index();
    }
    if ((flags & 0x01) != 0) {  // end points of a bond in a file of its own format
      text();
      text();
    }
    return bond;
  }

  /// Reads or skips a section; false at the end of the molecule.
  bool read_section(std::uint8_t tag) {
    switch (tag) {
      case kEndMolecule:
        return false;
      case kBeginRings:
      case kBeginSymmetrizedRings:
      case kBeginFastRings:
      case kBeginOtherRings:
        skip_rings();
        return true;
      case kBeginSubstanceGroups:
        unsupported("substance groups");
      case kBeginStereoGroups:
        skip_stereo_groups();
        return true;
      case kBeginConformers:
        read_conformers<float>();
        return true;
      case kBeginDoubleConformers:
        read_conformers<double>();
        return true;
      case kBeginProperties:
      case kBeginBondProperties:
        skip_sized();
        expect(kEndProperties, "end of the properties");
        return true;
      case kBeginAtomProperties:
        read_atom_properties();
        expect(kEndProperties, "end of the properties of atoms");
        return true;
      default:
        in_.fail(fmt::format("unknown section {}", tag));
    }
  }

  std::size_t section_size() {
    const auto size = in_.read<std::int32_t>();
    if (size < 0) in_.fail(fmt::format("a section of {} bytes", size));
    return static_cast<std::size_t>(size);
  }
  void skip_sized() { in_.take(section_size()); }

  void skip_rings() {
    const auto count = in_.read<std::uint32_t>();
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::int32_t size = small_count();
      for (std::int32_t j = 0; j < size; ++j) atom_index();
    }
  }

  void skip_stereo_groups() {
    constexpr std::int32_t kAbsolute = 0;
    const std::int32_t count = small_count();
    for (std::int32_t i = 0; i < count; ++i) {
      const std::int32_t kind = small();
      if (groups_have_numbers_ && kind != kAbsolute) small();
      for (std::int32_t atoms = small_count(); atoms > 0; --atoms) atom_index();
      if (!groups_have_bonds_) continue;
      for (std::int32_t bonds = small_count(); bonds > 0; --bonds) small();
    }
  }

  template <typename Real>
  void read_conformers() {
    const std::size_t size = section_size();
    const std::size_t begin = in_.position();
    if (size > in_.remaining()) in_.fail(fmt::format("a section of conformers of {} bytes", size));
    const auto count = in_.read<std::int32_t>();
    if (count < 0 || count > kMaxConformers) in_.fail(fmt::format("{} conformers", count));
    for (std::int32_t i = 0; i < count; ++i) {
      in_.read<std::uint8_t>();  // is it in three dimensions
      in_.read<std::int32_t>();  // number
      const std::int32_t atoms = small_count();
      if (atoms != num_atoms_) {
        in_.fail(fmt::format("a conformer of {} atoms in a molecule of {}", atoms, num_atoms_));
      }
      molecule_.conformers.push_back(read_positions<Real>());
    }
    // Properties of conformers may follow inside of the section: nothing of interest.
    const std::size_t used = in_.position() - begin;
    if (used > size) in_.fail(fmt::format("conformers of {} bytes in a section of {}", used, size));
    in_.take(size - used);
  }

  template <typename Real>
  std::vector<std::array<float, 3>> read_positions() {
    std::string_view bytes = in_.take(static_cast<std::uint64_t>(num_atoms_) * 3 * sizeof(Real));
    std::vector<std::array<float, 3>> positions(static_cast<std::size_t>(num_atoms_));
    for (auto& position : positions) {
      for (float& coordinate : position) {
        Real value;
        std::memcpy(&value, bytes.data(), sizeof(Real));
        bytes.remove_prefix(sizeof(Real));
        coordinate = static_cast<float>(value);
        if (!std::isfinite(coordinate)) in_.fail("a coordinate that is not a finite number");
      }
    }
    return positions;
  }

  void read_atom_properties() {
    const std::size_t size = section_size();
    const std::size_t begin = in_.position();
    for (RdkitAtom& atom : molecule_.atoms) {
      const auto count = in_.read<std::uint16_t>();
      for (std::uint16_t i = 0; i < count; ++i) set_property(atom, read_property());
      // Four properties with a place of their own: a mask, then 16 bits for each that is there.
      for (auto mask = in_.read<std::uint8_t>(); mask != 0; mask = static_cast<std::uint8_t>(mask & (mask - 1))) {
        in_.take(2);
      }
    }
    const std::size_t used = in_.position() - begin;
    if (used != size) in_.fail(fmt::format("properties of {} bytes in a section of {}", used, size));
  }

  void set_property(RdkitAtom& atom, const Property& property) {
    if (property.key == "name" && property.text) atom.name = property.text;
    if (property.key == "_CIPRank") atom.cip_rank = property.number;
    if (property.key != "leaving_atom") return;
    if (property.number) atom.leaving = *property.number != 0;
    if (!property.text) return;
    if (*property.text != "0" && *property.text != "1") {
      in_.fail(fmt::format("the property leaving_atom is {}, expected 0 or 1", in_quotes(*property.text)));
    }
    atom.leaving = *property.text == "1";
  }

  Property read_property() {
    Property property;
    property.key = text();
    const auto kind = in_.read<std::uint8_t>();
    switch (kind) {
      case 0:
        property.text = text();
        break;
      case 1:
        property.number = in_.read<std::int32_t>();
        break;
      case 2:
        property.number = in_.read<std::uint32_t>();
        break;
      case 3:
        property.number = in_.read<std::uint8_t>();
        break;
      case 4:
        in_.take(4);
        break;
      case 5:
        in_.take(8);
        break;
      case 6:
        for (auto count = in_.read<std::uint64_t>(); count > 0; --count) text();
        break;
      case 7:
      case 8:
      case 10:
        skip_vector(4);
        break;
      case 11:
        skip_vector(8);
        break;
      default:
        in_.fail(fmt::format("property {} has the unknown type {}", in_quotes(property.key), kind));
    }
    return property;
  }
  void skip_vector(std::size_t width) {
    const auto count = in_.read<std::uint64_t>();
    if (count > in_.remaining() / width) in_.fail(fmt::format("a property of {} numbers", count));
    in_.take(count * width);
  }

  ByteCursor in_;
  RdkitMolecule molecule_;
  std::int32_t num_atoms_ = 0;
  std::int32_t num_bonds_ = 0;
  bool wide_ = false;  ///< indices have four bytes
  bool groups_have_numbers_ = false;
  bool groups_have_bonds_ = false;
};

}  // namespace

RdkitMolecule parse_rdkit_molecule(std::string_view bytes, const std::string& where) {
  return Reader(bytes, where).run();
}

}  // namespace tilefold::bio
