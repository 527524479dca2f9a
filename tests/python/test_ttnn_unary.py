"""Element-wise operations of one operand against torch in float64."""

import math

import pytest
import torch
import ttnn
from support.operations import FLOATS, FUNCTION_ULPS, assert_close, block_values, integers, random, tensor

# name: (reference, low, high)
FUNCTIONS = {
    "abs": (torch.abs, -3, 3),
    "ceil": (torch.ceil, -3, 3),
    "cbrt": (lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3), -9, 9),
    "cos": (torch.cos, -20, 20),
    "cosh": (torch.cosh, -5, 5),
    "digamma": (torch.digamma, 0.5, 20),
    "erf": (torch.erf, -3, 3),
    "erfc": (torch.erfc, -3, 3),
    "exp": (torch.exp, -9, 9),
    "floor": (torch.floor, -3, 3),
    "gelu": (torch.nn.functional.gelu, -4, 4),
    "hardsigmoid": (lambda x: torch.clamp(x / 6 + 0.5, 0, 1), -5, 5),
    "identity": (lambda x: x, -3, 3),
    "log": (torch.log, 0.01, 9),
    "logical_not": (lambda x: (x == 0).double(), -1, 1),
    "neg": (torch.neg, -3, 3),
    "reciprocal": (torch.reciprocal, 0.1, 9),
    "relu": (torch.relu, -3, 3),
    "rsqrt": (torch.rsqrt, 0.01, 9),
    "sigmoid": (torch.sigmoid, -9, 9),
    "sign": (torch.sign, -3, 3),
    "silu": (torch.nn.functional.silu, -9, 9),
    "sin": (torch.sin, -20, 20),
    "sinh": (torch.sinh, -5, 5),
    "sqrt": (torch.sqrt, 0, 9),
    "square": (torch.square, -3, 3),
    "tan": (torch.tan, -1.45, 1.45),
    "tanh": (torch.tanh, -3, 3),
}


# Where the result passes through zero, the error is relative to the terms that cancel, which are about 1.
ABSOLUTE = {name: 1.0 for name in ("cos", "sin", "digamma", "gelu", "silu", "log", "hardsigmoid")}


# exp(-x * x) of the tail: an ulp of x * x, at most 9, changes the result by 9 ulps.
MORE_ULPS = {"erfc": 9}


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_values(name, dtype):
    reference, low, high = FUNCTIONS[name]
    x, held = tensor(random((2, 3, 37), low=low, high=high), dtype)
    ulps = (FUNCTION_ULPS + MORE_ULPS.get(name, 0)) * 2.0**-24
    result = getattr(ttnn, name)(x)
    assert result.dtype is dtype and result.layout is ttnn.TILE_LAYOUT and result.device() is x.device()
    assert_close(result, reference(held), dtype, absolute=absolute_error(name), relative=ulps)


def absolute_error(name):
    return FUNCTION_ULPS * 2.0**-24 * ABSOLUTE.get(name, 0.0)


@pytest.mark.parametrize("name", ["exp", "relu", "reciprocal", "silu"])
def test_block_floats_round_to_their_format(name):
    reference, low, high = FUNCTIONS[name]
    x, held = tensor(random((4, 40), low=low / 2, high=high / 2), ttnn.bfloat8_b)
    result = getattr(ttnn, name)(x)
    assert result.dtype is ttnn.bfloat8_b
    actual = ttnn.to_torch(result).double()
    assert torch.equal(actual, torch.from_numpy(block_values(actual.float(), 7)))  # already in the format
    largest = reference(held).abs().reshape(4, -1)
    for start in range(0, 40, 16):
        part = slice(start, start + 16)
        # Half a unit of the block's last place, and one bfloat16 rounding on the way.
        allowed = 2.0 ** (torch.floor(torch.log2(largest[:, part].amax(-1, keepdim=True))) - 6) * 0.5 * 2.0
        error = (actual[:, part] - reference(held)[:, part]).abs()
        assert (error <= allowed + 2.0**-8 * reference(held)[:, part].abs()).all()


