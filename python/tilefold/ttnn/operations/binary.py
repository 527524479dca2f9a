"""Element-wise operations of two operands, generated from the engine's registry."""

import numbers

from tilefold import _native
from tilefold.ttnn.dispatch import Call, engine_operation, planned, require_tensor
from tilefold.ttnn.enums import DataType
from tilefold.ttnn.fusion import WithNumber, cast, fused, is_floating, rounded
from tilefold.ttnn.operations.unary import activated, activation_names
from tilefold.ttnn.tensor import BLOCK_FLOAT_BITS, Tensor

_REGISTRY = {entry["name"]: entry for entry in _native.registry()}
_DOCS = {name: entry["doc"] for name, entry in _REGISTRY.items()}

#: Public name -> operation of the registry: those of two operands of which the second may be a number, and short names.
BINARY = {
    name: name
    for name, entry in _REGISTRY.items()
    if entry["kind"] == "pointwise" and [attribute["name"] for attribute in entry["attributes"]] == ["scalar"]
}
BINARY.update(sub="subtract", mul="multiply")

_IN_PLACE = ("add", "subtract", "sub", "multiply", "mul", "divide", "div")

FLOATING = (DataType.BFLOAT16, DataType.FLOAT32, DataType.BFLOAT8_B, DataType.BFLOAT4_B)

#: Block floats are rounded once by these; other operations give bfloat16 values first, which are rounded again.
_BLOCK_FLOAT_NATIVE = ("add", "subtract", "multiply")


#: Tensors of these meet a number as an operand, so that one program serves all numbers; others as an attribute.
_RUNTIME_NUMBERS = (DataType.BFLOAT16, DataType.FLOAT32)


def check_broadcast(name, a, b):
    """Raises RuntimeError unless each trailing dimension is equal or 1 on either side."""
    for left, right in zip(reversed(a.shape), reversed(b.shape)):
        if left != right and left != 1 and right != 1:
            rank = max(len(a.shape), len(b.shape))
            raise RuntimeError(
                f"ttnn.{name}: Broadcasting rule violation for rank {rank}: shapes {list(a.shape)} and {list(b.shape)}"
            )
    rank = max(len(a.shape), len(b.shape))
    if rank > 5 and tuple(a.shape) != tuple(b.shape):
        raise RuntimeError(
            f"ttnn.{name}: Broadcasting rule violation for rank {rank}: above rank 5 the shapes must be equal, "
            f"got {list(a.shape)} and {list(b.shape)}"
        )


def require_number(value, where):
    """A Python float of a number. TypeError for anything else."""
    if isinstance(value, numbers.Real):
        return float(value)
    raise TypeError(f"ttnn.{where}: expected a ttnn.Tensor or a number, got {type(value).__name__}")


def require_dtype(dtype, where):
    if dtype is not None and not isinstance(dtype, DataType):
        raise TypeError(f"ttnn.{where}: expected a ttnn.DataType, got {dtype!r}")
    return dtype


def _plain_operation(engine_name, scalar):
    if scalar is None:
        return engine_operation(engine_name)
    return engine_operation(engine_name, **{"exponent" if engine_name == "pow" else "scalar": scalar})


def _operation_on(engine_name, a, b, scalar):
    """One engine operation; integers meet fractions in float32."""
    if b is None:
        if not is_floating(a) and (engine_name == "pow" or not scalar.is_integer()):
            a = cast(a, _native.DType.float32)
        return _plain_operation(engine_name, scalar)(a)
    if not is_floating(a) and (engine_name == "pow" or is_floating(b)):
        a = cast(a, _native.DType.float32)
    return engine_operation(engine_name)(a, b)


class _Expression:
    """activations(a_activations(a) <op> b_activations(b)), rounded once to `dtype`; a hashable description of it, and
    the function of engine tensors that computes it."""

    def __init__(self, engine_name, dtype, widened, scalar, before_a, before_b, after):
        self.engine_name = engine_name
        self.dtype = dtype
        self.widened = widened  # operands are converted to float32 first
        self.scalar = scalar
        self.before_a = before_a
        self.before_b = before_b
        self.after = after

    def key(self):
        scalar = None if self.scalar is None else self.scalar.hex()
        return (self.dtype, self.widened, scalar, self.before_a, self.before_b, self.after)

    def __call__(self, a, b=None):
        if self.widened:
            a = cast(a, _native.DType.float32)
            b = b if b is None or not is_floating(b) else cast(b, _native.DType.float32)
        a = activated(a, self.before_a)
        b = b if b is None else activated(b, self.before_b)
        return rounded(activated(_operation_on(self.engine_name, a, b, self.scalar), self.after), self.dtype)


