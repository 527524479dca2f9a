"""The decorator."""

import inspect
import os
import warnings

from tilefold.ttnn.enums import MathFidelity
from tilefold.ttnn_jit._src.jit import JitFunction

#: Options of earlier versions that do nothing here, with the values they always had.
_ACCEPTED = ("frontend", "perf", "backend")


def jit(
    compile_only=False,
    debug=False,
    enable_cache=False,
    math_fidelity=MathFidelity.HiFi4,
    memory_config=None,
    fallback=False,
    extra_pipeline_options="",
    *,
    max_grid=None,
    graph_capture=True,
    dump_flatbuffer=None,
    **earlier,
):
    """Compiles a function of ttnn operations; always called with parentheses: `@ttnn_jit.jit(...)`.

    compile_only: trace and compile, print both dumps, write artifacts, and return the IR module; nothing runs.
    debug: print the dumps and memory statistics.
    enable_cache: keep compiled programs, by the types of tensors and the values of everything else that the function
        uses. Otherwise each call traces again (machine code is kept in either case).
    math_fidelity: printed in the lowered module; products accumulate in fp32 whatever it says.
    memory_config: placement of the results; None: block-sharded over as many cores as divide the result.
    fallback: run the function eagerly when tracing, compiling or running raises.
    extra_pipeline_options: any string; kept.
    max_grid: largest core coordinates that the program and its result may use, (7, 7) for 8x8 cores.
    graph_capture: True: the whole function is one program; False: one program per operation.
    `dump_flatbuffer` is compile_only's earlier name; `frontend`, `perf` and `backend` are taken and not used.
    """
    if callable(compile_only):
        raise TypeError("ttnn_jit.jit is called with parentheses: @ttnn_jit.jit() or ttnn_jit.jit(...)(function)")
    unknown = sorted(set(earlier) - set(_ACCEPTED))
    if unknown:
        raise TypeError(f"ttnn_jit.jit got an unexpected keyword argument '{unknown[0]}'")
    if dump_flatbuffer is not None:
        compile_only = compile_only or bool(dump_flatbuffer)
        warnings.warn("ttnn_jit.jit: 'dump_flatbuffer' is now called 'compile_only'", DeprecationWarning, stacklevel=2)
    if earlier:
        names = ", ".join(f"'{name}'" for name in earlier)
        warnings.warn(f"ttnn_jit.jit: {names} is not used and can be left out", DeprecationWarning, stacklevel=2)
    if fallback and compile_only:
        raise ValueError(
            "fallback=True is incompatible with compile_only=True: a function that is only compiled has no result to "
            "fall back to"
        )
    if debug or compile_only:
        os.environ["TTRT_LOGGER_LEVEL"] = "DEBUG"
        os.environ["TTMLIR_RUNTIME_LOGGER_LEVEL"] = "TRACE"

    def decorate(function):
        compiled = JitFunction(
            function,
            compile_only=compile_only,
            debug=debug,
            enable_cache=enable_cache,
            math_fidelity=math_fidelity,
            memory_config=memory_config,
            fallback=fallback,
            extra_pipeline_options=extra_pipeline_options,
            max_grid=max_grid,
            graph_capture=graph_capture,
        )
        return staticmethod(compiled) if inspect.ismethod(function) else compiled

    return decorate