def test_special_values():
    x, held = tensor(torch.tensor([0.0, -0.0, math.inf, -math.inf, math.nan, 1e-40, 88.9, -1.0]), ttnn.float32)
    ulps = FUNCTION_ULPS * 2.0**-24
    assert ttnn.to_torch(ttnn.reciprocal(x))[:2].tolist() == [math.inf, -math.inf]
    for name in ("exp", "sigmoid", "tanh", "relu", "abs", "erf", "logical_not"):
        assert_close(getattr(ttnn, name)(x), FUNCTIONS[name][0](held), ttnn.float32, relative=ulps, absolute=2.0**-126)
    assert torch.isnan(ttnn.to_torch(ttnn.sqrt(x))[7]) and torch.isnan(ttnn.to_torch(ttnn.log(x))[7])
    assert ttnn.to_torch(ttnn.log(x))[0].item() == -math.inf


@pytest.mark.parametrize("shape", [(), (1,), (5,), (0,), (1, 1), (2, 0, 3), (2, 1, 3, 1, 2)], ids=str)
def test_ranks_and_empty_tensors(shape):
    x, held = tensor(random(shape), ttnn.bfloat16)
    result = ttnn.neg(x)
    assert tuple(result.shape) == shape
    assert torch.equal(ttnn.to_torch(result).double(), -held)


@pytest.mark.parametrize("name", ["abs", "neg", "relu", "sign", "identity", "logical_not", "bitwise_not"])
def test_integers(name):
    values = integers((3, 7))
    values[0, 0] = 0
    reference = {"relu": lambda x: x.clamp(min=0), "identity": lambda x: x, "logical_not": lambda x: (x == 0).int()}
    result = getattr(ttnn, name)(tensor(values, ttnn.int32)[0])
    assert result.dtype is ttnn.int32
    assert torch.equal(ttnn.to_torch(result), reference.get(name, getattr(torch, name, None))(values).int())


def test_gelu_forms():
    x, held = tensor(random((3, 5), low=-4, high=4), ttnn.float32)
    tanh_form = torch.nn.functional.gelu(held, approximate="tanh")
    ulps = FUNCTION_ULPS * 2.0**-24
    assert_close(ttnn.gelu(x, fast_and_approximate_mode=True), tanh_form, ttnn.float32, ulps, ulps)
    assert_close(ttnn.gelu(x, variant="tanh"), tanh_form, ttnn.float32, ulps, ulps)
    assert_close(
        ttnn.gelu(x, fast_and_approximate_mode=False), torch.nn.functional.gelu(held), ttnn.float32, ulps, ulps
    )


def test_hints_are_taken_and_do_not_change_values():
    x, held = tensor(random((3, 5)), ttnn.float32)
    hints = {
        "queue_id": 0,
        "sub_core_grids": None,
        "fast_and_approximate_mode": True,
        "compute_kernel_config": object(),
    }
    assert torch.equal(ttnn.to_torch(ttnn.exp(x, **hints)), ttnn.to_torch(ttnn.exp(x)))
    with pytest.raises(TypeError):
        ttnn.exp(x, no_such_option=1)


def test_output_tensor_is_written_and_returned():
    x, held = tensor(random((3, 5)), ttnn.bfloat16)
    out = ttnn.zeros((3, 5), ttnn.float32, ttnn.TILE_LAYOUT, x.device())
    result = ttnn.neg(x, output_tensor=out)
    assert result is out and out.dtype is ttnn.float32
    assert torch.equal(ttnn.to_torch(out).double(), -held)
    with pytest.raises(RuntimeError, match="output tensor has the shape"):
        ttnn.neg(x, output_tensor=ttnn.zeros((3, 6), device=x.device()))


def test_placement_follows_the_input():
    grid = ttnn.CoreGrid(x=2, y=2)
    config = ttnn.create_sharded_memory_config((64, 128), grid, ttnn.ShardStrategy.BLOCK)
    x, held = tensor(random((64, 128)), ttnn.bfloat16, memory_config=config)
    assert ttnn.neg(x).memory_config() == config
    assert ttnn.neg(x, memory_config=ttnn.L1_MEMORY_CONFIG).memory_config() == ttnn.L1_MEMORY_CONFIG
    row_major, _ = tensor(random((5, 7)), ttnn.bfloat16, layout=ttnn.ROW_MAJOR_LAYOUT)
    assert ttnn.neg(row_major).layout is ttnn.TILE_LAYOUT
