// Predicted structures, read back with gemmi.
#pragma once

#include <filesystem>
#include <gemmi/model.hpp>

namespace tilefold::cli_test {

/// Reads an mmCIF or a PDB file; the suffix decides.
gemmi::Structure read_structure(const std::filesystem::path& file);

}  // namespace tilefold::cli_test
