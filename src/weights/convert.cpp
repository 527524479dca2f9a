#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "archive/byte_source.h"
#include "tilefold/text.h"
#include "tilefold/weights.h"
#include "weights/safetensors.h"

namespace tilefold {
namespace {

void check_metadata(const std::map<std::string, std::string>& metadata) {
  for (const char* key : {"hyper_parameters", "tilefold_sampler"}) {
    const auto it = metadata.find(key);
    if (it == metadata.end()) continue;
    if (!nlohmann::json::parse(it->second, nullptr, false).is_object()) {
      throw ValueError(fmt::format("metadata '{}' must be a JSON object, found {}", key,
                                   in_quotes(it->second, archive::kLongestName)));
    }
  }
}

/// The dtype a tensor is written in.
std::optional<DType> output_dtype(const Tensor& tensor, const ConvertOptions& options) {
  if (!options.dtype || !is_floating_point(tensor.dtype()) || tensor.rank() < 2) return std::nullopt;
  return options.dtype;
}

}  // namespace

ConvertReport convert_checkpoint(const std::filesystem::path& input, const std::filesystem::path& output,
                                 const ConvertOptions& options) {
  if (options.dtype && !is_floating_point(*options.dtype)) {
    throw ValueError(
        fmt::format("checkpoints are converted to float32 or bfloat16, not {}", dtype_name(*options.dtype)));
  }
  check_metadata(options.metadata);
  const Checkpoint checkpoint = load_checkpoint(input);
  std::map<std::string, weights::OutputTensor> outputs;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    const bool dropped_alias = alias_of_parameter(name) && name.find(".output_projection.0.") != std::string::npos;
    if (!dropped_alias) outputs[name] = {tensor, output_dtype(tensor, options)};
  }
  std::map<std::string, std::string> metadata = checkpoint.metadata;
  metadata["hyper_parameters"] = checkpoint.hyper_parameters_json;
  for (const auto& [key, value] : options.metadata) metadata[key] = value;
  const std::size_t bytes = weights::write_safetensors(output, outputs, metadata);
  return {outputs.size(), bytes};
}

}  // namespace tilefold
