"""The tensor class of the `ttnn` interface."""

import itertools
import weakref

from tilefold import _native
from tilefold.ttnn.enums import DataType, Layout
from tilefold.ttnn.live_tensors import live_tensors
from tilefold.ttnn.memory_config import DRAM_MEMORY_CONFIG
from tilefold.ttnn.shape import Shape, padded_to_tiles
from tilefold.ttnn.state import state
from tilefold.ttnn.tensor_placement import TensorPlacement
from tilefold.ttnn.tensor_spec import TILE_BYTES as TILE_BYTES

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

#: Elements of a row that share an exponent.
BLOCK_FLOAT_ELEMENTS = 16

#: Bits of a block-float mantissa.
BLOCK_FLOAT_BITS = {DataType.BFLOAT8_B: 7, DataType.BFLOAT4_B: 3}

_tensor_ids = itertools.count()


class TensorType:
    """Everything about a tensor but its data, address and device. Interned: equal types are one object, so types compare
    and hash by identity."""

    __slots__ = ("shape", "dtype", "layout", "memory_config", "on_device", "count", "__weakref__")

    def __repr__(self):
        place = "device" if self.on_device else "host"
        return f"<{self.shape}, {self.dtype}, {self.layout}, {self.memory_config}, {place}, {self.count} parts>"


_types = weakref.WeakValueDictionary()


def tensor_type(shape, dtype, layout, memory_config, on_device, count=1):
    """The one TensorType with these fields; `count` is the number of parts on different devices of a mesh."""
    key = (shape, dtype, layout, memory_config, on_device, count)
    try:
        known = _types.get(key)
    except TypeError:  # a symbolic size
        known = None
        key = None
    if known is not None:
        return known
    made = object.__new__(TensorType)
    made.shape = Shape(shape)
    made.dtype = dtype
    made.layout = layout
    made.memory_config = memory_config
    made.on_device = on_device
    made.count = count
    return made if key is None else _types.setdefault(key, made)


class Tensor(TensorPlacement):
    """A tensor: logical shape, dtype, layout, memory config, and storage on the host or on a device.

    A value handle: operations return new tensors, in-place operations and `deallocate` change what a handle refers to.
    `shards` holds one engine tensor per device of a mesh (one otherwise); while a function is traced they are symbolic.
    Made by `ttnn.from_torch` and the other creating functions.
    """

    __slots__ = ("shards", "_type", "_device", "_tensor_id", "topology", "__weakref__")

    @classmethod
    def wrap(cls, native, dtype, layout, memory_config=DRAM_MEMORY_CONFIG, device=None):
        """A tensor over one engine tensor."""
        return cls.wrap_shards((native,), dtype, layout, memory_config, device)

    @classmethod
    def wrap_shards(cls, shards, dtype, layout, memory_config=DRAM_MEMORY_CONFIG, device=None, topology=None):
        """A tensor over one engine tensor per device."""
        kind = tensor_type(shards[0].shape, dtype, layout, memory_config, device is not None, len(shards))
        return cls.of_type(shards, kind, device, topology)

    @classmethod
    def of_type(cls, shards, kind, device, topology=None):
        """A tensor over engine tensors that have the shape and storage dtype of a TensorType."""
        tensor = object.__new__(cls)
        tensor.shards = shards
        tensor._type = kind
        tensor._device = device
        tensor._tensor_id = None
        tensor.topology = topology
        if live_tensors.watched:
            live_tensors.add(tensor)
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
        return self._type.shape

    @property
    def spec_key(self):
        """Everything about the tensor but its data, address and device; hashable, equal for equal types."""
        return self._type

    @property
    def padded_shape(self):
        kind = self._type
        return padded_to_tiles(kind.shape) if kind.layout is Layout.TILE else kind.shape

    @property
    def dtype(self):
        return self._type.dtype

    # What the parts of the package read.
    _dtype = dtype

    @property
    def layout(self):
        return self._type.layout

    _layout = layout

    @property
    def _memory_config(self):
        return self._type.memory_config

    @property
    def tensor_id(self):
        if self._tensor_id is None:
            self._tensor_id = next(_tensor_ids)
        return self._tensor_id

    def is_allocated(self):
        return self.shards is not None

    def get_dtype(self):
        return self._type.dtype

    def get_layout(self):
        return self._type.layout

    def free(self):
        """Drops the storage of this handle; the shape and specs stay readable. Free tensors may be freed again."""
        self.shards = None

    def replace(self, shards):
        """In-place operations: this handle refers to new contents of the same type."""
        if state.capture is not None:
            state.capture.record_replacement(self.shards, shards)
        self.shards = shards

    # Comparisons give tensors; handles are keys by identity.
    __hash__ = object.__hash__

    def __repr__(self):
        from tilefold.ttnn.printing import tensor_text

        return tensor_text(self)
