"""Products against torch in float64."""

import pytest
import torch
import ttnn
from support.operations import FLOATS, FUNCTION_ULPS, assert_close, block_values, random, tensor


def product_error(a, b):
    """K products of fp32 numbers added in any order, per element: K u |a| |b|; the largest one."""
    return a.shape[-1] * 2.0**-24 * torch.matmul(a.abs(), b.abs()).max().item() if a.numel() and b.numel() else 0.0


def check(result, a, b, dtype, function=lambda x: x):
    assert_close(result, function(a @ b), dtype, absolute=2 * product_error(a, b), relative=FUNCTION_ULPS * 2.0**-24)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize(
    "left, right",
    [
        ((33, 20), (20, 40)),
        ((2, 3, 20), (20, 5)),
        ((2, 2, 3, 20), (2, 2, 20, 7)),
        ((4, 3, 20), (1, 20, 7)),
        ((1, 1, 1), (1, 1, 1)),
        ((20,), (20, 5)),
        ((3, 20), (20,)),
        ((20,), (20,)),
        ((3, 0), (0, 4)),
        ((0, 3), (3, 4)),
    ],
    ids=str,
)
def test_shapes(left, right, dtype):
    a, held_a = tensor(random(left, 1), dtype)
    b, held_b = tensor(random(right, 2), dtype)
    result = ttnn.matmul(a, b)
    assert result.dtype is dtype and result.memory_config() == ttnn.DRAM_MEMORY_CONFIG
    check(result, held_a, held_b, dtype)


def test_transposes():
    a, held_a = tensor(random((2, 3, 20), 1))
    b, held_b = tensor(random((2, 20, 5), 2))
    ta, tb = ttnn.transpose(a, -1, -2), ttnn.transpose(b, 1, 2)
    check(ttnn.matmul(ta, b, transpose_a=True), held_a, held_b, ttnn.float32)
    check(ttnn.matmul(a, tb, transpose_b=True), held_a, held_b, ttnn.float32)
    check(ttnn.matmul(ta, tb, transpose_a=True, transpose_b=True), held_a, held_b, ttnn.float32)
    one = tb[:1]
    check(ttnn.matmul(a, one, transpose_b=True), held_a, held_b[:1], ttnn.float32)


def test_dtypes():
    a, held_a = tensor(random((5, 40), 1), ttnn.bfloat16)
    b, held_b = tensor(random((40, 24), 2), ttnn.float32)
    ones, mask = tensor((random((40, 24), 3) > 0).float(), ttnn.bfloat4_b)
    result = ttnn.matmul(a, ones)
    assert result.dtype is ttnn.bfloat16
    check(result, held_a, mask, ttnn.bfloat16)
    assert ttnn.matmul(b, ttnn.transpose(b, 0, 1)).dtype is ttnn.float32
    wide = ttnn.matmul(a, b, dtype=ttnn.float32)
    assert wide.dtype is ttnn.float32
    check(wide, held_a, held_b, ttnn.float32)
    block = ttnn.matmul(a, ones, dtype=ttnn.bfloat8_b)
    exact = torch.from_numpy(block_values((held_a @ mask).float(), 7))
    # The fp32 sum may land on the other side of a tie: one unit of the block's last place.
    unit = 2.0 ** (torch.floor(torch.log2((held_a @ mask).abs().reshape(5, -1).amax())) - 6)
    assert block.dtype is ttnn.bfloat8_b and (ttnn.to_torch(block).double() - exact).abs().max() <= unit


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("activation", [None, "silu", "relu", "sigmoid", "gelu", "tanh"])
def test_linear(activation, dtype):
    a, held_a = tensor(random((2, 5, 20), 1), dtype)
    b, held_b = tensor(random((20, 24), 2), dtype)
    functions = {"gelu": torch.nn.functional.gelu, "silu": torch.nn.functional.silu, None: lambda x: x}
    function = functions.get(activation) or getattr(torch, activation)
    for shape in ((24,), (1, 24)):
        bias, held = tensor(random(shape, 3), dtype)
        result = ttnn.linear(a, b, bias=bias, activation=activation)
        check(result, held_a, held_b, dtype, lambda x, held=held: function(x + held))
    check(ttnn.linear(a, b, activation=activation), held_a, held_b, dtype, function)


