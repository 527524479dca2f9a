"""The IR of a function without running it."""

from tilefold.jitting.captures import Captures
from tilefold.jitting.keys import TensorList
from tilefold.ttnn.tensor import Tensor
from tilefold.ttnn_jit._src.conversions import check_input
from tilefold.ttnn_jit._src.tracing_compiler import FREEZER, TracingCompiler

DUMP_HEADER = "---- IR Dump after TracingCompiler (Tracing-based) ----"


def function_name(function):
    """The name of a function for messages, IR and artifacts."""
    return getattr(function, "__name__", type(function).__name__)


def symbol_name(function):
    """The name of a function as a symbol of the IR."""
    name = function_name(function)
    return name if name.isidentifier() else f'"{name}"'


def generate_ir(function, debug, memory_config, *args, _tensor_args=None, **kwargs):
    """The IR module of `function` for these arguments, and the type of its result before the conversion to the result's
    layout. Prints the module when `debug`. `_tensor_args` names the positional tensors.
    """
    tensors = TensorList()
    for value in args:
        if isinstance(value, Tensor):
            check_input(value, allow_l1_interleaved=True)
            value.allocated_shards("generate_ir")
            tensors.add_input(value, value.spec_key)
        else:
            FREEZER.freeze(value, tensors)
    FREEZER.freeze(dict(kwargs), tensors)
    Captures(function, FREEZER).part(tensors)
    device = next((tensor.device() for tensor in tensors.tensors if tensor.device() is not None), None)
    if device is None:
        raise AssertionError("Device is required")
    compiler = TracingCompiler(function, function_name(function), device, memory_config=memory_config, compile=False)
    program = compiler.trace(args, kwargs, tensors.tensors, symbol_name(function))
    print_placement(program.outputs[0].memory_config)
    if debug:
        print_module(compiler.module)
    return compiler.module, compiler.output_types[0]


def print_placement(memory_config):
    print(f"Inserting output layout conversion for memory_config: {memory_config}")


def print_module(module):
    """Dump 1."""
    print(DUMP_HEADER)
    print(module)
