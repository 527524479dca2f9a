#include "tilefold/tensor.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

namespace tilefold {

struct Tensor::Impl {
  TensorType type;
  std::shared_ptr<Storage> storage;
  std::size_t offset = 0;
  Tracer* tracer = nullptr;
  std::uint32_t value = 0;
};

namespace {

std::size_t byte_count(const TensorType& type) {
  const std::int64_t volume = type.shape.volume().value();
  if (volume < 0) throw TypeError("negative dimension in shape " + type.shape.to_string());
  return static_cast<std::size_t>(volume) * element_size(type.dtype);
}

/// Calls `visit` with a null pointer of the dtype's C++ type.
template <typename Visitor>
auto with_element_type(DType dtype, Visitor&& visit) {
  switch (dtype) {
    case DType::bfloat16:
      return visit(static_cast<BFloat16*>(nullptr));
    case DType::float32:
      return visit(static_cast<float*>(nullptr));
    case DType::uint32:
      return visit(static_cast<std::uint32_t*>(nullptr));
    case DType::uint8:
      return visit(static_cast<std::uint8_t*>(nullptr));
    case DType::uint16:
      return visit(static_cast<std::uint16_t*>(nullptr));
    case DType::int32:
      return visit(static_cast<std::int32_t*>(nullptr));
  }
  throw ValueError("unsupported dtype");
}

double load_element(const BFloat16& element) { return static_cast<double>(static_cast<float>(element)); }
template <typename T>
double load_element(const T& element) {
  return static_cast<double>(element);
}

void store_element(BFloat16& element, double value) { element = BFloat16(static_cast<float>(value)); }
void store_element(float& element, double value) { element = static_cast<float>(value); }
template <typename T>
void store_element(T& element, double value) {
  const double low = static_cast<double>(std::numeric_limits<T>::lowest());
  const double high = static_cast<double>(std::numeric_limits<T>::max());
  if (std::isnan(value)) value = 0;
  element = static_cast<T>(std::trunc(value < low ? low : (value > high ? high : value)));
}

}  // namespace

std::string TensorType::to_string() const {
  std::string text = fmt::format("{}{}", dtype_name(dtype), shape.to_string());
  if (layout != Layout::tile) text += " " + tilefold::to_string(layout);
  if (memory_config != MemoryConfig{}) text += " <" + memory_config.to_string() + ">";
  return text;
}

Tensor Tensor::empty(TensorType type) {
  const std::size_t bytes = byte_count(type);
  return from_storage(std::move(type), Storage::allocate(bytes));
}

Tensor Tensor::empty(Shape shape, DType dtype) {
  TensorType type;
  type.dtype = dtype;
  type.shape = std::move(shape);
  return empty(std::move(type));
}

Tensor Tensor::full(Shape shape, double value, DType dtype) {
  Tensor tensor = empty(std::move(shape), dtype);
  with_element_type(dtype, [&](auto* type_tag) {
    using T = std::remove_pointer_t<decltype(type_tag)>;
    T element{};
    store_element(element, value);
    for (T& slot : tensor.mutable_data<T>()) slot = element;
  });
  return tensor;
}

Tensor Tensor::from_storage(TensorType type, std::shared_ptr<Storage> storage, std::size_t offset) {
  const std::size_t bytes = byte_count(type);
  if (offset > storage->size() || bytes > storage->size() - offset) {
    throw TypeError(fmt::format("{} needs {} bytes at offset {}, the storage has {}", type.to_string(), bytes, offset,
                                storage->size()));
  }
  // The rules are about shards; most tensors have none.
  if (type.memory_config.is_sharded() || type.memory_config.shard_spec)
    check_memory_config(type.memory_config, type.shape.sizes(), type.layout);
  auto impl = std::make_shared<Impl>();
  impl->type = std::move(type);
  impl->storage = std::move(storage);
  impl->offset = offset;
  Tensor tensor;
  tensor.impl_ = std::move(impl);
  return tensor;
}

Tensor Tensor::traced(TensorType type, Tracer* tracer, std::uint32_t value) {
  auto impl = std::make_shared<Impl>();
  impl->type = std::move(type);
  impl->tracer = tracer;
  impl->value = value;
  Tensor tensor;
  tensor.impl_ = std::move(impl);
  return tensor;
}

Tensor Tensor::copy_of(Shape shape, DType dtype, std::span<const std::byte> bytes) {
  Tensor tensor = empty(std::move(shape), dtype);
  if (tensor.bytes() != bytes.size()) {
    throw TypeError(
        fmt::format("{} takes {} bytes, {} were given", tensor.type().to_string(), tensor.bytes(), bytes.size()));
  }
  if (!bytes.empty()) std::memcpy(tensor.raw(), bytes.data(), bytes.size());
  return tensor;
}

const Tensor::Impl& Tensor::impl() const {
  if (!impl_) throw TypeError("an undefined tensor was used where a tensor is needed");
  return *impl_;
}

bool Tensor::is_traced() const { return impl().tracer != nullptr; }
Tracer* Tensor::tracer() const { return impl().tracer; }
std::uint32_t Tensor::traced_value() const { return impl().value; }
const TensorType& Tensor::type() const { return impl().type; }

const std::shared_ptr<Storage>& Tensor::storage() const {
  if (!impl().storage)
    throw TypeError("the data of a traced tensor (" + type().to_string() + ") cannot be read while tracing");
  return impl_->storage;
}

std::size_t Tensor::storage_offset() const { return impl().offset; }

void* Tensor::raw() const { return storage()->data() + impl_->offset; }

void Tensor::check_access(DType expected) const {
  if (dtype() != expected) {
    throw TypeError(fmt::format("the tensor holds {}, not {}", dtype_name(dtype()), dtype_name(expected)));
  }
}

std::vector<float> Tensor::to_floats() const {
  return with_element_type(dtype(), [&](auto* type_tag) {
    using T = std::remove_pointer_t<decltype(type_tag)>;
    std::vector<float> values;
    values.reserve(static_cast<std::size_t>(volume()));
    for (const T& element : data<T>()) values.push_back(static_cast<float>(load_element(element)));
    return values;
  });
}

std::vector<std::int32_t> Tensor::to_ints() const {
  return with_element_type(dtype(), [&](auto* type_tag) {
    using T = std::remove_pointer_t<decltype(type_tag)>;
    std::vector<std::int32_t> values(static_cast<std::size_t>(volume()));
    std::size_t i = 0;
    for (const T& element : data<T>()) store_element(values[i++], load_element(element));
    return values;
  });
}

double Tensor::item() const {
  if (volume() != 1) throw TypeError("item() needs one element, the tensor is " + type().to_string());
  return with_element_type(dtype(), [&](auto* type_tag) {
    using T = std::remove_pointer_t<decltype(type_tag)>;
    return load_element(data<T>()[0]);
  });
}

Tensor Tensor::viewed_as(Shape shape) const {
  TensorType viewed = type();
  viewed.shape = std::move(shape);
  viewed.memory_config = MemoryConfig{};
  if (viewed.shape.volume().value() != volume()) {
    throw TypeError(fmt::format("cannot view {} as {}", type().to_string(), viewed.shape.to_string()));
  }
  return from_storage(std::move(viewed), storage(), storage_offset());
}

Tensor Tensor::converted_to(DType target) const {
  TensorType converted_type = type();
  converted_type.dtype = target;
  Tensor converted = empty(std::move(converted_type));
  with_element_type(dtype(), [&](auto* source_tag) {
    using Source = std::remove_pointer_t<decltype(source_tag)>;
    with_element_type(target, [&](auto* target_tag) {
      using Target = std::remove_pointer_t<decltype(target_tag)>;
      auto slot = converted.mutable_data<Target>().begin();
      for (const Source& element : data<Source>()) store_element(*slot++, load_element(element));
    });
  });
  return converted;
}

}  // namespace tilefold
