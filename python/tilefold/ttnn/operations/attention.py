"""Attention and its head helpers."""

import math
import numbers

from tilefold import _native
from tilefold.ttnn.dispatch import Call, engine_operation, planned, require_tensor
from tilefold.ttnn.fusion import cast, fused, rounded
from tilefold.ttnn.operations.binary import FLOATING
from tilefold.ttnn.tensor import BLOCK_FLOAT_ELEMENTS

_SDPA = "transformer.scaled_dot_product_attention"


def _reshape(native, shape):
    return engine_operation("reshape", shape=_native.Dims(list(shape)))(native)


def _sliced(native, dim, start, end):
    return engine_operation("slice", dim=dim, start=_native.Dim(start), end=_native.Dim(end), step=1)(native)


def _check_attention(q, k, v, mask):
    for tensor in (q, k, v) if mask is None else (q, k, v, mask):
        require_tensor(tensor, _SDPA)
        if tensor.dtype not in FLOATING:
            raise RuntimeError(f"ttnn.{_SDPA}: expected floating-point tensors, got {tensor.dtype}")
        if len(tensor.shape) != 4:
            raise RuntimeError(f"ttnn.{_SDPA}: expected tensors of rank 4, got {tensor.shape}")
    batch, heads, queries, width = q.shape
    if k.shape != v.shape or k.shape[0] != batch or k.shape[3] != width or k.shape[1] == 0 or heads % k.shape[1]:
        raise RuntimeError(
            f"ttnn.{_SDPA}: q [B, Hq, Sq, D] and k, v [B, Hkv, Sk, D] with Hq a multiple of Hkv are needed, got "
            f"{list(q.shape)}, {list(k.shape)} and {list(v.shape)}"
        )
    if mask is not None and not (
        mask.shape[0] in (1, batch) and mask.shape[1] in (1, heads) and tuple(mask.shape[2:]) == (queries, k.shape[2])
    ):
        raise RuntimeError(
            f"ttnn.{_SDPA}: the mask must have the shape [1 or {batch}, 1 or {heads}, {queries}, {k.shape[2]}], got "
            f"{list(mask.shape)}"
        )


