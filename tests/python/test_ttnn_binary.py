"""Element-wise operations of two operands, with numbers, activations, in-place forms and broadcasting."""

import math

import pytest
import torch
import ttnn
from support.operations import FLOATS, FUNCTION_ULPS, assert_close, block_values, integers, random, tensor
from tilefold.ttnn import fusion

ARITHMETIC = {
    "add": torch.add,
    "subtract": torch.sub,
    "sub": torch.sub,
    "multiply": torch.mul,
    "mul": torch.mul,
    "divide": torch.div,
    "div": torch.div,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
}
COMPARISONS = {
    "eq": torch.eq,
    "ne": torch.ne,
    "gt": torch.gt,
    "ge": torch.ge,
    "lt": torch.lt,
    "le": torch.le,
    "logical_and": torch.logical_and,
    "logical_or": torch.logical_or,
    "logical_xor": torch.logical_xor,
}


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", ARITHMETIC)
def test_arithmetic(name, dtype):
    a, left = tensor(random((2, 3, 37), 1), dtype)
    b, right = tensor(random((2, 3, 37), 2, 0.5, 2), dtype)
    result = getattr(ttnn, name)(a, b)
    assert result.dtype is dtype
    # One fp32 rounding, then the result's.
    assert_close(result, ARITHMETIC[name](left, right), dtype, relative=2.0**-24)


@pytest.mark.parametrize("name", COMPARISONS)
def test_comparisons_give_the_first_dtype(name):
    values = torch.tensor([0.0, 1.0, -1.0, math.nan, math.inf, 0.0])
    other = torch.tensor([0.0, -1.0, 1.0, math.nan, math.inf, 2.0])
    for dtype in FLOATS:
        result = getattr(ttnn, name)(tensor(values, dtype)[0], tensor(other, ttnn.float32)[0])
        assert result.dtype is dtype
        assert torch.equal(ttnn.to_torch(result).bool(), COMPARISONS[name](values, other))
    a, b = integers((4, 5), -2, 2, 1), integers((4, 5), -2, 2, 2)
    result = getattr(ttnn, name)(tensor(a)[0], tensor(b)[0])
    assert result.dtype is ttnn.int32
    assert torch.equal(ttnn.to_torch(result).bool(), COMPARISONS[name](a, b))


@pytest.mark.parametrize(
    "left, right",
    [
        ((1, 6, 6, 32), (1, 6, 6, 1)),
        ((1, 6, 6, 32), (1, 6, 1)),
        ((1, 2, 6, 6), (1, 1, 1, 6)),
        ((1, 2, 6, 6), (6, 1, 1, 6)),
        ((4, 5, 3), (4, 1, 1)),
        ((1, 6, 7), (5, 1, 7)),
        ((6, 1, 7), (1, 6, 7)),
        ((2, 3, 1, 16), (2, 3, 4, 16)),
        ((5,), (3, 1)),
        ((), (3, 2)),
        ((2, 1, 3, 1, 4), (1, 2, 1, 5, 1)),
        ((0, 3), (1, 3)),
    ],
    ids=str,
)
def test_broadcasting(left, right):
    a, held_a = tensor(random(left, 1), ttnn.bfloat16)
    b, held_b = tensor(random(right, 2), ttnn.bfloat16)
    assert_close(ttnn.add(a, b), held_a + held_b, ttnn.bfloat16, relative=2.0**-24)


