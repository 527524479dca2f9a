/// What a prediction leaves on disk: structures (mmCIF, PDB) and NumPy archives, in the form Boltz writes them.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tilefold/bio.h"
#include "tilefold/tensor.h"

namespace tilefold::bio {

/// One predicted model: coordinates [A, 3] of the real atoms in Angstrom, and confidence per token in 0..1 (may be
/// empty: every B factor is then 100 and no quality metric is written).
struct ModelCoordinates {
  std::span<const float> coordinates;
  std::span<const float> plddt;
};

/// ModelCIF text; B factors are pLDDT x 100. Throws TypeError when the sizes do not fit the complex.
std::string to_mmcif(const Complex& complex, const ModelCoordinates& model);

/// PDB text. Throws UnsupportedError when the complex does not fit the format (chain names of more than one character,
/// more than 99,999 atoms, more than 9,999 residues in a chain) or a coordinate has more than 8 columns.
std::string to_pdb(const Complex& complex, const ModelCoordinates& model);

/// Coordinates [A, 3] of a structure file (mmCIF or PDB by its suffix) that `to_mmcif` or `to_pdb` wrote for this
/// complex. Throws ParseError when its atoms are not those of the complex in their order, IoError when it cannot be
/// read.
std::vector<float> read_model_coordinates(const Complex& complex, const std::filesystem::path& path);

/// A NumPy `.npz` archive (deflated, dtype float32 or int32) of named tensors, as bytes.
std::string to_npz(const std::vector<std::pair<std::string, Tensor>>& arrays);

/// Writes to a temporary name in the same folder, then renames, so that no reader ever sees half a file. Throws IoError
/// with the system's reason (disk full, no permission).
void write_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace tilefold::bio