def _position_mask(queries, keys, causal, window):
    """[1, 1, queries, keys]: 0 where a query may look at a key, -inf elsewhere. Made while tracing."""

    def positions(count, shape):
        values = engine_operation("arange", count=_native.Dim(count))()
        return _reshape(cast(values, _native.DType.float32), shape)

    distance = engine_operation("subtract")(positions(queries, [queries, 1]), positions(keys, [keys]))
    allowed = engine_operation("ge", scalar=0.0)(distance) if causal else None
    if window is not None:
        if causal:
            near = engine_operation("lt", scalar=float(window))(distance)
            allowed = engine_operation("logical_and")(allowed, near)
        else:
            allowed = engine_operation("le", scalar=float(window // 2))(engine_operation("abs")(distance))
    zero = engine_operation("full", shape=_native.Dims([]), value=0.0, dtype=_native.DType.float32)()
    hidden = engine_operation("full", shape=_native.Dims([]), value=-math.inf, dtype=_native.DType.float32)()
    return _reshape(engine_operation("where")(allowed, zero, hidden), [1, 1, queries, keys])


@planned(_SDPA)
def scaled_dot_product_attention(
    input_tensor_q,
    input_tensor_k,
    input_tensor_v,
    *,
    attn_mask=None,
    is_causal=True,
    scale=None,
    sliding_window_size=None,
    memory_config=None,
    attention_sink=None,
):
    """softmax(q k^T * scale + attn_mask) v with q [B, Hq, Sq, D], k and v [B, Hkv, Sk, D], Hq a multiple of Hkv.

    The mask is additive, after scaling: [1 or B, 1 or Hq, Sq, Sk]; with one, is_causal must be False. scale is D^-0.5
    by default. A causal query i sees keys up to i, with `sliding_window_size` only that many of them. The softmax is
    fp32; rows whose logits are all about -1e9 give finite results. The result is like q.
    """
    q, k, v = input_tensor_q, input_tensor_k, input_tensor_v
    _check_attention(q, k, v, attn_mask)
    if attn_mask is not None and is_causal:
        raise RuntimeError(f"ttnn.{_SDPA}: a mask cannot be given together with is_causal=True")
    if attention_sink is not None:
        raise RuntimeError(f"ttnn.{_SDPA}: attention_sink is not supported")
    if scale is not None and not isinstance(scale, numbers.Real):
        raise TypeError(f"ttnn.{_SDPA}: expected a number as scale, got {type(scale).__name__}")
    if sliding_window_size is not None and (not isinstance(sliding_window_size, int) or sliding_window_size < 1):
        raise RuntimeError(f"ttnn.{_SDPA}: sliding_window_size must be a positive integer, got {sliding_window_size!r}")
    batch, heads, queries, width = q.shape
    key_heads, keys = k.shape[1], k.shape[2]
    if is_causal and queries != keys:
        raise RuntimeError(f"ttnn.{_SDPA}: causal attention needs as many queries as keys, got {queries} and {keys}")
    scale = float(scale) if scale is not None else 1.0 / math.sqrt(width) if width else 1.0
    attend = engine_operation("scaled_dot_product_attention", scale=scale)
    dtype = q.dtype
    causal, window = bool(is_causal), sliding_window_size

    def grouped(native):
        if key_heads == heads:
            return native
        native = _reshape(native, [batch, key_heads, 1, keys, width])
        wide = [batch, key_heads, heads // key_heads, keys, width]
        return _reshape(engine_operation("expand", shape=_native.Dims(wide))(native), [batch, heads, keys, width])

    def compute(query, key, value, *mask):
        key, value = (grouped(cast(native, query.dtype)) for native in (key, value))
        if causal or window is not None:
            positions = _position_mask(queries, keys, causal, window)
            mask = (positions if not mask else engine_operation("add")(positions, mask[0]),)
        return rounded(attend(query, key, value, *mask), dtype)

    operands = (q, k, v) if attn_mask is None else (q, k, v, attn_mask)
    handle = fused(_SDPA, compute, tuple(q.shape), tuple(k.shape), dtype, scale.hex(), causal, window)
    return Call(handle, operands, memory_config=memory_config)


@planned("experimental.nlp_create_qkv_heads")
def nlp_create_qkv_heads(
    input,
    input_kv=None,
    *,
    num_heads,
    num_kv_heads=None,
    transpose_k_heads=True,
    memory_config=None,
    output_tensors=None,
    **old_names,
):
    """Query, key and value heads [B, H, S, d] of a packed projection.

    The input is [B, 1, S, (H + 2 Hkv) d]: query heads, key heads, value heads; or [B, 1, S, H d] with an `input_kv` of
    [B, 1, S, 2 Hkv d]. The keys are [B, Hkv, d, S] with `transpose_k_heads`.
    """
    name = "experimental.nlp_create_qkv_heads"
    if input_kv is None:
        input_kv = old_names.pop("input_tensor_kv", None)
    if old_names:
        raise TypeError(f"ttnn.{name}: unexpected arguments {sorted(old_names)}")
    key_heads = num_heads if num_kv_heads is None else num_kv_heads
    for count in (num_heads, key_heads):
        if not isinstance(count, int) or count < 1:
            raise RuntimeError(f"ttnn.{name}: the numbers of heads must be positive integers, got {count!r}")
    groups = {input: num_heads + (2 * key_heads if input_kv is None else 0)}
    if input_kv is not None:
        groups[input_kv] = 2 * key_heads
    for tensor, count in groups.items():
        require_tensor(tensor, name)
        if len(tensor.shape) != 4 or tensor.shape[1] != 1 or tensor.shape[3] % count:
            raise RuntimeError(f"ttnn.{name}: expected [B, 1, S, {count} d], got {list(tensor.shape)}")
    batch, _, length, columns = input.shape
    width = columns // groups[input]
    source, start = (input, num_heads) if input_kv is None else (input_kv, 0)
    if input_kv is not None and (
        input_kv.dtype is not input.dtype or tuple(input_kv.shape) != (batch, 1, length, 2 * key_heads * width)
    ):
        raise RuntimeError(
            f"ttnn.{name}: input_kv must be {input.dtype} of shape [{batch}, 1, {length}, {2 * key_heads} * "
            f"{width}], got {input_kv.dtype} {list(input_kv.shape)}"
        )

    def heads(tensor, first, count, transposed=False):
        dtype = tensor.dtype

        def compute(x):
            size = x.shape
            x = _sliced(x, 3, first * width, (first + count) * width)
            x = _reshape(x, [size[0], size[2], count, width])
            x = engine_operation("permute", dims=[0, 2, 3, 1] if transposed else [0, 2, 1, 3])(x)
            # Heads of whole blocks are exact as they are.
            return x if width % BLOCK_FLOAT_ELEMENTS == 0 and not transposed else rounded(x, dtype)

        handle = fused(name, compute, first, count, width, transposed, dtype)
        return Call(handle, (tensor,), memory_config=memory_config)

    return (
        heads(input, 0, num_heads),
        heads(source, start, key_heads, bool(transpose_k_heads)),
        heads(source, start + key_heads, key_heads),
    )


@planned("experimental.nlp_concat_heads")
def nlp_concat_heads(input, *, memory_config=None):
    """[B, H, S, d] -> [B, 1, S, H d]"""
    name = "experimental.nlp_concat_heads"
    require_tensor(input, name)
    if len(input.shape) != 4:
        raise RuntimeError(f"ttnn.{name}: expected [B, H, S, d], got {list(input.shape)}")
    batch, heads, length, width = input.shape
    dtype = input.dtype

    def compute(x):
        x = _reshape(engine_operation("permute", dims=[0, 2, 1, 3])(x), [batch, 1, length, heads * width])
        return x if width % BLOCK_FLOAT_ELEMENTS == 0 else rounded(x, dtype)

    handle = fused(name, compute, tuple(input.shape), dtype)
    return Call(handle, (input,), memory_config=memory_config)
