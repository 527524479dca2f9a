#include "tilefold/tensor.h"

#include <fmt/format.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstring>
#include <limits>

#include "native/bindings.h"

namespace nb = nanobind;

namespace tilefold::python {
namespace {

constexpr std::uint8_t kBrainFloat = 4;  // DLPack's code of bfloat16

nb::dlpack::dtype dlpack_type(DType dtype) {
  const auto bits = static_cast<std::uint8_t>(8 * element_size(dtype));
  switch (dtype) {
    case DType::bfloat16:
      return {kBrainFloat, bits, 1};
    case DType::float32:
      return {static_cast<std::uint8_t>(nb::dlpack::dtype_code::Float), bits, 1};
    case DType::int32:
      return {static_cast<std::uint8_t>(nb::dlpack::dtype_code::Int), bits, 1};
    case DType::uint32:
    case DType::uint16:
    case DType::uint8:
      return {static_cast<std::uint8_t>(nb::dlpack::dtype_code::UInt), bits, 1};
  }
  throw TypeError("unknown dtype");
}

DType dtype_of(nb::dlpack::dtype type) {
  for (const DType dtype : {DType::bfloat16, DType::float32, DType::int32, DType::uint32, DType::uint16, DType::uint8})
    if (dlpack_type(dtype) == type) return dtype;
  throw TypeError(
      fmt::format("arrays of bfloat16, float32, int32, uint32, uint16 and uint8 are taken, not of DLPack "
                  "type code {} with {} bits",
                  static_cast<int>(type.code), static_cast<int>(type.bits)));
}

using Array = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;

/// Keeps a Python array alive; may be destroyed on any thread.
std::shared_ptr<const void> owner_of(Array array) {
  auto* kept = new Array(std::move(array));
  return std::shared_ptr<const void>(kept, [](const void* pointer) {
    const nb::gil_scoped_acquire gil;
    delete static_cast<const Array*>(pointer);
  });
}

std::vector<std::int64_t> sizes_of(const Array& array) {
  std::vector<std::int64_t> sizes;
  for (std::size_t axis = 0; axis < array.ndim(); ++axis) sizes.push_back(static_cast<std::int64_t>(array.shape(axis)));
  return sizes;
}

/// A tensor that shares the array's memory, or a copy of it.
Tensor from_array(const Array& array, bool copy) {
  TensorType type;
  type.dtype = dtype_of(array.dtype());
  type.shape = Shape(sizes_of(array));
  const std::size_t bytes = array.size() * element_size(type.dtype);
  if (bytes == 0) return Tensor::empty(type);
  if (!copy) {
    // The engine never writes to its inputs.
    return Tensor::from_storage(type, Storage::wrap(const_cast<void*>(array.data()), bytes, owner_of(array)));
  }
  Tensor tensor = Tensor::empty(type);
  std::memcpy(tensor.raw(), array.data(), bytes);
  return tensor;
}

/// An array object (with __dlpack__) that shares the tensor's memory.
nb::ndarray<nb::array_api> to_array(const Tensor& tensor) {
  const std::vector<std::int64_t> sizes = tensor.shape().sizes();
  const std::vector<std::size_t> shape(sizes.begin(), sizes.end());
  auto* kept = new Tensor(tensor);
  const nb::capsule owner(kept, [](void* pointer) noexcept { delete static_cast<Tensor*>(pointer); });
  return nb::ndarray<nb::array_api>(tensor.raw(), shape.size(), shape.data(), owner, nullptr,
                                    dlpack_type(tensor.dtype()), nb::device::cpu::value, 0);
}

nb::tuple shape_tuple(const Tensor& tensor) {
  nb::list sizes;
  for (const Dim& dim : tensor.shape().dims()) {
    if (dim.is_static())
      sizes.append(dim.value());
    else
      sizes.append(dim);
  }
  return nb::tuple(sizes);
}

std::string representation(const Tensor& tensor) {
  return fmt::format("tilefold.Tensor({}{})", tensor.type().to_string(), tensor.is_traced() ? ", traced" : "");
}

/// The elements of `source` into the memory of `target`, which keeps its identity; types must be equal.
void overwrite(const Tensor& target, const Tensor& source) {
  if (target.dtype() != source.dtype() || target.shape() != source.shape()) {
    throw TypeError("cannot copy " + source.type().to_string() + " into " + target.type().to_string());
  }
  if (target.raw() == source.raw() || target.bytes() == 0) return;
  std::memmove(target.raw(), source.raw(), target.bytes());
  target.storage()->forget_derived();
}

}  // namespace

void bind_tensor(nb::module_& module) {
  nb::enum_<DType>(module, "DType", "Element types of the engine's tensors.")
      .value("bfloat16", DType::bfloat16)
      .value("float32", DType::float32)
      .value("uint32", DType::uint32)
      .value("uint8", DType::uint8)
      .value("uint16", DType::uint16)
      .value("int32", DType::int32);

  nb::class_<Dim>(module, "Dim", "A static or symbolic dimension.")
      .def(nb::init<std::int64_t>())
      .def_prop_ro("is_static", &Dim::is_static)
      .def("value", &Dim::value)
      .def("__repr__", &Dim::to_string)
      .def("__eq__", [](const Dim& a, const Dim& b) { return a == b; });
  nb::class_<Shape>(module, "Dims", "Dimensions given as an attribute.")
      .def(nb::init<const std::vector<std::int64_t>&>())
      .def("__repr__", &Shape::to_string);

  nb::class_<Tensor>(module, "Tensor", "A dense row-major tensor of the engine. Copies share memory.")
      .def_static(
          "from_array", &from_array, nb::arg("array"), nb::arg("copy") = false,
          "A tensor over the memory of a contiguous CPU array (NumPy, torch, anything with DLPack); it must not "
          "change while the tensor is used. With copy=True the elements are copied.")
      .def_static(
          "full",
          [](const std::vector<std::int64_t>& shape, double value, DType dtype) {
            return Tensor::full(Shape(shape), value, dtype);
          },
          nb::arg("shape"), nb::arg("value"), nb::arg("dtype") = DType::float32)
      .def("array", &to_array, "An array object over the same memory, for torch.from_dlpack or numpy.from_dlpack.")
      .def("overwrite", &overwrite, nb::arg("source"), nb::call_guard<nb::gil_scoped_release>(),
           "Copies another tensor of the same type into this one's memory.")
      .def(
          "settle",
          [](const Tensor& tensor) {
            tensor.storage()->settle();
            return tensor;
          },
          "Promises that the elements change by `overwrite` only; returns the tensor. Programs then keep forms of it "
          "that are made for speed, such as a packed matrix.")
      .def("clone",
           [](const Tensor& tensor) {
             Tensor copy = Tensor::empty(tensor.type());
             overwrite(copy, tensor);
             return copy;
           })
      .def("viewed_as",
           [](const Tensor& tensor, const std::vector<std::int64_t>& shape) { return tensor.viewed_as(Shape(shape)); })
      .def_prop_ro("shape", &shape_tuple)
      .def_prop_ro("rank", &Tensor::rank)
      .def_prop_ro("dtype", &Tensor::dtype)
      .def_prop_ro("is_traced", &Tensor::is_traced)
      .def_prop_ro("nbytes", &Tensor::bytes)
      .def_prop_ro("address", [](const Tensor& tensor) { return reinterpret_cast<std::uintptr_t>(tensor.raw()); })
      .def("item", &Tensor::item)
      .def("__repr__", &representation);
}

}  // namespace tilefold::python
