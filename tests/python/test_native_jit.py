"""`tilefold.jit`: functions of engine tensors."""

import threading

import numpy as np
import pytest
import tilefold
from tilefold import ops


def tensor(*shape, seed=0):
    values = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
    return tilefold.from_array(values, copy=True)


def array(value):
    return np.from_dlpack(value.array())


def gate(x, y, scale=2.0):
    return ops.multiply(ops.multiply(x, ops.sigmoid(y)), scale)


def reference(x, y, scale=2.0):
    return array(x) / (1 + np.exp(-array(y))) * np.float32(scale)


@pytest.mark.parametrize("options", [{}, {"enable_cache": False}, {"graph_capture": False}, {"max_grid": (0, 0)}])
def test_values(options):
    function = tilefold.jit(**options)(gate)
    x, y = tensor(33, 50), tensor(33, 50, seed=1)
    for scale in (2.0, 3.0, 2.0):
        np.testing.assert_allclose(array(function(x, y, scale)), reference(x, y, scale), rtol=1e-5, atol=1e-6)
    if options in ({}, {"max_grid": (0, 0)}):
        assert function.num_entries == 2 and "multiply" in function.program_text
    assert function.__name__ == "gate"


def test_decorator_without_arguments_and_structures():
    @tilefold.jit
    def several(x, rest):
        return {"sum": ops.add(x, rest["bias"]), "input": x, "twice": [x, rest["bias"]], "count": 2}

    x, bias = tensor(8, 16), tensor(8, 16, seed=1)
    result = several(x, {"bias": bias})
    np.testing.assert_array_equal(array(result["sum"]), array(x) + array(bias))
    np.testing.assert_array_equal(array(result["input"]), array(x))
    assert result["input"].address != x.address and result["count"] == 2


def test_symbolic_programs_serve_every_length():
    function = tilefold.jit(symbolic=True)(gate)
    for rows in (2, 7, 64):
        x, y = tensor(rows, 32), tensor(rows, 32, seed=1)
        np.testing.assert_allclose(array(function(x, y)), reference(x, y), rtol=1e-5, atol=1e-6)
    assert function.num_entries == 1
    function(tensor(1, 32), tensor(1, 32, seed=1))
    function(tensor(5, 16), tensor(5, 16, seed=1))
    assert function.num_entries == 3


def test_captured_tensors_are_constants_by_identity():
    weights = [tensor(4, 4, seed=5)]
    function = tilefold.jit(lambda x: ops.add(x, weights[0]))
    x = tensor(4, 4)
    np.testing.assert_array_equal(array(function(x)), array(x) + array(weights[0]))
    weights[0] = tensor(4, 4, seed=6)
    np.testing.assert_array_equal(array(function(x)), array(x) + array(weights[0]))
    assert function.num_entries == 2


def test_nested_functions_are_part_of_the_outer_program():
    inner = tilefold.jit(lambda x: ops.exp(x))
    outer = tilefold.jit(lambda x: ops.neg(inner(x)))
    x = tensor(4, 8)
    np.testing.assert_allclose(array(outer(x)), -np.exp(array(x)), rtol=1e-5)
    assert (inner.num_entries, outer.num_entries) == (0, 1)


def test_one_trace_per_key_with_threads():
    traces = []

    def body(x):
        traces.append(1)
        return ops.exp(x)

    function = tilefold.jit(body)
    x = tensor(64, 64)
    results = []
    threads = [threading.Thread(target=lambda: results.append(array(function(x)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(traces) == 1 and function.num_entries == 1
    for result in results:
        np.testing.assert_array_equal(result, results[0])


def test_errors():
    x = tensor(4, 4)
    with pytest.raises(ValueError, match="precision"):
        tilefold.jit(precision="half")(gate)
    with pytest.raises(ValueError, match="graph_capture=False"):
        tilefold.jit(precision="mixed", graph_capture=False)(gate)
    with pytest.raises(TypeError, match="returned no tensor"):
        tilefold.jit(lambda x: 3)(x)
    with pytest.raises(ValueError, match="not enabled"):
        tilefold.jit(enable_cache=False)(gate).num_entries
    with pytest.raises(TypeError, match="unexpected attribute 'colour'"):
        ops.add(x, x, colour=1)
    escaped = []
    tilefold.jit(lambda x: escaped.append(ops.exp(x)) or ops.neg(x))(x)
    with pytest.raises(Exception, match="after its trace has ended"):
        ops.neg(escaped[0])
    with pytest.raises(Exception, match="another trace"):
        tilefold.jit(lambda x: ops.add(x, escaped[0]))(x)
