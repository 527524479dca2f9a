"""How operations of the `ttnn` interface reach the engine.

Most operations are functions of their operands' types and other arguments: they return a `Call` (which engine
operation to run on which operands, and what the result is) and never look at data. `planned` makes public functions of
them, which keep the calls by argument types: from the second time on, a call is one dictionary look-up and the engine
operation. `operation` makes public functions of implementations that compute their result themselves. Both count
programs in the device's program cache and show calls to the recorder while a function is traced. `execute` runs one
engine operation on the shards of its operands.
"""

import functools
import inspect
import math

from tilefold import _native
from tilefold.ttnn.enums import Layout, TensorMemoryLayout
from tilefold.ttnn.live_tensors import live_tensors
from tilefold.ttnn.memory_config import DRAM_MEMORY_CONFIG, MemoryConfig
from tilefold.ttnn.sharding import check_fits, check_placement, legacy_shard_spec
from tilefold.ttnn.state import state
from tilefold.ttnn.tensor import BLOCK_FLOAT_BITS, STORAGE_DTYPE, Tensor, tensor_type


#: Public functions by name, filled by `planned` and `operation`. A dotted name belongs to a submodule.
OPERATIONS = {}

#: Arguments that say how hardware should compute; taken by every operation and not used.
HINTS = frozenset(
    "sub_core_grids program_config compute_kernel_config core_grid queue_id cq_id output_tile global_cb sub_device_id "
    "use_legacy fast_and_approximate_mode vector_mode mode accurate_mode use_multicore".split()
)

#: Arguments that name a tensor to write the result into.
_OUTPUTS = ("output_tensor", "optional_output_tensor")


class Call:
    """What an operation does: `handle(*natives of operands)` makes the result.

    The result has the dtype, memory config and device of `like` unless given; a sharded config that does not fit the
    result's shape becomes interleaved in the same kind of memory. `in_place`: the contents of `like` are replaced, and
    `like` itself is the result. The handle's result must have the storage dtype (and be rounded to it) already.
    """

    __slots__ = ("handle", "operands", "like", "dtype", "memory_config", "layout", "in_place")

    def __init__(self, handle, operands, like=None, dtype=None, memory_config=None, layout=Layout.TILE, in_place=False):
        self.handle = handle
        self.operands = operands
        self.like = operands[0] if like is None else like
        self.dtype = dtype
        self.memory_config = memory_config
        self.layout = layout
        self.in_place = in_place


class _Plan:
    """A Call without its operands: their positions among the tensors of the arguments instead (None: not given)."""

    __slots__ = ("handle", "sources", "like", "type", "in_place", "simple")


_plans = {}
_PLAN_LIMIT = 1 << 15


def _frozen(value, tensors):
    """A hashable stand-in for an argument; the tensors in it are appended to `tensors`."""
    kind = value.__class__
    if kind is Tensor:
        tensors.append(value)
        return value._type
    if kind is float or kind is int or kind is bool:
        # 1, 1.0 and True are equal, and so are 0.0 and -0.0; as attributes they differ.
        return (kind, str(value)) if value == 0 or value != value else (kind, value)
    if kind is list or kind is tuple:
        return (kind, *[_frozen(item, tensors) for item in value])
    if isinstance(value, Tensor):
        tensors.append(value)
        return value._type
    return value


def _copied(value, copies):
    """The argument with every tensor replaced by another handle of it, so that handles tell positions apart."""
    if isinstance(value, Tensor):
        copy = Tensor.of_type(value.shards, value._type, value._device, value.topology)
        copies.append(copy)
        return copy
    if value.__class__ is list or value.__class__ is tuple:
        return value.__class__(_copied(item, copies) for item in value)
    return value


def _position(operand, copies):
    for index, copy in enumerate(copies):
        if operand is copy:
            return index
    raise RuntimeError("an operand of an operation is not one of its arguments")


def placed(memory_config, shape, layout):
    """The config itself, or interleaved in the same kind of memory where its shards do not fit the shape."""
    if not memory_config.is_sharded():
        return memory_config
    try:
        check_fits(memory_config, shape, layout, "")
    except RuntimeError:
        return MemoryConfig(TensorMemoryLayout.INTERLEAVED, memory_config.buffer_type)
    return memory_config


def _make_plan(name, call, copies):
    """The plan of a call, except for the result's type, which the first result tells."""
    plan = _Plan()
    plan.handle = call.handle
    plan.sources = tuple(None if operand is None else _position(operand, copies) for operand in call.operands)
    plan.like = _position(call.like, copies)
    plan.type = None
    plan.in_place = call.in_place
    plan.simple = None not in plan.sources
    if call.memory_config is not None and not isinstance(call.memory_config, MemoryConfig):
        raise TypeError(f"ttnn.{name}: expected a ttnn.MemoryConfig, got {type(call.memory_config).__name__}")
    return plan


