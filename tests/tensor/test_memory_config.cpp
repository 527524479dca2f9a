#include <gtest/gtest.h>

#include "tilefold/error.h"
#include "tilefold/memory_config.h"

namespace tilefold {
namespace {

void expect_type_error(const MemoryConfig& config, const std::vector<std::int64_t>& shape, Layout layout,
                       const std::string& part) {
  try {
    check_memory_config(config, shape, layout);
    ADD_FAILURE() << "accepted " << config.to_string();
  } catch (const TypeError& error) {
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(MemoryConfig, TheDefaultIsDramInterleaved) {
  const MemoryConfig config;
  EXPECT_FALSE(config.is_sharded());
  EXPECT_EQ(config.to_string(), "dram interleaved");
  EXPECT_NO_THROW(check_memory_config(config, {3, 5}, Layout::tile));
}

TEST(MemoryConfig, ShardsFollowTheStrategy) {
  const std::vector<std::int64_t> shape = {2, 128, 256};  // a 256 x 256 matrix
  const MemoryConfig height = create_sharded_memory_config(shape, {2, 4}, ShardStrategy::height);
  EXPECT_EQ(height.buffer_type, BufferType::l1);
  EXPECT_EQ(height.memory_layout, TensorMemoryLayout::height_sharded);
  EXPECT_EQ(height.shard_spec->height, 32);
  EXPECT_EQ(height.shard_spec->width, 256);
  const MemoryConfig width = create_sharded_memory_config(shape, {2, 4}, ShardStrategy::width);
  EXPECT_EQ(width.shard_spec->height, 256);
  EXPECT_EQ(width.shard_spec->width, 32);
  const MemoryConfig block = create_sharded_memory_config(shape, {2, 4}, ShardStrategy::block);
  EXPECT_EQ(block.shard_spec->height, 64);  // rows over y
  EXPECT_EQ(block.shard_spec->width, 128);  // columns over x
  const MemoryConfig column_major =
      create_sharded_memory_config(shape, {2, 4}, ShardStrategy::block, ShardOrientation::col_major);
  EXPECT_EQ(column_major.shard_spec->height, 128);
  EXPECT_EQ(column_major.shard_spec->width, 64);
  for (const MemoryConfig& config : {height, width, block, column_major})
    EXPECT_NO_THROW(check_memory_config(config, shape, Layout::tile));
}

TEST(MemoryConfig, InexactDivisionIsTtnnsError) {
  try {
    create_sharded_memory_config({100, 64}, {3, 1}, ShardStrategy::height);
    FAIL() << "100 rows were divided by 3";
  } catch (const ValueError& error) {
    EXPECT_NE(std::string(error.what()).find("Invalid sharding core_grid"), std::string::npos);
  }
}

TEST(MemoryConfig, BrokenRulesAreNamed) {
  MemoryConfig config = create_sharded_memory_config({64, 64}, {2, 2}, ShardStrategy::block);
  EXPECT_NO_THROW(check_memory_config(config, {64, 64}, Layout::tile));
  expect_type_error(config, {128, 64}, Layout::tile, "do not fit on 4 cores");
  config.shard_spec->height = 16;
  expect_type_error(config, {32, 64}, Layout::tile, "must be tile");
  EXPECT_NO_THROW(check_memory_config(config, {32, 64}, Layout::row_major));
  config.shard_spec.reset();
  expect_type_error(config, {64, 64}, Layout::tile, "Shard spec must not be None");
  MemoryConfig interleaved;
  interleaved.shard_spec = ShardSpec{};
  expect_type_error(interleaved, {64, 64}, Layout::tile, "must not have a shard spec");
  MemoryConfig height = create_sharded_memory_config({64, 64}, {1, 2}, ShardStrategy::height);
  height.shard_spec->width = 32;
  height.shard_spec->grid = {{{0, 0}, {7, 7}}};
  expect_type_error(height, {64, 64}, Layout::tile, "as wide as the tensor");
  MemoryConfig backwards = create_sharded_memory_config({64, 64}, {1, 2}, ShardStrategy::height);
  backwards.shard_spec->grid = {{{3, 0}, {1, 0}}};
  expect_type_error(backwards, {64, 64}, Layout::tile, "core range");
  expect_type_error(create_sharded_memory_config({64, 64}, {1, 2}, ShardStrategy::height),
                    {std::int64_t{1} << 40, std::int64_t{1} << 40}, Layout::tile, "to shard");
}

TEST(MemoryConfig, CoresAreCountedOverAllRanges) {
  ShardSpec spec;
  spec.grid = {{{0, 0}, {3, 1}}, {{5, 5}, {5, 5}}};
  EXPECT_EQ(spec.num_cores(), 9);
  EXPECT_EQ(to_string(CoreGrid{8, 7}), "8x7");
}

TEST(MemoryConfig, EqualityIsByValue) {
  const MemoryConfig a = create_sharded_memory_config({64, 64}, {2, 2}, ShardStrategy::block);
  MemoryConfig b = create_sharded_memory_config({64, 64}, {2, 2}, ShardStrategy::block);
  EXPECT_EQ(a, b);
  b.shard_spec->orientation = ShardOrientation::col_major;
  EXPECT_FALSE(a == b);
}

}  // namespace
}  // namespace tilefold
