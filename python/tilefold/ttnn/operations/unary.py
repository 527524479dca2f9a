"""Element-wise operations of one operand, generated from the engine's registry."""

from tilefold import _native
from tilefold.ttnn.dispatch import Call, engine_operation, planned, require_tensor
from tilefold.ttnn.enums import UnaryOpType
from tilefold.ttnn.fusion import fused, rounded
from tilefold.ttnn.tensor import BLOCK_FLOAT_BITS

_REGISTRY = {entry["name"]: entry for entry in _native.registry()}

#: Element-wise operations of one operand that are public in another form: gelu has a choice, the others are not TTNN's.
_OTHER_FORM = ("gelu", "gelu_tanh", "round_bfloat16")

#: Names of operations of the registry; the public names are the same.
UNARY = tuple(
    name
    for name, entry in _REGISTRY.items()
    if entry["kind"] == "pointwise" and len(entry["operands"]) == 1 and not entry["attributes"] and name not in _OTHER_FORM
)


class UnaryWithParam:
    """An activation with its parameter, for the activation lists of binary operations and products."""

    def __init__(self, op_type, param=None):
        if not isinstance(op_type, UnaryOpType):
            raise TypeError(f"ttnn.UnaryWithParam: expected a ttnn.UnaryOpType, got {op_type!r}")
        self.op_type = op_type
        self.param = param

    def __eq__(self, other):
        return isinstance(other, UnaryWithParam) and (self.op_type, self.param) == (other.op_type, other.param)

    def __hash__(self):
        return hash((self.op_type, self.param))

    def __repr__(self):
        return f"UnaryWithParam({self.op_type}, {self.param})"


def activation_name(activation, where):
    """The registry's name of an activation given as a string, UnaryOpType or UnaryWithParam."""
    approximate = False
    name = activation
    if isinstance(activation, UnaryWithParam):
        approximate = bool(activation.param)
        activation = activation.op_type
    if isinstance(activation, UnaryOpType):
        name = activation.name
    if isinstance(name, str):
        name = name.lower()
        if name == "gelu" and approximate or name == "gelu_approx":
            name = "gelu_tanh"
        if name in UNARY or name in ("gelu", "gelu_tanh"):
            return name
    raise RuntimeError(f"ttnn.{where}: unknown activation {activation!r}")


def activation_names(activations, where):
    """The registry's names of a list of activations (or None), as a tuple."""
    if activations is None:
        return ()
    if not isinstance(activations, (list, tuple)):
        raise TypeError(f"ttnn.{where}: expected a list of activations, got {type(activations).__name__}")
    return tuple(activation_name(activation, where) for activation in activations)


def activated(native, names):
    """An engine tensor after the named operations, in order."""
    for name in names:
        native = engine_operation(name)(native)
    return native


def unary_call(engine_name, tensor, memory_config):
    """The Call of a registered operation of one operand."""
    dtype = tensor.dtype
    if dtype in BLOCK_FLOAT_BITS:
        handle = fused(engine_name, lambda x: rounded(engine_operation(engine_name)(x), dtype), dtype)
    else:
        handle = engine_operation(engine_name)
    return Call(handle, (tensor,), memory_config=memory_config)


def _make(name):
    def unary(input_tensor, *, memory_config=None):
        require_tensor(input_tensor, name)
        return unary_call(name, input_tensor, memory_config)

    unary.__doc__ = (
        f"{_REGISTRY[name]['doc']}\n\nElement-wise; the result has the operand's shape and dtype, and its placement unless "
        "`memory_config` says otherwise."
    )
    return planned(name)(unary)


for _name in UNARY:
    globals()[_name] = _make(_name)
