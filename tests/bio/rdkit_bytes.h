/// Writes molecules in RDKit's binary format, for tests of what the golden files do not hold.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace tilefold::bio {

/// Bytes that grow by little-endian values.
class Bytes {
 public:
  template <typename T>
  Bytes& add(T value) {
    std::string raw(sizeof(T), '\0');
    std::memcpy(raw.data(), &value, sizeof(T));
    bytes_ += raw;
    return *this;
  }
  Bytes& byte(int value) { return add(static_cast<std::uint8_t>(value)); }
  Bytes& number(std::int32_t value) { return add(value); }
  Bytes& text(std::string_view value) {
    add(static_cast<std::uint32_t>(value.size()));
    bytes_ += value;
    return *this;
  }
  Bytes& raw(std::string_view value) {
    bytes_ += value;
    return *this;
  }
  /// Another piece with its size in front.
  Bytes& sized(const Bytes& piece) { return number(static_cast<std::int32_t>(piece.bytes_.size())).raw(piece.bytes_); }
  const std::string& str() const { return bytes_; }

 private:
  std::string bytes_;
};

/// The begin of a molecule with up to 255 atoms, up to and including the tag of the atoms.
inline Bytes molecule_head(int atoms, int bonds, int major = 16, int minor = 2) {
  Bytes result;
  result.add(std::uint32_t{0xDEADBEEF}).number(0).number(major).number(minor).number(0);
  return result.number(atoms).number(bonds).byte(0x80).byte(1);
}

/// An atom with nothing but an element; `chirality` is RDKit's tag.
inline Bytes plain_atom(int element, int chirality = 0) {
  Bytes result;
  result.byte(element).byte(0).number(chirality != 0 ? 4 : 0);
  return chirality != 0 ? result.byte(chirality) : result;
}

inline Bytes single_bond(int first, int second) { return Bytes().byte(first).byte(second).byte(0); }

/// One conformer with atom i at (i, i / 2, -i), after the tag of conformers.
inline Bytes float_conformer(int atoms) {
  Bytes section;
  section.number(1).byte(1).number(0).byte(atoms);
  for (int i = 0; i < atoms; ++i) {
    const auto x = static_cast<float>(i);
    section.add(x).add(x / 2).add(-x);
  }
  return Bytes().byte(23).sized(section);
}

/// The properties of one atom: its name and nothing else.
inline Bytes name_property(std::string_view name) {
  return Bytes().add(std::uint16_t{1}).text("name").byte(0).text(name).byte(0);
}

/// Section of the properties of all atoms, which `properties` are, one after another.
inline Bytes atom_properties(const Bytes& properties) { return Bytes().byte(58).sized(properties).byte(19); }

/// Protocol 4 pickle of a molecule with these bytes.
inline std::string molecule_pickle(std::string_view bytes, std::string_view module = "rdkit.Chem.rdchem",
                                   std::string_view name = "Mol") {
  const auto short_text = [](std::string_view value) {
    return Bytes().byte(0x8c).byte(static_cast<int>(value.size())).raw(value);
  };
  Bytes result;
  result.byte(0x80).byte(4).raw(short_text(module).str()).raw(short_text(name).str()).byte(0x93);
  result.raw("B").add(static_cast<std::uint32_t>(bytes.size())).raw(bytes).byte(0x85).raw("R.");
  return result.str();
}

}  // namespace tilefold::bio
