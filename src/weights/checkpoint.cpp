#include "weights/checkpoint.h"

#include <fmt/format.h>

#include <cstring>

#include "archive/byte_source.h"
#include "tilefold/text.h"
#include "weights/safetensors.h"
#include "weights/torch_checkpoint.h"

namespace tilefold {
namespace weights {
namespace {

constexpr std::string_view kLinearName = ".output_projection_linear.";
constexpr std::string_view kSequenceName = ".output_projection.0.";

/// The name without what wrappers of the model add: `model.` (Lightning exports), `_orig_mod.` (torch.compile).
std::string canonical_name(std::string name) {
  constexpr std::string_view kCompiled = "_orig_mod.";
  constexpr std::string_view kExported = "model.";
  for (std::size_t at = name.find(kCompiled); at != std::string::npos; at = name.find(kCompiled, at)) {
    name.erase(at, kCompiled.size());
  }
  if (name.starts_with(kExported)) name.erase(0, kExported.size());
  return name;
}

void use_canonical_names(Checkpoint& checkpoint) {
  std::map<std::string, Tensor> renamed;
  for (auto& [name, tensor] : checkpoint.tensors) {
    std::string canonical = canonical_name(name);
    if (!renamed.emplace(canonical, std::move(tensor)).second) {
      throw WeightError(fmt::format("{}: two tensors are called {} once prefixes are removed", checkpoint.path,
                                    in_quotes(canonical, archive::kLongestName)));
    }
  }
  checkpoint.tensors = std::move(renamed);
}

bool equal(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || !(a.shape() == b.shape())) return false;
  return a.volume() == 0 || a.raw() == b.raw() || std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

/// Gives both names of an aliased tensor the same one.
void share_aliases(Checkpoint& checkpoint) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    if (auto alias = alias_of_parameter(name)) pairs.emplace_back(name, std::move(*alias));
  }
  for (const auto& [name, alias] : pairs) {
    const Tensor& first = checkpoint.tensors.at(name);
    const auto [it, added] = checkpoint.tensors.emplace(alias, first);
    if (added) continue;
    if (!equal(first, it->second)) {
      throw WeightError(fmt::format("{}: {} and {} name one tensor of the model but have different values",
                                    checkpoint.path, in_quotes(name, archive::kLongestName),
                                    in_quotes(alias, archive::kLongestName)));
    }
    it->second = first;
  }
}

std::string first_bytes(const archive::ByteSource& source) {
  std::string text;
  for (const std::byte byte : source.bytes.first(std::min<std::size_t>(8, source.size()))) {
    text += fmt::format("{}{:02x}", text.empty() ? "" : " ", static_cast<unsigned>(byte));
  }
  return text.empty() ? "nothing: it is empty" : "the bytes " + text;
}

}  // namespace

Checkpoint read_checkpoint(const archive::ByteSource& source, Checksums checksums) {
  Checkpoint checkpoint;
  if (looks_like_zip(source)) {
    checkpoint = read_torch_checkpoint(source, checksums);
  } else if (looks_like_safetensors(source)) {
    checkpoint = read_safetensors(source);
  } else {
    const bool legacy = source.size() > 2 && source.bytes[0] == std::byte{0x80} && source.bytes[1] <= std::byte{5};
    throw ParseError(fmt::format("{}: expected a PyTorch checkpoint (a ZIP archive) or a safetensors file, found {}{}",
                                 source.path, first_bytes(source),
                                 legacy ? " (a bare pickle, as PyTorch before 1.6 wrote; save it anew)" : ""));
  }
  use_canonical_names(checkpoint);
  share_aliases(checkpoint);
  return checkpoint;
}

}  // namespace weights

const Tensor& Checkpoint::tensor(const std::string& name) const {
  const auto it = tensors.find(name);
  if (it == tensors.end()) {
    throw WeightError(fmt::format("{}: the checkpoint has no tensor {}", path, in_quotes(name, archive::kLongestName)));
  }
  return it->second;
}

std::optional<std::string> alias_of_parameter(const std::string& name) {
  using weights::kLinearName, weights::kSequenceName;
  if (const std::size_t at = name.find(kLinearName); at != std::string::npos) {
    return std::string(name).replace(at, kLinearName.size(), kSequenceName);
  }
  const std::size_t at = name.find(kSequenceName);
  // A conditioned transition has an output projection of its own, under this one name only.
  if (at == std::string::npos || name.substr(0, at).ends_with("transition")) return std::nullopt;
  return std::string(name).replace(at, kSequenceName.size(), kLinearName);
}

Checkpoint load_checkpoint(const std::filesystem::path& path, Checksums checksums) {
  return weights::read_checkpoint(archive::map_file(path), checksums);
}

Checkpoint load_safetensors(const std::filesystem::path& path) {
  return weights::read_safetensors(archive::map_file(path));
}

}  // namespace tilefold
