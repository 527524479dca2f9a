"""From a Python function and its arguments to a program."""

import contextlib

from tilefold import _native
from tilefold.jitting.keys import Freezer, rebuilt
from tilefold.jitting.results import Slot, filled, structure_of
from tilefold.ttnn import grids, memory_config, shape
from tilefold.ttnn.collectives import NeedsWholeMesh
from tilefold.ttnn.dispatch import state
from tilefold.ttnn.sharding import check_placement
from tilefold.ttnn.tensor import Tensor, tensor_type
from tilefold.ttnn_jit._src.ir_module import Builder
from tilefold.ttnn_jit._src.recorder import Recorder, Silent
from tilefold.ttnn_jit._src.utils import device_grid, result_memory_config


def _spec(tensor):
    return None if tensor.shards is None else tensor.spec_key


#: Makes key parts of ttnn programs.
FREEZER = Freezer(
    (Tensor,),
    _spec,
    value_types=(
        memory_config.MemoryConfig,
        memory_config.ShardSpec,
        memory_config.NdShardSpec,
        grids.CoreCoord,
        grids.CoreGrid,
        grids.CoreRange,
        grids.CoreRangeSet,
        shape.Shape,
    ),
)


@contextlib.contextmanager
def recording(recorder):
    """Shows the operations of this thread to `recorder` meanwhile."""
    previous, state.recorder = state.recorder, recorder
    capture, state.capture = state.capture, None
    try:
        yield recorder
    finally:
        state.recorder = previous
        state.capture = capture


class _Output:
    """How one result is made a tensor."""

    __slots__ = ("index", "dtype", "layout", "memory_config", "device", "topology", "copied", "_type")

    def __init__(self, index, tensor, memory_config, device, copied):
        self.index = index
        self.dtype = tensor.dtype
        self.layout = tensor.layout
        self.memory_config = memory_config
        self.device = tensor.device() or device
        self.topology = tensor.topology
        self.copied = copied
        self._type = None

    def wrap(self, shards):
        """The public tensor over a program's results."""
        if self.copied:
            shards = tuple(shard.clone() for shard in shards)
        if self._type is None:
            self._type = tensor_type(
                shards[0].shape, self.dtype, self.layout, self.memory_config, self.device is not None, len(shards)
            )
        return Tensor.of_type(shards, self._type, self.device, self.topology)


class Program:
    """A compiled function of tensors: engine programs and what their results are."""

    __slots__ = ("native", "outputs", "structure", "count", "whole_mesh", "single")

    def run(self, tensors):
        """The function's result for these tensors (in the key's order)."""
        if self.count > 1:
            return self._run_on_mesh(tensors)
        inputs = [tensor.shards[0] for tensor in tensors]
        results = self.native.run(inputs)
        if self.single is not None and state.capture is None:
            return self.single.wrap((results[0],))
        wrapped = [output.wrap((results[output.index],)) for output in self.outputs]
        if state.capture is not None:
            state.capture.record_program(self.native, inputs, [tensor.shards[0] for tensor in wrapped])
        return filled(self.structure, wrapped)

    def _run_on_mesh(self, tensors):
        """Once with the parts of all devices, or per device."""
        count = self.count
        inputs = [_spread(tensor, count) for tensor in tensors]
        if self.whole_mesh:
            runs = [[shard for shards in inputs for shard in shards]]
            results = self.native.run(runs[0])
            parts = [tuple(results[start : start + count]) for start in range(0, len(results), count)]
        else:
            runs = [[shards[device] for shards in inputs] for device in range(count)]
            parts = list(zip(*[self.native.run(run) for run in runs]))
        wrapped = [output.wrap(parts[output.index]) for output in self.outputs]
        if state.capture is not None:
            shards = [tensor.shards for tensor in wrapped]
            outputs = [[part for part_of_all in shards for part in part_of_all]] if self.whole_mesh else zip(*shards)
            for run, run_outputs in zip(runs, outputs):
                state.capture.record_program(self.native, run, run_outputs)
        return filled(self.structure, wrapped)


def _spread(tensor, count):
    shards = tensor.shards
    return shards if len(shards) == count else shards * count


