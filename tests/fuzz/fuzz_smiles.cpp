// SMILES: ligands, their geometry, standardised forms and weights.
#include <algorithm>

#include "chem/chem.h"
#include "fuzz/text_target.h"

namespace {

using namespace tilefold;

void check_component(const bio::Component& component) {
  const auto count = static_cast<std::int32_t>(component.atoms.size());
  if (count == 0 || component.conformers.size() != 1 || component.conformers[0].size() != component.atoms.size()) {
    std::abort();
  }
  for (const bio::ComponentAtom& atom : component.atoms) {
    if (atom.name.empty() || atom.name.size() > 4 || atom.element == 1) std::abort();
  }
  for (const bio::ComponentBond& bond : component.bonds) {
    if (std::min(bond.first, bond.second) < 0 || std::max(bond.first, bond.second) >= count) std::abort();
  }
}

/// As if the ligand came from a library.
bio::Component without_smiles(bio::Component component) {
  component.smiles.clear();
  return component;
}

}  // namespace

// RDKit 2022.09 loses memory when it refuses a force field.
extern "C" const char* __lsan_default_suppressions() { return "leak:libRDKit"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // One attempt to embed hundreds of atoms takes seconds, and an impossible molecule is given ten for each.
  constexpr std::ptrdiff_t kMaxEmbedded = 40;
  constexpr int kMaxAttempts = 20;
  const std::string smiles(reinterpret_cast<const char*>(data), size);
  const auto letters =
      std::count_if(smiles.begin(), smiles.end(), [](char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; });
  fuzz::run_text_target<Error>(data, size, [&](std::string_view) {
    bool had_fragments = false;
    chem::standardize_smiles(smiles, had_fragments);
  });
  if (letters > kMaxEmbedded) return 0;
  return fuzz::run_text_target<Error>(data, size, [&](std::string_view) {
    int attempts = 0;
    const auto stop = [&] {
      if (++attempts == kMaxAttempts) throw ValueError("enough");
    };
    const bio::Component component = chem::component_from_smiles(smiles, "LIG1", stop);
    check_component(component);
    chem::affinity_weight(component);
    chem::geometry_of(component);
    chem::geometry_of(without_smiles(component));
  });
}
