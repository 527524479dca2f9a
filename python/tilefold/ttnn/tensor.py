"""The tensor class of the `ttnn` interface."""

import itertools

from tilefold import _native
from tilefold.ttnn.enums import DataType, Layout, StorageType
from tilefold.ttnn.memory_config import DRAM_MEMORY_CONFIG
from tilefold.ttnn.shape import Shape, padded_to_tiles

#: The engine's dtype that holds each DataType. Block-float numbers have at most 7 significant bits, so bfloat16 holds
#: them exactly; operations round their results to the block format.
STORAGE_DTYPE = {
    DataType.BFLOAT16: _native.DType.bfloat16,
    DataType.FLOAT32: _native.DType.float32,
    DataType.UINT32: _native.DType.uint32,
    DataType.BFLOAT8_B: _native.DType.bfloat16,
    DataType.BFLOAT4_B: _native.DType.bfloat16,
    DataType.UINT8: _native.DType.uint8,
    DataType.UINT16: _native.DType.uint16,
    DataType.INT32: _native.DType.int32,
}

#: Bits of a block-float mantissa.
BLOCK_FLOAT_BITS = {DataType.BFLOAT8_B: 7, DataType.BFLOAT4_B: 3}

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

_tensor_ids = itertools.count()


class Tensor:
    """A tensor: logical shape, dtype, layout, memory config, and storage on the host or on a device.

    A value handle: operations return new tensors, in-place operations and `deallocate` change what a handle refers to.
    `shards` holds one engine tensor per device of a mesh (one otherwise); while a function is traced they are symbolic.
    """

    __slots__ = (
        "shards",
        "_shape",
        "_dtype",
        "_layout",
        "_memory_config",
        "_device",
        "_spec",
        "_tensor_id",
        "topology",
        "__weakref__",
    )

    @classmethod
    def wrap(cls, native, dtype, layout, memory_config=DRAM_MEMORY_CONFIG, device=None):
        """A tensor over one engine tensor."""
        return cls.wrap_shards((native,), dtype, layout, memory_config, device)

    @classmethod
    def wrap_shards(cls, shards, dtype, layout, memory_config=DRAM_MEMORY_CONFIG, device=None, topology=None):
        """A tensor over one engine tensor per device."""
        tensor = object.__new__(cls)
        tensor.shards = shards
        tensor._shape = None
        tensor._dtype = dtype
        tensor._layout = layout
        tensor._memory_config = memory_config
        tensor._device = device
        tensor._spec = None
        tensor._tensor_id = None
        tensor.topology = topology
        return tensor

    @property
    def native(self):
        """The engine tensor (of the first device)."""
        return self.allocated_shards("this operation")[0]

    def allocated_shards(self, where):
        """The engine tensors; RuntimeError naming `where` when the tensor was freed."""
        shards = self.shards
        if shards is None:
            raise RuntimeError(f"{where}: the tensor is not allocated (it was deallocated): {self!r}")
        return shards

    @property
    def shape(self):
        """The logical shape (of one device's part)."""
        if self._shape is None:
            self._shape = Shape(self.shards[0].shape)
        return self._shape

    @property
    def spec_key(self):
        """Everything about the tensor but its data and address; hashable."""
        if self._spec is None:
            self._spec = (self.shape, self._dtype, self._layout, self._memory_config, self._device is None, len(self.shards))
        return self._spec

    @property
    def padded_shape(self):
        return padded_to_tiles(self.shape) if self._layout is Layout.TILE else self.shape

    @property
    def dtype(self):
        return self._dtype

    @property
    def layout(self):
        return self._layout

    @property
    def tensor_id(self):
        if self._tensor_id is None:
            self._tensor_id = next(_tensor_ids)
        return self._tensor_id

    def memory_config(self):
        return self._memory_config

    def is_sharded(self):
        return self._memory_config.is_sharded()

    def is_allocated(self):
        return self.shards is not None

    def storage_type(self):
        return StorageType.HOST if self._device is None else StorageType.DEVICE

    def device(self):
        """The device, or None for a host tensor."""
        return self._device

    def get_dtype(self):
        return self._dtype

    def get_layout(self):
        return self._layout

    def free(self):
        """Drops the storage of this handle; the shape and specs stay readable."""
        if self.shards is not None:
            self.shape  # noqa: B018  (kept for messages)
            self.shards = None

    def replace(self, shards):
        """In-place operations: this handle refers to new contents of the same spec."""
        self.shards = shards

    def __repr__(self):
        from tilefold.ttnn.printing import tensor_text

        return tensor_text(self)
