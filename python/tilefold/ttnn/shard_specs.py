"""Memory configs and shard specs: the placement part of a tensor's type, checked and kept.

On a CPU all memory is the same; the "L1" of a core is its private cache. Storage is dense and row-major whatever the
config says.
"""

from tilefold.ttnn.enums import BufferType, ShardDistributionStrategy, ShardOrientation, TensorMemoryLayout
from tilefold.ttnn.grids import core_range_set


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


class ShardSpec(_Value):
    """Blocks of the flattened matrix [prod(dims[:-1]), dims[-1]], dealt to the cores of a grid."""

    __slots__ = ()

    def __init__(self, grid, shard_shape, shard_orientation=ShardOrientation.ROW_MAJOR):
        sizes = tuple(int(size) for size in shard_shape)
        if len(sizes) != 2:
            raise RuntimeError(f"ShardSpec: expected the two sizes of a shard, got {list(sizes)}")
        height, width = sizes
        if height <= 0 or width <= 0:
            raise RuntimeError(f"ShardSpec: the shard shape {[height, width]} must be positive")
        self._set(core_range_set(grid), (height, width), shard_orientation)

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
        self._set(shape, core_range_set(grid), orientation, shard_distribution_strategy)

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
        buffer_type=None,
        shard_spec=None,
        *,
        nd_shard_spec=None,
    ):
        if isinstance(memory_layout, BufferType) or nd_shard_spec is not None:  # the second form
            if isinstance(memory_layout, BufferType):
                specs = [spec for spec in (buffer_type, shard_spec, nd_shard_spec) if spec is not None]
                buffer_type = memory_layout
            else:
                specs = [spec for spec in (shard_spec, nd_shard_spec) if spec is not None]
            if len(specs) != 1 or not isinstance(specs[0], NdShardSpec):
                raise TypeError(f"MemoryConfig: expected a buffer type and one NdShardSpec, got {specs!r}")
            memory_layout, shard_spec, nd_shard_spec = TensorMemoryLayout.ND_SHARDED, None, specs[0]
        buffer_type = BufferType.DRAM if buffer_type is None else buffer_type
        if not isinstance(memory_layout, TensorMemoryLayout) or not isinstance(buffer_type, BufferType):
            raise TypeError(f"MemoryConfig: expected a memory layout and a buffer type, got {memory_layout!r}, {buffer_type!r}")
        if shard_spec is not None and not isinstance(shard_spec, ShardSpec):
            raise TypeError(f"MemoryConfig: expected a ShardSpec, got {type(shard_spec).__name__}")
        if memory_layout is TensorMemoryLayout.ND_SHARDED and nd_shard_spec is None:
            raise RuntimeError("MemoryConfig: ND sharding needs an nd_shard_spec")
        if memory_layout is TensorMemoryLayout.INTERLEAVED and shard_spec is not None:
            raise RuntimeError("MemoryConfig: an interleaved config has no shard spec")
        self._set(memory_layout, buffer_type, shard_spec, nd_shard_spec)

    @classmethod
    def with_both_specs(cls, memory_layout, buffer_type, shard_spec, nd_shard_spec):
        """A config of an ND spec that is also expressible as a legacy `shard_spec` of the given layout."""
        config = cls(memory_layout, buffer_type, shard_spec)
        config._set(memory_layout, buffer_type, shard_spec, nd_shard_spec)
        return config

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
        """This config with another (legacy) shard spec."""
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

__all__ = [
    "DRAM_MEMORY_CONFIG",
    "L1_BLOCK_SHARDED_MEMORY_CONFIG",
    "L1_HEIGHT_SHARDED_MEMORY_CONFIG",
    "L1_MEMORY_CONFIG",
    "L1_WIDTH_SHARDED_MEMORY_CONFIG",
    "MemoryConfig",
    "NdShardSpec",
    "ShardSpec",
]
