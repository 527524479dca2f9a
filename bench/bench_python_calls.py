"""Cost of calling operations from Python: microseconds per call of `ttnn.add` on 32x32 tensors, of the engine operation
below it, of a jitted function, and of an empty Python function.

    PYTHONPATH=build/release/python python bench/bench_python_calls.py

Times are of the calling thread (other processes do not count), the best of several rounds.
"""

import contextlib
import io
import time

import numpy
import ttnn
import ttnn_jit
from tilefold.ttnn.dispatch import engine_operation

ROUNDS = 7
CALLS = 5000


def microseconds(function):
    """Per call, of the fastest round."""
    function()
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.thread_time()
        for _ in range(CALLS):
            function()
        best = min(best, time.thread_time() - start)
    return best / CALLS * 1e6


def add_of(a, b):
    return ttnn.add(a, b)


def main():
    device = ttnn.open_device(device_id=0)
    values = numpy.random.default_rng(0).standard_normal((32, 32)).astype(numpy.float32)
    a, b = (ttnn.from_torch(values, dtype=ttnn.bfloat16, layout=ttnn.TILE_LAYOUT, device=device) for _ in range(2))
    engine, left, right = engine_operation("add"), a.native, b.native
    rows = {
        "empty Python function": lambda: None,
        "engine add": lambda: engine(left, right),
        "ttnn.add": lambda: ttnn.add(a, b),
        "ttnn.add_": lambda: ttnn.add_(a, b),
        "ttnn.multiply with an activation": lambda: ttnn.multiply(
            a, b, input_tensor_b_activations=[ttnn.UnaryOpType.SIGMOID]
        ),
    }
    if hasattr(ttnn_jit, "jit"):
        jitted = ttnn_jit.jit(enable_cache=True)(add_of)
        rows["jitted add"] = lambda: jitted(a, b)
    for name, function in rows.items():
        # Jitted functions print a line per call.
        with contextlib.redirect_stdout(io.StringIO()):
            time_per_call = microseconds(function)
        print(f"{name:36} {time_per_call:8.2f} us")


if __name__ == "__main__":
    main()
