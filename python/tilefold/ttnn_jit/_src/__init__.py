"""The parts of the JIT; their names are those that programs of the original package import."""

from tilefold.jitting.cache import JitCache
from tilefold.ttnn_jit._src import (
    conversions,
    ir_generator,
    ir_module,
    ir_types,
    jit,
    memory_analyzer,
    recorder,
    supported_ops,
    tracing_compiler,
    utils,
)

__all__ = [
    "JitCache",
    "conversions",
    "ir_generator",
    "ir_module",
    "ir_types",
    "jit",
    "memory_analyzer",
    "recorder",
    "supported_ops",
    "tracing_compiler",
    "utils",
]