def test_broadcasting_errors():
    a, b = tensor(random((2, 3)))[0], tensor(random((2, 4)))[0]
    with pytest.raises(RuntimeError, match="Broadcasting rule violation for rank"):
        ttnn.multiply(a, b)
    wide, narrow = tensor(random((1, 1, 1, 1, 2, 3)))[0], tensor(random((1, 1, 1, 1, 1, 3)))[0]
    with pytest.raises(RuntimeError, match="Broadcasting rule violation for rank 6"):
        ttnn.add(wide, narrow)
    with pytest.raises(RuntimeError, match="broadcast shape"):
        ttnn.add_(tensor(random((1, 3)))[0], a)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_numbers(dtype):
    a, held = tensor(random((3, 5), 1, 0.5, 2), dtype)
    cases = {
        "add": held + 0.3,
        "subtract": held - 0.3,
        "multiply": held * 0.3,
        "divide": held / 0.3,
        "maximum": held.clamp(min=0.3),
        "minimum": held.clamp(max=0.3),
        "gt": (held > 0.3).double(),
    }
    for name, expected in cases.items():
        # The number is rounded to fp32, and so is the result before its own rounding.
        assert_close(getattr(ttnn, name)(a, 0.3), expected, dtype, relative=2.0**-22)
    for result, expected in (
        (a + 0.3, held + 0.3),
        (0.3 + a, held + 0.3),
        (0.3 - a, 0.3 - held),
        (0.3 / a, 0.3 / held),
        (0.3 * a, 0.3 * held),
        (-1 * a + 1, None),
        (a / 0.3, held / 0.3),
        (-a, -held),
        (a >= 1, (held >= 1).double()),
    ):
        if expected is not None:
            assert_close(result, expected, dtype, relative=2.0**-22, absolute=2.0**-22)
    assert torch.equal(ttnn.to_torch(ttnn.mul(a, 0.0)), torch.zeros(3, 5, dtype=ttnn.to_torch(a).dtype))
    # Zero keeps its sign as an attribute.
    assert math.copysign(1, ttnn.to_torch(ttnn.multiply(a, -0.0))[0, 0].item()) == -1
    assert math.copysign(1, ttnn.to_torch(ttnn.multiply(a, 0.0))[0, 0].item()) == 1


def test_integers():
    values, others = integers((4, 6), seed=1), integers((4, 6), 1, 9, seed=2)
    a, b = tensor(values)[0], tensor(others)[0]
    for name in ("add", "subtract", "multiply", "maximum", "minimum"):
        result = getattr(ttnn, name)(a, b)
        assert result.dtype is ttnn.int32
        assert torch.equal(ttnn.to_torch(result), ARITHMETIC[name](values, others))
    quotient = ttnn.div(a, b)
    assert quotient.dtype is ttnn.float32
    assert_close(quotient, values.double() / others.double(), ttnn.float32)
    assert torch.equal(ttnn.to_torch(ttnn.add(a, 3)), values + 3)
    assert torch.equal(ttnn.to_torch(ttnn.gt(a, 0.5)), (values > 0.5).int())
    # A fraction meets an integer tensor in fp32; the result has the integer dtype.
    assert torch.equal(ttnn.to_torch(ttnn.multiply(a, 0.5)), (values * 0.5).trunc().int())


@pytest.mark.parametrize("name", ["bitwise_and", "bitwise_or", "bitwise_xor"])
def test_bitwise(name):
    a, b = integers((3, 5), -1000, 1000, 1), integers((3, 5), -1000, 1000, 2)
    operation, reference = getattr(ttnn, name), getattr(torch, name)
    assert torch.equal(ttnn.to_torch(operation(tensor(a)[0], tensor(b)[0])), reference(a, b))
    assert torch.equal(ttnn.to_torch(operation(tensor(a)[0], 12)), reference(a, torch.tensor(12, dtype=torch.int32)))
    with pytest.raises(RuntimeError):
        operation(tensor(random((3, 5)))[0], tensor(b)[0])


def test_division_follows_ieee():
    a, b = tensor(torch.tensor([1.0, -1.0, 0.0, math.inf]))[0], tensor(torch.tensor([0.0, 0.0, 0.0, math.inf]))[0]
    result = ttnn.to_torch(ttnn.divide(a, b)).tolist()
    assert result[:2] == [math.inf, -math.inf] and math.isnan(result[2]) and math.isnan(result[3])


def test_rounded_quotients():
    a, left = tensor(torch.tensor([7.0, -7.0, 6.0]))
    for mode in ("floor", "trunc"):
        expected = torch.div(left, 2, rounding_mode=mode)
        assert torch.equal(ttnn.to_torch(ttnn.div(a, 2, rounding_mode=mode)).double(), expected)
        assert torch.equal(ttnn.to_torch(ttnn.div(a, 2, round_mode=mode)).double(), expected)
    with pytest.raises(RuntimeError, match="rounding mode"):
        ttnn.div(a, 2, rounding_mode="up")


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_pow(dtype):
    a, held = tensor(random((3, 5), 1, 0.2, 3), dtype)
    e, exponent = tensor(random((3, 5), 2), dtype)
    # |exponent * log(base)| is below 4, so an error of the logarithm grows at most by that.
    relative = 4 * FUNCTION_ULPS * 2.0**-24
    assert_close(ttnn.pow(a, 2), held**2, dtype, relative=relative)
    assert_close(ttnn.pow(a, -1.5), held**-1.5, dtype, relative=relative)
    assert_close(ttnn.pow(a, e), held**exponent, dtype, relative=relative)
    assert_close(a**e, held**exponent, dtype, relative=relative)


