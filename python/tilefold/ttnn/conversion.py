"""Between torch or NumPy and ttnn tensors, host and device, dtypes, layouts and memory configs."""

from tilefold import _native
from tilefold.ttnn.dispatch import cast_shards, engine_operation, execute
from tilefold.ttnn.enums import DataType, Layout
from tilefold.ttnn.memory_config import DRAM_MEMORY_CONFIG, MemoryConfig
from tilefold.ttnn.sharding import check_placement, legacy_shard_spec
from tilefold.ttnn.tensor import BLOCK_FLOAT_BITS, STORAGE_DTYPE, Tensor

#: What a torch or NumPy dtype becomes without an explicit dtype.
_INFERRED = {
    "bfloat16": DataType.BFLOAT16,
    "float16": DataType.BFLOAT16,
    "float32": DataType.FLOAT32,
    "int64": DataType.UINT32,
    "uint32": DataType.UINT32,
    "uint8": DataType.UINT8,
    "bool": DataType.UINT8,
    "int16": DataType.UINT16,
    "uint16": DataType.UINT16,
    "int32": DataType.INT32,
}

_ENGINE_NAMES = {
    "bfloat16": DataType.BFLOAT16,
    "float32": DataType.FLOAT32,
    "uint32": DataType.UINT32,
    "uint8": DataType.UINT8,
    "uint16": DataType.UINT16,
    "int32": DataType.INT32,
}


def _dtype_name(array):
    return str(array.dtype).rpartition(".")[2]


def _is_torch(array):
    return type(array).__module__.partition(".")[0] == "torch"


def _engine_array(array, where):
    """A contiguous CPU array of a dtype that the engine has, and its DataType; exact wherever int64 values fit int32."""
    name = _dtype_name(array)
    if _is_torch(array):
        import torch

        array = array.detach()
        if array.device.type != "cpu":
            array = array.cpu()
        if name == "float16" or name == "float64":
            array = array.to(torch.float32)
        elif name == "bool":
            array = array.to(torch.uint8)
        elif name in ("int64", "int16", "int8"):
            array = array.to(torch.int32)
        array = array.contiguous()
    else:
        import numpy

        if name in ("float16", "float64"):
            array = array.astype(numpy.float32)
        elif name == "bool":
            array = array.astype(numpy.uint8)
        elif name in ("int64", "int16", "int8"):
            array = array.astype(numpy.int32)
        array = numpy.ascontiguousarray(array)
    engine_name = _dtype_name(array)
    if engine_name not in _ENGINE_NAMES:
        raise RuntimeError(f"{where}: elements of dtype {name} are not supported")
    return array, _ENGINE_NAMES[engine_name]


def host_shards(array, dtype, where):
    """An engine tensor with a copy of the array's elements, converted to `dtype` (inferred when None), and the dtype."""
    name = _dtype_name(array)
    if dtype is None:
        if name not in _INFERRED:
            raise RuntimeError(f"{where}: elements of dtype {name} need an explicit dtype=")
        dtype = _INFERRED[name]
    if not isinstance(dtype, DataType):
        raise TypeError(f"{where}: expected a ttnn.DataType, got {dtype!r}")
    array, source = _engine_array(array, where)
    # A conversion makes a copy of its own.
    copied = source is dtype
    native = _native.Tensor.from_array(array, copy=copied)
    if {source, dtype} <= {DataType.INT32, DataType.UINT32} and source is not dtype:
        return (_native.Tensor.from_array(array.view(_unsigned(array)), copy=True),), dtype
    return cast_shards((native,), source, dtype), dtype


def _unsigned(array):
    if _is_torch(array):
        import torch

        return torch.uint32 if _dtype_name(array) == "int32" else torch.int32
    import numpy

    return numpy.uint32 if _dtype_name(array) == "int32" else numpy.int32


def checked_placement(shape, dtype, layout, memory_config, where):
    """Layout and memory config of a new tensor, with the defaults filled in and checked."""
    if layout is not None and not isinstance(layout, Layout):
        raise TypeError(f"{where}: expected a ttnn.Layout, got {layout!r}")
    if memory_config is not None and not isinstance(memory_config, MemoryConfig):
        raise TypeError(f"{where}: expected a ttnn.MemoryConfig, got {memory_config!r}")
    if layout is None:
        layout = Layout.TILE if dtype in BLOCK_FLOAT_BITS else Layout.ROW_MAJOR
    if layout is not Layout.TILE and dtype in BLOCK_FLOAT_BITS:
        raise RuntimeError(f"{where}: Layout must be Layout::TILE for bfloat8_b or bfloat4_b!")
    memory_config = DRAM_MEMORY_CONFIG if memory_config is None else memory_config
    check_placement(memory_config, shape, layout, where)
    return layout, legacy_shard_spec(memory_config, shape, layout)


