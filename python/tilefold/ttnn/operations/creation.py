"""Tensors of one value, uninitialised tensors, and tensors from other libraries' arrays."""

import numbers

from tilefold import _native
from tilefold.ttnn.conversion import checked_placement, from_torch
from tilefold.ttnn.dispatch import cast_shards, operation, require_allocated
from tilefold.ttnn.enums import DataType, Layout
from tilefold.ttnn.operations.binary import require_dtype
from tilefold.ttnn.operations.manipulation import _integers
from tilefold.ttnn.operations.movement import to_device
from tilefold.ttnn.tensor import BLOCK_FLOAT_BITS, STORAGE_DTYPE, Tensor

#: More elements than any machine holds; asking for them is an error and not an allocation.
_MOST_ELEMENTS = 1 << 40


def _filled(where, shape, value, dtype, layout, device, memory_config):
    shape = _integers(shape, where, "shape")
    volume = 1
    for size in shape:
        volume *= size
    if min(shape, default=0) < 0 or volume > _MOST_ELEMENTS:
        raise RuntimeError(f"ttnn.{where}: a tensor cannot have the shape {shape}")
    dtype = DataType.BFLOAT16 if dtype is None else dtype
    if not isinstance(dtype, DataType):
        raise TypeError(f"ttnn.{where}: expected a ttnn.DataType, got {dtype!r}")
    if not isinstance(value, numbers.Real):
        raise TypeError(f"ttnn.{where}: expected a number to fill with, got {type(value).__name__}")
    layout, memory_config = checked_placement(shape, dtype, layout, memory_config, f"ttnn.{where}")
    count = 1 if device is None else device.get_num_devices()
    wide = _native.DType.float32 if dtype in BLOCK_FLOAT_BITS else STORAGE_DTYPE[dtype]
    shards = tuple(_native.Tensor.full(shape, float(value), wide) for _ in range(count))
    if dtype in BLOCK_FLOAT_BITS and value != 0:
        shards = cast_shards(shards, DataType.FLOAT32, dtype)
    elif dtype in BLOCK_FLOAT_BITS:
        shards = cast_shards(shards, DataType.FLOAT32, DataType.BFLOAT16)
    return Tensor.wrap_shards(shards, dtype, layout, memory_config, device)


@operation("full", counted=False)
def full(shape, fill_value, dtype=None, layout=None, device=None, memory_config=None, *, optional_tensor=None):
    """A tensor of one value: bfloat16, ROW_MAJOR, in DRAM unless said otherwise; on the host without a device."""
    return _filled("full", shape, fill_value, dtype, layout, device, memory_config)


@operation("zeros", counted=False)
def zeros(shape, dtype=None, layout=None, device=None, memory_config=None):
    """A tensor of zeros; arguments like `full`."""
    return _filled("zeros", shape, 0.0, dtype, layout, device, memory_config)


@operation("ones", counted=False)
def ones(shape, dtype=None, layout=None, device=None, memory_config=None):
    """A tensor of ones; arguments like `full`."""
    return _filled("ones", shape, 1.0, dtype, layout, device, memory_config)


@operation("empty", counted=False)
def empty(shape, dtype=None, layout=None, device=None, memory_config=None):
    """A tensor whose contents mean nothing yet; arguments like `full`."""
    return _filled("empty", shape, 0.0, dtype, layout, device, memory_config)


def _filled_like(where, tensor, value, dtype, layout, device, memory_config):
    require_allocated(tensor, where)
    dtype = tensor.dtype if dtype is None else dtype
    layout = tensor.layout if layout is None else layout
    device = tensor.device() if device is None else device
    memory_config = tensor.memory_config() if memory_config is None else memory_config
    return _filled(where, tensor.shape, value, dtype, layout, device, memory_config)


@operation("full_like", counted=False)
def full_like(tensor, fill_value, dtype=None, layout=None, device=None, memory_config=None):
    """`full` with the shape of a tensor, and what is not given from it too."""
    return _filled_like("full_like", tensor, fill_value, dtype, layout, device, memory_config)


