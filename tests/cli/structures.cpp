#include "cli/structures.h"

#include <gemmi/cif.hpp>
#include <gemmi/mmcif.hpp>
#include <gemmi/pdb.hpp>

#include "cli/program.h"

namespace tilefold::cli_test {

gemmi::Structure read_structure(const std::filesystem::path& file) {
  const std::string text = read_file(file);
  if (file.extension() == ".pdb") return gemmi::read_pdb_from_memory(text.data(), text.size(), file.string());
  gemmi::cif::Document document = gemmi::cif::read_string(text);
  return gemmi::make_structure_from_block(document.sole_block());
}

}  // namespace tilefold::cli_test