def _run_plan(plan, tensors):
    """Executes a plan on the tensors of the arguments; returns the shards."""
    return execute(plan.handle, *[None if i is None else tensors[i].shards for i in plan.sources])


def _result_type(call, like, shards, where):
    shape = shards[0].shape
    dtype = like._type.dtype if call.dtype is None else call.dtype
    layout = like._type.layout if call.layout is None else call.layout
    if call.memory_config is None:
        config = placed(like._type.memory_config, shape, layout)
    else:
        check_placement(call.memory_config, shape, layout, f"ttnn.{where}")
        config = legacy_shard_spec(call.memory_config, shape, layout)
    return tensor_type(shape, dtype, layout, config, like._type.on_device, len(shards))


def _finished(plan, call, shards, tensors, where):
    """The public result of a plan that ran."""
    like = tensors[plan.like]
    if plan.in_place:
        if shards[0].shape != like.shape:
            raise RuntimeError(
                f"ttnn.{where}: the broadcast shape {list(shards[0].shape)} is not the left operand's "
                f"{list(like.shape)}"
            )
        store(like, shards)
        plan.type = like._type
        return like
    if plan.type is None:
        plan.type = _result_type(call, like, shards, where)
    return Tensor.of_type(shards, plan.type, like._device, like.topology)


def store(tensor, shards):
    """Gives a tensor new contents of its type. Other handles of the old memory do not change."""
    tensor.replace(shards)


def share(native):
    """The handle of calls whose result is the operand itself."""
    return native


def planned(name, *, counted=True, meaningful=()):
    """Registers a function that returns a `Call`, or a list or tuple of them, as ttnn.<name>. `counted`: it is a
    program of the device's program cache. `meaningful` are the hints that it takes as arguments."""
    dropped = HINTS.difference(meaningful).union(_OUTPUTS)

    def register(implementation):
        def run(args, kwargs, counting):
            key = [name]
            tensors = []
            for value in args:
                if value.__class__ is Tensor:
                    tensors.append(value)
                    key.append(value._type)
                else:
                    key.append(_frozen(value, tensors))
            if kwargs:
                output, kwargs = _split_keywords(kwargs, dropped)
                for keyword in sorted(kwargs) if len(kwargs) > 1 else kwargs:
                    key.append(keyword)
                    key.append(_frozen(kwargs[keyword], tensors))
                if output is not None:
                    return _into(output, run(args, kwargs, counting), name)
            key = tuple(key)
            try:
                plans = _plans.get(key)
            except TypeError:
                key = plans = None
            if plans is None:
                return first_run(key, args, kwargs, tensors, counting)
            if counting:
                device = tensors[0]._device
                if device is not None:
                    device.program_cache.note(key)
            if plans.__class__ is _Plan:
                like = tensors[plans.like]
                kind = plans.type
                if kind is not None and plans.simple and kind.count == 1 and state.capture is None:
                    try:
                        natives = [tensors[i].shards[0] for i in plans.sources]
                    except TypeError:
                        natives = None
                    if natives is not None:
                        if plans.in_place:
                            like.shards = (plans.handle(*natives),)
                            return like
                        result = object.__new__(Tensor)
                        result.shards = (plans.handle(*natives),)
                        result._type = kind
                        result._device = like._device
                        result._tensor_id = None
                        result.topology = like.topology
                        if live_tensors.watched:
                            live_tensors.add(result)
                        return result
                check_allocated(tensors, name)
                return _finished(plans, None, _run_plan(plans, tensors), tensors, name)
            check_allocated(tensors, name)
            return plans.__class__(_finished(plan, None, _run_plan(plan, tensors), tensors, name) for plan in plans)

        def first_run(key, args, kwargs, tensors, counting):
            copies = []
            copied_args = tuple(_copied(value, copies) for value in args)
            copied_kwargs = {keyword: _copied(kwargs[keyword], copies) for keyword in sorted(kwargs)}
            calls = implementation(*copied_args, **copied_kwargs)
            single = calls.__class__ is Call
            plans = [_make_plan(name, call, copies) for call in ((calls,) if single else calls)]
            device = tensors[0]._device if counting else None
            if device is not None and key is not None:
                device.program_cache.note(key)
            results = [
                _finished(plan, call, _run_plan(plan, tensors), tensors, name)
                for plan, call in zip(plans, (calls,) if single else calls)
            ]
            if key is not None:
                if len(_plans) >= _PLAN_LIMIT:
                    _plans.clear()
                _plans[key] = plans[0] if single else calls.__class__(plans)
            return results[0] if single else calls.__class__(results)

        def uncounted(*args, **kwargs):
            return run(args, kwargs, False)

        functools.update_wrapper(uncounted, implementation)

        def call(*args, **kwargs):
            if state.recorder is not None:
                return state.recorder.call(name, uncounted, args, kwargs)
            return run(args, kwargs, counted)

        return _public(name, call, implementation)

    return register


