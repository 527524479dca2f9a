/// The safetensors format: 8-byte header length, JSON header, dense data.
#pragma once

#include <optional>

#include "archive/byte_source.h"
#include "tilefold/weights.h"

namespace tilefold::weights {

/// True when the bytes begin like a safetensors file.
bool looks_like_safetensors(const archive::ByteSource& source);

/// Reads all tensors; names are as in the file. The metadata key `hyper_parameters` becomes the hyper-parameters.
Checkpoint read_safetensors(const archive::ByteSource& source);

/// A tensor to be written, converted to `dtype` on the way where it is set.
struct OutputTensor {
  Tensor tensor;
  std::optional<DType> dtype;
};

/// Writes the file as `save_safetensors` describes; returns its size. Converts one tensor at a time.
std::size_t write_safetensors(const std::filesystem::path& path, const std::map<std::string, OutputTensor>& tensors,
                              const std::map<std::string, std::string>& metadata);

}  // namespace tilefold::weights
