"""How calls of ttnn operations in a traced function are understood: the spellings that only traced functions have, the
checks, and what the IR says about each operation.

`prepare(name, args, kwargs)` gives the arguments for the eager function, and the operands and attributes for the IR.
Operations without an entry are taken as they are called.
"""

from tilefold import _native
from tilefold.ttnn.enums import DataType
from tilefold.ttnn.tensor import STORAGE_DTYPE, Tensor
from tilefold.ttnn_jit._src.ir_types import float_text, i32_array, i64_array
from tilefold.ttnn_jit._src.mesh_ops import collective_arguments, collective_attributes
from tilefold.ttnn_jit._src.rearrange import rearrange

_LARGEST = 3.4028235e38
_INTEGERS = frozenset({DataType.INT32, DataType.UINT32, DataType.UINT16, DataType.UINT8})


class Prepared:
    """A call ready to be made. `function` replaces the eager function where there is none."""

    __slots__ = ("args", "kwargs", "operands", "attributes", "name", "function")

    def __init__(self, args, kwargs, operands, name, attributes=None, function=None):
        self.args = args
        self.kwargs = kwargs
        self.operands = operands
        self.attributes = attributes or {}
        self.name = name
        self.function = function


def _is_number(value):
    return isinstance(value, (bool, int, float))


def _require_present(args):
    for index, value in enumerate(args):
        if value is None:
            raise ValueError(f"Argument at index {index} is None")


def _tensor_operand(name, args):
    if not args:
        raise ValueError(f"{name} requires at least 1 argument")
    _require_present(args[:1])
    if _is_number(args[0]):
        raise ValueError(f"{name} requires a tensor operand, got scalar: {args[0]}")
    return args[0]


def _with_leading_keyword(args, kwargs, *keywords):
    """Tensors given by their keyword, as positional arguments."""
    args = list(args)
    kwargs = dict(kwargs)
    for position, keyword in enumerate(keywords):
        if len(args) == position and keyword in kwargs:
            args.append(kwargs.pop(keyword))
    return tuple(args), kwargs


def _unary(name, args, kwargs):
    args, kwargs = _with_leading_keyword(args, kwargs, "input_tensor")
    return Prepared(args, kwargs, [_tensor_operand(name, args)], name)


_MIRRORED = {"gt": "lt", "lt": "gt", "ge": "le", "le": "ge"}
_COMMUTATIVE = frozenset("add multiply eq ne bitwise_and bitwise_or bitwise_xor maximum minimum".split())
_IR_NAMES = {"divide": "div", "pow_tensor": "pow"}


def _number_like(value, tensor):
    """A one-element tensor that broadcasts to the rank and has the dtype of another."""
    shape = [1] * len(tensor.shape)
    native = _native.Tensor.full(shape, float(value), STORAGE_DTYPE[tensor.dtype])
    return Tensor.wrap(native, tensor.dtype, tensor.layout, tensor.memory_config(), tensor.device())


def _binary(name, args, kwargs):
    args, kwargs = _with_leading_keyword(args, kwargs, "input_tensor_a", "input_tensor_b")
    _require_present(args)
    if len(args) < 2:
        raise ValueError(f"{name} requires at least 2 arguments")
    left, right = args[:2]
    if _is_number(left) and _is_number(right):
        raise ValueError(f"{name} requires at least one tensor operand")
    prepared = Prepared(args, kwargs, [left, right], _IR_NAMES.get(name, name))
    if _is_number(left):
        if name in _COMMUTATIVE:
            prepared.args = (right, left, *args[2:])
        elif name in _MIRRORED:
            from tilefold.ttnn.dispatch import OPERATIONS

            prepared.args = (right, left, *args[2:])
            prepared.function = OPERATIONS[_MIRRORED[name]]
        else:
            prepared.args = (_number_like(left, right), right, *args[2:])
    if name == "pow_tensor":
        prepared.function = prepared.function or _eager("pow")
    return prepared


def _eager(name):
    from tilefold.ttnn.dispatch import OPERATIONS

    return OPERATIONS[name]


