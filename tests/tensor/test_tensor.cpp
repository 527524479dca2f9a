#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <thread>

#include "tilefold/tensor.h"

namespace tilefold {
namespace {

TEST(DType, NamesSizesAndNumbers) {
  for (const DType dtype : {DType::bfloat16, DType::float32, DType::uint32, DType::uint8, DType::uint16, DType::int32})
    EXPECT_EQ(dtype_from_name(dtype_name(dtype)), dtype);
  EXPECT_EQ(element_size(DType::bfloat16), 2U);
  EXPECT_EQ(element_size(DType::uint8), 1U);
  EXPECT_EQ(static_cast<int>(DType::int32), 7) << "the numbers are those of ttnn.DataType";
  EXPECT_THROW(dtype_from_name("float64"), ValueError);
  EXPECT_THROW(element_size(static_cast<DType>(3)), ValueError) << "block floats are reserved";
  EXPECT_TRUE(is_floating_point(DType::bfloat16));
  EXPECT_FALSE(is_floating_point(DType::uint16));
}

TEST(BFloat16, RoundsToNearestEven) {
  const auto rounded = [](float x) { return static_cast<float>(BFloat16(x)); };
  EXPECT_EQ(rounded(1.0F), 1.0F);
  EXPECT_EQ(rounded(1 + 0x1p-8F), 1.0F) << "a tie goes to the even mantissa";
  EXPECT_EQ(rounded(1 + 0x3p-8F), 1 + 0x1p-6F);
  EXPECT_EQ(rounded(1 + 0x1.01p-8F), 1 + 0x1p-7F);
  EXPECT_EQ(rounded(std::numeric_limits<float>::max()), std::numeric_limits<float>::infinity());
  EXPECT_EQ(rounded(-0.0F), 0.0F);
  EXPECT_TRUE(std::signbit(rounded(-0.0F)));
  EXPECT_TRUE(std::isnan(rounded(std::numeric_limits<float>::quiet_NaN())));
  std::uint32_t low_payload = 0x7f800001U;  // a NaN whose payload is cut off
  float nan = 0;
  std::memcpy(&nan, &low_payload, sizeof(nan));
  EXPECT_TRUE(std::isnan(rounded(nan)));
}

TEST(BFloat16, EveryValueReadsBack) {
  for (std::uint32_t bits = 0; bits < 0x10000U; ++bits) {
    BFloat16 value;
    value.bits = static_cast<std::uint16_t>(bits);
    const auto wide = static_cast<float>(value);
    if (std::isnan(wide)) continue;
    ASSERT_EQ(BFloat16(wide).bits, bits);
  }
}

TEST(Tensor, HoldsWhatItWasGiven) {
  const Tensor tensor = Tensor::from_data<float>({2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6});
  EXPECT_EQ(tensor.type().to_string(), "float32[2, 3]");
  EXPECT_EQ(tensor.volume(), 6);
  EXPECT_EQ(tensor.bytes(), 24U);
  EXPECT_EQ(tensor.data<float>()[4], 5);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.raw()) % 64, 0U);
  EXPECT_THROW(tensor.data<std::int32_t>(), TypeError);
  EXPECT_THROW(Tensor::from_data<float>({2, 2}, std::vector<float>{1, 2, 3}), TypeError);
}

TEST(Tensor, UndefinedTensorsStandForNotGiven) {
  const Tensor tensor;
  EXPECT_FALSE(tensor.defined());
  EXPECT_THROW((void)tensor.type(), TypeError);
  EXPECT_THROW((void)tensor.raw(), TypeError);
}

TEST(Tensor, TypesMustBeStaticAndPlaceable) {
  TensorType type;
  type.shape = {Dim::symbol(0), 2};
  EXPECT_THROW(Tensor::empty(type), TypeError);
  type.shape = {-1, 2};
  EXPECT_THROW(Tensor::empty(type), TypeError);
  type.shape = {64, 64};
  type.memory_config = create_sharded_memory_config({64, 32}, {1, 2}, ShardStrategy::height);
  EXPECT_THROW(Tensor::empty(type), TypeError) << "the shards are narrower than the tensor";
}

TEST(Tensor, CopiesShareStorageAndViewsKeepIt) {
  Tensor tensor = Tensor::zeros({2, 3});
  const Tensor copy = tensor;
  tensor.mutable_data<float>()[0] = 7;
  EXPECT_EQ(copy.data<float>()[0], 7);
  const Tensor view = tensor.viewed_as({3, 2});
  EXPECT_EQ(view.raw(), tensor.raw());
  tensor = Tensor();
  EXPECT_EQ(view.data<float>()[0], 7);
  EXPECT_THROW(view.viewed_as({7}), TypeError);
}

