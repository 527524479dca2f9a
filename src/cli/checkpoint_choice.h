/// Which weights to use.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "tilefold/boltz.h"
#include "tilefold/weights.h"

namespace tilefold::cli {

/// Weights and where they came from.
struct ChosenCheckpoint {
  Checkpoint checkpoint;
  bool is_demo = false;
};

/// `choice` is a path, "demo" for the small embedded weights, or nothing: then boltz2_conf.ckpt and
/// boltz2_conf.safetensors are looked for in `cache` (default: $BOLTZ_CACHE, else ~/.boltz). Throws IoError that says
/// which files were looked for, in which folder.
ChosenCheckpoint choose_checkpoint(const std::optional<std::string>& choice, const std::optional<std::string>& cache);

/// The file of the affinity model: `choice`, else boltz2_aff.ckpt or boltz2_aff.safetensors in `cache`. Throws IoError
/// that says which files were looked for.
std::filesystem::path find_affinity_checkpoint(const std::optional<std::string>& choice,
                                               const std::optional<std::string>& cache);

/// Where the official files are looked for: `cache` if given, else $BOLTZ_CACHE, else ~/.boltz. Throws IoError when
/// nothing says where.
std::filesystem::path weights_folder(const std::optional<std::string>& cache);

/// The model with these weights. Throws WeightError that names the file.
boltz::Model load_model(const Checkpoint& checkpoint);

/// The embedded demo weights.
Checkpoint demo_checkpoint();

}  // namespace tilefold::cli
