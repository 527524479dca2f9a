/// Files for comparing a prediction with the reference: injected noise in, intermediate tensors out.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "tilefold/bio.h"
#include "tilefold/boltz.h"

namespace tilefold::cli {

/// Reads `--noise FILE` into the options and, where the file holds `ref_pos`, into the features. Throws ValueError
/// naming the tensor whose shape does not fit the run, or a name that is not known.
void apply_noise_file(const std::filesystem::path& file, bio::Features& features, boltz::PredictOptions& options);

/// Collects dumped tensors of one prediction and writes DIR/<id>.safetensors.
class TensorDump {
 public:
  explicit TensorDump(std::filesystem::path folder) : folder_(std::move(folder)) {}
  void add_features(const bio::Features& features);
  void add(const std::string& name, const Tensor& tensor) { tensors_[name] = tensor; }
  void write(const std::string& id) const;

 private:
  std::filesystem::path folder_;
  std::map<std::string, Tensor> tensors_;
};

}  // namespace tilefold::cli