def operation(name, *, counted=True):
    """Registers a function that makes its result itself as ttnn.<name>. `counted`: it is a program of the device's
    program cache."""

    def register(implementation):
        def call(*args, **kwargs):
            if state.recorder is not None:
                return state.recorder.call(name, implementation, args, kwargs)
            result = implementation(*args, **kwargs)
            if counted:
                _count(name, args, kwargs)
            return result

        return _public(name, call, implementation)

    return register


def _count(name, args, kwargs):
    tensors = []
    key = (name, *[_frozen(value, tensors) for value in args])
    key += tuple((keyword, _frozen(value, tensors)) for keyword, value in sorted(kwargs.items()))
    if tensors and tensors[0]._device is not None:
        try:
            hash(key)
        except TypeError:
            key = repr(key)
        tensors[0]._device.program_cache.note(key)


def _public(name, call, implementation):
    functools.update_wrapper(call, implementation)
    call.__signature__ = inspect.signature(implementation)
    call.__name__ = name.rpartition(".")[2]
    call.__qualname__ = name
    OPERATIONS[name] = call
    return call


def _split_keywords(kwargs, dropped):
    """The tensor to write into, and the keywords that are not dropped."""
    if dropped.isdisjoint(kwargs):
        return None, kwargs
    output = kwargs.get(_OUTPUTS[0])
    output = kwargs.get(_OUTPUTS[1]) if output is None else output
    return output, {keyword: value for keyword, value in kwargs.items() if keyword not in dropped}


def _into(output, result, where):
    """Writes a result into the tensor that the caller gave for it."""
    require_tensor(output, where)
    if not isinstance(result, Tensor) or result.shape != output.shape:
        found = list(result.shape) if isinstance(result, Tensor) else "several tensors"
        raise RuntimeError(f"ttnn.{where}: the output tensor has the shape {list(output.shape)}, the result {found}")
    store(output, cast_shards(result.shards, result.dtype, output.dtype))
    return output


_handles = {}


def engine_operation(name, **attributes):
    """The engine's operation with these attributes; made once."""
    key = [name]
    for keyword in sorted(attributes):
        value = attributes[keyword]
        if value.__class__ is list:
            value = tuple(value)
        elif value.__class__ is _native.Dims or value.__class__ is _native.Dim:
            value = str(value)
        elif value.__class__ is float and value == 0.0:
            value = math.copysign(1.0, value)
            keyword += " sign"
        key.append((keyword, value, value.__class__))
    key = tuple(key)
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


def check_allocated(tensors, where):
    for tensor in tensors:
        if tensor.shards is None:
            raise RuntimeError(f"ttnn.{where}: the tensor is not allocated (it was deallocated): {tensor!r}")


def require_allocated(value, where):
    """Raises TypeError unless `value` is a tensor, RuntimeError unless it is allocated; on the host or on a device."""
    if not isinstance(value, Tensor):
        raise TypeError(f"ttnn.{where}: expected a ttnn.Tensor, got {type(value).__name__}")
    if value.shards is None:
        raise RuntimeError(f"ttnn.{where}: the tensor is not allocated (it was deallocated): {value!r}")
    return value


def require_tensor(value, where):
    """Raises TypeError unless `value` is a tensor, RuntimeError unless it is allocated and on a device."""
    require_allocated(value, where)
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
    result_dtype = like._type.dtype if dtype is None else dtype
    if shards[0].dtype != STORAGE_DTYPE[result_dtype] or result_dtype in BLOCK_FLOAT_BITS:
        shards = _rounded(shards, result_dtype)
    config = like._type.memory_config if memory_config is None else memory_config
    return Tensor.wrap_shards(
        shards, result_dtype, layout, placed(config, shards[0].shape, layout), like._device, like.topology
    )


def _rounded(shards, dtype):
    bits = BLOCK_FLOAT_BITS.get(dtype)
    if bits is not None:
        shards = execute(engine_operation("block_float", mantissa_bits=bits), shards)
    if shards[0].dtype != STORAGE_DTYPE[dtype]:
        shards = execute(engine_operation("typecast", dtype=STORAGE_DTYPE[dtype]), shards)
    return shards


__all__ = [
    "Call",
    "DRAM_MEMORY_CONFIG",
    "OPERATIONS",
    "cast_shards",
    "check_allocated",
    "engine_operation",
    "execute",
    "finish",
    "operation",
    "placed",
    "planned",
    "require_allocated",
    "require_tensor",
    "share",
    "state",
    "store",
]
