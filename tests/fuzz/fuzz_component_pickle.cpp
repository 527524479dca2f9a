// Any bytes as a pickled molecule, and as the molecule inside one.
#include "bio/component_pickle.h"
#include "bio/component_rdkit.h"
#include "fuzz/component_invariants.h"
#include "tilefold/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tilefold;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    fuzz::check_component(bio::parse_component_pickle(bytes, "XYZ", "XYZ.pkl"));
  } catch (const ParseError& error) {
    fuzz::check_message(error.what());
  }
  // Changes of its length break the pickle around the molecule.
  const std::size_t begin = bytes.find("\xef\xbe\xad\xde");
  if (begin == std::string_view::npos) return 0;
  try {
    const bio::RdkitMolecule molecule = bio::parse_rdkit_molecule(bytes.substr(begin), "XYZ.pkl");
    for (const auto& positions : molecule.conformers) fuzz::check(positions.size() == molecule.atoms.size());
  } catch (const Error& error) {
    fuzz::check_message(error.what());
  }
  return 0;
}
