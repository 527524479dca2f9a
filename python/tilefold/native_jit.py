"""`tilefold.jit`: functions of engine tensors, traced once, compiled and cached."""

import contextlib
import functools
import inspect
import threading
import warnings

from tilefold import _native, errors
from tilefold.jitting.cache import JitCache
from tilefold.jitting.captures import Captures
from tilefold.jitting.keys import Freezer, TensorList, rebuilt
from tilefold.jitting.results import filled, structure_of

_ARGUMENTS = Freezer((_native.Tensor,), lambda tensor: "tensor")
#: Captured tensors are constants of the program: engine tensors are values.
_CAPTURED = Freezer((_native.Tensor,), lambda tensor: None)


def _precision(value):
    if isinstance(value, _native.Precision):
        return value
    known = {"float32": _native.Precision.float32, "mixed": _native.Precision.mixed}
    if value not in known:
        raise ValueError(f"precision: expected 'float32' or 'mixed', got {value!r}")
    return known[value]


def _types(tensors, symbolic):
    """The types of arguments. Symbolic: sizes above 1 outside of the last dimension become symbols, equal sizes the same
    one, as in the trace."""
    if not symbolic:
        return tuple((tensor.dtype, tensor.shape) for tensor in tensors)
    symbols = {}
    types = []
    for tensor in tensors:
        shape = tensor.shape
        sizes = [size if size < 2 else ("symbol", symbols.setdefault(size, len(symbols))) for size in shape[:-1]]
        types.append((tensor.dtype, (*sizes, *shape[-1:])))
    return tuple(types)


class CompiledFunction:
    """A function made by `tilefold.jit`. Thread-safe; nested ones are part of the outer program."""

    def __init__(self, function, debug, max_grid, enable_cache, graph_capture, precision, symbolic, fallback):
        functools.update_wrapper(self, function)
        self.func = function
        self.debug = bool(debug)
        self.max_grid = max_grid
        self.graph_capture = bool(graph_capture)
        self.precision = _precision(precision)
        self.symbolic = bool(symbolic)
        self.fallback = bool(fallback)
        self.cache = JitCache() if enable_cache else None
        self.max_cores = 0 if max_grid is None else (int(max_grid[0]) + 1) * (int(max_grid[1]) + 1)
        if not self.graph_capture and self.precision is not _native.Precision.float32:
            raise ValueError(
                "graph_capture=False runs operation by operation in float32: precision='mixed' needs a program"
            )
        self._signature = inspect.signature(function)
        self._captures = Captures(function, _CAPTURED)
        self._last = None
        # Until a trace has shown which captured values the function changes, its keys are not final: one at a time.
        self._traced = False
        self._first_lock = threading.RLock()

    @property
    def __jit_function__(self):
        return self.func

    @property
    def num_entries(self):
        """Programs in the cache."""
        if self.cache is None:
            raise ValueError("the cache of this function is not enabled")
        return self.cache.num_entries

    @property
    def program_text(self):
        """The program of the last call: its graph after all passes, and its schedule."""
        return "" if self._last is None else self._last[0].text

    def __call__(self, *args, **kwargs):
        if _native.is_tracing() or not self.graph_capture:
            return self.func(*args, **kwargs)
        key, tensors = self._key(args, kwargs)
        entry = None if self.cache is None else self.cache.get(key)
        if entry is None:
            self._signature.bind(*args, **kwargs)
            with self._first_lock if not self._traced else contextlib.nullcontext():
                entry = self._find_or_make(args, kwargs)
                # Only now: the program must be where its final key leads to before others look for it without the lock.
                self._traced = True
        self._last = entry
        program, structure, copied = entry
        results = program.run(tensors)
        if copied:
            results = [result.clone() if index in copied else result for index, result in enumerate(results)]
        return filled(structure, results)

    def _key(self, args, kwargs):
        tensors = TensorList()
        key = [_ARGUMENTS.freeze(value, tensors) for value in args]
        key += [(name, _ARGUMENTS.freeze(kwargs[name], tensors)) for name in sorted(kwargs)]
        key.append(_types(tensors.tensors, self.symbolic))
        key.append(self._captures.part(TensorList()))
        return tuple(key), tensors.tensors

    def _find_or_make(self, args, kwargs):
        key, tensors = self._key(args, kwargs)
        final = key

        def make():
            nonlocal final
            captured = self._captures.snapshot()
            entry = self._make(args, kwargs, tensors)
            if self._captures.note_changes(captured):
                final, _ = self._key(args, kwargs)
            return entry

        if self.cache is None:
            return make()
        entry = self.cache.find_or_make(key, make)
        if final != key:
            self.cache.move(key, final)
        return entry

    def _make(self, args, kwargs, tensors):
        try:
            return self._trace(args, kwargs, tensors, True)
        except errors.CompileError as error:
            if not self.fallback:
                raise
            warnings.warn(
                f"tilefold.jit: '{self.__name__}' could not be compiled ({error}); running the reference interpreter",
                RuntimeWarning,
                stacklevel=4,
            )
            return self._trace(args, kwargs, tensors, False)

    def _trace(self, args, kwargs, tensors, compile):
        structure = copied = None

        def traced(*natives):
            nonlocal structure, copied
            stand_ins = {id(tensor): native for tensor, native in zip(tensors, natives)}
            result = self.func(
                *rebuilt(args, stand_ins, (_native.Tensor,)), **rebuilt(kwargs, stand_ins, (_native.Tensor,))
            )
            outputs = []
            structure = structure_of(result, outputs, _native.Tensor)
            if not outputs:
                raise TypeError(f"the jitted function '{self.__name__}' returned no tensor but {result!r}")
            copied = {i for i, output in enumerate(outputs) if any(output is native for native in natives)}
            return tuple(outputs)

        program = _native.trace(
            traced,
            tensors,
            self.__name__,
            debug=self.debug,
            symbolic=self.symbolic,
            precision=self.precision,
            max_cores=self.max_cores,
            compile=compile,
        )
        return program, structure, copied


def jit(
    function=None,
    *,
    debug=False,
    max_grid=None,
    enable_cache=True,
    graph_capture=True,
    precision="float32",
    symbolic=False,
    fallback=False,
):
    """Compiles a function of `tilefold.Tensor`; a decorator with or without arguments.

    debug: print the graph after every pass that changed it, and the schedule.
    max_grid: largest core coordinates that programs may use, (7, 7) for 64 cores.
    enable_cache: keep programs, by the types of tensors and the values of everything else that the function uses.
    graph_capture: False: run operation by operation.
    precision: "float32", or "mixed": products of bf16 numbers, accumulated in fp32.
    symbolic: one program for all sizes of every dimension but the last.
    fallback: run the reference interpreter, with a warning, where compilation fails.
    """

    def decorate(chosen):
        return CompiledFunction(chosen, debug, max_grid, enable_cache, graph_capture, precision, symbolic, fallback)

    return decorate if function is None else decorate(function)
