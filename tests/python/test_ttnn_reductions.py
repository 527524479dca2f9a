"""Reductions, normalisation, softmax and embedding against torch in float64."""

import math

import pytest
import torch
import ttnn
from support.operations import FLOATS, FUNCTION_ULPS, assert_close, block_values, integers, random, tensor

REFERENCE = {
    "sum": lambda x, dim, keep: x.sum(dim, keepdim=keep),
    "mean": lambda x, dim, keep: x.mean(dim, keepdim=keep),
    "max": lambda x, dim, keep: x.amax(dim, keepdim=keep),
    "min": lambda x, dim, keep: x.amin(dim, keepdim=keep),
}


def sum_error(held, dims):
    """Of adding that many fp32 numbers in any order: each partial sum is below the sum of the magnitudes."""
    count = math.prod(held.shape[dim] for dim in dims)
    return count * 2.0**-24 * held.abs().sum().item()


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", REFERENCE)
def test_dimensions(name, dtype):
    x, held = tensor(random((2, 3, 4, 37)), dtype)
    for dim, keepdim in ((1, True), (-1, False), ((0, 2), False), ([-1, 1], True), (None, False), (None, True)):
        dims = list(range(4)) if dim is None else [dim] if isinstance(dim, int) else list(dim)
        dims = [axis % 4 for axis in dims]
        result = getattr(ttnn, name)(x, dim, keepdim)
        expected = REFERENCE[name](held, dims, keepdim)
        assert result.dtype is dtype and result.layout is ttnn.TILE_LAYOUT
        error = sum_error(held, dims) / (math.prod(held.shape[axis] for axis in dims) if name == "mean" else 1)
        assert_close(result, expected, dtype, absolute=error if name in ("sum", "mean") else 0.0)


@pytest.mark.parametrize("name", ["sum", "max", "min"])
def test_integers(name):
    values = integers((3, 40))
    result = getattr(ttnn, name)(tensor(values)[0], dim=1)
    assert result.dtype is ttnn.int32
    assert torch.equal(ttnn.to_torch(result), REFERENCE[name](values, 1, False).int())


def test_block_floats_scalars_and_keywords():
    x, held = tensor(random((3, 40)), ttnn.bfloat8_b)
    total = ttnn.sum(x, dim=0, keepdim=True)
    assert total.dtype is ttnn.bfloat8_b
    assert torch.equal(
        ttnn.to_torch(total).double(), torch.from_numpy(block_values(held.sum(0, keepdim=True).float(), 7))
    )
    y, held = tensor(random((3, 40)))
    assert_close(ttnn.sum(y, dim=-1, scalar=0.5), held.sum(-1) * 0.5, ttnn.float32, absolute=sum_error(held, [1]))


def test_empty_and_single_elements():
    x, _ = tensor(random((2, 0, 3)))
    assert torch.equal(ttnn.to_torch(ttnn.sum(x, dim=1)), torch.zeros(2, 3))
    with pytest.raises(RuntimeError, match="no element"):
        ttnn.max(x, dim=1)
    one, held = tensor(random(()))
    assert ttnn.sum(one).item() == held.item()
    nan, _ = tensor(torch.tensor([[1.0, math.nan], [2.0, 3.0]]))
    assert math.isnan(ttnn.max(nan, dim=1).to_list()[0]) and ttnn.max(nan, dim=1).to_list()[1] == 3


def norm_reference(x, weight, bias, epsilon, rms):
    mean = 0.0 if rms else x.mean(-1, keepdim=True)
    scale = torch.rsqrt(((x - mean) ** 2).mean(-1, keepdim=True) + epsilon)
    return (x - mean) * scale * (1.0 if weight is None else weight) + (0.0 if bias is None else bias)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("rms", [False, True], ids=["layer_norm", "rms_norm"])
def test_norms(rms, dtype):
    norm = ttnn.rms_norm if rms else ttnn.layer_norm
    x, held = tensor(random((2, 5, 48)), dtype)
    w, weight = tensor(random((48,), 1), dtype)
    b, bias = tensor(random((1, 48), 2), dtype)
    r, residual = tensor(random((2, 5, 48), 3), dtype)
    # Sums of W terms of magnitude below 4 after normalisation, weight and bias below 2.
    absolute = 48 * 2.0**-24 * 8
    for keywords, values in (
        ({}, (held, None, None)),
        ({"weight": w}, (held, weight, None)),
        ({"bias": b}, (held, None, bias)),
        ({"weight": w, "bias": b}, (held, weight, bias)),
        ({"weight": w, "bias": b, "residual_input_tensor": r}, (held + residual, weight, bias)),
    ):
        result = norm(x, epsilon=1e-5, **keywords)
        assert result.dtype is dtype
        assert_close(result, norm_reference(*values, 1e-5, rms), dtype, absolute=absolute)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_softmax(dtype):
    x, held = tensor(random((2, 3, 33), low=-20, high=20), dtype)
    relative = (33 + FUNCTION_ULPS) * 2.0**-24
    for dim in (-1, 2, 1):
        assert_close(ttnn.softmax(x, dim), torch.softmax(held, dim), dtype, relative=relative)
    assert_close(ttnn.softmax(x, dim=-1, numeric_stable=False), torch.softmax(held, -1), dtype, relative=relative)
    x, held = tensor(torch.tensor([[1e9, 1e9, -1e9], [-1e9, -1e9, -1e9]]), ttnn.float32)
    assert_close(ttnn.softmax(x), torch.softmax(held, -1), ttnn.float32, relative=relative)


def test_softmax_of_block_floats():
    x, held = tensor(random((3, 16)), ttnn.bfloat8_b)
    result = ttnn.to_torch(ttnn.softmax(x)).double()
    expected = torch.softmax(held, -1)
    unit = 2.0 ** (torch.floor(torch.log2(expected.amax(-1, keepdim=True))) - 6)
    assert ((result - expected).abs() <= 0.51 * unit).all()


def test_embedding():
    table, held = tensor(random((10, 33)), ttnn.bfloat16)
    index = torch.tensor([[0, 9, 3], [3, 3, 1]])
    indices = ttnn.from_torch(index, dtype=ttnn.uint32, device=table.device())
    result = ttnn.embedding(indices, table)
    assert result.layout is ttnn.ROW_MAJOR_LAYOUT and result.dtype is ttnn.bfloat16
    assert torch.equal(ttnn.to_torch(result).double(), held[index])
    tiled = ttnn.embedding(indices, weight=table, layout=ttnn.TILE_LAYOUT, dtype=ttnn.float32)
    assert tiled.layout is ttnn.TILE_LAYOUT and tiled.dtype is ttnn.float32
    assert torch.equal(ttnn.to_torch(tiled).double(), held[index])
    wide = ttnn.reshape(table, (1, 1, 10, 33))
    assert torch.equal(ttnn.to_torch(ttnn.embedding(indices, wide)).double(), held[index])
    with pytest.raises(ValueError, match="out of range"):
        ttnn.embedding(ttnn.from_torch(torch.tensor([10]), dtype=ttnn.uint32, device=table.device()), table)