def test_activations_are_not_rounded_in_between():
    x, left = tensor(random((4, 33), 1), ttnn.bfloat16)
    g, right = tensor(random((4, 33), 2), ttnn.bfloat16)
    relative = 2 * FUNCTION_ULPS * 2.0**-24
    sigmoid, silu = ttnn.UnaryOpType.SIGMOID, ttnn.UnaryWithParam(ttnn.UnaryOpType.SILU)
    gated = ttnn.multiply(x, g, input_tensor_b_activations=[sigmoid])
    assert_close(gated, left * torch.sigmoid(right), ttnn.bfloat16, relative=relative)
    swish = ttnn.multiply(x, g, input_tensor_a_activations=[silu])
    assert_close(swish, torch.nn.functional.silu(left) * right, ttnn.bfloat16, relative=relative)
    both = ttnn.add(x, g, activations=[ttnn.UnaryOpType.RELU, ttnn.UnaryOpType.SQRT])
    assert_close(both, torch.sqrt(torch.relu(left + right)), ttnn.bfloat16, relative=relative, absolute=2.0**-12)
    with pytest.raises(RuntimeError, match="unknown activation"):
        ttnn.add(x, g, activations=["no such thing"])


def test_in_place():
    x, left = tensor(random((1, 12, 32), 1), ttnn.bfloat16)
    m, right = tensor(random((12, 1), 2), ttnn.float32)
    config = x.memory_config()
    result = ttnn.multiply_(x, m, input_tensor_b_activations=[ttnn.UnaryOpType.SIGMOID])
    assert result is x and x.dtype is ttnn.bfloat16 and x.memory_config() == config
    assert_close(x, left * torch.sigmoid(right), ttnn.bfloat16, relative=2.0**-20)
    for name in ("add_", "subtract_", "sub_", "mul_", "div_"):
        x, left = tensor(random((4, 5), 1, 0.5, 2), ttnn.float32)
        assert getattr(ttnn, name)(x, 2) is x
        assert_close(x, ARITHMETIC[name[:-1]](left, torch.tensor(2.0).double()), ttnn.float32)


def test_in_place_leaves_slices_and_copies_alone():
    x, left = tensor(random((4, 64), 1), ttnn.float32)
    first, second = ttnn.chunk(x, 2, -1)
    part, whole, copy = x[1:3], x[...], ttnn.clone(x)
    ttnn.add_(x, 1.0)
    ttnn.add_(part, 5.0)
    ttnn.multiply_(whole, 0.0)
    assert_close(x, left + 1, ttnn.float32)
    assert_close(first, left[:, :32], ttnn.float32)
    assert_close(second, left[:, 32:], ttnn.float32)
    assert_close(part, left[1:3] + 5, ttnn.float32)
    assert_close(copy, left, ttnn.float32)
    ttnn.deallocate(x)
    assert_close(second, left[:, 32:], ttnn.float32)


def test_dtype_of_the_result():
    a, left = tensor(random((4, 20), 1), ttnn.bfloat16)
    b, right = tensor(random((4, 20), 2), ttnn.float32)
    assert ttnn.add(a, b).dtype is ttnn.bfloat16
    assert ttnn.add(b, a).dtype is ttnn.float32
    wide = ttnn.add(a, b, dtype=ttnn.float32)
    assert wide.dtype is ttnn.float32
    assert_close(wide, left + right, ttnn.float32)
    assert ttnn.add(b, a, dtype=ttnn.bfloat16).dtype is ttnn.bfloat16


@pytest.mark.parametrize("name", ["add", "subtract", "multiply"])
@pytest.mark.parametrize("dtype, bits", [(ttnn.bfloat8_b, 7), (ttnn.bfloat4_b, 3)], ids=str)
def test_block_floats_are_rounded_once(name, dtype, bits):
    a, left = tensor(random((3, 40), 1), dtype)
    b, right = tensor(random((3, 40), 2), dtype)
    result = getattr(ttnn, name)(a, b)
    assert result.dtype is dtype
    exact = ARITHMETIC[name](left, right).float()  # sums and products of so few bits are exact in fp32
    assert torch.equal(ttnn.to_torch(result).double(), torch.from_numpy(block_values(exact, bits)))


