#include "cli/checkpoint_choice.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <span>
#include <vector>

#include "archive/byte_source.h"
#include "tilefold/error.h"
#include "weights/checkpoint.h"

extern "C" const unsigned char tilefold_demo_weights[];
extern "C" const unsigned char tilefold_demo_weights_end[];

namespace tilefold::cli {
namespace {

constexpr std::array<const char*, 2> kStructureFiles = {"boltz2_conf.ckpt", "boltz2_conf.safetensors"};
constexpr std::array<const char*, 2> kAffinityFiles = {"boltz2_aff.ckpt", "boltz2_aff.safetensors"};

/// The first of `names` that is in the folder of the weights. Throws IoError with `hint` at its end.
std::filesystem::path find_official(const std::array<const char*, 2>& names, const std::optional<std::string>& cache,
                                    const char* option, const std::string& hint) {
  const std::filesystem::path folder = weights_folder(cache);
  for (const char* name : names) {
    if (std::filesystem::exists(folder / name)) return folder / name;
  }
  throw IoError(
      fmt::format("no weights found: looked for {} and {} in '{}'; 'tilefold download{}' fetches them (or set --cache "
                  "or BOLTZ_CACHE, or give {} FILE){}",
                  names[0], names[1], folder.string(), cache ? " --cache " + *cache : "", option, hint));
}

}  // namespace

std::filesystem::path weights_folder(const std::optional<std::string>& cache) {
  if (cache) return *cache;
  if (const char* variable = std::getenv("BOLTZ_CACHE"); variable != nullptr && *variable != '\0') return variable;
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    return std::filesystem::path(home) / ".boltz";
  }
  throw IoError("neither --cache nor BOLTZ_CACHE nor HOME says where the weights are; use --checkpoint FILE");
}

boltz::Model load_model(const Checkpoint& checkpoint) {
  try {
    return boltz::Model(checkpoint);
  } catch (const WeightError& error) {
    const std::string message = error.what();
    if (message.find(checkpoint.path) != std::string::npos) throw;
    throw WeightError(fmt::format("{}: {}", checkpoint.path, message));
  }
}

Checkpoint demo_checkpoint() {
  const auto copy = std::make_shared<std::vector<unsigned char>>(tilefold_demo_weights, tilefold_demo_weights_end);
  archive::ByteSource source;
  source.bytes = std::as_bytes(std::span(*copy));
  source.owner = copy;
  source.path = "embedded demo weights";
  return weights::read_checkpoint(source, Checksums::never);
}

ChosenCheckpoint choose_checkpoint(const std::optional<std::string>& choice, const std::optional<std::string>& cache) {
  if (choice == "demo") return {demo_checkpoint(), true};
  if (choice) return {load_checkpoint(*choice), false};
  const std::filesystem::path file =
      find_official(kStructureFiles, cache, "--checkpoint",
                    "; --checkpoint demo uses the small embedded weights, which fold only the five demo proteins");
  return {load_checkpoint(file), false};
}

std::filesystem::path find_affinity_checkpoint(const std::optional<std::string>& choice,
                                               const std::optional<std::string>& cache) {
  if (!choice) return find_official(kAffinityFiles, cache, "--affinity_checkpoint", "");
  if (!std::filesystem::exists(*choice)) throw IoError(fmt::format("{}: no such file", *choice));
  return *choice;
}

}  // namespace tilefold::cli
