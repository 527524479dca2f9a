"""What a Python function uses besides its arguments: closure variables, globals, defaults, helpers and theirs.

The names come from the compiled code once; in each call a look at every binding tells whether one changed.
"""

import dis
import functools
import sys
import types

from tilefold.jitting.keys import Hashed, Identity, TensorList

_MISSING = object()

#: Packages whose functions and modules count as fixed.
_FIXED_PACKAGES = frozenset(sys.stdlib_module_names - {"__main__"}) | {
    "tilefold",
    "ttnn",
    "ttnn_jit",
    "torch",
    "numpy",
    "scipy",
    "pytest",
    "_pytest",
}

_STABLE_TYPES = (bool, int, float, str, bytes, complex, type(None))


def is_fixed(module_name):
    """Whether a module belongs to a package whose functions count as fixed."""
    return (module_name or "").partition(".")[0] in _FIXED_PACKAGES


_NAMES = {}


def _names_of(code):
    """(names of globals, names of attributes) that the code and the functions defined in it load."""
    known = _NAMES.get(code)
    if known is not None:
        return known
    names, attributes = set(), set()
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            names.add(instruction.argval)
        elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            attributes.add(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            inner = _names_of(constant)
            names |= inner[0]
            attributes |= inner[1]
    if len(_NAMES) >= 4096:
        _NAMES.clear()
    _NAMES[code] = (frozenset(names), frozenset(attributes))
    return _NAMES[code]


class _State:
    """The bindings as they were found, the key part of what cannot change, and the values that can."""

    __slots__ = ("bindings", "cells", "attributes", "part", "mutable")

    def holds(self):
        for namespace, name, value in self.bindings:
            if namespace.get(name, _MISSING) is not value:
                return False
        for cell, value in self.cells:
            try:
                if cell.cell_contents is not value:
                    return False
            except ValueError:
                if value is not _MISSING:
                    return False
        for owner, name, value in self.attributes:
            if getattr(owner, name, _MISSING) is not value:
                return False
        return True


class Captures:
    """The captured values of one function.

    What a function changes itself while it is traced (a list that it appends to, a counter) says nothing about its
    program, and would make every key a new one: such values count by identity, and such items of dicts and objects not
    at all, from the first trace on that changed them.
    """

    def __init__(self, function, freezer):
        self._function = function
        self._freezer = freezer
        self._state = None
        self._written = {}  # id of a value: (the value, None or names of its items)

    def part(self, tensors):
        """The key part of all captured values; the tensors among them are added to the TensorList."""
        state = self._state
        if state is None or not state.holds():
            state = self._state = _Finder(self._freezer).find(self._function)
        if not state.mutable:
            return state.part
        freeze = self._freezer.freeze
        if not self._written:
            return (state.part, *[freeze(value, tensors) for value in state.mutable])
        return (state.part, *[self._part_of(value, tensors) for value in state.mutable])

    def snapshot(self):
        """What `note_changes` compares with, taken before a trace."""
        state = self._state
        return [(value, self._parts(value)) for value in (state.mutable if state is not None else ())]

    def note_changes(self, snapshot):
        """Finds what a trace changed; True when that makes the key another one."""
        changed = False
        for value, before in snapshot:
            after = self._parts(value)
            if after == before:
                continue
            changed = True
            if isinstance(before, dict) and isinstance(after, dict):
                _, known = self._written.get(id(value), (value, frozenset()))
                names = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
                self._written[id(value)] = (value, frozenset(known or ()) | names)
            else:
                self._written[id(value)] = (value, None)
        return changed

    def _parts(self, value):
        items = _items(value)
        if items is None:
            return self._freezer.freeze(value, TensorList())
        return {name: self._freezer.freeze(item, TensorList()) for name, item in items.items()}

    def _part_of(self, value, tensors):
        known = self._written.get(id(value))
        if known is None:
            return self._freezer.freeze(value, tensors)
        if known[1] is None:
            return Identity(value)
        rest = {name: item for name, item in _items(value).items() if name not in known[1]}
        return (type(value), self._freezer.freeze(rest, tensors))


def _items(value):
    """The named parts of dicts and plain objects."""
    if value.__class__ is dict:
        return dict(value)
    if isinstance(value, (list, tuple, set, frozenset, types.MethodType)) or hasattr(type(value), "__jit_key__"):
        return None
    state = getattr(value, "__dict__", None)
    return None if state is None or any("__slots__" in cls.__dict__ for cls in type(value).__mro__) else dict(state)


class _Finder:
    def __init__(self, freezer):
        self.freezer = freezer
        self.bindings = []
        self.cells = []
        self.attributes = []
        self.stable = []
        self.mutable = []
        self.functions = set()
        self.owners = set()

    def find(self, function):
        self._function(function)
        state = _State()
        state.bindings = self.bindings
        state.cells = self.cells
        state.attributes = self.attributes
        state.part = Hashed(tuple(self.stable))
        state.mutable = self.mutable
        return state

    def _function(self, function):
        if isinstance(function, types.MethodType):
            self._value(function.__self__, _names_of(function.__func__.__code__)[1], "self")
            function = function.__func__
        elif isinstance(function, functools.partial):
            self._object(function, frozenset(), "partial")
        elif not isinstance(function, (types.FunctionType, type)):
            function = self._call_of_object(function)
        if not isinstance(function, types.FunctionType) or id(function) in self.functions:
            return
        self.functions.add(id(function))
        global_names, names = _names_of(function.__code__)
        # What can be assigned on a function object.
        for attribute in ("__code__", "__defaults__", "__kwdefaults__"):
            value = getattr(function, attribute)
            self.attributes.append((function, attribute, value))
            if attribute != "__code__" and value is not None:
                self._value(value, names, attribute)
        self.stable.append(Identity(function.__code__))
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
            try:
                value = cell.cell_contents
            except ValueError:
                value = _MISSING
            self.cells.append((cell, value))
            self._value(value, names, name)
        for name in sorted(global_names):
            value = function.__globals__.get(name, _MISSING)
            self.bindings.append((function.__globals__, name, value))
            self._value(value, names, name)

    def _call_of_object(self, value):
        """What runs when an object is called; what it reads of the object is found."""
        call = getattr(type(value), "__call__", None)
        if isinstance(call, types.FunctionType):
            self._value(value, _names_of(call.__code__)[1], "self")
        return call

    def _value(self, value, names, name):
        if value is _MISSING:
            return
        if type(value) in _STABLE_TYPES or (
            type(value) is tuple and all(type(item) in _STABLE_TYPES for item in value)
        ):
            self.stable.append((name, self.freezer.freeze(value, None)))
        elif isinstance(value, types.FunctionType):
            self.stable.append((name, Identity(value)))
            if not is_fixed(value.__module__):
                self._function(value)
        elif isinstance(value, types.ModuleType):
            if not is_fixed(value.__name__):
                self._members(value.__dict__, value, names, name)
        elif isinstance(value, type):
            self.stable.append((name, Identity(value)))
            if not is_fixed(value.__module__):
                for cls in value.__mro__[:-1]:
                    self._members(cls.__dict__, cls, names, name)
        else:
            self._object(value, names, name)

    def _object(self, value, names, name):
        if hasattr(type(value), "__jit_function__"):
            nested = value.__jit_function__
            self.stable.append((name, Identity(value)))
            self._function(nested)
            return
        tensors = TensorList()
        part = self.freezer.freeze(value, tensors)
        self.stable.append(name)
        if isinstance(part, Identity):  # opaque: the binding is all there is
            self.stable.append(part)
        else:
            self.mutable.append(value)
        kind = type(value)
        if not is_fixed(kind.__module__) and kind not in self.freezer.tensor_types:
            for cls in kind.__mro__[:-1]:
                self._members(cls.__dict__, cls, names, name)

    def _members(self, namespace, owner, names, name):
        """The members of a module or class that the code may name."""
        if id(owner) in self.owners:
            return
        self.owners.add(id(owner))
        for member in sorted(names & namespace.keys()):
            value = namespace[member]
            self.bindings.append((namespace, member, value))
            if isinstance(value, (staticmethod, classmethod)):
                value = value.__func__
            if isinstance(value, property):
                value = value.fget
            self._value(value, names, f"{name}.{member}")
