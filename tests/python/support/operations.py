"""What the tests of ttnn operations share: making tensors, and tolerances that follow from rounding."""

import numpy
import torch
import ttnn

#: Largest relative error of rounding to nearest.
ROUNDING = {
    ttnn.float32: 2.0**-24,
    ttnn.bfloat16: 2.0**-8,
    ttnn.bfloat8_b: 2.0**-8,  # storage of the values; the block adds its own, see block_error
    ttnn.bfloat4_b: 2.0**-8,
}

#: Ulps of fp32 that a single elementary function may be off before its result is rounded (the vector functions are
#: tested to 4 ulps in C++; the argument reduction of the trigonometric ones adds as much).
FUNCTION_ULPS = 8

FLOATS = (ttnn.float32, ttnn.bfloat16)
TORCH = {
    ttnn.float32: torch.float32,
    ttnn.bfloat16: torch.bfloat16,
    ttnn.bfloat8_b: torch.float32,
    ttnn.bfloat4_b: torch.float32,
    ttnn.int32: torch.int32,
    ttnn.uint8: torch.uint8,
}


def device():
    return ttnn.open_device(device_id=0)


def tensor(values, dtype=None, layout=ttnn.TILE_LAYOUT, memory_config=None):
    """A device tensor of torch values, and those values as the tensor holds them, in float64 (int64 for integers)."""
    made = ttnn.from_torch(values, dtype=dtype, layout=layout, device=device(), memory_config=memory_config)
    held = ttnn.to_torch(made)
    return made, held.double() if held.is_floating_point() else held.long()


def random(shape, seed=0, low=-2.0, high=2.0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(tuple(shape), generator=generator) * (high - low) + low


def integers(shape, low=-50, high=50, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(low, high, tuple(shape), generator=generator, dtype=torch.int32)


def block_values(values, mantissa_bits):
    """The host packing rule of block floats, element by element in integers: blocks of 16 along the last dimension."""
    values = numpy.asarray(values, dtype=numpy.float32)
    shape = values.shape
    rows = values.reshape(-1, shape[-1]) if values.ndim else values.reshape(1, 1)
    result = numpy.zeros_like(rows, dtype=numpy.float64)
    shift = 24 - mantissa_bits
    for row in range(rows.shape[0]):
        for start in range(0, rows.shape[1], 16):
            bits = [int(word) for word in rows[row, start : start + 16].view(numpy.uint32)]
            shared = max((word >> 23) & 255 for word in bits)
            for offset, word in enumerate(bits):
                exponent = (word >> 23) & 255
                if exponent == 0:
                    continue
                mantissa = ((1 << 23) | (word & 0x7FFFFF)) >> min(shared - exponent, 24)
                code, rest = mantissa >> shift, mantissa & ((1 << shift) - 1)
                half = 1 << (shift - 1)
                code += rest > half or (rest == half and code & 1)
                code = min(code, (1 << mantissa_bits) - 1)
                value = code * 2.0 ** (shared - 126 - mantissa_bits)
                result[row, start + offset] = -value if word >> 31 else value
    return result.reshape(shape)


def assert_close(actual, expected, dtype, absolute=0.0, relative=0.0):
    """Every element within one rounding to `dtype` of a value within the given errors of `expected` (float64). NaN and
    infinities must be at the same places."""
    actual = ttnn.to_torch(actual) if isinstance(actual, ttnn.Tensor) else actual
    assert tuple(actual.shape) == tuple(expected.shape), (actual.shape, expected.shape)
    actual = actual.double()
    expected = expected.double()
    limit = torch.finfo(TORCH[dtype]).max
    finite = torch.isfinite(expected) & (expected.abs() <= limit)
    assert torch.equal(torch.isnan(actual), torch.isnan(expected))
    infinite = torch.isinf(expected)
    assert torch.equal(actual[infinite], expected[infinite])
    error = (actual - expected).abs()[finite]
    allowed = (ROUNDING[dtype] + relative) * (1 + relative) * expected.abs()[finite] + absolute + 2.0**-126
    worst = (error - allowed).max().item() if error.numel() else 0.0
    assert worst <= 0, f"{worst} above the allowed error"


def assert_equal(actual, expected):
    actual = ttnn.to_torch(actual) if isinstance(actual, ttnn.Tensor) else actual
    assert actual.dtype == expected.dtype, (actual.dtype, expected.dtype)
    assert torch.equal(actual, expected)
