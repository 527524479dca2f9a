"""The part of ttnn.Tensor that is about where a tensor is: host or device, pages, shards."""

import math

from tilefold.ttnn.enums import DataType, Layout, StorageType
from tilefold.ttnn.grids import CoreCoord, core_coord
from tilefold.ttnn.memory_config import DRAM_MEMORY_CONFIG, MemoryConfig
from tilefold.ttnn.shape import TILE_SIZE
from tilefold.ttnn.sharding import ShardMap, check_placement, flattened, legacy_shard_spec
from tilefold.ttnn.tensor_spec import TILE_BYTES, TensorSpec, Tile

#: Bytes of one element; block floats count one, as TTNN has it.
ELEMENT_BYTES = {
    DataType.BFLOAT16: 2,
    DataType.FLOAT32: 4,
    DataType.UINT32: 4,
    DataType.BFLOAT8_B: 1,
    DataType.BFLOAT4_B: 1,
    DataType.UINT8: 1,
    DataType.UINT16: 2,
    DataType.INT32: 4,
}


def page_bytes(spec):
    """Bytes of a page: a tile, or a row of a ROW_MAJOR tensor (of a shard, when sharded)."""
    if spec.layout is Layout.TILE:
        return TILE_BYTES[spec.dtype]
    config = spec.memory_config
    row = ShardMap(config, spec.shape, spec.layout).shard[-1] if config.is_sharded() else flattened(spec.shape, spec.layout)[1]
    return row * ELEMENT_BYTES[spec.dtype]


def page_count(spec):
    """Pages of the tensor; of all its shards, whole, when it is sharded."""
    config = spec.memory_config
    if config.is_sharded():
        shards = ShardMap(config, spec.shape, spec.layout)
        return math.prod(shards.counts) * _pages_of(shards.shard, spec.layout)
    return _pages_of(flattened(spec.shape, spec.layout), spec.layout)


def _pages_of(shape, layout):
    if layout is Layout.TILE:
        return math.prod(shape) // (TILE_SIZE * TILE_SIZE)
    return math.prod(shape[:-1]) if shape[-1] else 0