@operation("zeros_like", counted=False)
def zeros_like(tensor, dtype=None, layout=None, device=None, memory_config=None):
    """Zeros with the shape of a tensor, and what is not given from it too."""
    return _filled_like("zeros_like", tensor, 0.0, dtype, layout, device, memory_config)


@operation("ones_like", counted=False)
def ones_like(tensor, dtype=None, layout=None, device=None, memory_config=None):
    """Ones with the shape of a tensor, and what is not given from it too."""
    return _filled_like("ones_like", tensor, 1.0, dtype, layout, device, memory_config)


@operation("empty_like", counted=False)
def empty_like(tensor, dtype=None, layout=None, device=None, memory_config=None):
    """`empty` with the shape of a tensor, and what is not given from it too."""
    return _filled_like("empty_like", tensor, 0.0, dtype, layout, device, memory_config)


@operation("arange", counted=False)
def arange(start, end=None, step=1, dtype=DataType.BFLOAT16, device=None, memory_config=None, layout=Layout.ROW_MAJOR):
    """The numbers start, start + step, ... below `end` (from 0 to `start` with one number) as a tensor of rank 1."""
    import numpy

    start, end = (0, start) if end is None else (start, end)
    for value in (start, end, step):
        if isinstance(value, bool) or not isinstance(value, numbers.Integral):
            raise TypeError(f"ttnn.arange: expected integers, got {value!r}")
    if step == 0 or abs(end - start) > _MOST_ELEMENTS:
        raise RuntimeError(f"ttnn.arange: no range from {start} to {end} with step {step}")
    values = numpy.arange(start, end, step, dtype=numpy.int32)
    return from_torch(values, dtype=dtype, layout=layout, device=device, memory_config=memory_config)


@operation("allocate_tensor_on_device", counted=False)
def allocate_tensor_on_device(shape=None, dtype=None, layout=None, mesh_device=None, memory_config=None, *, spec=None):
    """A device tensor whose contents mean nothing yet, of (spec, mesh_device) or (shape, dtype, layout, mesh_device,
    memory_config)."""
    if (shape is None) == (spec is None):
        raise TypeError("ttnn.allocate_tensor_on_device: expected a shape or a spec")
    shape = spec if shape is None else shape
    if hasattr(shape, "memory_config") and not isinstance(shape, Tensor):
        spec, device = shape, dtype if mesh_device is None else mesh_device
        shape, dtype, layout, memory_config = spec.shape, spec.dtype, spec.layout, spec.memory_config
    else:
        device = mesh_device
    if not hasattr(device, "get_num_devices"):
        raise TypeError(f"ttnn.allocate_tensor_on_device: expected a device, got {type(device).__name__}")
    return _filled("allocate_tensor_on_device", shape, 0.0, dtype, layout, device, memory_config)


@operation("as_tensor", counted=False)
def as_tensor(
    tensor,
    dtype=None,
    *,
    layout=None,
    device=None,
    memory_config=None,
    cache_file_name=None,
    preprocess=None,
    mesh_mapper=None,
):
    """A tensor of a torch tensor or NumPy array (after `preprocess`), or of a ttnn tensor. There is no file cache:
    `cache_file_name` must be None."""
    if cache_file_name is not None:
        raise RuntimeError("ttnn.as_tensor: cache_file_name is not supported")
    if isinstance(tensor, Tensor):
        result = tensor if dtype is None else cast_tensor(tensor, dtype)
        return result if device is None else to_device(result, device, memory_config)
    if preprocess is not None:
        tensor = preprocess(tensor)
    return from_torch(
        tensor, dtype=dtype, layout=layout, device=device, memory_config=memory_config, mesh_mapper=mesh_mapper
    )


def cast_tensor(tensor, dtype):
    """A tensor, on the host or a device, in another dtype."""
    require_allocated(tensor, "as_tensor")
    require_dtype(dtype, "as_tensor")
    layout = Layout.TILE if dtype in BLOCK_FLOAT_BITS else tensor.layout
    shards = cast_shards(tensor.shards, tensor.dtype, dtype)
    return Tensor.wrap_shards(shards, dtype, layout, tensor.memory_config(), tensor.device(), tensor.topology)