def test_other_operations_on_block_floats_compute_in_bfloat16():
    a, left = tensor(random((3, 40), 1), ttnn.bfloat8_b)
    b, right = tensor(random((3, 40), 2, 0.5, 2), ttnn.bfloat8_b)
    exact = (left.float() / right.float()).bfloat16().float()
    assert torch.equal(ttnn.to_torch(ttnn.div(a, b)).double(), torch.from_numpy(block_values(exact, 7)))
    assert torch.equal(ttnn.to_torch(ttnn.gt(a, b)).bool(), left > right)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_clamp(dtype):
    x, held = tensor(random((3, 7)), dtype)
    low, lower = tensor(random((3, 7), 1, -1, 0), dtype)
    high, upper = tensor(random((1, 7), 2, 0, 1), dtype)
    half = torch.tensor(0.5).double()
    for result, expected in (
        (ttnn.clamp(x, -0.5, 0.5), held.clamp(-0.5, 0.5)),
        (ttnn.clamp(x, min=-0.5), held.clamp(min=-0.5)),
        (ttnn.clamp(x, max=0.5), held.clamp(max=0.5)),
        (ttnn.clamp(x, low, high), torch.minimum(torch.maximum(held, lower), upper)),
        (ttnn.clamp(x, min=low), torch.maximum(held, lower)),
        (ttnn.clamp(x, max=high), torch.minimum(held, upper)),
        (ttnn.clamp(x, low, 0.5), torch.minimum(torch.maximum(held, lower), half)),
        (ttnn.clamp(x, -math.inf, high), torch.minimum(held, upper)),
    ):
        assert torch.equal(ttnn.to_torch(result).double(), expected)
    with pytest.raises(RuntimeError, match="at least one of"):
        ttnn.clamp(x)
    assert torch.equal(ttnn.to_torch(ttnn.clamp(tensor(integers((3, 4)))[0], -3, 7)), integers((3, 4)).clamp(-3, 7))
    x, _ = tensor(torch.tensor([math.nan, math.inf, -math.inf]), dtype)
    assert ttnn.to_torch(ttnn.clamp(x, -1.0, 1.0))[1:].tolist() == [1, -1]
    assert math.isnan(ttnn.to_torch(ttnn.clamp(x, -1.0, 1.0))[0].item())


def test_where():
    a, left = tensor(random((3, 7), 1), ttnn.bfloat16)
    b, right = tensor(random((1, 7), 2), ttnn.bfloat16)
    c, choice = tensor((random((3, 1), 3) > 0).float())
    assert torch.equal(ttnn.to_torch(ttnn.where(c, a, b)).double(), torch.where(choice != 0, left, right))
    assert torch.equal(ttnn.to_torch(ttnn.where(c, a, 0.0)).double(), torch.where(choice != 0, left, 0.0))
    assert torch.equal(ttnn.to_torch(ttnn.where(c, 1.0, b)).double(), torch.where(choice != 0, 1.0, right))


@pytest.mark.parametrize("dtype", [ttnn.bfloat16, ttnn.float32], ids=str)
@pytest.mark.parametrize("name", [*ARITHMETIC, "rsub", "rdiv"])
def test_one_program_serves_all_numbers(name, dtype, monkeypatch):
    traced = []
    trace = fusion._native.trace
    monkeypatch.setattr(fusion._native, "trace", lambda *arguments: traced.append(1) or trace(*arguments))
    monkeypatch.setattr(fusion, "_fused", {})
    a, held = tensor(random((3, 37), 1, 0.5, 2), dtype)
    for number in (0.3, -1.7, 5, -0.0, 1e-3, 1e39, math.inf, math.nan):
        result = getattr(ttnn, name)(a, number)
        other = torch.tensor(float(number), dtype=torch.float32)
        if name in ARITHMETIC:
            expected = ARITHMETIC[name](held.float(), other)
        else:
            expected = other - held.float() if name == "rsub" else other / held.float()
        assert result.dtype is dtype
        assert_close(result, expected.double(), dtype, relative=2.0**-24)
    assert len(traced) == 1
