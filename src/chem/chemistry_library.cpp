// The functions of src/chem that need RDKit: they load it when one is first called, since its sixty shared libraries
// take every process 20 ms and 18 MB.
#include "chem/chemistry_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include "chem/perceive.h"
#include "chem/weight.h"
#include "tensor/library_folder.h"
#include "tilefold/error.h"
#include "tilefold/text.h"

namespace tilefold::chem {

namespace {

#ifdef TILEFOLD_WITH_RDKIT
constexpr bool kHasRdkit = true;
#else
constexpr bool kHasRdkit = false;
#endif

const ChemistryLibrary& load() {
  const std::filesystem::path file = library_folder() / kChemistryLibraryFile;
  // Never closed: types and exceptions of it may live as long as the process.
  void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* entry = handle == nullptr ? nullptr : dlsym(handle, kChemistryLibraryEntry);
  if (entry == nullptr) {
    const char* reason = dlerror();
    throw UnsupportedError(
        fmt::format("chemistry needs {} and the packages of RDKit (tools/install_dependencies.sh): {}", file.string(),
                    one_line(reason == nullptr ? "cannot be loaded" : reason)));
  }
  return *reinterpret_cast<const ChemistryLibrary* (*)()>(entry)();
}

/// The library, for `what`. Throws UnsupportedError without it.
const ChemistryLibrary& library(const std::string& what) {
  if (!kHasRdkit) {
    throw UnsupportedError(what + " needs RDKit, which this build lacks: configure it with -DTILEFOLD_WITH_RDKIT=ON");
  }
  static const ChemistryLibrary& loaded = load();
  return loaded;
}

}  // namespace

bool is_available() { return kHasRdkit; }

bio::Component component_from_smiles(const std::string& smiles, const std::string& code,
                                     const std::function<void()>& between_attempts) {
  return library("the ligand of SMILES " + in_quotes(smiles)).component_from_smiles(smiles, code, between_attempts);
}

std::int32_t count_heavy_atoms(const std::string& smiles) {
  return library("the ligand of SMILES " + in_quotes(smiles)).count_heavy_atoms(smiles);
}

std::string standardize_smiles(const std::string& smiles, bool& had_fragments) {
  return library("the affinity of SMILES " + in_quotes(smiles)).standardize_smiles(smiles, had_fragments);
}

double weight_of_smiles(const std::string& smiles) {
  return library("the weight of SMILES " + in_quotes(smiles)).weight_of_smiles(smiles);
}

Geometry geometry_of(const bio::Component& component) {
  return library("the geometry of component " + in_quotes(component.code)).geometry_of(component);
}

bio::Component perceive(const bio::Component& with_hydrogens) {
  return library("the perception of component " + in_quotes(with_hydrogens.code)).perceive(with_hydrogens);
}

}  // namespace tilefold::chem
