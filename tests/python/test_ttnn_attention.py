"""Attention and head helpers against torch in float64."""

import math

import pytest
import torch
import ttnn
from support.operations import FLOATS, FUNCTION_ULPS, ROUNDING, assert_close, random, tensor

sdpa = ttnn.transformer.scaled_dot_product_attention


def reference(q, k, v, mask=None, scale=None, causal=False, window=None):
    groups = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
    logits = q @ k.transpose(-1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    if mask is not None:
        logits = logits + mask
    if causal:
        distance = torch.arange(q.shape[2])[:, None] - torch.arange(k.shape[2])[None]
        allowed = distance >= 0 if window is None else (distance >= 0) & (distance < window)
        logits = logits.masked_fill(~allowed, -math.inf)
    return torch.softmax(logits, -1) @ v


def check(result, expected, q, k, v, dtype):
    # Logits are off by D u |q||k|; the softmax's relative error is twice that plus Sk sums; bf16 engines may round the
    # probabilities to bf16 once.
    logits = q.shape[-1] * 2.0**-24 * q.abs().max() * k.abs().max() * q.shape[-1]
    relative = 2 * logits.item() + (k.shape[2] + FUNCTION_ULPS) * 2.0**-24
    probabilities = ROUNDING[dtype] if dtype is not ttnn.float32 else 0.0
    assert_close(result, expected, dtype, absolute=(relative + 2 * probabilities) * v.abs().max().item())


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("key_heads", [4, 2, 1])
def test_masks_and_shared_heads(key_heads, dtype):
    q, held_q = tensor(random((2, 4, 9, 32), 1), dtype)
    k, held_k = tensor(random((2, key_heads, 17, 32), 2), dtype)
    v, held_v = tensor(random((2, key_heads, 17, 32), 3), dtype)
    mask, held_mask = tensor(random((1, 4, 9, 17), 4), dtype)
    for keywords, values in (
        ({}, {}),
        ({"attn_mask": mask}, {"mask": held_mask}),
        ({"attn_mask": mask, "scale": 0.25}, {"mask": held_mask, "scale": 0.25}),
    ):
        result = sdpa(q, k, v, is_causal=False, **keywords)
        assert result.dtype is dtype and tuple(result.shape) == (2, 4, 9, 32)
        check(result, reference(held_q, held_k, held_v, **values), held_q, held_k, held_v, dtype)


@pytest.mark.parametrize("window", [None, 3])
def test_causal(window):
    q, held_q = tensor(random((1, 2, 9, 32), 1))
    k, held_k = tensor(random((1, 2, 9, 32), 2))
    v, held_v = tensor(random((1, 2, 9, 32), 3))
    expected = reference(held_q, held_k, held_v, causal=True, window=window)
    check(sdpa(q, k, v, sliding_window_size=window), expected, held_q, held_k, held_v, ttnn.float32)


def test_fully_masked_rows_are_finite_and_block_floats_work():
    q, _ = tensor(random((1, 1, 4, 32), 1), ttnn.bfloat8_b)
    k, _ = tensor(random((1, 1, 5, 32), 2), ttnn.bfloat8_b)
    mask = torch.zeros(1, 1, 4, 5)
    mask[:, :, 1] = -1e9
    result = sdpa(q, k, k, attn_mask=tensor(mask, ttnn.bfloat16)[0], is_causal=False)
    assert result.dtype is ttnn.bfloat8_b and torch.isfinite(ttnn.to_torch(result)).all()


def test_attention_errors():
    q, k = tensor(random((1, 2, 4, 32)))[0], tensor(random((1, 2, 5, 32)))[0]
    mask = tensor(random((1, 1, 4, 5)))[0]
    with pytest.raises(RuntimeError, match="is_causal"):
        sdpa(q, k, k, attn_mask=mask)
    with pytest.raises(RuntimeError, match="the mask must have the shape"):
        sdpa(q, k, k, attn_mask=tensor(random((1, 1, 4, 4)))[0], is_causal=False)
    with pytest.raises(RuntimeError, match="as many queries as keys"):
        sdpa(q, k, k)
    with pytest.raises(RuntimeError, match="Hq a multiple of Hkv"):
        sdpa(q, tensor(random((1, 3, 5, 32)))[0], tensor(random((1, 3, 5, 32)))[0], is_causal=False)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_heads(dtype):
    x, held = tensor(random((2, 1, 5, 4 * 32), 1), dtype)
    q, k, v = ttnn.experimental.nlp_create_qkv_heads(x, num_heads=2, num_kv_heads=1)
    split = held[:, 0].reshape(2, 5, 4, 32).permute(0, 2, 1, 3)
    assert torch.equal(ttnn.to_torch(q).double(), split[:, :2])
    assert torch.equal(ttnn.to_torch(k).double(), split[:, 2:3].transpose(-1, -2))
    assert torch.equal(ttnn.to_torch(v).double(), split[:, 3:])
    joined = ttnn.experimental.nlp_concat_heads(q)
    assert torch.equal(ttnn.to_torch(joined).double(), held[..., :64])
    kv, held_kv = tensor(random((2, 1, 5, 2 * 2 * 32), 2), dtype)
    q, k, v = ttnn.experimental.nlp_create_qkv_heads(x, kv, num_heads=4, num_kv_heads=2, transpose_k_heads=False)
    keys = held_kv[:, 0].reshape(2, 5, 4, 32).permute(0, 2, 1, 3)
    assert torch.equal(ttnn.to_torch(q).double(), split)
    assert torch.equal(ttnn.to_torch(k).double(), keys[:, :2])
    assert torch.equal(ttnn.to_torch(v).double(), keys[:, 2:])
    with pytest.raises(RuntimeError, match="expected"):
        ttnn.experimental.nlp_create_qkv_heads(x, num_heads=3, num_kv_heads=1)
    with pytest.raises(RuntimeError, match="input_kv must be"):
        ttnn.experimental.nlp_create_qkv_heads(x, kv, num_heads=4, num_kv_heads=1)
