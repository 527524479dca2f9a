"""Where results are placed."""

from tilefold.ttnn.enums import BufferType, ShardStrategy, TensorMemoryLayout
from tilefold.ttnn.grids import CoreCoord, CoreGrid, CoreRange, CoreRangeSet
from tilefold.ttnn.memory_config import MemoryConfig, ShardSpec, create_sharded_memory_config
from tilefold.ttnn.shape import TILE_SIZE


def _tiles(size):
    return -(-size // TILE_SIZE)


def _matrix(shape):
    """A shape of at least two dimensions: rank 0 is [1, 1], rank 1 one row."""
    shape = [int(size) for size in shape]
    return [1] * (2 - len(shape)) + shape


def _largest_divisor(number, limit):
    return next((divisor for divisor in range(min(number, limit), 0, -1) if number % divisor == 0), 1)


def _product(sizes):
    count = 1
    for size in sizes:
        count *= size
    return count


def get_maximal_block_sharding_grid(shape, core_grid):
    """The largest core coordinates [x, y] over which the tiles of `shape` divide evenly, within those of `core_grid`.

    Zero-based: (7, 7) is 8x8 cores. Leading dimensions are multiplied before rows are counted in tiles.
    """
    shape = _matrix(shape)
    rows = _largest_divisor(_tiles(_product(shape[:-1])), int(core_grid[1]) + 1)
    columns = _largest_divisor(_tiles(shape[-1]), int(core_grid[0]) + 1)
    return [columns - 1, rows - 1]


def result_memory_config(shape, grid):
    """Maximal block sharding in L1 of a result over a grid of (x, y) cores.

    Where the logical matrix does not divide over those cores, the padded one does: shards are whole tiles then.
    """
    shape = _matrix(shape)
    x, y = get_maximal_block_sharding_grid(shape, (grid[0] - 1, grid[1] - 1))
    try:
        return create_sharded_memory_config(shape, CoreGrid(x=x + 1, y=y + 1), ShardStrategy.BLOCK)
    except RuntimeError:
        pass
    rows = _product(shape[:-2]) * _tiles(shape[-2])
    columns = _tiles(shape[-1])
    down, across = _largest_divisor(rows, grid[1]), _largest_divisor(columns, grid[0])
    cores = CoreRangeSet([CoreRange(CoreCoord(0, 0), CoreCoord(across - 1, down - 1))])
    shard = (max(rows // down, 1) * TILE_SIZE, max(columns // across, 1) * TILE_SIZE)
    return MemoryConfig(TensorMemoryLayout.BLOCK_SHARDED, BufferType.L1, ShardSpec(cores, shard))


def device_grid(device, max_grid=None):
    """The (x, y) cores that a program on this device may use."""
    size = device.compute_with_storage_grid_size()
    if max_grid is None:
        return size.x, size.y
    return min(size.x, max_grid[0] + 1), min(size.y, max_grid[1] + 1)
