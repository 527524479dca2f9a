"""Several engine operations as one program: what an operation of the `ttnn` interface needs more than one of.

A `Fused` is called with engine tensors like a single engine operation. Eagerly it is traced and compiled once per
operand types, so that intermediate values are neither stored nor rounded; while a function is traced it records its
operations there.
"""

from tilefold import _native
from tilefold.ttnn.dispatch import engine_operation
from tilefold.ttnn.tensor import BLOCK_FLOAT_BITS, STORAGE_DTYPE

_FLOATING = (_native.DType.float32, _native.DType.bfloat16)
_fused = {}


class Fused:
    """`function(*natives)` as one program per operand types."""

    __slots__ = ("name", "function", "table")

    def __init__(self, name, function):
        self.name = name
        self.function = function
        self.table = _native.ProgramTable()

    def __call__(self, *natives):
        result = self.table(*natives)
        if result is not None:
            return result
        if _native.is_tracing():
            return self.function(*natives)
        program = _native.trace(lambda *traced: (self.function(*traced),), list(natives), self.name)
        self.table.add(program, list(natives))
        return self.table(*natives)

    def __repr__(self):
        return f"Fused({self.name})"


class WithNumber:
    """`program(tensor, number)`, compiled once for all numbers. While a function is traced, `constant(tensor)` is
    recorded in its place, so that the number is visible to the compiler."""

    __slots__ = ("program", "number", "constant")

    def __init__(self, program, number, constant):
        self.program = program
        import numpy  # not at the top: the stubs are made where it is not installed

        with numpy.errstate(over="ignore"):
            self.number = _native.Tensor.from_array(numpy.full((), number, numpy.float32), copy=True)
        self.constant = constant

    def __call__(self, native):
        result = self.program.table(native, self.number)
        if result is not None:
            return result
        if _native.is_tracing():
            return self.constant(native)
        return self.program(native, self.number)

    def __repr__(self):
        return f"WithNumber({self.program.name})"


def fused(name, function, *key):
    """The Fused of a function that `name` and the hashable `key` describe completely; made once."""
    full = (name, *key)
    known = _fused.get(full)
    if known is None:
        if len(_fused) > 8192:
            _fused.clear()
        known = _fused[full] = Fused(name, function)
    return known


def cast(native, dtype):
    """The engine tensor in an engine dtype."""
    return native if native.dtype == dtype else engine_operation("typecast", dtype=dtype)(native)


def is_floating(native):
    return native.dtype in _FLOATING


def rounded(native, dtype):
    """An engine tensor rounded to a DataType and in its storage dtype."""
    bits = BLOCK_FLOAT_BITS.get(dtype)
    if bits is not None:
        if not is_floating(native):
            native = cast(native, _native.DType.float32)
        native = engine_operation("block_float", mantissa_bits=bits)(native)
    return cast(native, STORAGE_DTYPE[dtype])
