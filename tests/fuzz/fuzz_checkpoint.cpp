// Any bytes as a checkpoint file and as the pickle stream inside one.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tilefold/error.h"
#include "weights/checkpoint.h"
#include "weights/pickle.h"

namespace {

void read_as_file(const std::uint8_t* data, std::size_t size) {
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  auto copy = std::make_shared<std::vector<std::byte>>(bytes, bytes + size);
  try {
    // Checksums would hide the pickle from mutations.
    const tilefold::Checkpoint checkpoint = tilefold::weights::read_checkpoint(
        {std::span<const std::byte>(*copy), copy, "input"}, tilefold::Checksums::never);
    tilefold::describe_checkpoint(checkpoint);
    std::size_t budget = std::size_t{1} << 20;
    for (const auto& [name, tensor] : checkpoint.tensors) {
      if (tensor.bytes() > budget) break;
      budget -= tensor.bytes();
      tensor.to_floats();  // every element must be readable
    }
  } catch (const tilefold::Error&) {
  }
}

void read_as_pickle(const std::uint8_t* data, std::size_t size) {
  using tilefold::weights::PickleTree;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const PickleTree tree = PickleTree::parse(text, "input");
    tilefold::weights::pickle_to_json(tree, tree.root(), "input");
  } catch (const tilefold::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read_as_file(data, size);
  read_as_pickle(data, size);
  return 0;
}
