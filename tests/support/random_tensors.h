/// Random operands for operation cases, placed between sentinels.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

#include "graph/operation.h"
#include "tilefold/tensor.h"

namespace tilefold::testing {

using RandomEngine = std::mt19937_64;

/// Environment variables TILEFOLD_TEST_SEED and TILEFOLD_TEST_CASES vary and lengthen the random tests.
inline std::uint64_t base_seed() {
  const char* text = std::getenv("TILEFOLD_TEST_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 20'260'923U;
}
inline int case_count(int otherwise) {
  const char* text = std::getenv("TILEFOLD_TEST_CASES");
  return text != nullptr ? std::atoi(text) : otherwise;
}
inline std::uint64_t seed_of(const std::string& name, int index) {
  std::uint64_t hash = base_seed() + static_cast<std::uint64_t>(index) * 0x9e3779b97f4a7c15ULL;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

/// A tensor whose storage continues before and after it with a pattern that reads as NaN in every floating type.
class GuardedTensor {
 public:
  GuardedTensor(TensorType type, RandomEngine& engine) {
    const auto bytes = static_cast<std::size_t>(type.shape.volume().value()) * element_size(type.dtype);
    // An offset that is a multiple of the element, but not of a cache line.
    before_ = kGuard + element_size(type.dtype) * (engine() % 4);
    storage_ = Storage::allocate(before_ + bytes + kGuard);
    std::memset(storage_->data(), 0xff, storage_->size());
    tensor_ = Tensor::from_storage(std::move(type), storage_, before_);
  }
  Tensor& tensor() { return tensor_; }
  const Tensor& tensor() const { return tensor_; }
  /// Remembers the contents, to be compared by `expect_untouched`.
  void seal() { sealed_.assign(storage_->data(), storage_->data() + storage_->size()); }
  void expect_untouched(const std::string& what) const {
    if (std::memcmp(sealed_.data(), storage_->data(), sealed_.size()) != 0)
      ADD_FAILURE() << what << ": an operand, or memory beside it, was overwritten";
  }

 private:
  static constexpr std::size_t kGuard = 256;
  std::size_t before_ = 0;
  std::shared_ptr<Storage> storage_;
  Tensor tensor_;
  std::vector<std::byte> sealed_;
};

/// Fills a tensor with the case's kind of values.
inline void fill_random(Tensor& tensor, const OperationCase& test, RandomEngine& engine) {
  std::uniform_real_distribution<double> real(test.low, test.high);
  std::int64_t low = static_cast<std::int64_t>(std::ceil(test.low));
  std::int64_t high = static_cast<std::int64_t>(std::floor(test.high));
  if (test.index_high > 0) {
    low = test.index_low;
    high = test.index_high - 1;
  }
  const auto fill = [&]<typename T>(std::span<T> slots) {
    if constexpr (std::is_unsigned_v<T>) {
      low = std::max<std::int64_t>(low, 0);
      high = std::max<std::int64_t>(high, low);
    }
    std::uniform_int_distribution<std::int64_t> integer(low, high);
    for (T& slot : slots) {
      if constexpr (std::is_integral_v<T>) {
        slot = static_cast<T>(integer(engine));
      } else {
        slot = T(static_cast<float>(real(engine)));
      }
    }
  };
  switch (tensor.dtype()) {
    case DType::float32:
      return fill(tensor.mutable_data<float>());
    case DType::bfloat16:
      return fill(tensor.mutable_data<BFloat16>());
    case DType::int32:
      return fill(tensor.mutable_data<std::int32_t>());
    case DType::uint32:
      return fill(tensor.mutable_data<std::uint32_t>());
    case DType::uint16:
      return fill(tensor.mutable_data<std::uint16_t>());
    case DType::uint8:
      return fill(tensor.mutable_data<std::uint8_t>());
  }
}

/// The operands of a case; omitted ones are undefined tensors.
struct RandomOperands {
  std::vector<GuardedTensor> guarded;
  std::vector<Tensor> tensors;

  RandomOperands(const OperationCase& test, RandomEngine& engine) {
    for (std::size_t i = 0; i < test.operands.size(); ++i) {
      if (std::find(test.omitted.begin(), test.omitted.end(), i) != test.omitted.end()) {
        tensors.emplace_back();
        continue;
      }
      guarded.emplace_back(test.operands[i], engine);
      fill_random(guarded.back().tensor(), test, engine);
      guarded.back().seal();
      tensors.push_back(guarded.back().tensor());
    }
  }
  std::vector<Tensor> given() const {
    std::vector<Tensor> list;
    for (const Tensor& tensor : tensors) {
      if (tensor.defined()) list.push_back(tensor);
    }
    return list;
  }
  void expect_untouched(const std::string& what) const {
    for (const GuardedTensor& operand : guarded) operand.expect_untouched(what);
  }
};

}  // namespace tilefold::testing
