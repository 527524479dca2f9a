#include "tilefold/memory_config.h"

#include <fmt/format.h>

#include "tilefold/error.h"

namespace tilefold {
namespace {

constexpr std::int64_t kTile = 32;
/// Keeps products of two extents within 64 bits.
constexpr std::int64_t kLargestExtent = std::int64_t{1} << 31;

std::string memory_layout_name(TensorMemoryLayout layout) {
  switch (layout) {
    case TensorMemoryLayout::interleaved:
      return "interleaved";
    case TensorMemoryLayout::height_sharded:
      return "height_sharded";
    case TensorMemoryLayout::width_sharded:
      return "width_sharded";
    case TensorMemoryLayout::block_sharded:
      return "block_sharded";
  }
  throw ValueError("unknown tensor memory layout");
}

std::int64_t rounded_up(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

std::int64_t shard_count(std::int64_t size, std::int64_t shard) { return (size + shard - 1) / shard; }

struct Matrix {
  std::int64_t height = 1;
  std::int64_t width = 1;
};

Matrix flattened(const std::vector<std::int64_t>& shape) {
  Matrix matrix;
  if (shape.empty()) return matrix;
  for (std::size_t i = 0; i + 1 < shape.size(); ++i) {
    if (__builtin_mul_overflow(matrix.height, shape[i], &matrix.height) || matrix.height > kLargestExtent)
      throw TypeError("the flattened matrix is too high to shard");
  }
  matrix.width = shape.back();
  if (matrix.width > kLargestExtent) throw TypeError("the flattened matrix is too wide to shard");
  return matrix;
}

}  // namespace

std::int64_t ShardSpec::num_cores() const {
  std::int64_t total = 0;
  for (const CoreRange& range : grid) total += range.num_cores();
  return total;
}

std::string to_string(Layout layout) { return layout == Layout::tile ? "tile" : "row_major"; }

std::string to_string(const CoreGrid& grid) { return fmt::format("{}x{}", grid.x, grid.y); }

std::string MemoryConfig::to_string() const {
  std::string text =
      fmt::format("{} {}", buffer_type == BufferType::dram ? "dram" : "l1", memory_layout_name(memory_layout));
  if (!shard_spec) return text;
  text += fmt::format(" shard [{}, {}] {} on", shard_spec->height, shard_spec->width,
                      shard_spec->orientation == ShardOrientation::row_major ? "row_major" : "col_major");
  for (const CoreRange& range : shard_spec->grid) {
    text += fmt::format(" ({},{})-({},{})", range.start.x, range.start.y, range.end.x, range.end.y);
  }
  return text;
}

MemoryConfig create_sharded_memory_config(const std::vector<std::int64_t>& shape, CoreGrid grid, ShardStrategy strategy,
                                          ShardOrientation orientation) {
  const Matrix matrix = flattened(shape);
  std::int64_t rows = 1;
  std::int64_t columns = 1;
  MemoryConfig config;
  config.buffer_type = BufferType::l1;
  switch (strategy) {
    case ShardStrategy::height:
      rows = grid.num_cores();
      config.memory_layout = TensorMemoryLayout::height_sharded;
      break;
    case ShardStrategy::width:
      columns = grid.num_cores();
      config.memory_layout = TensorMemoryLayout::width_sharded;
      break;
    case ShardStrategy::block:
      rows = orientation == ShardOrientation::row_major ? grid.y : grid.x;
      columns = orientation == ShardOrientation::row_major ? grid.x : grid.y;
      config.memory_layout = TensorMemoryLayout::block_sharded;
      break;
  }
  if (rows < 1 || columns < 1 || matrix.height % rows != 0 || matrix.width % columns != 0) {
    throw ValueError(
        fmt::format("Invalid sharding core_grid: a {}x{} matrix does not divide into {} row and {} column blocks",
                    matrix.height, matrix.width, rows, columns));
  }
  ShardSpec spec;
  spec.grid = {CoreRange{{0, 0}, {grid.x - 1, grid.y - 1}}};
  spec.height = matrix.height / rows;
  spec.width = matrix.width / columns;
  spec.orientation = orientation;
  config.shard_spec = spec;
  return config;
}

void check_memory_config(const MemoryConfig& config, const std::vector<std::int64_t>& shape, Layout layout) {
  if (!config.is_sharded()) {
    if (config.shard_spec) throw TypeError("an interleaved memory config must not have a shard spec");
    return;
  }
  if (!config.shard_spec) throw TypeError("Shard spec must not be None for sharded tensors");
  const ShardSpec& spec = *config.shard_spec;
  if (spec.height < 1 || spec.width < 1) throw TypeError(fmt::format("empty shard [{}, {}]", spec.height, spec.width));
  if (layout == Layout::tile && (spec.height % kTile != 0 || spec.width % kTile != 0)) {
    throw TypeError(
        fmt::format("Physical shard shape [{}, {}] must be tile {}x{} sized", spec.height, spec.width, kTile, kTile));
  }
  for (const CoreRange& range : spec.grid) {
    if (range.start.x < 0 || range.start.y < 0 || range.end.x < range.start.x || range.end.y < range.start.y) {
      throw TypeError("a core range must run from a smaller to a larger coordinate");
    }
  }
  Matrix matrix = flattened(shape);
  if (layout == Layout::tile) matrix = {rounded_up(matrix.height, kTile), rounded_up(matrix.width, kTile)};
  const std::int64_t shards = shard_count(matrix.height, spec.height) * shard_count(matrix.width, spec.width);
  if (shards > spec.num_cores()) {
    throw TypeError(
        fmt::format("{} shards of [{}, {}] do not fit on {} cores", shards, spec.height, spec.width, spec.num_cores()));
  }
  if (config.memory_layout == TensorMemoryLayout::height_sharded && spec.width < matrix.width) {
    throw TypeError(
        fmt::format("height sharding needs shards as wide as the tensor: {} < {}", spec.width, matrix.width));
  }
  if (config.memory_layout == TensorMemoryLayout::width_sharded && spec.height < matrix.height) {
    throw TypeError(
        fmt::format("width sharding needs shards as high as the tensor: {} < {}", spec.height, matrix.height));
  }
}

}  // namespace tilefold
