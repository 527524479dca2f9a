"""Rules of placement: which configs a tensor can have, and which core holds which shard."""

import itertools
import math

from tilefold.ttnn.enums import (
    BufferType,
    Layout,
    ShardDistributionStrategy,
    ShardOrientation,
    ShardStrategy,
    TensorMemoryLayout,
)
from tilefold.ttnn.grids import CoreCoord, CoreGrid, CoreRange, CoreRangeSet, core_range_set
from tilefold.ttnn.shard_specs import MemoryConfig, ShardSpec
from tilefold.ttnn.shape import TILE_SIZE, padded_to_tiles

_LAYOUT_OF_STRATEGY = {
    ShardStrategy.HEIGHT: TensorMemoryLayout.HEIGHT_SHARDED,
    ShardStrategy.WIDTH: TensorMemoryLayout.WIDTH_SHARDED,
    ShardStrategy.BLOCK: TensorMemoryLayout.BLOCK_SHARDED,
}


def _divided(size, parts, shape, grid):
    if size % parts != 0:
        raise RuntimeError(f"Invalid sharding core_grid: {size} of shape {list(shape)} is not divisible by {parts} ({grid})")
    return size // parts


def _grid_of_argument(core_grid, use_height_and_width_as_shard_shape):
    """The CoreRangeSet of create_sharded_memory_config's core_grid."""
    if isinstance(core_grid, CoreGrid):
        return core_range_set(core_grid)
    if isinstance(core_grid, CoreRangeSet):
        if not use_height_and_width_as_shard_shape:
            raise RuntimeError("height and width must be shard shape with CoreRangeSet")
        return core_grid
    if isinstance(core_grid, (list, tuple)):
        if len(core_grid) != 2:
            raise RuntimeError(f"Invalid core_grid: expected two CoreGrid, got {len(core_grid)}")
        if all(isinstance(grid, CoreGrid) for grid in core_grid):
            # Whole rows, and one more row that is not full.
            rows, rest = core_grid
            last = CoreRange(CoreCoord(0, rows.y), CoreCoord(rest.x - 1, rows.y))
            return CoreRangeSet([*core_range_set(rows).ranges(), last])
    raise RuntimeError(f"Invalid core_grid type: expected a CoreGrid, two of them, or a CoreRangeSet, got {core_grid!r}")


def create_sharded_memory_config(
    shape, core_grid, strategy, orientation=None, use_height_and_width_as_shard_shape=False
):
    """The L1 config that shards `shape` over `core_grid`.

    `core_grid` is a CoreGrid (a rectangle from (0, 0)); a list of two, for whole rows and a row that is not full; or,
    with `use_height_and_width_as_shard_shape`, a CoreRangeSet. Then `shape` is the shard's. Raises RuntimeError "Invalid
    sharding core_grid" when the flattened matrix does not divide exactly.
    """
    if not isinstance(strategy, ShardStrategy):
        raise RuntimeError(f"Invalid sharding strategy: expected a ttnn.ShardStrategy, got {strategy!r}")
    orientation = ShardOrientation.ROW_MAJOR if orientation is None else orientation
    if not isinstance(orientation, ShardOrientation):
        raise RuntimeError(f"Invalid shard orientation: {orientation!r}")
    grid = _grid_of_argument(core_grid, use_height_and_width_as_shard_shape)
    shape = tuple(shape)
    if not shape:
        raise RuntimeError("create_sharded_memory_config: a shape of rank 0 cannot be sharded")
    height, width = math.prod(shape[:-1]), shape[-1]
    row_major = orientation is ShardOrientation.ROW_MAJOR
    if use_height_and_width_as_shard_shape:
        shard = (height, width) if row_major else (width, height)
    elif strategy is ShardStrategy.BLOCK:
        if not isinstance(core_grid, CoreGrid):
            raise RuntimeError("Invalid sharding core_grid: block sharding needs one rectangle")
        rows, columns = (core_grid.y, core_grid.x) if row_major else (core_grid.x, core_grid.y)
        shard = (_divided(height, rows, shape, core_grid), _divided(width, columns, shape, core_grid))
    elif strategy is ShardStrategy.HEIGHT:
        shard = (_divided(height, grid.num_cores(), shape, core_grid), width)
    else:
        shard = (height, _divided(width, grid.num_cores(), shape, core_grid))
    return MemoryConfig(_LAYOUT_OF_STRATEGY[strategy], BufferType.L1, ShardSpec(grid, shard, orientation))


