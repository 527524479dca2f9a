"""Conversions of dtype, layout and placement, and movement between host and device."""

from tilefold.ttnn.dispatch import Call, engine_operation, operation, planned, require_allocated, share, state
from tilefold.ttnn.enums import DataType, Layout
from tilefold.ttnn.fusion import fused, rounded
from tilefold.ttnn.memory_config import MemoryConfig
from tilefold.ttnn.operations.binary import FLOATING, require_dtype
from tilefold.ttnn.sharding import check_placement
from tilefold.ttnn.tensor import BLOCK_FLOAT_BITS, STORAGE_DTYPE, Tensor

_UNSIGNED_SMALL = (DataType.UINT8, DataType.UINT16)


def _conversion(source, target, on_device):
    """The handle that converts a DataType to another, and whether it does anything."""
    if source is target:
        return share
    if target in BLOCK_FLOAT_BITS:
        return fused("typecast", lambda x: rounded(x, target), target)
    if STORAGE_DTYPE[source] == STORAGE_DTYPE[target]:
        return share
    if on_device and source in FLOATING and target in _UNSIGNED_SMALL:
        # As devices do it: to the nearest uint16, modulo 256 for uint8.
        return engine_operation("typecast", dtype=STORAGE_DTYPE[target], device_rules=True)
    return engine_operation("typecast", dtype=STORAGE_DTYPE[target])


def _require_memory_config(memory_config, where, optional=True):
    if not isinstance(memory_config, MemoryConfig) and not (optional and memory_config is None):
        raise TypeError(f"ttnn.{where}: expected a ttnn.MemoryConfig, got {type(memory_config).__name__}")


def _converted(name, tensor, dtype, memory_config, layout):
    handle = _conversion(tensor.dtype, dtype, tensor.device() is not None)
    return Call(handle, (tensor,), dtype=dtype, memory_config=memory_config, layout=layout)


@planned("typecast")
def typecast(input_tensor, dtype, *, memory_config=None):
    """The tensor with another dtype: floats to nearest even, block floats by the host packing rule, integers toward
    zero and saturated. On a device float to uint16 rounds to nearest and float to uint8 wraps. To the same dtype:
    shares storage."""
    require_allocated(input_tensor, "typecast")
    if dtype is None:
        raise TypeError("ttnn.typecast: expected a ttnn.DataType, got None")
    require_dtype(dtype, "typecast")
    layout = Layout.TILE if dtype in BLOCK_FLOAT_BITS else input_tensor.layout
    return _converted("typecast", input_tensor, dtype, memory_config, layout)


@planned("to_layout", counted=False)
def to_layout(tensor, layout, dtype=None, memory_config=None, pad_value=0.0):
    """The tensor in another layout, converted to `dtype` on the way; block floats in ROW_MAJOR become bfloat16."""
    require_allocated(tensor, "to_layout")
    if not isinstance(layout, Layout):
        raise TypeError(f"ttnn.to_layout: expected a ttnn.Layout, got {layout!r}")
    require_dtype(dtype, "to_layout")
    dtype = tensor.dtype if dtype is None else dtype
    if layout is Layout.ROW_MAJOR and dtype in BLOCK_FLOAT_BITS:
        dtype = DataType.BFLOAT16
    return _converted("to_layout", tensor, dtype, memory_config, layout)


@planned("tilize", counted=False)
def tilize(input_tensor, *, memory_config=None, dtype=None):
    """The tensor in TILE layout."""
    require_allocated(input_tensor, "tilize")
    dtype = input_tensor.dtype if require_dtype(dtype, "tilize") is None else dtype
    return _converted("tilize", input_tensor, dtype, memory_config, Layout.TILE)


@planned("untilize", counted=False)
def untilize(input_tensor, *, memory_config=None):
    """The tensor in ROW_MAJOR layout; block floats become bfloat16."""
    require_allocated(input_tensor, "untilize")
    dtype = DataType.BFLOAT16 if input_tensor.dtype in BLOCK_FLOAT_BITS else input_tensor.dtype
    return _converted("untilize", input_tensor, dtype, memory_config, Layout.ROW_MAJOR)


@planned("to_memory_config")
def to_memory_config(tensor, memory_config, dtype=None):
    """The tensor in another placement, converted to `dtype` on the way."""
    require_allocated(tensor, "to_memory_config")
    _require_memory_config(memory_config, "to_memory_config", optional=False)
    dtype = tensor.dtype if require_dtype(dtype, "to_memory_config") is None else dtype
    layout = Layout.TILE if dtype in BLOCK_FLOAT_BITS else tensor.layout
    return _converted("to_memory_config", tensor, dtype, memory_config, layout)


