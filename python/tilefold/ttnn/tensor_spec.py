"""Tiles and tensor specs: everything about a tensor but its data."""

from tilefold.ttnn.enums import (
    BufferType,
    DataType,
    Layout,
    ShardDistributionStrategy,
    ShardOrientation,
    ShardShapeAlignment,
    TensorMemoryLayout,
)
from tilefold.ttnn.grids import core_range_set
from tilefold.ttnn.shard_specs import MemoryConfig, NdShardSpec, ShardSpec, _Value
from tilefold.ttnn.shape import TILE_SIZE, Shape, round_up
from tilefold.ttnn.sharding import check_placement, flattened, legacy_shard_spec, padded_shape

#: Bytes of a 32x32 tile.
TILE_BYTES = {
    DataType.BFLOAT16: 2048,
    DataType.FLOAT32: 4096,
    DataType.UINT32: 4096,
    DataType.BFLOAT8_B: 1088,
    DataType.BFLOAT4_B: 576,
    DataType.UINT8: 1024,
    DataType.UINT16: 2048,
    DataType.INT32: 4096,
}


class Tile(_Value):
    """The tile of TILE tensors: 32x32, in four faces of 16x16."""

    __slots__ = ()

    def __init__(self, tile_shape=(TILE_SIZE, TILE_SIZE), transpose_tile=False):
        shape = tuple(int(size) for size in tile_shape)
        if shape != (TILE_SIZE, TILE_SIZE) or transpose_tile:
            raise RuntimeError(f"Tile: only tiles of shape (32, 32) are supported, got {shape}, transpose {transpose_tile}")
        self._set(shape)

    @property
    def tile_shape(self):
        return list(self._fields[0])

    @property
    def face_shape(self):
        return [16, 16]

    @property
    def num_faces(self):
        return 4

    def get_tile_size(self, dtype):
        """Bytes of one tile of elements of `dtype`."""
        return TILE_BYTES[dtype]

    def __repr__(self):
        return "Tile(shape=(32, 32), face_shape=(16, 16), num_faces=4)"


