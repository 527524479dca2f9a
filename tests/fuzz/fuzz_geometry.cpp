// Components, as a damaged library or a file of a user may hold them, for the geometry that potentials keep.
#include <algorithm>
#include <array>

#include "chem/chem.h"
#include "fuzz/text_target.h"

namespace {

using namespace tilefold;

/// Reads numbers from bytes; zeros after their end.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  bool is_empty() const { return at_ >= size_; }
  std::int32_t next() { return is_empty() ? 0 : data_[at_++]; }
  std::int32_t signed_next() { return static_cast<std::int8_t>(next()); }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

bio::ComponentAtom read_atom(Bytes& bytes) {
  bio::ComponentAtom atom{.name = "A"};
  // Mostly elements of organic molecules, and few hydrogens.
  constexpr std::array<std::int32_t, 8> kCommon = {6, 6, 6, 7, 8, 15, 16, 26};
  const std::int32_t element = bytes.next();
  atom.element = element < 128 ? kCommon[static_cast<std::size_t>(element % 8)] : element - 128;
  const std::int32_t numbers = bytes.next();
  atom.hydrogens = numbers % 8 == 7 ? bytes.next() : numbers % 8 / 2;
  atom.chirality = numbers / 8 % 16;
  atom.radicals = numbers > 200 ? bytes.next() : 0;
  atom.charge = bytes.signed_next() / 32;
  atom.cip_rank = bytes.signed_next();
  return atom;
}

bio::ComponentBond read_bond(Bytes& bytes, std::size_t atoms) {
  const auto index = [&] {
    const std::int32_t value = bytes.signed_next();
    return value < 0 ? value / 64 : value % static_cast<std::int32_t>(atoms + 1);
  };
  bio::ComponentBond bond{.first = index(), .second = index()};
  const std::int32_t kind = bytes.next();
  bond.type = static_cast<bio::BondType>(kind % 6);
  bond.dative = kind / 8 % 8 == 7;
  bond.stereo = static_cast<bio::BondStereo>(kind / 64 == 0 ? 0 : kind % 6);
  if (kind / 64 > 1) bond.stereo_atoms = {index(), index()};
  return bond;
}

}  // namespace

// RDKit 2022.09 loses memory when it refuses a molecule.
extern "C" const char* __lsan_default_suppressions() { return "leak:libRDKit"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run_text_target<Error>(data, size, [&](std::string_view) {
    constexpr std::int32_t kMaxAtoms = 24;
    Bytes bytes(data, size);
    bio::Component component{.code = "FUZ"};
    for (std::int32_t i = bytes.next() % kMaxAtoms; i >= 0; --i) component.atoms.push_back(read_atom(bytes));
    const auto count = static_cast<std::int32_t>(component.atoms.size());
    component.total_atoms = bytes.next() % 4 == 3 ? bytes.next() : count;
    if (bytes.next() % 2 == 1) {
      bio::Conformer& conformer = component.conformers.emplace_back();
      for (std::int32_t i = 0; i < count; ++i) {
        conformer.push_back({static_cast<float>(bytes.signed_next()), static_cast<float>(bytes.signed_next()),
                             static_cast<float>(bytes.signed_next())});
      }
    }
    while (!bytes.is_empty()) component.bonds.push_back(read_bond(bytes, component.atoms.size()));
    chem::affinity_weight(component);
    const chem::Geometry geometry = chem::geometry_of(component);
    for (const auto& bound : geometry.bounds) {
      if (bound.first < 0 || bound.first >= bound.second || bound.second >= count) std::abort();
    }
  });
}