def _clamp(name, args, kwargs):
    args, kwargs = _with_leading_keyword(args, kwargs, "input_tensor")
    tensor = _tensor_operand(name, args)
    low = args[1] if len(args) > 1 else kwargs.pop("min", None)
    high = args[2] if len(args) > 2 else kwargs.pop("max", None)
    if low is None and high is None:
        raise ValueError("clamp requires at least one of 'min' or 'max' arguments")
    args = (tensor, low, high)
    low = -_LARGEST if low is None else low
    high = _LARGEST if high is None else high
    if isinstance(low, Tensor) or isinstance(high, Tensor):
        bounds = [bound if isinstance(bound, Tensor) else float(bound) for bound in (low, high)]
        return Prepared(args, kwargs, [tensor, *bounds], "clamp_tensor")
    if tensor.dtype in _INTEGERS:
        low, high = (int(max(-(2**31), min(2**31 - 1, bound))) for bound in (low, high))
        attributes = {"max": f"{high} : i32", "min": f"{low} : i32"}
    else:
        low, high = (max(-_LARGEST, min(_LARGEST, bound)) for bound in (low, high))
        attributes = {"max": f"{float_text(high)} : f32", "min": f"{float_text(low)} : f32"}
    return Prepared(args, kwargs, [tensor], "clamp_scalar", attributes)


def _reduction(name, args, kwargs):
    args, kwargs = _with_leading_keyword(args, kwargs, "input_tensor", "dim", "keepdim")
    tensor = _tensor_operand(name, args)
    dim = args[1] if len(args) > 1 else None
    keepdim = bool(args[2]) if len(args) > 2 else bool(kwargs.get("keepdim", False))
    attributes = {"keep_dim": "true" if keepdim else "false"}
    if dim is not None:
        attributes["dim_arg"] = i32_array(dim if isinstance(dim, (list, tuple)) else [dim])
    return Prepared(args, kwargs, [tensor], name, attributes)


def _matmul(name, args, kwargs):
    args, kwargs = _with_leading_keyword(args, kwargs, "input_tensor_a", "input_tensor_b")
    if len(args) < 2:
        raise ValueError(f"{name} requires at least 2 arguments")
    _require_present(args[:2])
    for operand in args[:2]:
        if _is_number(operand):
            raise ValueError(f"{name} requires a tensor operand, got scalar: {operand}")
    attributes = {key: "true" if kwargs.get(key, False) else "false" for key in ("transpose_a", "transpose_b")}
    operands = [*args[:2]]
    if kwargs.get("bias") is not None:
        operands.append(kwargs["bias"])
    return Prepared(args, kwargs, operands, name, attributes)


def _permute(name, args, kwargs):
    args, kwargs = _with_leading_keyword(args, kwargs, "input_tensor")
    tensor = _tensor_operand(name, args)
    order = kwargs.pop("permutation", None)
    if order is None:
        order = args[1] if len(args) > 1 else kwargs.pop("dims", None)
    if order is None:
        raise ValueError("permute requires 'permutation' keyword argument")
    rank = len(tensor.shape)
    return Prepared(
        (tensor, tuple(order)),
        kwargs,
        [tensor],
        name,
        {
            "permutation": i64_array([axis % rank for axis in order]),
        },
    )


def _transpose(name, args, kwargs):
    args, kwargs = _with_leading_keyword(args, kwargs, "input_tensor")
    tensor = _tensor_operand(name, args)
    if "dim2" in kwargs:  # the eager spelling
        first, second = kwargs.pop("dim1", 0), kwargs.pop("dim2")
    else:
        first, second = kwargs.pop("dim0", 0), kwargs.pop("dim1", 1)
    first = args[1] if len(args) > 1 else first
    second = args[2] if len(args) > 2 else second
    rank = len(tensor.shape)
    for axis in (first, second):
        if not -rank <= axis < rank:
            raise AssertionError(f"transpose dimension {axis} is out of range for a tensor of rank {rank}")
    attributes = {"dim0": f"{first} : si32", "dim1": f"{second} : si32"}
    return Prepared((tensor, first, second), kwargs, [tensor], name, attributes)


def _reshape(name, args, kwargs):
    args, kwargs = _with_leading_keyword(args, kwargs, "input_tensor", "shape")
    tensor = _tensor_operand(name, args)
    if len(args) < 2:
        raise ValueError("reshape requires a shape (positional or keyword)")
    shape = [int(size) for size in args[1]]
    if shape.count(-1) > 1:
        raise ValueError("Only one dimension can be -1 in reshape")
    volume = tensor.shape.volume()
    if -1 in shape:
        known = 1
        for size in shape:
            known *= 1 if size == -1 else size
        if known == 0 or volume % known:
            raise ValueError(f"cannot reshape {list(tensor.shape)} to {shape}")
        shape[shape.index(-1)] = volume // known
    return Prepared((tensor, tuple(shape)), kwargs, [tensor], name, {"shape": i32_array(shape)})


