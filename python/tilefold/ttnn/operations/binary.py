"""Element-wise operations of two operands, generated from the engine's registry."""

from tilefold import _native
from tilefold.ttnn.dispatch import cast_shards, engine_operation, execute, finish, operation, require_tensor
from tilefold.ttnn.enums import DataType
from tilefold.ttnn.operations.unary import apply_activations
from tilefold.ttnn.tensor import Tensor

_DOCS = {entry["name"]: entry["doc"] for entry in _native.registry()}

#: Public name -> operation of the registry.
BINARY = {
    "add": "add",
    "subtract": "subtract",
    "sub": "subtract",
    "multiply": "multiply",
    "mul": "multiply",
    "divide": "divide",
    "div": "divide",
    "maximum": "maximum",
    "minimum": "minimum",
    "eq": "eq",
    "ne": "ne",
    "gt": "gt",
    "ge": "ge",
    "lt": "lt",
    "le": "le",
    "logical_and": "logical_and",
    "logical_or": "logical_or",
    "logical_xor": "logical_xor",
}


def check_broadcast(name, a, b):
    """Raises RuntimeError unless each trailing dimension is equal or 1 on either side."""
    for left, right in zip(reversed(a.shape), reversed(b.shape)):
        if left != right and left != 1 and right != 1:
            rank = max(len(a.shape), len(b.shape))
            raise RuntimeError(
                f"ttnn.{name}: Broadcasting rule violation for rank {rank}: shapes {list(a.shape)} and {list(b.shape)}"
            )


def binary_shards(name, engine_name, a, b, dtype, activations, a_activations, b_activations):
    """The shards of `a <op> b`, where b is a tensor or a number."""
    left = a.shards
    if dtype is not None and dtype is not a.dtype and dtype is DataType.FLOAT32:
        left = cast_shards(left, a.dtype, DataType.FLOAT32)
    left = apply_activations(left, a_activations, f"ttnn.{name}")
    if b.__class__ is Tensor:
        require_tensor(b, name)
        check_broadcast(name, a, b)
        right = apply_activations(b.shards, b_activations, f"ttnn.{name}")
        result = execute(engine_operation(engine_name), left, right)
    elif isinstance(b, (int, float)):
        result = execute(engine_operation(engine_name, scalar=float(b)), left)
    else:
        raise TypeError(f"ttnn.{name}: expected a ttnn.Tensor or a number, got {type(b).__name__}")
    return apply_activations(result, activations, f"ttnn.{name}")


def _make(name, engine_name):
    def function(
        input_tensor_a,
        input_tensor_b,
        *,
        dtype=None,
        memory_config=None,
        output_tensor=None,
        activations=(),
        input_tensor_a_activations=(),
        input_tensor_b_activations=(),
        **hints,
    ):
        require_tensor(input_tensor_a, name)
        shards = binary_shards(
            name,
            engine_name,
            input_tensor_a,
            input_tensor_b,
            dtype,
            activations,
            input_tensor_a_activations,
            input_tensor_b_activations,
        )
        return finish(shards, input_tensor_a, dtype, memory_config)

    function.__name__ = name
    function.__doc__ = f"{_DOCS[engine_name]}\n\nBroadcasts on both sides; the second operand may be a number."
    return operation(name)(function)


def _make_in_place(name, engine_name):
    def function(
        input_a,
        input_b,
        *,
        activations=(),
        input_tensor_a_activations=(),
        input_tensor_b_activations=(),
        **hints,
    ):
        require_tensor(input_a, name)
        shards = binary_shards(
            name, engine_name, input_a, input_b, None, activations, input_tensor_a_activations, input_tensor_b_activations
        )
        if tuple(shards[0].shape) != tuple(input_a.shape):
            raise RuntimeError(
                f"ttnn.{name}: the broadcast shape {list(shards[0].shape)} is not the left operand's {list(input_a.shape)}"
            )
        input_a.replace(cast_shards(shards, input_a.dtype, input_a.dtype))
        return input_a

    function.__name__ = name
    function.__doc__ = f"In place on the first operand, which is returned: {_DOCS[engine_name]}"
    return operation(name)(function)


for _name, _engine_name in BINARY.items():
    globals()[_name] = _make(_name, _engine_name)
for _name in ("add", "subtract", "sub", "multiply", "mul", "divide", "div"):
    globals()[_name + "_"] = _make_in_place(_name + "_", BINARY[_name])