class TensorSpec(_Value):
    """Shape, dtype, layout and placement of a tensor.

    `TensorSpec(shape, dtype, layout, buffer_type=DRAM)` is interleaved; with `memory_layout` and `shard_spec`, or with
    `nd_shard_spec`, it is sharded. `height_sharded(grid)` and the other builders return specs that cover the tensor.
    Raises RuntimeError for placements that do not fit, and for block floats that are not in TILE layout.
    """

    __slots__ = ()

    def __init__(
        self,
        shape,
        dtype,
        layout,
        buffer_type=BufferType.DRAM,
        tile=None,
        *,
        memory_layout=None,
        shard_spec=None,
        nd_shard_spec=None,
    ):
        if isinstance(buffer_type, TensorMemoryLayout):  # positionally: memory_layout, shard_spec
            memory_layout, buffer_type = buffer_type, BufferType.DRAM
            if isinstance(tile, ShardSpec):
                shard_spec, tile = tile, None
        elif isinstance(buffer_type, NdShardSpec):  # positionally: nd_shard_spec, buffer_type
            nd_shard_spec = buffer_type
            buffer_type, tile = (tile, None) if isinstance(tile, BufferType) else (BufferType.DRAM, tile)
        if tile is not None and not isinstance(tile, Tile):
            raise TypeError(f"TensorSpec: expected a ttnn.Tile, got {tile!r}")
        if nd_shard_spec is not None:
            config = MemoryConfig(buffer_type, nd_shard_spec)
        elif memory_layout is not None:
            config = MemoryConfig(memory_layout, buffer_type, shard_spec)
        else:
            config = MemoryConfig(TensorMemoryLayout.INTERLEAVED, buffer_type)
        self._fill(shape, dtype, layout, config)

    @classmethod
    def of(cls, shape, dtype, layout, memory_config):
        """A spec with a memory config."""
        spec = cls.__new__(cls)
        spec._fill(shape, dtype, layout, memory_config)
        return spec

    @classmethod
    def of_tensor(cls, kind):
        """The spec of a tensor that exists, by its TensorType."""
        spec = cls.__new__(cls)
        spec._set(kind.shape, kind.dtype, kind.layout, kind.memory_config)
        return spec

    def _fill(self, shape, dtype, layout, memory_config):
        if not isinstance(dtype, DataType) or not isinstance(layout, Layout):
            raise TypeError(f"TensorSpec: expected a ttnn.DataType and a ttnn.Layout, got {dtype!r}, {layout!r}")
        shape = Shape(shape)
        if layout is not Layout.TILE and dtype in (DataType.BFLOAT8_B, DataType.BFLOAT4_B):
            raise RuntimeError("TensorSpec: Layout must be Layout::TILE for bfloat8_b or bfloat4_b!")
        check_placement(memory_config, shape, layout, "TensorSpec")
        self._set(shape, dtype, layout, legacy_shard_spec(memory_config, shape, layout))

    @property
    def shape(self):
        return self._fields[0]

    @property
    def padded_shape(self):
        return Shape(padded_shape(self.shape, self.layout))

    @property
    def dtype(self):
        return self._fields[1]

    @property
    def layout(self):
        return self._fields[2]

    @property
    def memory_config(self):
        return self._fields[3]

    @property
    def tile(self):
        return Tile()

    @property
    def buffer_type(self):
        return self.memory_config.buffer_type

    def with_memory_config(self, memory_config):
        """This spec placed elsewhere."""
        return TensorSpec.of(self.shape, self.dtype, self.layout, memory_config)

    def height_sharded(self, grid, orientation=ShardOrientation.ROW_MAJOR):
        """Blocks of rows of the flattened matrix, one per core."""
        grid = core_range_set(grid)
        rows, columns = flattened(self.shape, self.layout)
        return self.sharded((-(-rows // grid.num_cores()), columns), grid, ShardShapeAlignment.REQUIRED, orientation)

    def width_sharded(self, grid, orientation=ShardOrientation.ROW_MAJOR):
        """Blocks of columns of the flattened matrix, one per core."""
        grid = core_range_set(grid)
        rows, columns = flattened(self.shape, self.layout)
        return self.sharded((rows, -(-columns // grid.num_cores())), grid, ShardShapeAlignment.REQUIRED, orientation)

    def block_sharded(self, grid, orientation=ShardOrientation.ROW_MAJOR):
        """Blocks of the flattened matrix: rows over the grid's y, columns over its x (the reverse for COL_MAJOR)."""
        grid = core_range_set(grid)
        if len(grid.ranges()) != 1:
            raise RuntimeError(f"TensorSpec.block_sharded: expected a grid of one rectangle, got {grid}")
        extent = grid.bounding_box().grid_size()
        row_major = orientation is ShardOrientation.ROW_MAJOR
        down, across = (extent.y, extent.x) if row_major else (extent.x, extent.y)
        rows, columns = flattened(self.shape, self.layout)
        return self.sharded(
            (-(-rows // down), -(-columns // across)),
            grid,
            ShardShapeAlignment.RECOMMENDED,
            orientation,
            ShardDistributionStrategy.GRID_2D,
        )

    def sharded_across_dims(self, dims, grid, orientation=ShardOrientation.ROW_MAJOR):
        """Shards of extent 1 (one tile, for the last two dimensions of TILE tensors) along `dims`, whole along others."""
        dims = self._normalised(dims)
        shard = [1 if axis in dims else size for axis, size in enumerate(self.padded_shape)]
        return self.sharded(shard, grid, ShardShapeAlignment.RECOMMENDED, orientation)

    def sharded_across_dims_except(self, dims, grid, orientation=ShardOrientation.ROW_MAJOR):
        """Like sharded_across_dims over all dimensions but `dims`."""
        kept = self._normalised(dims)
        return self.sharded_across_dims([axis for axis in range(len(self.padded_shape)) if axis not in kept], grid, orientation)

    def _normalised(self, dims):
        rank = len(self.padded_shape)
        dims = [dims] if isinstance(dims, int) else list(dims)
        for dim in dims:
            if not -rank <= dim < rank:
                raise RuntimeError(f"TensorSpec: dimension {dim} is outside of rank {rank}")
        return {dim % rank for dim in dims}

    def sharded(
        self,
        shard_shape,
        grid=None,
        shard_alignment=ShardShapeAlignment.RECOMMENDED,
        orientation=ShardOrientation.ROW_MAJOR,
        shard_distribution_strategy=ShardDistributionStrategy.ROUND_ROBIN_1D,
    ):
        """Shards of `shard_shape` (or of a whole NdShardSpec) over a grid; rounded up to tiles unless the alignment is
        ShardShapeAlignment.NONE."""
        if isinstance(shard_shape, NdShardSpec):
            if isinstance(grid, ShardShapeAlignment):  # positionally: nd_shard_spec, shard_alignment
                shard_alignment = grid
            nd = shard_shape
            shard_shape, grid, orientation = nd.shard_shape, nd.grid, nd.orientation
            shard_distribution_strategy = nd.shard_distribution_strategy
        elif grid is None:
            raise TypeError("TensorSpec.sharded: a shard shape needs a grid")
        shard = list(shard_shape)
        if shard_alignment is not ShardShapeAlignment.NONE and self.layout is Layout.TILE:
            shard[-2:] = [round_up(size, TILE_SIZE) for size in shard[-2:]]
        nd = NdShardSpec(shard, core_range_set(grid), orientation, shard_distribution_strategy)
        return self.with_memory_config(MemoryConfig(self.buffer_type, nd))

    def __repr__(self):
        return (
            f"TensorSpec(shape={self.shape}, dtype={self.dtype}, layout={self.layout}, memory_config={self.memory_config})"
        )


__all__ = ["TensorSpec", "Tile"]