class TensorPlacement:
    """Methods of ttnn.Tensor; `shards`, `_type` and `_device` are the tensor's."""

    __slots__ = ()

    @property
    def spec(self):
        """Shape, dtype, layout and placement as a ttnn.TensorSpec."""
        return TensorSpec.of_tensor(self._type)

    @property
    def tile(self):
        return Tile()

    def get_tile(self):
        return Tile()

    def memory_config(self):
        return self._type.memory_config

    def is_sharded(self):
        return self._type.memory_config.is_sharded()

    def storage_type(self):
        return StorageType.HOST if self._device is None else StorageType.DEVICE

    def device(self):
        """The device, or None for a host tensor."""
        return self._device

    def devices(self):
        """The devices that hold a part of the tensor; empty for a host tensor."""
        return [] if self._device is None else self._device.get_devices()

    def element_size(self):
        """Bytes of one element; 1 for block floats."""
        return ELEMENT_BYTES[self._type.dtype]

    def volume(self):
        """Number of elements with padding."""
        return math.prod(self.padded_shape)

    def physical_volume(self):
        """Number of elements with padding."""
        return self.volume()

    def logical_volume(self):
        """Number of elements."""
        return math.prod(self._type.shape)

    def buffer_page_size(self):
        """Bytes of a page of the device buffer."""
        self._require_device("buffer_page_size")
        return page_bytes(self.spec)

    def buffer_num_pages(self):
        """Pages of the device buffer."""
        self._require_device("buffer_num_pages")
        return page_count(self.spec)

    def buffer_address(self):
        """Where a card's allocator could have put the buffer: equal for tensors that share storage, constant while the
        storage lives."""
        self._require_device("buffer_address")
        return self._device.memory.address(self)

    def _require_device(self, what):
        if self._device is None:
            raise RuntimeError(f"ttnn.Tensor.{what}: the tensor is on the host and has no device buffer")
        self.allocated_shards(f"ttnn.Tensor.{what}")

    def to(self, *args, **kwargs):
        """`to(device, memory_config=None, cq_id=None)` copies to a device; `to(layout)` gives the tensor another layout,
        block floats in ROW_MAJOR as bfloat16."""
        target = args[0] if args else kwargs.get("device", kwargs.get("mesh_device", kwargs.get("layout")))
        if isinstance(target, Layout):
            return self._to_layout(target)
        if target is None or not hasattr(target, "program_cache"):
            raise TypeError(f"ttnn.Tensor.to: expected a device or a ttnn.Layout, got {target!r}")
        config = args[1] if len(args) > 1 else kwargs.get("memory_config", kwargs.get("mem_config"))
        return self._to_device(target, config)

    def _to_layout(self, layout):
        shards = self.allocated_shards("ttnn.Tensor.to")
        if layout is self._type.layout:
            return self
        from tilefold.ttnn.tensor import BLOCK_FLOAT_BITS

        # Block floats are stored as the bfloat16 numbers that they are.
        dtype = DataType.BFLOAT16 if self._type.dtype in BLOCK_FLOAT_BITS else self._type.dtype
        check_placement(self._type.memory_config, self._type.shape, layout, "ttnn.Tensor.to")
        return self.wrap_shards(shards, dtype, layout, self._type.memory_config, self._device, self.topology)

    def _to_device(self, device, memory_config):
        where = "ttnn.Tensor.to"
        if memory_config is not None and not isinstance(memory_config, MemoryConfig):
            raise TypeError(f"{where}: expected a ttnn.MemoryConfig, got {memory_config!r}")
        shards = self.allocated_shards(where)
        config = memory_config or self._type.memory_config
        check_placement(config, self._type.shape, self._type.layout, where)
        config = legacy_shard_spec(config, self._type.shape, self._type.layout)
        if self._device is device and config == self._type.memory_config:
            return self
        if len(shards) not in (1, device.get_num_devices()):
            raise RuntimeError(f"{where}: a tensor of {len(shards)} parts does not fit a mesh of {device.get_num_devices()} devices")
        parts = shards if len(shards) > 1 else shards * device.get_num_devices()
        copies = tuple(part.clone() for part in parts)
        return self.wrap_shards(copies, self._type.dtype, self._type.layout, config, device, self.topology)

    def cpu(self, blocking=True, cq_id=None):
        """A copy on the host; one part per device for a tensor of a mesh. A host tensor is returned as it is."""
        shards = self.allocated_shards("ttnn.Tensor.cpu")
        if self._device is None:
            return self
        copies = tuple(part.clone() for part in shards)
        return self.wrap_shards(copies, self._type.dtype, self._type.layout, self._type.memory_config, None, self.topology)

    def extract_shard(self, core):
        """The shard on a core (CoreCoord, (x, y), or its number in dealing order) as a host tensor, with the padding that
        shards at the edge have as zeros. Shape [1, 1, height, width] of a legacy shard; several ND shards of one core come
        stacked along the first dimension."""
        self._require_device("extract_shard")
        shards = ShardMap(self._type.memory_config, self._type.shape, self._type.layout, "ttnn.Tensor.extract_shard")
        spec = self._type.memory_config.shard_spec or self._type.memory_config.nd_shard_spec
        if isinstance(core, int):
            cores = spec.grid.cores(shards.row_major)
            if not 0 <= core < len(cores):
                raise RuntimeError(f"ttnn.Tensor.extract_shard: core {core} is outside of the {len(cores)} cores of {spec.grid}")
            core = cores[core]
        core = core_coord(core)
        if not spec.grid.contains(core):
            raise RuntimeError(f"ttnn.Tensor.extract_shard: core {core} does not belong to the grid {spec.grid}")
        return self._shard_tensor(shards, shards.blocks().get(CoreCoord(core.x, core.y), []))

    def _shard_tensor(self, shards, blocks):
        import numpy

        from tilefold.ttnn.conversion import host_shards, host_values

        values = host_values(self)
        padded = numpy.zeros(tuple(self.padded_shape) or (1,), values.dtype)
        corner = (0,) * (padded.ndim - values.ndim)
        padded[corner + tuple(slice(0, size) for size in values.shape)] = values
        padded = padded.reshape(shards.view)
        parts = []
        for block in blocks or [None]:
            part = numpy.zeros(shards.shard, values.dtype)
            if block is not None:
                box = shards.box(block)
                inside = padded[tuple(slice(start, stop) for start, stop in box)]
                part[tuple(slice(0, stop - start) for start, stop in box)] = inside
            parts.append(part)
        result = numpy.concatenate(parts)
        if self._type.memory_config.shard_spec is not None:
            result = result.reshape(1, 1, *result.shape)
        native, _ = host_shards(result, self._type.dtype, "ttnn.Tensor.extract_shard")
        return self.wrap_shards(native, self._type.dtype, self._type.layout, DRAM_MEMORY_CONFIG, None)
