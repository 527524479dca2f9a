/// Model weights: PyTorch checkpoints and safetensors files, read without a copy from the mapped file.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tilefold/dtype.h"
#include "tilefold/shape.h"
#include "tilefold/tensor.h"

namespace tilefold {

/// Named tensors with the hyper-parameters of the model they belong to.
///
/// Tensors of float32, bfloat16, int32, uint8, uint16 and uint32 point into the mapped file (copy-on-write, kept alive
/// by the tensors); other element types are converted when loaded: float64 and float16 to float32, int64, int16 and
/// int8 to int32, bool to uint8.
struct Checkpoint {
  std::map<std::string, Tensor> tensors;
  /// A JSON object; "{}" when the file holds none.
  std::string hyper_parameters_json = "{}";
  /// Remaining text metadata: a safetensors file's own (for example `tilefold_sampler`), or the scalar top-level
  /// entries of a PyTorch checkpoint (`epoch`, `global_step`, ...).
  std::map<std::string, std::string> metadata;
  /// The file this was read from, for messages.
  std::string path;
  /// "PyTorch checkpoint" or "safetensors".
  std::string format;

  bool contains(const std::string& name) const { return tensors.count(name) != 0; }
  /// The tensor with this name. Throws WeightError when there is none.
  const Tensor& tensor(const std::string& name) const;
};

/// Whether the CRC-32 of archive members is compared with their data. It needs one pass over the whole file.
enum class Checksums {
  automatic,  ///< for files up to 256 MiB
  always,
  never,
};

/// Reads a PyTorch `.ckpt` archive or a `.safetensors` file; the content decides which.
///
/// Nothing in the file is executed: unknown Python objects become data, and a pickle that names functions able to
/// run code or touch the system (`os.system`, `eval`, ...) is refused. Prefixes `model.` and `_orig_mod.` are removed
/// from names. The two names of a diffusion layer's output projection (`output_projection_linear.*` and
/// `output_projection.0.*`) are both present afterwards and share one tensor; WeightError if the file gives them
/// different values. Throws IoError, ParseError, UnsupportedError.
Checkpoint load_checkpoint(const std::filesystem::path& path, Checksums checksums = Checksums::automatic);

/// Reads any `.safetensors` file as it is: names and aliases untouched. Throws IoError, ParseError, UnsupportedError.
Checkpoint load_safetensors(const std::filesystem::path& path);

/// Writes a `.safetensors` file under a temporary name in the same folder, flushes it and renames it, so that a file
/// with the final name is always complete. Throws IoError (unwritable folder, full disk) and leaves nothing behind.
void save_safetensors(const std::filesystem::path& path, const std::map<std::string, Tensor>& tensors,
                      const std::map<std::string, std::string>& metadata = {});

/// Name and shape of a parameter that a model expects.
struct ParameterSpec {
  std::string name;
  Shape shape;
};

/// Compares the checkpoint with what a model expects. Throws WeightError that counts and lists (up to ten of each)
/// the names that are missing, unexpected or have another shape. For aliased output projections either name suffices.
void check_parameters(const Checkpoint& checkpoint, const std::vector<ParameterSpec>& expected);

/// The other name of an aliased output projection tensor, or nothing for all other names.
std::optional<std::string> alias_of_parameter(const std::string& name);

/// What `tilefold inspect` prints: totals, metadata, hyper-parameters (indented JSON), then name, dtype and shape of
/// every tensor.
std::string describe_checkpoint(const Checkpoint& checkpoint);

struct ConvertOptions {
  /// float32 or bfloat16: the dtype of floating-point tensors of rank 2 and more. Vectors (norm weights, biases, bin
  /// boundaries) keep theirs, which costs next to nothing. Unset: nothing is converted.
  std::optional<DType> dtype;
  /// Entries to add to the metadata or to replace in it, for example `tilefold_sampler`.
  std::map<std::string, std::string> metadata;
};

struct ConvertReport {
  std::size_t tensors = 0;
  std::size_t bytes = 0;
};

/// Writes any readable checkpoint as safetensors: the hyper-parameters become the metadata key `hyper_parameters`;
/// of aliased names only `output_projection_linear` is kept. Throws what load and save throw, and ValueError for an
/// unsupported dtype or metadata that is not valid (`hyper_parameters` and `tilefold_sampler` must be JSON objects).
ConvertReport convert_checkpoint(const std::filesystem::path& input, const std::filesystem::path& output,
                                 const ConvertOptions& options = {});

}  // namespace tilefold