def binary_call(name, engine_name, a, b, dtype, memory_config, after, before_a, before_b, in_place=False):
    """The Call of `a <op> b`, where b is a tensor or a number."""
    require_tensor(a, name)
    require_dtype(dtype, name)
    after = activation_names(after, name)
    before_a = activation_names(before_a, name)
    before_b = activation_names(before_b, name)
    source = a.dtype
    scalar = None
    operands = (a,)
    if isinstance(b, Tensor):
        require_tensor(b, name)
        check_broadcast(name, a, b)
        operands = (a, b)
    else:
        scalar = require_number(b, name)
        if before_b:
            raise RuntimeError(f"ttnn.{name}: activations of the second operand need it to be a tensor")
    if dtype is None:
        dtype = source
        if engine_name == "divide" and source not in FLOATING and not in_place:
            dtype = DataType.FLOAT32
    floating = source in FLOATING
    fraction = b.dtype in FLOATING if scalar is None else not scalar.is_integer()
    exact = floating or not (fraction or engine_name in ("pow", "divide"))
    if exact and dtype is source and dtype not in BLOCK_FLOAT_BITS and not (after or before_a or before_b):
        handle = _plain_operation(engine_name, scalar)
    else:
        in_bfloat16 = (
            source in BLOCK_FLOAT_BITS and engine_name not in _BLOCK_FLOAT_NATIVE and not before_a and not after
        )
        widened = floating and not in_bfloat16
        expression = _Expression(engine_name, dtype, widened, scalar, before_a, before_b, after)
        handle = fused(name, expression, engine_name, *expression.key())
    if scalar is not None and source in _RUNTIME_NUMBERS and engine_name != "pow":
        expression = _Expression(engine_name, dtype, True, None, before_a, before_b, after)
        handle = WithNumber(fused(name, expression, engine_name, *expression.key()), scalar, handle)
    return Call(handle, operands, dtype=dtype, memory_config=memory_config, in_place=in_place)


def _make(name, engine_name):
    def binary(
        input_tensor_a,
        input_tensor_b,
        *,
        dtype=None,
        memory_config=None,
        activations=(),
        input_tensor_a_activations=(),
        input_tensor_b_activations=(),
    ):
        return binary_call(
            name,
            engine_name,
            input_tensor_a,
            input_tensor_b,
            dtype,
            memory_config,
            activations,
            input_tensor_a_activations,
            input_tensor_b_activations,
        )

    binary.__doc__ = (
        f"{_DOCS[engine_name]}\n\nBroadcasts on both sides (RuntimeError otherwise); the second operand may be a "
        "number. Activations are applied to the operands and to the result without rounding in between. The result has "
        "the first operand's dtype and placement unless `dtype` and `memory_config` say otherwise."
    )
    return planned(name)(binary)


def _make_in_place(name, engine_name):
    def binary_in_place(
        input_a,
        input_b,
        *,
        activations=(),
        input_tensor_a_activations=(),
        input_tensor_b_activations=(),
    ):
        return binary_call(
            name,
            engine_name,
            input_a,
            input_b,
            None,
            None,
            activations,
            input_tensor_a_activations,
            input_tensor_b_activations,
            in_place=True,
        )

    binary_in_place.__doc__ = (
        f"In place on the first operand, which is returned: {_DOCS[engine_name]} The second operand may broadcast and "
        "have another dtype, or be a number."
    )
    return planned(name)(binary_in_place)


def _make_reversed(name, engine_name):
    def reversed_binary(input_tensor, number, *, memory_config=None):
        require_tensor(input_tensor, name)
        value = require_number(number, name)
        dtype = input_tensor.dtype
        if engine_name == "divide" and dtype not in FLOATING:
            dtype = DataType.FLOAT32
        wide = _native.DType.float32

        def compute(x):
            if is_floating(x) or engine_name == "divide" or not value.is_integer():
                x = cast(x, wide)
            left = engine_operation("full", shape=_native.Dims([]), value=value, dtype=x.dtype)()
            return rounded(engine_operation(engine_name)(left, x), dtype)

        def compute_with(x, left):
            return rounded(engine_operation(engine_name)(left, cast(x, wide)), dtype)

        handle = fused(name, compute, dtype, value.hex())
        if dtype in _RUNTIME_NUMBERS:
            handle = WithNumber(fused(name, compute_with, dtype, "any number"), value, handle)
        return Call(handle, (input_tensor,), dtype=dtype, memory_config=memory_config)

    reversed_binary.__doc__ = f"`number <op> tensor`: {_DOCS[engine_name]}"
    return planned(name)(reversed_binary)


for _name, _engine_name in BINARY.items():
    globals()[_name] = _make(_name, _engine_name)
for _name in _IN_PLACE:
    globals()[_name + "_"] = _make_in_place(_name + "_", BINARY.get(_name, "divide"))


@planned("div")
def div(
    input_tensor_a,
    input_tensor_b,
    *,
    rounding_mode=None,
    round_mode=None,
    dtype=None,
    memory_config=None,
    activations=(),
    input_tensor_a_activations=(),
    input_tensor_b_activations=(),
):
    """`divide`, with the quotient rounded to an integer when `rounding_mode` is "floor" or "trunc"."""
    rounding = round_mode if rounding_mode is None else rounding_mode
    if rounding not in (None, "None", "floor", "trunc"):
        raise RuntimeError(f"ttnn.div: the rounding mode is None, 'floor' or 'trunc', got {rounding!r}")
    if rounding in ("floor", "trunc"):
        activations = (rounding, *(activations or ()))
    return binary_call(
        "div",
        "divide",
        input_tensor_a,
        input_tensor_b,
        dtype,
        memory_config,
        activations,
        input_tensor_a_activations,
        input_tensor_b_activations,
    )


@planned("pow")
def power(input, exponent, *, dtype=None, memory_config=None):
    """`input` to the power of a number or of a tensor; both broadcast. The result has the input's dtype and placement
    unless `dtype` and `memory_config` say otherwise."""
    return binary_call("pow", "pow", input, exponent, dtype, memory_config, (), (), ())


rsub = _make_reversed("rsub", "subtract")
rdiv = _make_reversed("rdiv", "divide")
