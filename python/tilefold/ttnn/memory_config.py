"""Memory configs and shard specs: the placement part of a tensor's type, checked and kept.

On a CPU all memory is the same; the "L1" of a core is its private cache. Storage is dense and row-major whatever the
config says.
"""

from tilefold.ttnn.enums import (
    BufferType,
    Layout,
    ShardDistributionStrategy,
    ShardOrientation,
    ShardStrategy,
    TensorMemoryLayout,
)
from tilefold.ttnn.grids import CoreCoord, CoreGrid, CoreRange, CoreRangeSet
from tilefold.ttnn.shape import TILE_SIZE, padded_to_tiles


class _Value:
    """Immutable records that compare and hash by their fields; the hash is computed once."""

    __slots__ = ("_fields", "_hash")

    def _set(self, *fields):
        self._fields = fields
        self._hash = hash((type(self), fields))

    def __eq__(self, other):
        return self is other or (type(self) is type(other) and self._hash == other._hash and self._fields == other._fields)

    def __hash__(self):
        return self._hash


def _core_range_set(grid):
    return grid if isinstance(grid, CoreRangeSet) else CoreRangeSet(grid)


class ShardSpec(_Value):
    """Blocks of the flattened matrix [prod(dims[:-1]), dims[-1]], dealt to the cores of a grid."""

    __slots__ = ()

    def __init__(self, grid, shard_shape, shard_orientation=ShardOrientation.ROW_MAJOR):
        height, width = (int(size) for size in shard_shape)
        if height <= 0 or width <= 0:
            raise RuntimeError(f"ShardSpec: the shard shape {[height, width]} must be positive")
        self._set(_core_range_set(grid), (height, width), shard_orientation)

    @property
    def grid(self):
        return self._fields[0]

    @property
    def shape(self):
        return list(self._fields[1])

    @property
    def orientation(self):
        return self._fields[2]

    def num_cores(self):
        return self.grid.num_cores()

    def __repr__(self):
        return f"ShardSpec(grid={self.grid}, shape={self.shape}, orientation={self.orientation})"


class NdShardSpec(_Value):
    """Shards of the tensor's own rank, dealt to the cores of a grid."""

    __slots__ = ()

    def __init__(
        self,
        shard_shape,
        grid,
        orientation=ShardOrientation.ROW_MAJOR,
        shard_distribution_strategy=ShardDistributionStrategy.ROUND_ROBIN_1D,
    ):
        shape = tuple(int(size) for size in shard_shape)
        if not shape or min(shape) <= 0:
            raise RuntimeError(f"NdShardSpec: the shard shape {list(shape)} must be positive and not empty")
        self._set(shape, _core_range_set(grid), orientation, shard_distribution_strategy)

    @property
    def shard_shape(self):
        return list(self._fields[0])

    @property
    def grid(self):
        return self._fields[1]

    @property
    def orientation(self):
        return self._fields[2]

    @property
    def shard_distribution_strategy(self):
        return self._fields[3]

    def __repr__(self):
        return (
            f"NdShardSpec(shard_shape={self.shard_shape}, grid={self.grid}, orientation={self.orientation}, "
            f"shard_distribution_strategy={self.shard_distribution_strategy})"
        )