def _rearrange(name, args, kwargs):
    args, kwargs = _with_leading_keyword(args, kwargs, "input_tensor", "pattern")
    tensor = _tensor_operand(name, args)
    if len(args) < 2:
        raise ValueError("rearrange requires a pattern (positional or keyword)")
    return Prepared((tensor, args[1]), {}, [tensor], name, {"pattern": f'"{args[1]}"'}, rearrange)


def _concat(name, args, kwargs):
    args, kwargs = _with_leading_keyword(args, kwargs, "tensors", "dim")
    if not args or not isinstance(args[0], (list, tuple)) or not args[0]:
        raise ValueError("concat requires a list of at least one tensor")
    dim = args[1] if len(args) > 1 else 0
    return Prepared(args, kwargs, list(args[0]), name, {"dim": f"{dim} : si32"})


def _repeat(name, args, kwargs):
    args, kwargs = _with_leading_keyword(args, kwargs, "input_tensor", "repeat_dims")
    tensor = _tensor_operand(name, args)
    if len(args) < 2:
        raise ValueError("repeat requires repeat dimensions")
    counts = [int(count) for count in args[1]]
    if len(counts) != len(tensor.shape):
        raise ValueError(
            f"repeat_dimensions length {len(counts)} must equal the rank of the tensor, {len(tensor.shape)}"
        )
    for index, count in enumerate(counts):
        if count <= 0:
            raise ValueError(f"Repeat dimension at index {index} must be positive, got {count}")
    return Prepared((tensor, tuple(counts)), kwargs, [tensor], name, {"repeat_dimensions": i64_array(counts)})


def _embedding(name, args, kwargs):
    args, kwargs = _with_leading_keyword(args, kwargs, "input_tensor", "weight")
    indices = _tensor_operand(name, args)
    if len(args) < 2 or not isinstance(args[1], Tensor):
        raise ValueError("embedding requires indices and a weight")
    weight = args[1]
    if len(indices.shape) > 2:
        raise ValueError(f"embedding indices must have at most 2 dimensions, got {len(indices.shape)}")
    if len(weight.shape) < 2:
        raise ValueError(f"embedding weight must have at least 2 dimensions, got {len(weight.shape)}")
    kwargs.setdefault("layout", weight.layout)
    if indices.dtype is not DataType.UINT32:  # arguments of jitted functions are never uint32
        args = (_eager("typecast")(indices, DataType.UINT32), *args[1:])
    return Prepared(args, kwargs, [indices, weight], name)


def _collective(name, args, kwargs):
    args, kwargs = _with_leading_keyword(args, kwargs, "input_tensor")
    tensor = _tensor_operand(name, args)
    keywords = collective_arguments(name, tensor, args[1:], kwargs)
    return Prepared((tensor,), keywords, [tensor], name, collective_attributes(name, keywords))


_UNARY = (
    "abs exp neg sqrt rsqrt log cos erf erfc sign sin ceil floor tanh tan sigmoid hardsigmoid relu reciprocal gelu "
    "silu logical_not bitwise_not"
).split()
_BINARY = (
    "add subtract multiply eq ne gt ge lt le bitwise_and bitwise_or bitwise_xor maximum minimum divide div pow "
    "pow_tensor"
).split()

PREPARE = {
    **dict.fromkeys(_UNARY, _unary),
    **dict.fromkeys(_BINARY, _binary),
    **dict.fromkeys(("sum", "mean", "max", "min"), _reduction),
    **dict.fromkeys(("all_gather", "all_reduce", "reduce_scatter"), _collective),
    "clamp": _clamp,
    "matmul": _matmul,
    "permute": _permute,
    "transpose": _transpose,
    "reshape": _reshape,
    "rearrange": _rearrange,
    "concat": _concat,
    "repeat": _repeat,
    "embedding": _embedding,
}

#: Names that exist only while a function is traced.
TRACED_ONLY = ("rearrange", "pow_tensor")

#: Operations that move numbers without computing any.
MOVEMENT = frozenset(
    "permute transpose reshape rearrange concat repeat squeeze unsqueeze slice chunk split pad clone to_layout "
    "to_memory_config reallocate identity expand repeat_interleave all_gather getitem tilize untilize unsqueeze_to_4D "
    "experimental.nlp_create_qkv_heads experimental.nlp_concat_heads".split()
)


def prepare(name, args, kwargs):
    """The Prepared of a call."""
    entry = PREPARE.get(name)
    if entry is not None:
        return entry(name, args, kwargs)
    return Prepared(args, kwargs, list(_tensors_in((args, kwargs))), name)


def _tensors_in(value):
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors_in(item)
    elif isinstance(value, dict):
        yield from _tensors_in(list(value.values()))
