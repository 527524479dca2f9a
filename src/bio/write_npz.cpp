#include <fmt/format.h>

#include "archive/zip_writer.h"
#include "tilefold/output.h"

namespace tilefold::bio {
namespace {

/// The `.npy` form of a tensor, format version 1.0.
std::string to_npy(const Tensor& tensor) {
  if (tensor.dtype() != DType::float32 && tensor.dtype() != DType::int32) {
    throw TypeError("NumPy archives hold float32 or int32, not " + std::string(dtype_name(tensor.dtype())));
  }
  std::string shape;
  for (const std::int64_t size : tensor.shape().sizes()) shape += fmt::format("{}, ", size);
  if (tensor.rank() > 1) shape.resize(shape.size() - 2);
  if (tensor.rank() == 1) shape.pop_back();  // "(5,)"
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                                   tensor.dtype() == DType::float32 ? "<f4" : "<i4", shape);
  constexpr std::size_t kPreamble = 10;
  while ((kPreamble + header.size() + 1) % 64 != 0) header.push_back(' ');
  header.push_back('\n');
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size() & 0xffU);
  bytes += static_cast<char>(header.size() >> 8U);
  bytes += header;
  bytes.append(static_cast<const char*>(tensor.raw()), tensor.bytes());
  return bytes;
}

}  // namespace

std::string to_npz(const std::vector<std::pair<std::string, Tensor>>& arrays) {
  archive::ZipWriter writer;
  for (const auto& [name, tensor] : arrays) writer.add(name + ".npy", to_npy(tensor));
  return writer.finish();
}

}  // namespace tilefold::bio
