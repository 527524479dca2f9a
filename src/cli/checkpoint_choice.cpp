#include "cli/checkpoint_choice.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <span>
#include <vector>

#include "tilefold/error.h"
#include "weights/byte_source.h"
#include "weights/checkpoint.h"

extern "C" const unsigned char tilefold_demo_weights[];
extern "C" const unsigned char tilefold_demo_weights_end[];

namespace tilefold::cli {
namespace {

constexpr std::array<const char*, 2> kOfficialFiles = {"boltz2_conf.ckpt", "boltz2_conf.safetensors"};

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
  weights::ByteSource source;
  source.bytes = std::as_bytes(std::span(*copy));
  source.owner = copy;
  source.path = "embedded demo weights";
  return weights::read_checkpoint(source, Checksums::never);
}

ChosenCheckpoint choose_checkpoint(const std::optional<std::string>& choice, const std::optional<std::string>& cache) {
  if (choice == "demo") return {demo_checkpoint(), true};
  if (choice) return {load_checkpoint(*choice), false};
  const std::filesystem::path folder = weights_folder(cache);
  for (const char* name : kOfficialFiles) {
    if (std::filesystem::exists(folder / name)) return {load_checkpoint(folder / name), false};
  }
  throw IoError(fmt::format(
      "no weights found: looked for {} and {} in '{}'; 'tilefold download{}' fetches them (or set --cache or "
      "BOLTZ_CACHE, or give --checkpoint FILE); --checkpoint demo uses the small embedded weights, which fold only the "
      "five demo proteins",
      kOfficialFiles[0], kOfficialFiles[1], folder.string(), cache ? " --cache " + *cache : ""));
}

}  // namespace tilefold::cli
