"""How operations of the `ttnn` interface reach the engine.

`operation` makes a public function of an implementation: it counts programs in the device's program cache and shows
calls to the recorder while a function is traced. `execute` runs one engine operation on the shards of its operands.
"""

import functools
import threading

from tilefold import _native
from tilefold.ttnn.enums import Layout
from tilefold.ttnn.memory_config import DRAM_MEMORY_CONFIG
from tilefold.ttnn.tensor import BLOCK_FLOAT_BITS, STORAGE_DTYPE, Tensor


class _State(threading.local):
    #: Set while a function is traced on this thread: recorder.call(name, function, args, kwargs) -> result.
    recorder = None
    #: Set between begin_trace_capture and end_trace_capture: list of (run, operand shards, result).
    capture = None


state = _State()

#: Public functions by name, filled by `operation`.
OPERATIONS = {}


def operation(name, *, counted=True):
    """Registers `function` as ttnn.<name>. `counted`: it is a program of the device's program cache."""

    def register(function):
        @functools.wraps(function)
        def call(*args, **kwargs):
            if state.recorder is not None:
                return state.recorder.call(name, function, args, kwargs)
            result = function(*args, **kwargs)
            if counted:
                _count(name, args, kwargs)
            return result

        call.__name__ = call.__qualname__ = name
        OPERATIONS[name] = call
        return call

    return register


def _key_part(value):
    if value.__class__ is Tensor:
        return value.spec_key
    if isinstance(value, (list, tuple)):
        return tuple(_key_part(item) for item in value)
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value


def _count(name, args, kwargs):
    for value in args:
        if value.__class__ is Tensor and value._device is not None:
            device = value._device
            break
        if value.__class__ in (list, tuple) and value and value[0].__class__ is Tensor:
            device = value[0]._device
            break
    else:
        return
    if device is None:
        return
    key = (name, *map(_key_part, args))
    if kwargs:
        key += tuple((keyword, _key_part(value)) for keyword, value in sorted(kwargs.items()))
    device.program_cache.note(key)


_handles = {}


def engine_operation(name, **attributes):
    """The engine's operation with these attributes; made once."""
    key = (name, *((k, tuple(v) if isinstance(v, list) else v, v.__class__) for k, v in sorted(attributes.items())))
    try:
        return _handles[key]
    except KeyError:
        pass
    except TypeError:  # an attribute that does not hash (dimensions)
        return _native.Operation(name, attributes)
    if len(_handles) > 4096:
        _handles.clear()
    handle = _handles[key] = _native.Operation(name, attributes)
    return handle


def require_tensor(value, where):
    """Raises TypeError unless `value` is an allocated device tensor."""
    if value.__class__ is not Tensor and not isinstance(value, Tensor):
        raise TypeError(f"ttnn.{where}: expected a ttnn.Tensor, got {type(value).__name__}")
    if value.shards is None:
        raise RuntimeError(f"ttnn.{where}: the tensor is not allocated (it was deallocated): {value!r}")
    if value._device is None:
        raise RuntimeError(f"ttnn.{where}: the tensor is on the host; move it to a device first (ttnn.to_device)")
    return value


def execute(handle, *operands):
    """Runs an engine operation. Operands are tuples of engine tensors, one per device, or None; a single one serves all
    devices. Returns such a tuple."""
    count = 1
    for shards in operands:
        if shards is not None and len(shards) > count:
            count = len(shards)
    if count == 1:
        result = (handle(*[None if shards is None else shards[0] for shards in operands]),)
    else:
        result = tuple(
            handle(*[None if shards is None else shards[i if len(shards) > 1 else 0] for shards in operands])
            for i in range(count)
        )
    if state.capture is not None:
        state.capture.record(handle, operands, result)
    return result


def cast_shards(shards, source, target):
    """Shards of DataType `source` as `target`: rounded to nearest even, block floats to their format."""
    if source is target:
        return shards
    bits = BLOCK_FLOAT_BITS.get(target)
    if bits is not None:
        # Round once, from the source's own precision.
        if STORAGE_DTYPE[source] not in (_native.DType.float32, _native.DType.bfloat16):
            shards = execute(engine_operation("typecast", dtype=_native.DType.float32), shards)
        shards = execute(engine_operation("block_float", mantissa_bits=bits), shards)
    if shards[0].dtype != STORAGE_DTYPE[target]:
        shards = execute(engine_operation("typecast", dtype=STORAGE_DTYPE[target]), shards)
    return shards


def finish(shards, like, dtype=None, memory_config=None, layout=Layout.TILE):
    """The public result of an operation whose first tensor operand is `like`. `shards` hold values that were computed
    in the precision of `like`, or in float32 when the result has another dtype; they are rounded to the result's."""
    result_dtype = like._dtype if dtype is None else dtype
    if shards[0].dtype != STORAGE_DTYPE[result_dtype] or result_dtype in BLOCK_FLOAT_BITS:
        shards = _rounded(shards, result_dtype)
    return Tensor.wrap_shards(
        shards,
        result_dtype,
        layout,
        like._memory_config if memory_config is None else memory_config,
        like._device,
        like.topology,
    )


def _rounded(shards, dtype):
    bits = BLOCK_FLOAT_BITS.get(dtype)
    if bits is not None:
        shards = execute(engine_operation("block_float", mantissa_bits=bits), shards)
    if shards[0].dtype != STORAGE_DTYPE[dtype]:
        shards = execute(engine_operation("typecast", dtype=STORAGE_DTYPE[dtype]), shards)
    return shards


__all__ = [
    "DRAM_MEMORY_CONFIG",
    "OPERATIONS",
    "cast_shards",
    "engine_operation",
    "execute",
    "finish",
    "operation",
    "require_tensor",
    "state",
]
