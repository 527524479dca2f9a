"""A jitted function."""

import inspect
import itertools
import os
import sys
import threading
import traceback
import types
import warnings

from tilefold.jitting.cache import JitCache
from tilefold.jitting.captures import Captures
from tilefold.jitting.keys import Identity, TensorList
from tilefold.ttnn.dispatch import state
from tilefold.ttnn.memory_config import MemoryConfig
from tilefold.ttnn.tensor import Tensor
from tilefold.ttnn_jit._src.conversions import check_input
from tilefold.ttnn_jit._src.ir_generator import function_name, print_module, print_placement, symbol_name
from tilefold.ttnn_jit._src.memory_analyzer import MemoryAnalyzer
from tilefold.ttnn_jit._src.recorder import Recorder, changes_its_operands
from tilefold.ttnn_jit._src.tracing_compiler import FREEZER, OperationCompiler, TracingCompiler, distinct, recording, stand_in

LOWERED_HEADER = "---- IR Dump after ttnn_to_ttmetal_pipeline ----"
RUNTIME = "tilefold"

#: Programs of single operations, for functions with graph_capture=False.
_operation_programs = JitCache(limit=4096)

#: Tell jitted functions apart in the counters of devices.
_function_numbers = itertools.count()


def _grid_option(max_grid):
    if max_grid is None:
        return None
    try:
        x, y = (int(size) for size in max_grid)
    except (TypeError, ValueError):
        raise ValueError(f"max_grid: expected the largest core coordinates (x, y), got {max_grid!r}") from None
    if x < 0 or y < 0:
        raise ValueError(f"max_grid: core coordinates are not negative, got {max_grid!r}")
    return x, y


def _signature_of(function):
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):  # some built-in functions have none
        return None


def _positional_range(signature):
    """How many positional arguments certainly fit when nothing else is given, as (least, most); (1, 0) if unknown."""
    if signature is None:
        return 1, 0
    parameters = signature.parameters.values()
    least = most = 0
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            most = sys.maxsize
        elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            most += 1
            least += parameter.default is parameter.empty
        elif parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty:
            return 1, 0
    return least, most


class OperationRunner:
    """Runs a function with graph_capture=False: each of its operations is a program of its own."""

    def __init__(self, compiler):
        self.compiler = compiler

    def run(self, args, kwargs, tensors):
        stand_ins = {id(tensor): stand_in(tensor, tensor.shards) for tensor in tensors}
        with recording(Recorder(stand_ins, run=self._run_operation)):
            result = self.compiler.call(args, kwargs, stand_ins)
        return self.compiler.placed(result, stand_ins)

    def _run_operation(self, name, function, args, kwargs):
        tensors = TensorList()
        if not isinstance(function, types.FunctionType) or changes_its_operands(name, kwargs):
            return function(*args, **kwargs)
        compiler = OperationCompiler(function, name, self.compiler.device, max_grid=self.compiler.max_grid)
        key = (
            Identity(function),
            name,
            compiler.device,
            compiler.max_cores,
            FREEZER.freeze(args, tensors),
            FREEZER.freeze(kwargs, tensors),
        )
        if not tensors.tensors:  # it makes a tensor of numbers
            return function(*args, **kwargs)
        program = _operation_programs.find_or_make(key, lambda: compiler.trace(args, kwargs, tensors.tensors))
        return program.run(tensors.tensors)


class _NotCacheable(Exception):
    pass


class _Entry:
    """What a key leads to."""

    __slots__ = ("key", "program", "note_key", "module", "foreign")


