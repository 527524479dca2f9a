"""The same Python functions record their operations while the engine traces, and compute the same values."""

import pytest
import torch
import ttnn
from support.operations import random, tensor
from tilefold import _native


def traced(function, *tensors):
    """The result of `function` as one compiled program of the tensors."""
    like = tensors[0]

    def record(*natives):
        wrapped = [ttnn.Tensor.of_type((native,), t.spec_key, t.device()) for native, t in zip(natives, tensors)]
        return (function(*wrapped).native,)

    program = _native.trace(record, [t.native for t in tensors], "traced")
    (result,) = program.run([t.native for t in tensors])
    return ttnn.Tensor.wrap(result, like.dtype, ttnn.TILE_LAYOUT, device=like.device()), program.graph


CHAINS = {
    "gate": lambda x, y: ttnn.multiply(x, y, input_tensor_b_activations=[ttnn.UnaryOpType.SIGMOID]),
    "in place": lambda x, y: ttnn.add_(ttnn.multiply_(x, 2.0), y),
    "operators": lambda x, y: 1 - x * 0.5 + y / 2,
    "views": lambda x, y: ttnn.squeeze(ttnn.unsqueeze(ttnn.reshape(x, (4, 16)), 0), 0),
    "parts": lambda x, y: ttnn.concat(ttnn.chunk(x, 2, -1)[::-1], -1) + x[:, -4:][..., :1],
    "product": lambda x, y: ttnn.linear(x, y, transpose_b=True, bias=y[0, :8], activation="silu"),
    "norm": lambda x, y: ttnn.layer_norm(x, weight=y[0], epsilon=1e-5, residual_input_tensor=y),
    "reduction": lambda x, y: ttnn.sum(x, dim=1, keepdim=True) + 1e-6,
    "clamp": lambda x, y: ttnn.clamp(x, y, 0.5),
    "zeros": lambda x, y: ttnn.add(x, ttnn.ones_like(y)),
}


@pytest.mark.parametrize("name", CHAINS)
def test_chains(name):
    x, y = tensor(random((8, 8), 1), ttnn.float32)[0], tensor(random((8, 8), 2), ttnn.float32)[0]
    result, graph = traced(CHAINS[name], x, y)
    expected = CHAINS[name](ttnn.clone(x), y)
    assert "func" in graph or "graph" in graph
    # One program may contract a product and a sum that two programs round separately.
    assert torch.allclose(ttnn.to_torch(result), ttnn.to_torch(expected), rtol=2.0**-20, atol=2.0**-20)


def test_operations_that_were_run_eagerly_are_recorded_too():
    x, y = tensor(random((8, 8), 1))[0], tensor(random((8, 8), 2))[0]
    for _ in range(2):
        CHAINS["gate"](x, y)
    _, graph = traced(CHAINS["gate"], x, y)
    assert "sigmoid" in graph and "multiply" in graph
