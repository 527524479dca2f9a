"""Normalisation, softmax, embedding."""

import numbers

from tilefold import _native
from tilefold.ttnn.dispatch import Call, engine_operation, planned, require_tensor
from tilefold.ttnn.enums import DataType, Layout
from tilefold.ttnn.fusion import cast, fused, rounded
from tilefold.ttnn.operations.binary import FLOATING, require_dtype
from tilefold.ttnn.operations.reductions import normalized_dim
from tilefold.ttnn.tensor import BLOCK_FLOAT_BITS


def _require_floating(tensor, where):
    require_tensor(tensor, where)
    if tensor.dtype not in FLOATING:
        raise RuntimeError(f"ttnn.{where}: expected a floating-point tensor, got {tensor.dtype}")


def _norm_call(name, tensor, epsilon, weight, bias, residual, memory_config):
    _require_floating(tensor, name)
    if not isinstance(epsilon, numbers.Real):
        raise TypeError(f"ttnn.{name}: expected a number as epsilon, got {type(epsilon).__name__}")
    if len(tensor.shape) == 0:
        raise RuntimeError(f"ttnn.{name}: a tensor of rank 0 has no last dimension")
    width = tensor.shape[-1]
    for what, vector in (("weight", weight), ("bias", bias)):
        if vector is None:
            continue
        _require_floating(vector, name)
        if vector.shape.volume() != width or vector.shape[-1:] not in ((width,), (32,)):
            raise RuntimeError(
                f"ttnn.{name}: the {what} must have the shape [{width}] or [1, {width}], got {vector.shape}"
            )
    if residual is not None:
        _require_floating(residual, name)
        if tuple(residual.shape) != tuple(tensor.shape):
            raise RuntimeError(f"ttnn.{name}: the residual must have the shape {tensor.shape}, got {residual.shape}")
    given = tuple(operand is not None for operand in (residual, weight, bias))
    dtype = tensor.dtype
    epsilon = float(epsilon)
    norm = engine_operation(name, epsilon=epsilon)
    operands = (tensor, *[operand for operand in (residual, weight, bias) if operand is not None])
    flat = all(vector is None or len(vector.shape) == 1 for vector in (weight, bias))
    if flat and residual is None and dtype not in BLOCK_FLOAT_BITS and (bias is None or weight is not None):
        return Call(norm, operands, memory_config=memory_config)

    def compute(x, *rest):
        rest = list(rest)
        if given[0]:
            x = engine_operation("add")(cast(x, _native.DType.float32), rest.pop(0))
        elif dtype in BLOCK_FLOAT_BITS:
            x = cast(x, _native.DType.float32)
        vectors = [
            engine_operation("reshape", shape=_native.Dims([width]))(rest.pop(0)) if present else None
            for present in given[1:]
        ]
        while vectors and vectors[-1] is None:
            vectors.pop()
        return rounded(norm(x, *vectors), dtype)

    return Call(fused(name, compute, dtype, given, width, epsilon.hex()), operands, memory_config=memory_config)


@planned("layer_norm")
def layer_norm(input_tensor, *, epsilon=1e-12, weight=None, bias=None, residual_input_tensor=None, memory_config=None):
    """(x - mean) / sqrt(biased variance + epsilon) * weight + bias over the last dimension W, in fp32.

    `weight` and `bias` are [W] or [1, W], each optional; the residual is added to the input first."""
    return _norm_call("layer_norm", input_tensor, epsilon, weight, bias, residual_input_tensor, memory_config)


@planned("rms_norm")
def rms_norm(input_tensor, *, epsilon=1e-12, weight=None, bias=None, residual_input_tensor=None, memory_config=None):
    """x / sqrt(mean(x^2) + epsilon) * weight + bias over the last dimension; arguments like `layer_norm`."""
    return _norm_call("rms_norm", input_tensor, epsilon, weight, bias, residual_input_tensor, memory_config)


@planned("softmax")
def softmax(input_tensor, dim=-1, *, memory_config=None, numeric_stable=True):
    """exp(x - max) / sum(exp(x - max)) over `dim`, in fp32. The maximum is always subtracted."""
    _require_floating(input_tensor, "softmax")
    if len(input_tensor.shape) == 0:
        raise RuntimeError("ttnn.softmax: a tensor of rank 0 has no dimension")
    axis = normalized_dim(dim, len(input_tensor.shape), "softmax")
    handle = operation = engine_operation("softmax", dim=axis)
    dtype = input_tensor.dtype
    if dtype in BLOCK_FLOAT_BITS:
        handle = fused("softmax", lambda x: rounded(operation(cast(x, _native.DType.float32)), dtype), dtype, axis)
    return Call(handle, (input_tensor,), memory_config=memory_config)


@planned("embedding")
def embedding(
    input_tensor,
    weight,
    *,
    padding_idx=None,
    layout=None,
    embeddings_type=None,
    dtype=None,
    memory_config=None,
):
    """Rows of `weight` [V, D] (leading dimensions of 1 are taken) by integer indices [...]: result [..., D].

    ROW_MAJOR unless `layout` says otherwise; dtype of the weight unless given. ValueError when an index is not below V.
    """
    require_tensor(input_tensor, "embedding")
    require_tensor(weight, "embedding")
    require_dtype(dtype, "embedding")
    if input_tensor.dtype in (DataType.BFLOAT8_B, DataType.BFLOAT4_B):
        raise RuntimeError(f"ttnn.embedding: expected integer indices, got {input_tensor.dtype}")
    if len(weight.shape) < 2 or any(size != 1 for size in weight.shape[:-2]):
        raise RuntimeError(f"ttnn.embedding: the weight must be a matrix, got {weight.shape}")
    result_dtype = weight.dtype if dtype is None else dtype
    if layout is None:
        layout = Layout.TILE if result_dtype in BLOCK_FLOAT_BITS else Layout.ROW_MAJOR
    matrix = list(weight.shape[-2:])
    table_dtype = weight.dtype
    lookup = engine_operation("embedding")

    def compute(indices, table):
        if indices.dtype in (_native.DType.float32, _native.DType.bfloat16):
            indices = cast(indices, _native.DType.int32)
        if len(table.shape) > 2:
            table = engine_operation("reshape", shape=_native.Dims(matrix))(table)
        rows = lookup(indices, table)
        return rows if result_dtype is table_dtype else rounded(rows, result_dtype)

    plain = input_tensor.dtype not in FLOATING and len(weight.shape) == 2 and result_dtype is table_dtype
    handle = lookup if plain else fused("embedding", compute, tuple(matrix), table_dtype, result_dtype)
    return Call(
        handle, (input_tensor, weight), like=weight, dtype=result_dtype, memory_config=memory_config, layout=layout
    )
