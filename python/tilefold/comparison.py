"""Compiled against not compiled, alternating in one run: `tilefold.ab`.

What can be compared: an object with the method `__tilefold_ab__()`, which returns two callables, the compiled one and
the one without the compiler; or an object with `__wrapped__` (what `functools.wraps` leaves), compared with that.
Modules that `tilefold.accelerate` put into a model are compared with the modules they replace, functions of
`ttnn_jit.jit` with the undecorated function run operation by operation.
"""

import statistics
import time
from dataclasses import dataclass
from typing import Callable, Protocol, runtime_checkable

import numpy as np

from tilefold import errors


@runtime_checkable
class Comparable(Protocol):
    """The protocol of things that `ab` takes."""

    def __tilefold_ab__(self) -> tuple[Callable, Callable]:
        """The compiled and the uncompiled callable, which take the same arguments."""


@dataclass(frozen=True)
class Comparison:
    """The result of `ab`. A ratio above 1 says that the compiled side is faster."""

    name: str
    with_jit: list
    without_jit: list
    first_call: float
    largest_difference: float
    relative_difference: float

    @property
    def ratios(self):
        """Time without the compiler over time with it, of each pair of runs."""
        return [slow / fast for fast, slow in zip(self.with_jit, self.without_jit)]

    @property
    def ratio(self):
        """The median of the ratios."""
        return statistics.median(self.ratios)

    @property
    def spread(self):
        """The first and third quartile of the ratios."""
        if len(self.ratios) < 2:
            return self.ratios[0], self.ratios[0]
        quartiles = statistics.quantiles(self.ratios, n=4, method="inclusive")
        return quartiles[0], quartiles[2]

    def __str__(self):
        low, high = self.spread
        return (
            f"{self.name}: {self.ratio:.2f}x with JIT (quartiles {low:.2f} to {high:.2f}, {len(self.ratios)} pairs); "
            f"median {statistics.median(self.with_jit):.4g} s with, "
            f"{statistics.median(self.without_jit):.4g} s without; "
            f"first call {self.first_call:.3g} s; largest difference {self.largest_difference:.3g} "
            f"({self.relative_difference:.2g} of the norm)"
        )


def sides(function):
    """The compiled and the uncompiled callable. Raises TypeError for an object that offers no second side."""
    if isinstance(function, Comparable):
        return function.__tilefold_ab__()
    wrapped = getattr(function, "__wrapped__", None)
    if wrapped is not None:
        return function, wrapped
    raise errors.TypeError(
        f"ab takes an object with __tilefold_ab__() or __wrapped__, found {type(function).__module__}."
        f"{type(function).__qualname__}"
    )


def ab(fn, args=(), kwargs=None, repeats=5):
    """Runs `fn(*args, **kwargs)` with the JIT on and off, alternating, and compares time and results.

    Each side runs once before, which compiles (its time is `first_call`) and gives the results that are compared. Then
    `repeats` pairs are timed; every second pair runs in the other order. Arguments must not be changed by the function.
    Raises ValueError when the results differ in structure or shape.
    """
    if repeats < 1:
        raise errors.ValueError(f"repeats must be at least 1, found {repeats}")
    kwargs = kwargs or {}
    compiled, plain = sides(fn)
    first_call, found = _timed(compiled, args, kwargs)
    _, expected = _timed(plain, args, kwargs)
    largest, relative = _difference(found, expected)
    del found, expected
    times = {True: [], False: []}
    for pair in range(repeats):
        for on in (True, False) if pair % 2 == 0 else (False, True):
            times[on].append(_timed(compiled if on else plain, args, kwargs)[0])
    return Comparison(_name_of(fn), times[True], times[False], first_call, largest, relative)


def _timed(function, args, kwargs):
    start = time.perf_counter()
    result = function(*args, **kwargs)
    return time.perf_counter() - start, result


def _name_of(function):
    return getattr(function, "__name__", None) or type(function).__name__


def _leaves(result):
    if result is None:
        return []
    if isinstance(result, dict):
        return [leaf for key in sorted(result) for leaf in _leaves(result[key])]
    if isinstance(result, (list, tuple)):
        return [leaf for item in result for leaf in _leaves(item)]
    return [_as_array(result)]


def _as_array(value):
    """float64 values of a torch tensor, NumPy array, number, or tensor with `to_torch()` or `array()`."""
    for conversion in ("to_torch", "array"):
        if hasattr(value, conversion) and not hasattr(value, "detach"):
            value = getattr(value, conversion)()
            break
    if hasattr(value, "detach"):
        return value.detach().cpu().double().numpy()
    if hasattr(value, "__dlpack__") and not isinstance(value, np.ndarray):
        value = np.from_dlpack(value)
    return np.asarray(value, dtype=np.float64)


def _difference(found, expected):
    found, expected = _leaves(found), _leaves(expected)
    if [leaf.shape for leaf in found] != [leaf.shape for leaf in expected]:
        raise errors.ValueError(
            f"the results have other shapes with JIT, {[leaf.shape for leaf in found]}, than without, "
            f"{[leaf.shape for leaf in expected]}"
        )
    largest, relative = 0.0, 0.0
    for a, b in zip(found, expected):
        if a.size == 0:
            continue
        norm = float(np.linalg.norm(b))
        distance = float(np.linalg.norm(a - b))
        largest = max(largest, float(np.abs(a - b).max()))
        relative = max(relative, distance / norm if norm > 0 else (0.0 if distance == 0 else float("inf")))
    return largest, relative