class JitFunction:
    """A function of ttnn operations that is traced, compiled and cached; made by `ttnn_jit.jit`. Thread-safe.

    The key of a program holds the metadata of all tensors, all other arguments, defaults, closure variables and globals
    that the function and its helpers use, the options and the device. Captured tensors are inputs like arguments. Each
    positional tensor is an input of its own, so that one program serves f(x, y) and f(x, x).
    """

    def __init__(
        self,
        function,
        *,
        compile_only=False,
        debug=False,
        enable_cache=False,
        math_fidelity=None,
        memory_config=None,
        fallback=False,
        extra_pipeline_options="",
        max_grid=None,
        graph_capture=True,
    ):
        if not callable(function):
            raise TypeError(f"ttnn_jit.jit decorates functions, got {type(function).__name__}")
        if memory_config is not None and not isinstance(memory_config, MemoryConfig):
            raise TypeError(f"memory_config: expected a ttnn.MemoryConfig, got {type(memory_config).__name__}")
        self.func = function
        self.compile_only = bool(compile_only)
        self.debug = bool(debug or compile_only)
        self.math_fidelity = math_fidelity
        self.memory_config = memory_config
        self.fallback = bool(fallback)
        self.fallback_used = False
        self.extra_pipeline_options = str(extra_pipeline_options)
        self.max_grid = _grid_option(max_grid)
        self.graph_capture = bool(graph_capture)
        self.system_desc_path = os.environ.get("SYSTEM_DESC_PATH")
        self.cache = JitCache() if enable_cache else None
        self._name = function_name(function)
        self._number = next(_function_numbers)
        self.out_dir = os.path.join("generated", "ttnn-jit", self._name)
        try:
            os.makedirs(self.out_dir, exist_ok=True)
        except OSError as error:  # a read-only directory: only artifacts need it
            if self.compile_only:
                raise
            self._out_dir_error = error
        try:
            self.source_code = inspect.getsource(function)
        except (OSError, TypeError):
            self.source_code = None
        self._signature = _signature_of(function)
        self._least, self._most = _positional_range(self._signature)
        self._accepted = set()
        self._captures = Captures(function, FREEZER)
        self._traced = False
        self._first_lock = threading.RLock()
        self._line = f"Running program:  {self._name}  in runtime:  {RUNTIME}\n"

    @property
    def __jit_function__(self):
        return self.func

    def __jit_key__(self, freezer, tensors):
        """The key part of a jitted function that another one uses."""
        return (Identity(self), self._options(), freezer.freeze(self.func, tensors))

    @property
    def num_entries(self):
        """Programs in the cache."""
        assert self.cache is not None, "Cache is not enabled"
        return self.cache.num_entries

    def _options(self):
        return (
            self.memory_config,
            self.max_grid,
            self.graph_capture,
            self.math_fidelity,
            self.compile_only,
            self.debug,
            self.extra_pipeline_options,
        )

    def __call__(self, *args, **kwargs):
        if state.recorder is not None:
            return self._inline(args, kwargs)
        self.fallback_used = False
        assert args, "Device is required"
        device = args[0].device()
        assert device is not None, "Device is required"
        if kwargs or not self._least <= len(args) <= self._most:
            self._check_signature(args, kwargs)
        call = self._compiled if self._traced else self._first_call
        if not self.fallback:
            return call(device, args, kwargs)
        try:
            return call(device, args, kwargs)
        except Exception as error:
            self.fallback_used = True
            if self.debug:
                print(f"[ttnn-jit] JIT compilation/execution failed, falling back to eager mode: {error}")
            return self.func(*args, **kwargs)

    def _first_call(self, device, args, kwargs):
        """Until a trace has shown which captured values the function changes, its keys are not final: one at a time."""
        with self._first_lock:
            result = self._compiled(device, args, kwargs)
            # Only now: the program must be where the final key leads to before others look for it without the lock.
            self._traced = True
            return result

    def _inline(self, args, kwargs):
        """Inside of another traced function: part of its program."""
        self._check_signature(args, kwargs)
        return self.func(*args, **kwargs)

    def _check_signature(self, args, kwargs):
        # Whether arguments bind depends on how many are positional and what the others are called.
        form = (len(args), *kwargs)
        if self._signature is None or form in self._accepted:
            return
        try:
            self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise ValueError(f"Invalid arguments for function {self._name}: {error}") from None
        if len(self._accepted) < 256:
            self._accepted.add(form)

    def _key(self, device, args, kwargs):
        """The complete key of a call, and the tensors that its program takes."""
        tensors = TensorList()
        key = [device, self._options()]
        for value in args:
            if value.__class__ is Tensor:
                if value.shards is None:
                    raise RuntimeError(
                        f"{self._name}: a tensor argument is not allocated (it was deallocated): {value!r}"
                    )
                key.append(tensors.add_input(value, value.spec_key))
            else:
                key.append(FREEZER.freeze(value, tensors))
        for name in sorted(kwargs):
            key.append((name, FREEZER.freeze(kwargs[name], tensors)))
        key.append(self._captures.part(tensors))
        return tuple(key), tensors.tensors

    def _compiled(self, device, args, kwargs):
        key, tensors = self._key(device, args, kwargs)
        if self.cache is None:
            entry = self._make(key, device, args, kwargs, tensors)
        else:
            entry = self.cache.get(key)
            if entry is None:
                entry = self._find_or_make(key, device, args, kwargs, tensors)
        if self.compile_only:
            return entry.module
        sys.stdout.write(self._line)
        device.program_cache.note(entry.note_key)
        if self.graph_capture:
            return entry.program.run(tensors)
        return OperationRunner(self._compiler(device, compile=False)).run(args, kwargs, tensors)

    def _find_or_make(self, key, device, args, kwargs, tensors):
        made = []

        def make():
            entry = self._make(key, device, args, kwargs, tensors)
            made.append(entry)
            if entry.foreign:
                raise _NotCacheable
            return entry

        try:
            entry = self.cache.find_or_make(key, make)
        except _NotCacheable:
            return made[0]
        if made and entry.key != key:
            self.cache.move(key, entry.key)
        return entry

    def _make(self, key, device, args, kwargs, tensors):
        """Traces and compiles."""
        if self.cache is not None and len(set(map(id, tensors))) < len(tensors):
            # The program will be used for different tensors of these types too.
            args = distinct(args)
            _, tensors = self._key(device, args, kwargs)
        for tensor in tensors:
            if any(shard.is_traced for shard in tensor.shards):
                raise RuntimeError(
                    f"{self._name}: a traced tensor is used after its trace has ended: {list(tensor.shape)}"
                )
        for value in args:
            if isinstance(value, Tensor):
                check_input(value)
        compiler = self._compiler(device)
        captured = self._captures.snapshot()
        try:
            program = compiler.trace(args, kwargs, tensors, symbol_name(self.func))
        except Exception as error:
            print(f"Error executing the code: {error}")
            traceback.print_exc(file=sys.stdout)
            raise
        if self._captures.note_changes(captured):
            key, _ = self._key(device, args, kwargs)
        entry = _Entry()
        entry.key = key
        entry.program = program
        # The device keeps this for as long as it is open: it must not keep what the key holds.
        entry.note_key = ("jit", self._name, self._number, hash(key))
        entry.module = compiler.module
        entry.foreign = bool(compiler.foreign)
        if entry.foreign and self.cache is not None:
            warnings.warn(
                f"the jitted function '{self._name}' uses a tensor that its cache key cannot see (neither an argument, "
                "nor held by a variable that it names): it is traced again in each call",
                RuntimeWarning,
                stacklevel=5,
            )
        print_placement(program.outputs[0].memory_config)
        self._report(entry, compiler, device)
        return entry

    def _compiler(self, device, compile=None):
        return TracingCompiler(
            self.func,
            self._name,
            device,
            memory_config=self.memory_config,
            max_grid=self.max_grid,
            compile=self.graph_capture if compile is None else compile,
        )

    def _report(self, entry, compiler, device):
        """Dumps, memory statistics and artifacts, as the options say."""
        if not self.debug:
            return
        print_module(entry.module)
        MemoryAnalyzer(device, compiler.output_types[0]).print_stats()
        lowered = entry.module.lowered(self.math_fidelity, compiler.grid, entry.program.native.text)
        if self.cache is None or self.compile_only:
            print(LOWERED_HEADER)
            print(lowered)
        else:
            print(lowered, file=sys.stderr)
        if self.compile_only:
            self._write("ttir.mlir", str(entry.module))
            self._write("lowered.mlir", lowered)
            self._write("program.txt", entry.program.native.text)

    def _write(self, suffix, text):
        """One artifact, complete when it has its name."""
        os.makedirs(self.out_dir, exist_ok=True)
        path = os.path.join(self.out_dir, f"{self._name}.{suffix}")
        temporary = f"{path}.{os.getpid()}.tmp"
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        os.replace(temporary, path)
