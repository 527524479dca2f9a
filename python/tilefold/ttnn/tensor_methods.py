"""Operators, indexing and methods of `ttnn.Tensor` that are operations."""

import numbers

from tilefold.ttnn.conversion import host_values, to_torch
from tilefold.ttnn.dispatch import OPERATIONS
from tilefold.ttnn.enums import DataType
from tilefold.ttnn.operations.manipulation import Index
from tilefold.ttnn.tensor import Tensor


def _operator(name, reversed_name=None):
    forward = OPERATIONS[name]
    backward = None if reversed_name is None else OPERATIONS[reversed_name]

    def operator(self, other):
        if not isinstance(other, (Tensor, numbers.Real)):
            return NotImplemented
        return forward(self, other)

    def reversed_operator(self, other):
        if not isinstance(other, numbers.Real):
            return NotImplemented
        return backward(self, other)

    return operator if backward is None else (operator, reversed_operator)


for _method, _name, _reversed in (("add", "add", "add"), ("sub", "subtract", "rsub"), ("mul", "multiply", "multiply")):
    _forward, _backward = _operator(_name, _reversed)
    setattr(Tensor, f"__{_method}__", _forward)
    setattr(Tensor, f"__r{_method}__", _backward)
Tensor.__truediv__, Tensor.__rtruediv__ = _operator("divide", "rdiv")
for _name in ("eq", "ne", "gt", "ge", "lt", "le"):
    setattr(Tensor, f"__{_name}__", _operator(_name))


def _method(function):
    setattr(Tensor, function.__name__, function)
    return function


@_method
def __neg__(self):
    return OPERATIONS["neg"](self)


@_method
def __pow__(self, exponent):
    return OPERATIONS["pow"](self, exponent) if isinstance(exponent, (Tensor, numbers.Real)) else NotImplemented


@_method
def __matmul__(self, other):
    return OPERATIONS["matmul"](self, other) if isinstance(other, Tensor) else NotImplemented


@_method
def __getitem__(self, index):
    """The part that integers, slices and one '...' name, as a copy."""
    return OPERATIONS["getitem"](self, Index(index))


@_method
def __iter__(self):
    raise TypeError("a ttnn.Tensor is not iterable")


@_method
def __len__(self):
    if len(self.shape) == 0:
        raise TypeError("a ttnn.Tensor of rank 0 has no length")
    return self.shape[0]


@_method
def __bool__(self):
    if self.shape.volume() != 1:
        raise RuntimeError("the truth value of a ttnn.Tensor with more or fewer than one element is ambiguous")
    return bool(self.item())


def _to_torch(self, dtype=None, mesh_composer=None):
    """The elements as a torch tensor; see ttnn.to_torch."""
    return to_torch(self, dtype, mesh_composer=mesh_composer)


def _to_numpy(self):
    """A copy of the elements as a NumPy array: float32 for floating-point dtypes."""
    self.allocated_shards("ttnn.Tensor.to_numpy")
    if 0 in self.shape:
        import numpy

        floating = self.dtype not in (DataType.UINT8, DataType.UINT16, DataType.UINT32, DataType.INT32)
        return numpy.zeros(self.shape, numpy.float32 if floating else self.dtype.name.lower())
    return host_values(self).copy()


Tensor.to_torch = _to_torch
Tensor.to_numpy = _to_numpy


@_method
def to_list(self):
    """The elements as nested lists."""
    return self.to_numpy().tolist()


@_method
def item(self):
    """The single element of a tensor of one element."""
    if self.shape.volume() != 1:
        raise RuntimeError(f"ttnn.Tensor.item: a tensor of shape {self.shape} has no single element")
    return self.to_numpy().item()


@_method
def reshape(self, *shape):
    """ttnn.reshape, with the sizes as a list or as arguments."""
    if len(shape) == 1 and not isinstance(shape[0], numbers.Integral):
        shape = shape[0]
    return OPERATIONS["reshape"](self, shape)


@_method
def deallocate(self, force=False):
    """Frees this handle; freeing again does nothing."""
    OPERATIONS["deallocate"](self, force)