def test_activations_by_enum_and_matmul_activation():
    a, held_a = tensor(random((5, 20), 1))
    b, held_b = tensor(random((20, 24), 2))
    relu = ttnn.UnaryWithParam(ttnn.UnaryOpType.RELU)
    check(ttnn.linear(a, b, activation=relu), held_a, held_b, ttnn.float32, torch.relu)
    check(ttnn.matmul(a, b, activation="cos"), held_a, held_b, ttnn.float32, torch.cos)
    batched, held = tensor(random((2, 20, 24), 3))
    many, held_many = tensor(random((2, 5, 20), 4))
    check(ttnn.matmul(many, batched, activation="silu"), held_many, held, ttnn.float32, torch.nn.functional.silu)


def test_minimal_matmul():
    a, held_a = tensor(random((2, 3, 20), 1), ttnn.bfloat16, memory_config=ttnn.L1_MEMORY_CONFIG)
    w, weight = tensor(random((1, 1, 20, 8), 2), ttnn.bfloat16)
    bias, held = tensor(random((8,), 3), ttnn.bfloat16)
    result = ttnn.experimental.minimal_matmul(a, w)
    assert result.memory_config() == ttnn.L1_MEMORY_CONFIG and tuple(result.shape) == (2, 3, 8)
    check(result, held_a, weight[0], ttnn.bfloat16)
    result = ttnn.experimental.minimal_matmul(a, w, bias_tensor=bias, dtype=ttnn.float32, config=object())
    assert result.dtype is ttnn.float32
    check(result, held_a, weight[0], ttnn.float32, lambda x: x + held)


@pytest.mark.parametrize("dtype", [ttnn.bfloat16, ttnn.float32, ttnn.bfloat4_b], ids=str)
def test_matrix_that_is_used_again_and_overwritten(dtype):
    a, held_a = tensor(random((2, 40, 70), 1), ttnn.bfloat16)
    bias, held_bias = tensor(random((50,), 2), ttnn.bfloat16)
    weight, held = tensor(random((70, 50), 3), dtype)
    wide, held_wide = tensor(random((50, 70), 4), dtype)
    for _ in range(3):  # from the second time on, the matrix is packed already
        check(ttnn.linear(a, weight, bias=bias), held_a, held, ttnn.bfloat16, lambda x: x + held_bias)
        check(ttnn.matmul(a, weight), held_a, held, ttnn.bfloat16)
        check(ttnn.matmul(a, wide, transpose_b=True), held_a, held_wide.T, ttnn.bfloat16)
    other = ttnn.from_torch(random((70, 50), 5), dtype=dtype, layout=ttnn.TILE_LAYOUT)
    ttnn.copy_host_to_device_tensor(other, weight)
    for _ in range(3):
        check(ttnn.matmul(a, weight), held_a, ttnn.to_torch(other).double(), ttnn.bfloat16)
    # In place, the handle gets other memory.
    doubled = ttnn.multiply_(weight, 2)
    check(ttnn.matmul(a, doubled), held_a, 2 * ttnn.to_torch(other).double(), ttnn.bfloat16)


def test_errors():
    a, b = tensor(random((3, 4)))[0], tensor(random((5, 6)))[0]
    with pytest.raises(RuntimeError, match="width of the first tensor"):
        ttnn.matmul(a, b)
    many, other = tensor(random((2, 3, 4)))[0], tensor(random((3, 4, 5)))[0]
    with pytest.raises(RuntimeError, match="batch dimensions"):
        ttnn.matmul(many, other)
    batched = tensor(random((2, 4, 5)))[0]
    with pytest.raises(RuntimeError, match=r"Batched input not supported when bias exists \(linear operation\)\."):
        ttnn.linear(many, batched, bias=tensor(random((5,)))[0])
    with pytest.raises(RuntimeError, match="the bias must have the shape"):
        ttnn.linear(a, tensor(random((4, 5)))[0], bias=tensor(random((4,)))[0])
    with pytest.raises(RuntimeError, match="unknown activation"):
        ttnn.matmul(a, tensor(random((4, 5)))[0], activation="swish!")
    with pytest.raises(RuntimeError, match="floating-point"):
        ttnn.matmul(a, tensor(torch.ones(4, 5, dtype=torch.int32))[0])
    with pytest.raises(RuntimeError, match="leading dimensions of the weight"):
        ttnn.experimental.minimal_matmul(many, batched)
