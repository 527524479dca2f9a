"""Every function with arguments that it cannot take: a Python exception, or a right result, never a crash."""

import inspect
import itertools

import pytest
import torch
import ttnn
from support.operations import device, random, tensor
from tilefold.ttnn.dispatch import OPERATIONS

SKIPPED = ("execute_trace", "begin_trace_capture", "end_trace_capture", "release_trace")


def freed():
    x = tensor(random((2, 3)))[0]
    ttnn.deallocate(x)
    return x


def wrong_values():
    """Freshly made each time: functions may write to their arguments."""
    return {
        "none": None,
        "string": "silu",
        "number": 3,
        "negative": -7,
        "fraction": 0.5,
        "list": [1, 2],
        "nested": [[0, 1], [1, 0]],
        "object": object(),
        "dictionary": {},
        "torch": torch.ones(2, 3),
        "dtype": ttnn.bfloat16,
        "layout": ttnn.ROW_MAJOR_LAYOUT,
        "config": ttnn.L1_HEIGHT_SHARDED_MEMORY_CONFIG,
        "freed": freed(),
        "host": ttnn.from_torch(random((2, 3))),
        "tensor": tensor(random((2, 3)))[0],
        "integers": tensor(torch.ones(2, 3, dtype=torch.int32))[0],
        "empty": tensor(random((0, 3)))[0],
        "scalar": tensor(random(()))[0],
        "rank 5": tensor(random((1, 1, 1, 2, 3)))[0],
    }


def survive(function, arguments, keywords):
    """The exception of a call, if there was one; it must be a Python exception of an expected kind."""
    try:
        function(*arguments, **keywords)
    except (TypeError, ValueError, RuntimeError, IndexError, AttributeError, MemoryError, NotImplementedError):
        pass


def required(function):
    parameters = inspect.signature(function).parameters.values()
    return [p for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) - set(SKIPPED)))
def test_wrong_arguments(name):
    function = OPERATIONS[name]
    count = len(required(function))
    values = wrong_values()
    kinds = list(values)
    survive(function, (), {})
    chosen = itertools.product(kinds, repeat=count) if count < 2 else None
    if chosen is None:
        chosen = [("tensor", *[kind] * (count - 1)) for kind in kinds] + [(kind,) * count for kind in kinds]
    for combination in chosen:
        values = wrong_values() if name.endswith("_") or "copy" in name or "alloc" in name else values
        survive(function, tuple(values[kind] for kind in combination), {})
    values = wrong_values()
    for keyword in inspect.signature(function).parameters:
        for kind in ("object", "string", "negative", "list", "torch"):
            survive(function, (values["tensor"],) * max(1, count), {keyword: values[kind]})
    # Nothing was left behind that breaks the next call.
    assert torch.equal(ttnn.to_torch(ttnn.neg(tensor(random((2, 3)))[0])), -random((2, 3)))


@pytest.mark.parametrize("name", ["sum", "softmax", "matmul", "layer_norm", "exp", "add"])
def test_host_tensors_are_refused_by_operations_that_compute(name):
    host = ttnn.from_torch(random((2, 3)))
    arguments = (host, host) if name in ("matmul", "add") else (host,)
    with pytest.raises(RuntimeError, match="host"):
        getattr(ttnn, name)(*arguments)


def test_huge_shapes_are_refused():
    for shape in ((1 << 62, 1 << 62), (1 << 50,), (-1, 3)):
        with pytest.raises(RuntimeError):
            ttnn.zeros(shape, device=device())
    x = tensor(random((2, 3)))[0]
    for call in (
        lambda: ttnn.repeat(x, (1 << 40, 1 << 40)),
        lambda: ttnn.reshape(x, (1 << 62, 1 << 62)),
        lambda: ttnn.pad(x, [[0, 1 << 62], [0, 1 << 62]], 0),
        lambda: ttnn.transformer.scaled_dot_product_attention(x, x, x),
    ):
        with pytest.raises((RuntimeError, MemoryError)):
            call()