def padded_shape(shape, layout):
    """The shape with the padding that the layout asks for."""
    return padded_to_tiles(shape) if layout is Layout.TILE else shape


def flattened(shape, layout):
    """Rows and columns of the (padded) matrix that shards divide."""
    padded = padded_shape(shape, layout)
    return (math.prod(padded[:-1]), padded[-1]) if padded else (1, 1)


def _divide_up(size, parts):
    return -(-size // parts)


def _check_tiles(shard, layout, where):
    if layout is Layout.TILE and (len(shard) < 2 or any(size % TILE_SIZE for size in shard[-2:])):
        raise RuntimeError(f"{where}: Physical shard shape {tuple(shard)} must be tile {{32, 32}} sized for TILE layout")


def check_placement(memory_config, shape, layout, where):
    """Raises RuntimeError when a tensor of this shape and layout cannot be given the config."""
    nd, spec = memory_config.nd_shard_spec, memory_config.shard_spec
    if nd is not None:
        _check_tiles(nd.shard_shape, layout, where)
    elif spec is not None:
        _check_tiles(spec.shape, layout, where)
    check_fits(memory_config, shape, layout, where)


def check_fits(memory_config, shape, layout, where):
    """Raises RuntimeError when the shards, rounded up to whole tiles, do not hold a tensor of this shape and layout."""
    if not memory_config.is_sharded():
        return
    nd = memory_config.nd_shard_spec
    if nd is not None:
        if len(nd.shard_shape) > len(padded_shape(shape, layout)):
            raise RuntimeError(f"{where}: the shard shape {nd.shard_shape} has more dimensions than the tensor {list(shape)}")
    elif memory_config.shard_spec is None:
        raise RuntimeError(f"{where}: Shard spec must not be None for sharded tensors")
    ShardMap(memory_config, shape, layout, where)


def legacy_shard_spec(memory_config, shape, layout):
    """An ND config with a legacy shard spec too, where its shards are blocks of the flattened matrix and a legacy layout
    puts each on the same core; any other config as it is."""
    nd = memory_config.nd_shard_spec
    if nd is None or memory_config.shard_spec is not None:
        return memory_config
    padded = padded_shape(shape, layout)
    if not padded or len(nd.shard_shape) > len(padded) or not _is_block_of_matrix(padded, nd.shard_shape):
        return memory_config
    spec = ShardSpec(nd.grid, (math.prod(nd.shard_shape[:-1]), nd.shard_shape[-1]), nd.orientation)
    memory_layout = _legacy_layout(spec, flattened(shape, layout), nd.shard_distribution_strategy)
    if memory_layout is None:
        return memory_config
    return MemoryConfig.with_both_specs(memory_layout, memory_config.buffer_type, spec, nd)


def _is_block_of_matrix(padded, shard):
    """Whether shards are blocks of consecutive rows of the flattened matrix: below the first dimension that is divided,
    dimensions are whole, and above it the shard has extent 1."""
    for dim in range(-2, -len(shard) - 1, -1):
        if padded[dim] == shard[dim]:
            continue
        if any(size != 1 for size in shard[:dim]):
            return False
        is_first = dim == -len(shard)
        return is_first or padded[dim] % shard[dim] == 0 or all(size == 1 for size in padded[:dim])
    return True


def _legacy_layout(spec, matrix, distribution):
    """The legacy layout that places the blocks as the ND distribution does, or None."""
    down, across = _divide_up(matrix[0], spec.shape[0]), _divide_up(matrix[1], spec.shape[1])
    if down * across > spec.num_cores():
        return None
    round_robin = distribution is ShardDistributionStrategy.ROUND_ROBIN_1D
    if round_robin and down == 1:
        return TensorMemoryLayout.WIDTH_SHARDED
    if round_robin and across == 1:
        return TensorMemoryLayout.HEIGHT_SHARDED
    if len(spec.grid.ranges()) != 1:
        return None
    extent = spec.grid.bounding_box().grid_size()
    rows, columns = (extent.y, extent.x) if spec.orientation is ShardOrientation.ROW_MAJOR else (extent.x, extent.y)
    # Dealing in order gives the same cores only if a row of blocks fills a line of cores.
    if down > rows or across > columns or (round_robin and across != columns):
        return None
    return TensorMemoryLayout.BLOCK_SHARDED


class ShardMap:
    """Which core holds which shards of a tensor.

    `view` is the padded shape with leading dimensions folded so that it has the rank of `shard`, which is rounded up to
    whole tiles: results of jitted functions may say how their logical matrix divides. With `where`, raises RuntimeError
    when the shards do not fit on the grid; without it, such a result counts cores beyond the grid.
    """

    def __init__(self, memory_config, shape, layout, where=None):
        padded = tuple(padded_shape(shape, layout)) or (1,)
        nd, spec = memory_config.nd_shard_spec, memory_config.shard_spec
        if spec is not None:
            self.shard = tuple(spec.shape)
            self.view = (math.prod(padded[:-1]), padded[-1])
            grid, orientation = spec.grid, spec.orientation
            two_dimensional = memory_config.memory_layout is TensorMemoryLayout.BLOCK_SHARDED
        elif nd is not None:
            self.shard = tuple(nd.shard_shape)
            folded = len(padded) - len(self.shard) + 1
            self.view = (math.prod(padded[:folded]), *padded[folded:])
            grid, orientation = nd.grid, nd.orientation
            two_dimensional = nd.shard_distribution_strategy is ShardDistributionStrategy.GRID_2D
        else:
            raise RuntimeError(f"{where or 'ShardMap'}: an interleaved tensor has no shards")
        if layout is Layout.TILE:
            self.shard = tuple(padded_to_tiles(self.shard))
        self.counts = tuple(_divide_up(size, part) for size, part in zip(self.view, self.shard))
        self.row_major = orientation is ShardOrientation.ROW_MAJOR
        if where is not None:
            self._check_fits(grid, spec is not None, two_dimensional, where)
        self._core_of = self._grid_core(grid) if two_dimensional else self._dealt_core(grid)

    def blocks(self):
        """For each core that holds something, the coordinates of its shards in the grid of shards."""
        held = {}
        for number, block in enumerate(itertools.product(*map(range, self.counts))):
            held.setdefault(self._core_of(number, block), []).append(block)
        return held

    def _check_fits(self, grid, one_each, two_dimensional, where):
        if grid.empty():
            raise RuntimeError(f"{where}: the shard spec has no cores")
        shards = math.prod(self.counts)
        if one_each and shards > grid.num_cores():
            raise RuntimeError(
                f"{where}: {shards} shards of shape {list(self.shard)} do not fit on the {grid.num_cores()} cores of {grid}"
            )
        if not two_dimensional:
            return
        if len(grid.ranges()) != 1:
            raise RuntimeError(f"{where}: shards in two dimensions need a grid of one rectangle, got {grid}")
        extent = grid.bounding_box().grid_size()
        rows, columns = (extent.y, extent.x) if self.row_major else (extent.x, extent.y)
        down = self.counts[-2] if len(self.counts) > 1 else 1
        if down > rows or self.counts[-1] > columns:
            raise RuntimeError(
                f"{where}: {down}x{self.counts[-1]} shards of shape {list(self.shard)} do not fit on the {grid} grid"
            )

    def _grid_core(self, grid):
        start = grid.bounding_box().start

        def core_of(_, block):
            row, column = block[-2] if len(block) > 1 else 0, block[-1]
            x, y = (column, row) if self.row_major else (row, column)
            return CoreCoord(start.x + x, start.y + y)

        return core_of

    def _dealt_core(self, grid):
        cores = grid.cores(self.row_major)
        return lambda number, _: cores[number % len(cores)]

    def box(self, block):
        """The elements of a shard in `view`: one (start, stop) per dimension, cut at the edge."""
        return tuple(
            (index * part, min((index + 1) * part, size)) for index, part, size in zip(block, self.shard, self.view)
        )


__all__ = ["create_sharded_memory_config"]
