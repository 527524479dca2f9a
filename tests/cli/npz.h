// Reads what NumPy would read from an .npz file.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "tilefold/tensor.h"

namespace tilefold::cli_test {

/// Arrays by key. Throws std::runtime_error when the file is not a well-formed archive of little-endian fp32 arrays.
std::map<std::string, Tensor> read_npz(const std::filesystem::path& path);

}  // namespace tilefold::cli_test
