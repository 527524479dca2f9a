"""Keys of programs: hashable stand-ins that are equal exactly when the same program serves two values.

Tensors stand for their types and are collected: they are inputs of the program. Everything else is part of the key by
value where values can be compared (numbers, strings, enums, containers, records of such), and by identity elsewhere; a
key holds what it identifies, so that an identity is never used again.
"""

import enum
import functools
import threading
import types

#: Values inside one argument or captured variable; more is refused rather than walked in each call.
LIMIT = 200_000

_PLAIN = (bool, int, str, bytes, complex)


class Identity:
    """Equal only for the very same object, which it keeps alive."""

    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        return other.__class__ is Identity and self.value is other.value

    def __hash__(self):
        return id(self.value)

    def __repr__(self):
        return f"<{self.value!r} at {id(self.value):#x}>"


class Hashed:
    """A key part whose hash is computed once."""

    __slots__ = ("part", "_hash")

    def __init__(self, part):
        self.part = part
        self._hash = hash(part)

    def __eq__(self, other):
        return self is other or (other.__class__ is Hashed and self._hash == other._hash and self.part == other.part)

    def __hash__(self):
        return self._hash

    def __repr__(self):
        return repr(self.part)


class TensorList:
    """The tensors of a call in the order in which the key names them; `add` takes each once."""

    __slots__ = ("tensors", "_index")

    def __init__(self):
        self.tensors = []
        self._index = {}

    def add(self, tensor, spec):
        """The key part of a tensor: its spec, or its position when it is there already."""
        position = self._index.setdefault(id(tensor), len(self.tensors))
        if position < len(self.tensors):
            return ("same tensor as", position)
        self.tensors.append(tensor)
        return spec

    def add_input(self, tensor, spec):
        """The key part of a tensor that is an input of its own, whether it is there already or not: its spec."""
        self._index.setdefault(id(tensor), len(self.tensors))
        self.tensors.append(tensor)
        return spec


class Freezer:
    """Makes key parts. `tensor_types` are the classes whose instances are inputs; `spec(tensor)` is the key part of
    one, or None for a tensor that cannot be an input. `value_types` are further classes that compare and
    hash by value."""

    def __init__(self, tensor_types, spec, value_types=()):
        self.tensor_types = tuple(tensor_types)
        self.spec = spec
        self.value_types = frozenset(value_types)
        self._active = threading.local()

    def freeze(self, value, tensors):
        """The key part of a value; the tensors in it are added to the TensorList."""
        kind = value.__class__
        if kind in _PLAIN:
            return (kind, value)
        if value is None:
            return None
        if kind is float:
            return (float, repr(value))
        if kind in self.tensor_types:
            spec = self.spec(value)
            return Identity(value) if spec is None else tensors.add(value, spec)
        return self._freeze(value, tensors, _Walk())

    def _freeze(self, value, tensors, walk):
        kind = value.__class__
        if kind in _PLAIN:
            return (kind, value)
        if value is None:
            return None
        if kind is float:
            return (float, repr(value))
        if kind in self.tensor_types:
            spec = self.spec(value)
            return Identity(value) if spec is None else tensors.add(value, spec)
        if kind in self.value_types or isinstance(value, enum.Enum):
            return (kind, value)
        if isinstance(value, (type, types.ModuleType, types.BuiltinFunctionType, types.CodeType)):
            return Identity(value)
        return self._freeze_compound(value, kind, tensors, walk)

    def _freeze_compound(self, value, kind, tensors, walk):
        place = walk.enter(value)
        if place is not None:
            return ("same object as", place)
        if isinstance(value, (list, tuple)):
            return (kind, *[self._freeze(item, tensors, walk) for item in value])
        if isinstance(value, dict):
            items = [(self._freeze(k, tensors, walk), self._freeze(v, tensors, walk)) for k, v in value.items()]
            return (kind, *items)
        if isinstance(value, (set, frozenset)):
            if any(item.__class__ in self.tensor_types for item in value):
                raise TypeError("a set of tensors cannot be part of a jitted function's key: sets have no order")
            return (kind, frozenset(self._freeze(item, tensors, walk) for item in value))
        if isinstance(value, types.FunctionType):
            return self._freeze_function(value, tensors)
        if isinstance(value, types.MethodType):
            return (kind, self._freeze_function(value.__func__, tensors), self._freeze(value.__self__, tensors, walk))
        if isinstance(value, functools.partial):
            parts = (value.func, value.args, value.keywords)
            return (kind, *[self._freeze(part, tensors, walk) for part in parts])
        if isinstance(value, slice):
            return (kind, *[self._freeze(part, tensors, walk) for part in (value.start, value.stop, value.step)])
        array = _array_part(value)
        if array is not None:
            return array
        return self._freeze_object(value, kind, tensors, walk)

    def _freeze_function(self, function, tensors):
        """A function is its identity and what it captures."""
        from tilefold.jitting.captures import Captures, is_fixed

        if not isinstance(function, types.FunctionType) or is_fixed(function.__module__):
            return Identity(function)
        active = self._active.__dict__.setdefault("functions", set())
        if id(function) in active:  # it holds itself
            return Identity(function)
        active.add(id(function))
        try:
            # Found anew each time: what was kept here would keep the function and all that it captures.
            return (Identity(function), Captures(function, self).part(tensors))
        finally:
            active.discard(id(function))

    def _freeze_object(self, value, kind, tensors, walk):
        if hasattr(kind, "__jit_key__"):
            return (kind, value.__jit_key__(self, tensors))
        state = getattr(value, "__dict__", None)
        slots = [
            (name, getattr(value, name))
            for cls in kind.__mro__
            for name in _slot_names(cls)
            if hasattr(value, name) and name != "__weakref__"
        ]
        if state is None and not slots:
            return Identity(value)
        parts = [(name, self._freeze(item, tensors, walk)) for name, item in [*(state or {}).items(), *slots]]
        return (kind, *parts)


class _Walk:
    """Guards one freeze against cycles and against walking for ever."""

    __slots__ = ("_seen",)

    def __init__(self):
        self._seen = {}

    def enter(self, value):
        """None for a new object, else the number under which it was met; it is kept alive meanwhile."""
        known = self._seen.get(id(value))
        if known is not None:
            return known[0]
        if len(self._seen) >= LIMIT:
            raise TypeError(
                f"a value that a jitted function uses holds more than {LIMIT} objects: give it what it needs as "
                "arguments"
            )
        self._seen[id(value)] = (len(self._seen), value)
        return None


def _slot_names(cls):
    slots = cls.__dict__.get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _array_part(value):
    """Arrays of other packages may steer a function: NumPy's count by content, PyTorch's by identity and version."""
    root = type(value).__module__.partition(".")[0]
    if root == "numpy" and hasattr(value, "tobytes"):
        return (type(value), str(value.dtype), getattr(value, "shape", ()), value.tobytes())
    if root == "torch":
        version = getattr(value, "_version", None)
        return None if version is None else (Identity(value), version)
    return None


def rebuilt(value, replacements, tensor_types):
    """`value` with its tensors replaced (by identity), through lists, tuples and dicts."""
    kind = value.__class__
    if kind in tensor_types:
        return replacements.get(id(value), value)
    if isinstance(value, (list, tuple)):
        items = [rebuilt(item, replacements, tensor_types) for item in value]
        if all(new is old for new, old in zip(items, value)):
            return value
        return kind(*items) if hasattr(value, "_fields") else kind(items)
    if kind is dict:
        return {key: rebuilt(item, replacements, tensor_types) for key, item in value.items()}
    return value
