/// Layouts, core grids and memory configs: the placement part of a tensor's type, by TTNN's names and rules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tilefold {

/// TILE is 32x32; padding is never materialised, storage is always dense and row-major in logical order.
enum class Layout : std::uint8_t { row_major, tile };

enum class BufferType : std::uint8_t { dram, l1 };

enum class TensorMemoryLayout : std::uint8_t { interleaved, height_sharded, width_sharded, block_sharded };

enum class ShardOrientation : std::uint8_t { row_major, col_major };

struct CoreCoord {
  std::int64_t x = 0;
  std::int64_t y = 0;
  friend bool operator==(const CoreCoord&, const CoreCoord&) = default;
};

/// A rectangle of cores, both ends inclusive.
struct CoreRange {
  CoreCoord start;
  CoreCoord end;
  std::int64_t num_cores() const { return (end.x - start.x + 1) * (end.y - start.y + 1); }
  friend bool operator==(const CoreRange&, const CoreRange&) = default;
};

/// A grid of `x` by `y` cores.
struct CoreGrid {
  std::int64_t x = 1;
  std::int64_t y = 1;
  std::int64_t num_cores() const { return x * y; }
  friend bool operator==(const CoreGrid&, const CoreGrid&) = default;
};

/// Which cores hold which block of the flattened matrix [prod(dims[:-1]), dims[-1]].
struct ShardSpec {
  std::vector<CoreRange> grid;
  std::int64_t height = 0;
  std::int64_t width = 0;
  ShardOrientation orientation = ShardOrientation::row_major;
  std::int64_t num_cores() const;
  friend bool operator==(const ShardSpec&, const ShardSpec&) = default;
};

/// Where a tensor lives. On a CPU the "L1" of a core is its private cache.
struct MemoryConfig {
  TensorMemoryLayout memory_layout = TensorMemoryLayout::interleaved;
  BufferType buffer_type = BufferType::dram;
  std::optional<ShardSpec> shard_spec;

  bool is_sharded() const { return memory_layout != TensorMemoryLayout::interleaved; }
  std::string to_string() const;
  friend bool operator==(const MemoryConfig&, const MemoryConfig&) = default;
};

std::string to_string(Layout layout);
std::string to_string(const CoreGrid& grid);

/// How `create_sharded_memory_config` divides the matrix among the grid.
enum class ShardStrategy : std::uint8_t { height = 1, width = 2, block = 3 };

/// The L1 config that shards `shape` over `grid`, TTNN's rule. Throws ValueError "Invalid sharding core_grid" when the
/// flattened matrix does not divide exactly.
MemoryConfig create_sharded_memory_config(const std::vector<std::int64_t>& shape, CoreGrid grid, ShardStrategy strategy,
                                          ShardOrientation orientation = ShardOrientation::row_major);

/// Checks a config against a static shape and layout: sharded configs need a shard spec, shards of TILE tensors are
/// multiples of 32, and the grid holds all shards. Throws TypeError saying which rule is broken.
void check_memory_config(const MemoryConfig& config, const std::vector<std::int64_t>& shape, Layout layout);

}  // namespace tilefold