@planned("clone")
def clone(input, *, dtype=None, memory_config=None):
    """A copy with storage of its own, converted to `dtype`; layout and placement are kept."""
    require_allocated(input, "clone")
    require_dtype(dtype, "clone")
    if dtype is None or dtype is input.dtype:
        return Call(engine_operation("identity"), (input,), memory_config=memory_config, layout=None)
    handle = _conversion(input.dtype, dtype, input.device() is not None)
    if handle is share:
        handle = engine_operation("identity")
    layout = Layout.TILE if dtype in BLOCK_FLOAT_BITS else input.layout
    return Call(handle, (input,), dtype=dtype, memory_config=memory_config, layout=layout)


@operation("reallocate", counted=False)
def reallocate(tensor, memory_config=None):
    """Moves the data into a new tensor and frees `tensor`."""
    require_allocated(tensor, "reallocate")
    _require_memory_config(memory_config, "reallocate")
    config = tensor.memory_config() if memory_config is None else memory_config
    if memory_config is not None:
        check_placement(memory_config, tensor.shape, tensor.layout, "ttnn.reallocate")
    moved = Tensor.wrap_shards(tensor.shards, tensor.dtype, tensor.layout, config, tensor.device(), tensor.topology)
    tensor.free()
    return moved


@operation("deallocate", counted=False)
def deallocate(tensor, force=True):
    """Frees this handle of a tensor; other tensors with the same contents stay. Freeing again does nothing."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"ttnn.deallocate: expected a ttnn.Tensor, got {type(tensor).__name__}")
    tensor.free()


def _copies(shards):
    """Engine tensors with memory of their own."""
    return tuple(native if native.is_traced else native.clone().settle() for native in shards)


@operation("to_device", counted=False)
def to_device(tensor, device, memory_config=None, cq_id=None):
    """A copy on a device (on every device of a mesh), in DRAM unless `memory_config` says otherwise."""
    require_allocated(tensor, "to_device")
    _require_memory_config(memory_config, "to_device")
    if not hasattr(device, "get_num_devices"):
        raise TypeError(f"ttnn.to_device: expected a device, got {type(device).__name__}")
    device.require_open("ttnn.to_device")
    config = tensor.memory_config() if memory_config is None else memory_config
    check_placement(config, tensor.shape, tensor.layout, "ttnn.to_device")
    shards = tensor.shards
    if len(shards) == 1 and device.get_num_devices() > 1:
        shards *= device.get_num_devices()
    return Tensor.wrap_shards(_copies(shards), tensor.dtype, tensor.layout, config, device, tensor.topology)


@operation("from_device", counted=False)
def from_device(tensor, blocking=True, cq_id=None):
    """A copy on the host."""
    require_allocated(tensor, "from_device")
    return Tensor.wrap_shards(
        _copies(tensor.shards), tensor.dtype, tensor.layout, tensor.memory_config(), None, tensor.topology
    )


@operation("copy_host_to_device_tensor", counted=False)
def copy_host_to_device_tensor(host_tensor, device_tensor, cq_id=None):
    """Copies the contents of a host tensor into the memory of a device tensor of the same shape, dtype and layout."""
    _copy_into(host_tensor, device_tensor, "copy_host_to_device_tensor")


@operation("copy_device_to_host_tensor", counted=False)
def copy_device_to_host_tensor(device_tensor, host_tensor, blocking=True, cq_id=None):
    """Copies the contents of a device tensor into the memory of a host tensor of the same shape, dtype and layout."""
    _copy_into(device_tensor, host_tensor, "copy_device_to_host_tensor")


@operation("copy", counted=False)
def copy(input_a, input_b):
    """Copies the contents of `input_a` into the memory of `input_b`, which is returned."""
    _copy_into(input_a, input_b, "copy")
    return input_b


def _copy_into(source, target, where):
    require_allocated(source, where)
    require_allocated(target, where)
    if where == "copy_host_to_device_tensor" and target.device() is None:
        raise RuntimeError(f"ttnn.{where}: the second tensor is not on a device")
    if (source.shape, source.dtype, source.layout) != (target.shape, target.dtype, target.layout):
        raise RuntimeError(
            f"ttnn.{where}: the tensors must agree in shape, dtype and layout, got {source.shape} {source.dtype} "
            f"{source.layout} and {target.shape} {target.dtype} {target.layout}"
        )
    parts = source.shards * len(target.shards) if len(source.shards) == 1 else source.shards
    if len(parts) != len(target.shards):
        raise RuntimeError(f"ttnn.{where}: the tensors are on {len(parts)} and {len(target.shards)} devices")
    for old, new in zip(target.shards, parts):
        old.overwrite(new)
    if state.capture is not None and source.device() is not None:
        state.capture.record(share, (source.shards,), target.shards)
