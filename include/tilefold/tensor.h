/// Tensors: values with reference-counted storage.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tilefold/dtype.h"
#include "tilefold/error.h"
#include "tilefold/memory_config.h"
#include "tilefold/shape.h"

namespace tilefold {

/// Everything about a tensor but its data.
struct TensorType {
  DType dtype = DType::float32;
  Shape shape;
  Layout layout = Layout::tile;
  MemoryConfig memory_config;

  /// "f32[N0, 128]"; layout and memory config are added where they are not the default.
  std::string to_string() const;
  friend bool operator==(const TensorType&, const TensorType&) = default;
};

/// A block of bytes, 64-byte aligned unless it wraps foreign memory. Shared by tensors.
class Storage {
 public:
  /// Uninitialised memory of `bytes` bytes, aligned to 64 bytes.
  static std::shared_ptr<Storage> allocate(std::size_t bytes);
  /// Foreign memory (a mapped file, a NumPy array); `owner` is kept alive as long as the storage.
  static std::shared_ptr<Storage> wrap(void* data, std::size_t bytes, std::shared_ptr<const void> owner);
  ~Storage();
  /// Tells the operating system that the data will not be read again soon: clean pages of a mapped file leave memory
  /// and come back from the file when they are needed. Never changes the data; does nothing for allocated memory.
  void page_out() const;
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  std::byte* data() { return data_; }
  const std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }

  /// A derived form of this data (for example a weight packed for the matrix unit), made once by `make` and kept as
  /// long as the storage. Thread-safe. Only meaningful for data that no longer changes.
  std::shared_ptr<Storage> derived(const std::string& key, const std::function<std::shared_ptr<Storage>()>& make);
  /// The same from the second request on; null at the first one. For data that may be used once only.
  std::shared_ptr<Storage> derived_when_asked_again(const std::string& key,
                                                    const std::function<std::shared_ptr<Storage>()>& make);
  /// Promises that whoever writes to the data calls forget_derived(), so that programs may keep derived forms of it
  /// even where it is one of their inputs.
  void settle() { settled_.store(true, std::memory_order_release); }
  bool settled() const { return settled_.load(std::memory_order_acquire); }
  /// To be called after the data was overwritten: drops the derived forms, which were made of the old data. As with the
  /// data itself, no program that reads the storage may be running meanwhile.
  void forget_derived();
  /// Number of times that derived forms were dropped; who keeps one compares it.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

 private:
  Storage() = default;
  struct DerivedForms;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  bool owned_ = false;
  std::shared_ptr<const void> owner_;
  std::unique_ptr<DerivedForms> derived_;
  std::atomic<std::uint64_t> generation_ = 0;
  std::atomic<bool> settled_ = false;
};

class Tracer;

/// A tensor: dense row-major data with a type, or, while a function is traced, a symbolic value of a graph.
/// Copies share storage. A default-constructed tensor is empty (`defined()` is false) and stands for "not given".
class Tensor {
 public:
  Tensor() = default;

  /// Uninitialised data. Throws TypeError when the type is not static or its memory config does not fit.
  static Tensor empty(TensorType type);
  static Tensor empty(Shape shape, DType dtype = DType::float32);
  static Tensor full(Shape shape, double value, DType dtype = DType::float32);
  static Tensor zeros(Shape shape, DType dtype = DType::float32) { return full(std::move(shape), 0.0, dtype); }
  /// Copies `values`, whose count must be the shape's volume. Throws TypeError otherwise.
  template <typename T>
  static Tensor from_data(Shape shape, std::span<const T> values) {
    return copy_of(std::move(shape), DTypeOf<T>::value, std::as_bytes(values));
  }
  template <typename T>
  static Tensor from_data(Shape shape, const std::vector<T>& values) {
    return from_data(std::move(shape), std::span<const T>(values));
  }
  /// Uses `storage` from byte `offset` on, without a copy. Throws TypeError when it is too small.
  static Tensor from_storage(TensorType type, std::shared_ptr<Storage> storage, std::size_t offset = 0);
  /// A value of a graph that is being traced; used by the tracer only.
  static Tensor traced(TensorType type, Tracer* tracer, std::uint32_t value);

  bool defined() const { return impl_ != nullptr; }
  bool is_traced() const;
  Tracer* tracer() const;
  std::uint32_t traced_value() const;

  const TensorType& type() const;
  const Shape& shape() const { return type().shape; }
  DType dtype() const { return type().dtype; }
  Layout layout() const { return type().layout; }
  const MemoryConfig& memory_config() const { return type().memory_config; }
  int rank() const { return shape().rank(); }
  /// Number of logical elements of a concrete tensor.
  std::int64_t volume() const { return shape().volume().value(); }
  std::size_t bytes() const { return static_cast<std::size_t>(volume()) * element_size(dtype()); }

  /// The elements. Throws TypeError when the tensor is traced or T is not the dtype's C++ type.
  template <typename T>
  std::span<const T> data() const {
    check_access(DTypeOf<T>::value);
    return {static_cast<const T*>(raw()), static_cast<std::size_t>(volume())};
  }
  template <typename T>
  std::span<T> mutable_data() {
    check_access(DTypeOf<T>::value);
    return {static_cast<T*>(raw()), static_cast<std::size_t>(volume())};
  }
  /// First byte. Throws TypeError when the tensor is traced or undefined.
  void* raw() const;
  const std::shared_ptr<Storage>& storage() const;
  std::size_t storage_offset() const;

  /// The elements converted to float or int32 (host-side helpers; exact where the types allow).
  std::vector<float> to_floats() const;
  std::vector<std::int32_t> to_ints() const;
  /// The single element of a one-element tensor.
  double item() const;
  /// The same storage under another static shape of equal volume. Host-side; use ops::reshape in traced code.
  Tensor viewed_as(Shape shape) const;
  /// Host-side conversion to another dtype (round to nearest even; float to integer truncates toward zero).
  Tensor converted_to(DType dtype) const;

 private:
  struct Impl;
  static Tensor copy_of(Shape shape, DType dtype, std::span<const std::byte> bytes);
  void check_access(DType expected) const;
  const Impl& impl() const;

  std::shared_ptr<const Impl> impl_;
};

}  // namespace tilefold