def from_torch(
    tensor,
    dtype=None,
    *,
    spec=None,
    tile=None,
    pad_value=0,
    layout=None,
    device=None,
    memory_config=None,
    mesh_mapper=None,
    cq_id=None,
    **_hints,
):
    """A tensor with a copy of a torch tensor's (or NumPy array's) elements; on `device`, or on the host without one.

    Without `dtype`: float16 becomes bfloat16, int64 uint32, int16 uint16, bool uint8. None gives None. `spec` stands for
    dtype, layout, memory_config and tile, and must have the tensor's shape. Raises RuntimeError for unsupported dtypes and
    for placements that do not fit.
    """
    if tensor is None:
        return None
    where = "ttnn.from_torch"
    if device is not None:
        device.require_open(where)
    if spec is not None:
        if dtype is not None or layout is not None or memory_config is not None or tile is not None:
            raise RuntimeError(f"{where}: spec excludes dtype, layout, memory_config and tile")
        if tuple(spec.shape) != tuple(tensor.shape):
            raise RuntimeError(f"{where}: the spec's shape {list(spec.shape)} is not the tensor's {list(tensor.shape)}")
        dtype, layout, memory_config = spec.dtype, spec.layout, spec.memory_config
    if mesh_mapper is not None:
        parts = mesh_mapper.split(tensor)
        converted = [host_shards(part, dtype, where) for part in parts]
        shards, dtype = tuple(item[0][0] for item in converted), converted[0][1]
    else:
        shards, dtype = host_shards(tensor, dtype, where)
        if device is not None and device.get_num_devices() > 1:
            # Each device has storage of its own.
            shards += tuple(shards[0].clone() for _ in range(device.get_num_devices() - 1))
    layout, memory_config = checked_placement(shards[0].shape, dtype, layout, memory_config, where)
    shards = tuple(native.settle() for native in shards)
    return Tensor.wrap_shards(shards, dtype, layout, memory_config, device, getattr(mesh_mapper, "topology", None))


def host_values(tensor):
    """The elements as a NumPy array: float32 for floating-point dtypes."""
    import numpy

    native = tensor.native
    if tensor.dtype in BLOCK_FLOAT_BITS or tensor.dtype is DataType.BFLOAT16:
        (native,) = execute(engine_operation("typecast", dtype=_native.DType.float32), (native,))
    return numpy.from_dlpack(native.array())


def torch_values(native, dtype):
    """A torch tensor of the dtype that ttnn gives: block floats as float32. Shares memory where no conversion is needed."""
    import torch

    if dtype in BLOCK_FLOAT_BITS:
        (native,) = execute(engine_operation("typecast", dtype=_native.DType.float32), (native,))
    if 0 in native.shape:
        return torch.empty(native.shape, dtype=_torch_dtype(dtype))
    return torch.from_dlpack(native.array())


def _torch_dtype(dtype):
    import torch

    names = {DataType.BFLOAT8_B: "float32", DataType.BFLOAT4_B: "float32"}
    return getattr(torch, names.get(dtype, dtype.name.lower()))


def to_torch(tensor, dtype=None, *, torch_rank=None, mesh_composer=None, device=None, cq_id=None):
    """A torch tensor of the logical shape: block floats come as float32, other dtypes as their own. `dtype` converts."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"ttnn.to_torch: expected a ttnn.Tensor, got {type(tensor).__name__}")
    shards = tensor.allocated_shards("ttnn.to_torch")
    parts = [torch_values(shard, tensor.dtype) for shard in shards]
    if mesh_composer is not None:
        result = mesh_composer.compose(parts)
    elif len(parts) == 1:
        # A copy: the result must not change when the tensor is written in place or replayed.
        result = parts[0].clone()
    else:
        raise RuntimeError(f"ttnn.to_torch: a tensor on {len(parts)} devices needs a mesh_composer")
    if torch_rank is not None:
        while result.dim() > torch_rank and result.shape[0] == 1:
            result = result.squeeze(0)
        if result.dim() != torch_rank:
            raise RuntimeError(f"ttnn.to_torch: shape {list(result.shape)} cannot be given rank {torch_rank}")
    return result if dtype is None else result.to(dtype)


__all__ = ["from_torch", "to_torch", "STORAGE_DTYPE"]
