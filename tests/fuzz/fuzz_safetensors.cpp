// Any bytes as a .safetensors file.
#include <algorithm>
#include <memory>
#include <vector>

#include "tilefold/error.h"
#include "weights/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  auto copy = std::make_shared<std::vector<std::byte>>(bytes, bytes + size);
  try {
    const tilefold::Checkpoint checkpoint =
        tilefold::weights::read_safetensors({std::span<const std::byte>(*copy), copy, "input"});
    tilefold::describe_checkpoint(checkpoint);
    for (const auto& [name, tensor] : checkpoint.tensors) tensor.to_floats();  // every element must be readable
  } catch (const tilefold::Error&) {
  }
  return 0;
}