class MemoryConfig(_Value):
    """Where a tensor lives: `MemoryConfig(memory_layout, buffer_type, shard_spec)`, or `MemoryConfig(buffer_type,
    nd_shard_spec)`."""

    __slots__ = ()

    def __init__(
        self,
        memory_layout=TensorMemoryLayout.INTERLEAVED,
        buffer_type=BufferType.DRAM,
        shard_spec=None,
        *,
        nd_shard_spec=None,
    ):
        if isinstance(memory_layout, BufferType):  # the second form
            if isinstance(buffer_type, NdShardSpec):
                nd_shard_spec = buffer_type
            memory_layout, buffer_type = TensorMemoryLayout.ND_SHARDED, memory_layout
        if isinstance(shard_spec, NdShardSpec):
            nd_shard_spec, shard_spec = shard_spec, None
            memory_layout = TensorMemoryLayout.ND_SHARDED
        if not isinstance(memory_layout, TensorMemoryLayout) or not isinstance(buffer_type, BufferType):
            raise TypeError(f"MemoryConfig: expected a memory layout and a buffer type, got {memory_layout!r}, {buffer_type!r}")
        if shard_spec is not None and not isinstance(shard_spec, ShardSpec):
            raise TypeError(f"MemoryConfig: expected a ShardSpec, got {type(shard_spec).__name__}")
        if nd_shard_spec is not None and not isinstance(nd_shard_spec, NdShardSpec):
            raise TypeError(f"MemoryConfig: expected an NdShardSpec, got {type(nd_shard_spec).__name__}")
        if memory_layout is TensorMemoryLayout.ND_SHARDED and nd_shard_spec is None:
            raise RuntimeError("MemoryConfig: ND sharding needs an nd_shard_spec")
        self._set(memory_layout, buffer_type, shard_spec, nd_shard_spec)

    @property
    def memory_layout(self):
        return self._fields[0]

    @property
    def buffer_type(self):
        return self._fields[1]

    @property
    def shard_spec(self):
        return self._fields[2]

    @property
    def nd_shard_spec(self):
        return self._fields[3]

    @property
    def interleaved(self):
        return self._fields[0] is TensorMemoryLayout.INTERLEAVED

    def is_sharded(self):
        return self._fields[0] is not TensorMemoryLayout.INTERLEAVED

    def with_shard_spec(self, shard_spec):
        """This config with another shard spec."""
        return MemoryConfig(self.memory_layout, self.buffer_type, shard_spec)

    def __repr__(self):
        text = f"MemoryConfig(memory_layout={self.memory_layout}, buffer_type={self.buffer_type}, shard_spec={self.shard_spec}"
        if self.nd_shard_spec is not None:
            text += f", nd_shard_spec={self.nd_shard_spec}"
        return text + ")"


DRAM_MEMORY_CONFIG = MemoryConfig(TensorMemoryLayout.INTERLEAVED, BufferType.DRAM)
L1_MEMORY_CONFIG = MemoryConfig(TensorMemoryLayout.INTERLEAVED, BufferType.L1)
L1_BLOCK_SHARDED_MEMORY_CONFIG = MemoryConfig(TensorMemoryLayout.BLOCK_SHARDED, BufferType.L1)
L1_HEIGHT_SHARDED_MEMORY_CONFIG = MemoryConfig(TensorMemoryLayout.HEIGHT_SHARDED, BufferType.L1)
L1_WIDTH_SHARDED_MEMORY_CONFIG = MemoryConfig(TensorMemoryLayout.WIDTH_SHARDED, BufferType.L1)

_LAYOUT_OF_STRATEGY = {
    ShardStrategy.HEIGHT: TensorMemoryLayout.HEIGHT_SHARDED,
    ShardStrategy.WIDTH: TensorMemoryLayout.WIDTH_SHARDED,
    ShardStrategy.BLOCK: TensorMemoryLayout.BLOCK_SHARDED,
}


def _grid_rectangle(grid):
    return CoreRange(CoreCoord(0, 0), CoreCoord(grid.x - 1, grid.y - 1))


def _divided(size, parts, shape, grid):
    if parts <= 0 or size % parts != 0:
        raise RuntimeError(f"Invalid sharding core_grid: {size} of shape {list(shape)} is not divisible by {parts} ({grid})")
    return size // parts


def create_sharded_memory_config(
    shape, core_grid, strategy, orientation=None, use_height_and_width_as_shard_shape=False
):
    """The L1 config that shards `shape` over `core_grid`.

    `core_grid` is a CoreGrid (a rectangle from (0, 0)), or with `use_height_and_width_as_shard_shape` a CoreRangeSet or
    a list of CoreGrid. Raises RuntimeError "Invalid sharding core_grid" when the flattened matrix does not divide
    exactly.
    """
    if not isinstance(strategy, ShardStrategy):
        raise TypeError(f"create_sharded_memory_config: expected a ttnn.ShardStrategy, got {strategy!r}")
    orientation = ShardOrientation.ROW_MAJOR if orientation is None else orientation
    if isinstance(core_grid, CoreRangeSet):
        if not use_height_and_width_as_shard_shape:
            raise RuntimeError("height and width must be shard shape with CoreRangeSet")
        grid = core_grid
    elif isinstance(core_grid, CoreGrid):
        grid = CoreRangeSet([_grid_rectangle(core_grid)])
    elif isinstance(core_grid, (list, tuple)) and core_grid and all(isinstance(g, CoreGrid) for g in core_grid):
        grid = CoreRangeSet([_grid_rectangle(g) for g in core_grid])
        core_grid = core_grid[0]
    else:
        raise TypeError(f"create_sharded_memory_config: invalid core_grid {core_grid!r}")
    shape = tuple(shape)
    height, width = 1, shape[-1]
    for size in shape[:-1]:
        height *= size
    row_major = orientation is ShardOrientation.ROW_MAJOR
    if use_height_and_width_as_shard_shape:
        shard = (height, width) if row_major else (width, height)
    elif strategy is ShardStrategy.BLOCK:
        rows, columns = (core_grid.y, core_grid.x) if row_major else (core_grid.x, core_grid.y)
        shard = (_divided(height, rows, shape, core_grid), _divided(width, columns, shape, core_grid))
    elif strategy is ShardStrategy.HEIGHT:
        shard = (_divided(height, core_grid.num_cores, shape, core_grid), width)
    else:
        shard = (height, _divided(width, core_grid.num_cores, shape, core_grid))
    return MemoryConfig(_LAYOUT_OF_STRATEGY[strategy], BufferType.L1, ShardSpec(grid, shard, orientation))


