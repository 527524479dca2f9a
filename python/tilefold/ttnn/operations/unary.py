"""Element-wise operations of one operand, generated from the engine's registry."""

from tilefold import _native
from tilefold.ttnn.dispatch import engine_operation, execute, finish, operation, require_tensor
from tilefold.ttnn.enums import UnaryOpType

_DOCS = {entry["name"]: entry["doc"] for entry in _native.registry()}

#: Public name -> operation of the registry.
UNARY = {
    name: name
    for name in (
        "abs exp log neg sin cos tan tanh ceil floor sign relu sigmoid silu erf erfc sqrt rsqrt reciprocal square "
        "hardsigmoid cbrt digamma cosh sinh identity logical_not bitwise_not"
    ).split()
}


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
    if isinstance(activation, UnaryWithParam):
        activation = activation.op_type
    if isinstance(activation, UnaryOpType):
        return activation.name.lower()
    if isinstance(activation, str) and activation in UNARY:
        return activation
    raise RuntimeError(f"{where}: unknown activation {activation!r}")


def apply_activations(shards, activations, where):
    """The shards after each activation of the list, in order."""
    for activation in activations or ():
        shards = execute(engine_operation(activation_name(activation, where)), shards)
    return shards


def _make(name, engine_name):
    handle = None

    def function(input_tensor, *, memory_config=None, output_tensor=None, **hints):
        nonlocal handle
        require_tensor(input_tensor, name)
        if handle is None:
            handle = engine_operation(engine_name)
        return finish(execute(handle, input_tensor.shards), input_tensor, memory_config=memory_config)

    function.__name__ = name
    function.__doc__ = (
        f"{_DOCS.get(engine_name, '')}\n\nElement-wise; the result has the operand's shape and dtype, and its placement "
        "unless `memory_config` says otherwise."
    )
    return operation(name)(function)


for _name, _engine_name in UNARY.items():
    if _engine_name in _DOCS:
        globals()[_name] = _make(_name, _engine_name)
