/// Where the engine's own files lie.
#pragma once

#include <filesystem>

namespace tilefold {

/// The folder of the engine's shared library (or of the program it was linked into); empty when the system does not
/// tell.
std::filesystem::path library_folder();

}  // namespace tilefold