TEST(Tensor, UsesForeignMemoryAndKeepsItsOwner) {
  auto owner = std::make_shared<std::vector<float>>(std::vector<float>{1, 2, 3, 4});
  const std::weak_ptr<std::vector<float>> alive = owner;
  TensorType type;
  type.shape = {2};
  {
    const Tensor tensor =
        Tensor::from_storage(type, Storage::wrap(owner->data(), 4 * sizeof(float), owner), 2 * sizeof(float));
    owner.reset();
    EXPECT_FALSE(alive.expired());
    EXPECT_EQ(tensor.to_floats(), (std::vector<float>{3, 4}));
    EXPECT_THROW(Tensor::from_storage(type, tensor.storage(), 3 * sizeof(float)), TypeError);
  }
  EXPECT_TRUE(alive.expired());
}

TEST(Tensor, ConvertsLikeTypecast) {
  const Tensor x = Tensor::from_data<float>({4}, std::vector<float>{-1.75F, 300.5F, 3e9F, NAN});
  EXPECT_EQ(x.converted_to(DType::int32).to_ints(), (std::vector<std::int32_t>{-1, 300, 2147483647, 0}));
  EXPECT_EQ(x.converted_to(DType::uint8).to_ints(), (std::vector<std::int32_t>{0, 255, 255, 0}));
  EXPECT_EQ(x.converted_to(DType::bfloat16).converted_to(DType::float32).to_floats()[1], 300);
  EXPECT_EQ(Tensor::full({2}, 3.9, DType::uint16).to_ints(), (std::vector<std::int32_t>{3, 3}));
}

TEST(Tensor, ItemNeedsOneElement) {
  EXPECT_EQ(Tensor::full({1, 1}, 2.5).item(), 2.5);
  EXPECT_EQ(Tensor::full({}, -3, DType::int32).item(), -3);
  EXPECT_THROW(Tensor::zeros({2}).item(), TypeError);
  EXPECT_THROW(Tensor::zeros({0}).item(), TypeError);
}

TEST(Tensor, EmptyTensorsAreAllowed) {
  const Tensor tensor = Tensor::zeros({3, 0, 2});
  EXPECT_EQ(tensor.volume(), 0);
  EXPECT_TRUE(tensor.to_floats().empty());
}

TEST(TensorType, TextNamesWhatIsNotTheDefault) {
  TensorType type;
  type.dtype = DType::bfloat16;
  type.shape = {Dim::symbol(0), 32};
  type.layout = Layout::row_major;
  type.memory_config.buffer_type = BufferType::l1;
  EXPECT_EQ(type.to_string(), "bfloat16[N0, 32] row_major <l1 interleaved>");
}

TEST(Storage, DerivedFormsAreMadeOnce) {
  const auto storage = Storage::allocate(16);
  std::atomic<int> made = 0;
  const auto make = [&] {
    ++made;
    return Storage::allocate(8);
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { storage->derived("packed", make); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
  storage->derived("other", make);
  EXPECT_EQ(made, 2);
}

TEST(Storage, DerivedFormsWhenAskedAgain) {
  const auto storage = Storage::allocate(16);
  int made = 0;
  const auto make = [&] {
    ++made;
    return Storage::allocate(8);
  };
  EXPECT_EQ(storage->derived_when_asked_again("packed", make), nullptr);
  const auto form = storage->derived_when_asked_again("packed", make);
  EXPECT_NE(form, nullptr);
  EXPECT_EQ(storage->derived_when_asked_again("packed", make), form);
  EXPECT_EQ(made, 1);
  storage->forget_derived();
  EXPECT_EQ(storage->derived_when_asked_again("packed", make), nullptr);
  EXPECT_FALSE(storage->settled());
  storage->settle();
  EXPECT_TRUE(storage->settled());
}

TEST(Storage, DerivedFormsOfOverwrittenDataAreMadeAnew) {
  const auto storage = Storage::allocate(16);
  int made = 0;
  const auto make = [&] {
    ++made;
    return Storage::allocate(8);
  };
  storage->derived("packed", make);
  const std::uint64_t before = storage->generation();
  storage->forget_derived();
  EXPECT_NE(storage->generation(), before);
  storage->derived("packed", make);
  EXPECT_EQ(made, 2);
}

}  // namespace
}  // namespace tilefold