def flattened(shape, layout):
    """Rows and columns of the (padded) matrix that shards divide."""
    padded = padded_to_tiles(shape) if layout is Layout.TILE else tuple(shape)
    if not padded:
        return 1, 1
    rows = 1
    for size in padded[:-1]:
        rows *= size
    return rows, padded[-1]


def check_placement(memory_config, shape, layout, where):
    """Raises RuntimeError when a tensor of this shape and layout cannot have the config."""
    if not memory_config.is_sharded():
        return
    if memory_config.nd_shard_spec is not None:
        shard = memory_config.nd_shard_spec.shard_shape
        if layout is Layout.TILE and any(size % TILE_SIZE for size in shard[-2:]):
            raise RuntimeError(f"{where}: Physical shard shape {shard} must be tile {{32, 32}} sized for TILE layout")
        if len(shard) > max(len(shape), 1):
            raise RuntimeError(f"{where}: the shard shape {shard} has more dimensions than the tensor {list(shape)}")
        return
    spec = memory_config.shard_spec
    if spec is None:
        raise RuntimeError(f"{where}: Shard spec must not be None for sharded tensors")
    height, width = spec.shape
    if layout is Layout.TILE and (height % TILE_SIZE or width % TILE_SIZE):
        raise RuntimeError(f"{where}: Physical shard shape {(height, width)} must be tile {{32, 32}} sized for TILE layout")
    rows, columns = flattened(shape, layout)
    shards = -(-rows // height) * -(-columns // width)
    if shards > spec.num_cores():
        raise RuntimeError(
            f"{where}: {shards} shards of shape {[height, width]} do not fit on the {spec.num_cores()} cores of {spec.grid}"
        )


def legacy_shard_spec(memory_config, shape, layout):
    """An ND config with a legacy shard spec too, where its shards are blocks of the flattened matrix on one rectangle."""
    nd = memory_config.nd_shard_spec
    if nd is None or memory_config.shard_spec is not None:
        return memory_config
    if nd.shard_distribution_strategy is not ShardDistributionStrategy.ROUND_ROBIN_1D or len(nd.grid.ranges()) != 1:
        return memory_config
    shard = (1,) * (len(shape) - len(nd.shard_shape)) + tuple(nd.shard_shape)
    padded = padded_to_tiles(shape) if layout is Layout.TILE else tuple(shape)
    if len(padded) != len(shard):
        return memory_config
    # A block of the flattened matrix: whole trailing dimensions below the first one that is divided.
    divided = [axis for axis in range(len(shard) - 1) if shard[axis] != 1]
    if divided and any(shard[axis] < padded[axis] for axis in range(divided[0] + 1, len(shard) - 1)):
        return memory_config
    height = 1
    for size in shard[:-1]:
        height *= size
    rows, columns = flattened(shape, layout)
    across, down = -(-columns // shard[-1]), -(-rows // height)
    cores = nd.grid.num_cores()
    if across * down > cores:
        return memory_config  # some core holds several shards
    extent = nd.grid.bounding_box().grid_size()
    if across == 1:
        chosen = TensorMemoryLayout.HEIGHT_SHARDED
    elif down == 1:
        chosen = TensorMemoryLayout.WIDTH_SHARDED
    elif across == extent.x and down <= extent.y:
        chosen = TensorMemoryLayout.BLOCK_SHARDED
    else:
        return memory_config
    result = MemoryConfig(
        chosen, memory_config.buffer_type, ShardSpec(nd.grid, (height, shard[-1]), nd.orientation)
    )
    result._set(chosen, memory_config.buffer_type, result.shard_spec, nd)
    return result
