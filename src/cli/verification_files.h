/// Files for comparing a prediction with the reference: injected noise in, intermediate tensors out.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tilefold/bio.h"
#include "tilefold/boltz.h"

namespace tilefold::cli {

/// Reads `--noise FILE` into the options and, where the file holds `ref_pos`, into the features. Only names that begin
/// with `prefix` count, "" or "affinity."; those of the other run are left alone. Throws ValueError naming the tensor
/// whose shape does not fit the run, or a name that is not known.
void apply_noise_file(const std::filesystem::path& file, const std::string& prefix, bio::Features& features,
                      boltz::PredictOptions& options);

/// The structure [atoms, 3] that a noise file gives for the crop of an affinity run; nothing when it has none. Throws
/// ValueError when it does not fit the complex.
std::vector<float> crop_coordinates(const std::filesystem::path& file, const bio::Complex& complex);

/// Collects dumped tensors of one run and adds them, with `prefix` before their names, to DIR/<id>.safetensors.
class TensorDump {
 public:
  TensorDump(std::filesystem::path folder, std::string prefix)
      : folder_(std::move(folder)), prefix_(std::move(prefix)) {}
  void add_features(const bio::Features& features);
  void add(const std::string& name, const Tensor& tensor) { tensors_[prefix_ + name] = tensor; }
  /// A run with a prefix adds to what the run without it has left; without a prefix the file is made anew.
  void write(const std::string& id) const;

 private:
  std::filesystem::path folder_;
  std::string prefix_;
  std::map<std::string, Tensor> tensors_;
};

}  // namespace tilefold::cli