class TracingCompiler:
    """Compiles one call of `function`. `tensors` are those of the arguments and captured values, in the key's order."""

    def __init__(self, function, name, device, *, memory_config=None, max_grid=None, compile=True):
        self.function = function
        self.name = name
        self.device = device
        self.memory_config = memory_config
        self.max_grid = max_grid
        self.compile = compile
        self.module = None
        self.output_types = None
        self.foreign = []

    @property
    def grid(self):
        return device_grid(self.device, self.max_grid)

    @property
    def max_cores(self):
        return 0 if self.max_grid is None else self.grid[0] * self.grid[1]

    def trace(self, args, kwargs, tensors, module_name=None):
        """The Program; with `module_name` the IR module is made too."""
        try:
            return self._trace(args, kwargs, tensors, module_name, whole_mesh=False)
        except NeedsWholeMesh:
            return self._trace(args, kwargs, tensors, module_name, whole_mesh=True)

    def _trace(self, args, kwargs, tensors, module_name, whole_mesh):
        count = max((len(tensor.shards) for tensor in tensors), default=1)
        if whole_mesh:
            count = max(count, self.device.get_num_devices())
        width = count if whole_mesh else 1
        program = Program()
        program.count = count
        program.whole_mesh = whole_mesh
        builder = Builder(module_name) if module_name is not None else None

        def traced(*natives):
            stand_ins = {}
            for position, tensor in enumerate(tensors):
                shards = natives[position * width : (position + 1) * width]
                traced_tensor = stand_in(tensor, shards)
                stand_ins.setdefault(id(tensor), traced_tensor)  # a tensor given twice is its first argument
                if builder is not None:
                    builder.argument(traced_tensor, tensor)
            with recording(Recorder(stand_ins, builder)) as recorder:
                result = self.call(args, kwargs, stand_ins)
                outputs = self._outputs(result, stand_ins, program, builder)
            self.foreign = recorder.foreign
            results = [tensor.allocated_shards("a jitted function's result") for tensor in outputs]
            return tuple(shard for shards in results for shard in (shards * width if len(shards) < width else shards))

        examples = [shard for tensor in tensors for shard in _spread(tensor, width)[:width]]
        program.native = _native.trace(traced, examples, self.name, max_cores=self.max_cores, compile=self.compile)
        self.module = None if builder is None else builder.module
        return program

    def call(self, args, kwargs, stand_ins):
        """The function's result for these tensors instead of those in the arguments."""
        args = rebuilt(tuple(args), stand_ins, (Tensor,))
        kwargs = rebuilt(dict(kwargs), stand_ins, (Tensor,))
        return self.function(*args, **kwargs)

    def _outputs(self, result, stand_ins, program, builder):
        tensors = []
        result = rebuilt(result, stand_ins, (Tensor,))
        program.structure = structure_of(result, tensors, Tensor)
        if not tensors:
            raise TypeError(f"the jitted function '{self.name}' returned no tensor but {result!r}")
        inputs = {id(tensor) for tensor in stand_ins.values()}
        program.outputs = []
        for index, tensor in enumerate(tensors):
            output = _Output(index, tensor, self.placement(tensor), self.device, id(tensor) in inputs)
            program.outputs.append(output)
        whole = program.structure.__class__ is Slot
        program.single = program.outputs[0] if whole else None
        if builder is not None:
            self.output_types = builder.finish(tensors, [output.memory_config for output in program.outputs])
        return tensors

    def placed(self, result, stand_ins):
        """The result of a function that ran on `stand_ins`: own handles in the results' placement."""
        tensors = []
        structure = structure_of(rebuilt(result, stand_ins, (Tensor,)), tensors, Tensor)
        inputs = {id(tensor) for tensor in stand_ins.values()}
        placed = []
        for tensor in tensors:
            shards = tensor.allocated_shards("a jitted function's result")
            if id(tensor) in inputs:
                shards = tuple(shard.clone() for shard in shards)
            placed.append(
                Tensor.wrap_shards(
                    shards, tensor.dtype, tensor.layout, self.placement(tensor), tensor.device(), tensor.topology
                )
            )
        return filled(structure, placed)

    def placement(self, tensor):
        """The memory config of a result."""
        if self.memory_config is not None:
            where = f"the memory_config of the jitted function '{self.name}'"
            check_placement(self.memory_config, tensor.shape, tensor.layout, where)
            return self.memory_config
        return result_memory_config(tensor.shape, self.grid)


class OperationCompiler(TracingCompiler):
    """Compiles one operation by itself; its result keeps the placement that the operation gives it."""

    def call(self, args, kwargs, stand_ins):
        with recording(Silent()):
            return super().call(args, kwargs, stand_ins)

    def placement(self, tensor):
        return tensor.memory_config()


def stand_in(tensor, shards):
    """Another handle with the metadata of `tensor`."""
    return Tensor.wrap_shards(
        tuple(shards), tensor.dtype, tensor.layout, tensor.memory_config(), tensor.device(), tensor.topology
    )


def distinct(args):
    """The arguments with another handle of every tensor that is there a second time."""
    seen = set()
    result = []
    for value in args:
        if isinstance(value, Tensor):
            if id(value) in seen:
                value = stand_in(value, value.allocated_shards("a jitted function"))
            seen.add(id(value))
        result.append(value)
    return tuple(result)
