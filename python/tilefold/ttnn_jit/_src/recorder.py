"""What watches the operations of a function while it is traced."""

from tilefold.jitting.keys import rebuilt
from tilefold.ttnn.dispatch import engine_operation, execute
from tilefold.ttnn.enums import DataType
from tilefold.ttnn.tensor import Tensor
from tilefold.ttnn_jit._src.supported_ops import MOVEMENT, prepare

_OUTPUT_KEYWORDS = ("output_tensor", "optional_output_tensor")
_WRITERS = {"copy_host_to_device_tensor": "device_tensor", "copy": "output"}
#: Operations that make tensors of data which no key sees.
_IMPORTS = frozenset({"as_tensor"})


#: Operations whose point is not their result.
_EFFECTS = frozenset(
    "deallocate reallocate to_device from_device as_tensor copy copy_host_to_device_tensor "
    "copy_device_to_host_tensor".split()
)


def changes_its_operands(name, kwargs):
    """Whether a call does something to tensors that it is given, or moves them off or onto the device."""
    return (
        name.endswith("_") or name in _EFFECTS or any(kwargs.get(keyword) is not None for keyword in _OUTPUT_KEYWORDS)
    )


def _tensors_of(result):
    if isinstance(result, Tensor):
        return [result]
    if isinstance(result, (list, tuple)):
        return [tensor for item in result for tensor in _tensors_of(item)]
    return []


class Recorder:
    """Sees the outermost operations only: what an operation calls itself is part of it.

    `stand_ins` maps the identities of the call's tensors to their traced counterparts, so that captured tensors are
    inputs too. `builder` writes the IR, if any. `run(name, function, args, kwargs)` makes the results.
    """

    def __init__(self, stand_ins, builder=None, run=None):
        self.stand_ins = stand_ins
        self.builder = builder
        self.foreign = []  # tensors from outside that no key knows
        self._run = run
        self._inputs = {id(tensor) for tensor in stand_ins.values()}
        self._known = {}
        self._unrounded = {}
        self._depth = 0

    def call(self, name, function, args, kwargs):
        if self._depth:
            return function(*args, **kwargs)
        if args and args[-1] is Ellipsis and name != "getitem":  # "and so on": what follows has its defaults
            args = args[:-1]
        self._refuse_writes(name, args, kwargs)
        self._depth = 1
        try:
            args = tuple(rebuilt(value, self.stand_ins, (Tensor,)) for value in args)
            kwargs = {key: rebuilt(value, self.stand_ins, (Tensor,)) for key, value in kwargs.items()}
            for value in (args, tuple(kwargs.values())):
                for tensor in _tensors_of(value):
                    self._meet(tensor)
            prepared = prepare(name, args, kwargs)
            function = prepared.function or function
            if self._run is None:
                result = function(*prepared.args, **prepared.kwargs)
            else:
                result = self._run(name, function, prepared.args, prepared.kwargs)
        finally:
            self._depth = 0
        self._note(prepared, result)
        return result

    def _refuse_writes(self, name, args, kwargs):
        targets = [kwargs.get(keyword) for keyword in _OUTPUT_KEYWORDS]
        if name.endswith("_"):
            targets.append(args[0] if args else next(iter(kwargs.values()), None))
        if name in _WRITERS:
            targets += [*args[1:2], kwargs.get(_WRITERS[name])]
        for target in targets:
            if isinstance(target, Tensor) and (id(target) in self._inputs or id(target) in self.stand_ins):
                raise RuntimeError(
                    f"ttnn.{name} would change a tensor that a jitted function was given, which its program cannot do: "
                    f"use ttnn.{name.rstrip('_')} and its result"
                )

    def _meet(self, tensor):
        """An operand: in the precision that it would have been stored in, and known."""
        known = self._unrounded.pop(id(tensor), None)
        if known is not None and tensor.shards is not None:
            tensor.replace(execute(engine_operation("round_bfloat16"), tensor.shards))
        if id(tensor) not in self._inputs and id(tensor) not in self._known:
            self._known[id(tensor)] = tensor
            if tensor.shards is not None and not any(getattr(shard, "is_traced", False) for shard in tensor.shards):
                self.foreign.append(tensor)

    def _note(self, prepared, result):
        tensors = _tensors_of(result)
        for tensor in tensors:
            if prepared.name not in _IMPORTS:
                self._known[id(tensor)] = tensor
            # Fused regions keep fp32 between operations; one by one, operations store bf16. The results are the same
            # because what the next operation reads is rounded. (Block floats are always rounded where they are made.)
            if self._run is None and tensor.dtype is DataType.BFLOAT16 and prepared.name not in MOVEMENT:
                self._unrounded[id(tensor)] = tensor
        if self.builder is not None and tensors:
            self.builder.record(prepared.name, prepared.operands, tensors, prepared.attributes)


class Silent:
    """While one operation is compiled by itself: what it calls is part of it."""

    def call(self, name, function, args, kwargs):
        return function(*args, **kwargs)
