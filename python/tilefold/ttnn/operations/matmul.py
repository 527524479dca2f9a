"""Products."""

from tilefold import _native
from tilefold.ttnn.dispatch import Call, engine_operation, planned, require_tensor
from tilefold.ttnn.fusion import fused, rounded
from tilefold.ttnn.memory_config import DRAM_MEMORY_CONFIG
from tilefold.ttnn.operations.binary import FLOATING, require_dtype
from tilefold.ttnn.operations.unary import activation_name
from tilefold.ttnn.tensor import BLOCK_FLOAT_BITS, STORAGE_DTYPE

#: Activations that the engine's `linear` applies itself.
_LINEAR_ACTIVATIONS = ("", "relu", "silu", "sigmoid", "gelu", "gelu_tanh", "tanh", "exp", "sqrt", "square", "neg")


def _require_operand(tensor, where):
    require_tensor(tensor, where)
    if tensor.dtype not in FLOATING:
        raise RuntimeError(f"ttnn.{where}: expected floating-point operands, got {tensor.dtype}")
    if len(tensor.shape) == 0:
        raise RuntimeError(f"ttnn.{where}: a tensor of rank 0 is no matrix")


def _checked_shapes(a, b, transpose_a, transpose_b, where):
    """Shapes of the operands as matrices [..., rows, columns] after the transposes. RuntimeError when they do not
    fit."""
    left = (1, *a.shape) if len(a.shape) == 1 else tuple(a.shape)
    right = (*b.shape, 1) if len(b.shape) == 1 else tuple(b.shape)
    if transpose_a and len(a.shape) == 1 or transpose_b and len(b.shape) == 1:
        raise RuntimeError(f"ttnn.{where}: a vector cannot be transposed")
    left = (*left[:-2], left[-1], left[-2]) if transpose_a else left
    right = (*right[:-2], right[-1], right[-2]) if transpose_b else right
    if left[-1] != right[-2]:
        raise RuntimeError(
            f"ttnn.{where}: The width of the first tensor must be equal to the height of the second tensor: "
            f"{left[-1]} against {right[-2]}, shapes {list(a.shape)} and {list(b.shape)}"
        )
    batch_a, batch_b = left[:-2], right[:-2]
    if any(size != 1 for size in batch_b):
        missing = len(batch_a) - len(batch_b)
        if missing > 0:
            batch_b = (1,) * missing + batch_b
        elif missing < 0:
            batch_a = (1,) * -missing + batch_a
        if batch_a != batch_b:
            raise RuntimeError(
                f"ttnn.{where}: the batch dimensions of the second tensor must be those of the first, or all 1: shapes "
                f"{list(a.shape)} and {list(b.shape)}"
            )
    return left, right


def product_call(name, a, b, bias, transpose_a, transpose_b, dtype, memory_config, activation):
    """The Call of activation(a @ b + bias) with the batch rules of `matmul`."""
    _require_operand(a, name)
    _require_operand(b, name)
    require_dtype(dtype, name)
    dtype = a.dtype if dtype is None else dtype
    transpose_a, transpose_b = bool(transpose_a), bool(transpose_b)
    left, right = _checked_shapes(a, b, transpose_a, transpose_b, name)
    single = all(size == 1 for size in right[:-2])
    activation = "" if activation is None else activation_name(activation, name)
    if bias is not None:
        _require_operand(bias, name)
        if not single:
            raise RuntimeError(
                f"ttnn.{name}: Batched input not supported when bias exists (linear operation). Shapes "
                f"{list(a.shape)} and {list(b.shape)}"
            )
        if bias.shape[-1] != right[-1] or any(size != 1 for size in bias.shape[:-1]):
            raise RuntimeError(
                f"ttnn.{name}: the bias must have the shape [{right[-1]}] or [1, {right[-1]}], got {list(bias.shape)}"
            )
    # A second operand of batch 1 is a matrix: its packed form serves all rows.
    b_matrix = list(b.shape[-2:]) if single and len(b.shape) > 2 else None
    vector_a, vector_b = len(a.shape) == 1, len(b.shape) == 1
    block = dtype in BLOCK_FLOAT_BITS
    result_dtype = _native.DType.float32 if block else STORAGE_DTYPE[dtype]
    if not (bias is not None or activation or block or b_matrix or vector_a or vector_b):
        handle = engine_operation("matmul", transpose_a=transpose_a, transpose_b=transpose_b, dtype=result_dtype)
        return Call(handle, (a, b), dtype=dtype, memory_config=memory_config or DRAM_MEMORY_CONFIG)
    added = 0 if name == "experimental.minimal_matmul" else max(0, len(right) - len(left))
    batch = (1,) * added + left[:-2]
    shape = [*batch, *([] if vector_a else [left[-2]]), *([] if vector_b else [right[-1]])]
    fused_activation = activation if activation in _LINEAR_ACTIVATIONS else ""
    if activation != (fused_activation if single else ""):
        result_dtype = _native.DType.float32  # the result is rounded once, after the activation
    attributes = {"transpose_a": transpose_a, "transpose_b": transpose_b, "dtype": result_dtype}
    a_shape = list(left) if vector_a else None
    b_shape = [right[-2], 1] if vector_b else b_matrix

    def compute(x, y, *rest):
        x = x if a_shape is None else engine_operation("reshape", shape=_native.Dims(a_shape))(x)
        y = y if b_shape is None else engine_operation("reshape", shape=_native.Dims(b_shape))(y)
        if single:
            rows = [engine_operation("reshape", shape=_native.Dims([right[-1]]))(item) for item in rest]
            product = engine_operation("linear", activation=fused_activation, **attributes)(x, y, *rows)
        else:
            product = engine_operation("matmul", **attributes)(x, y)
        if activation != (fused_activation if single else ""):
            product = engine_operation(activation)(product)
        if product.shape != tuple(shape):
            product = engine_operation("reshape", shape=_native.Dims(shape))(product)
        return rounded(product, dtype)

    key = (tuple(a.shape), tuple(b.shape), transpose_a, transpose_b, dtype, activation)
    operands = (a, b) if bias is None else (a, b, bias)
    return Call(fused(name, compute, *key), operands, dtype=dtype, memory_config=memory_config or DRAM_MEMORY_CONFIG)


@planned("matmul")
def matmul(
    input_tensor_a,
    input_tensor_b,
    *,
    transpose_a=False,
    transpose_b=False,
    memory_config=None,
    dtype=None,
    activation=None,
):
    """activation(a @ b): [..., M, K] x [..., K, N], accumulated in fp32 and rounded once.

    The transposes act on the last two dimensions. Batch dimensions of `b` equal those of `a`, or are all 1 or absent; a
    vector is a row on the left and a column on the right. The result has the dtype of `a` and lies in DRAM,
    interleaved, unless `dtype` and `memory_config` say otherwise. K of 0 gives zeros.
    """
    return product_call(
        "matmul", input_tensor_a, input_tensor_b, None, transpose_a, transpose_b, dtype, memory_config, activation
    )


@planned("linear")
def linear(
    input_tensor_a,
    input_tensor_b,
    *,
    bias=None,
    transpose_a=False,
    transpose_b=False,
    memory_config=None,
    dtype=None,
    activation=None,
):
    """activation(a @ b + bias), otherwise like `matmul`. The bias is [N] or [1, N] and needs a `b` of batch 1;
    `activation` is a string ("silu", "sigmoid", "relu", "gelu", ...), a UnaryOpType or a UnaryWithParam."""
    return product_call(
        "linear", input_tensor_a, input_tensor_b, bias, transpose_a, transpose_b, dtype, memory_config, activation
    )


@planned("experimental.minimal_matmul")
def minimal_matmul(
    input_tensor,
    weight_tensor,
    *,
    bias_tensor=None,
    fused_activation=None,
    config=None,
    memory_config=None,
    dtype=None,
):
    """fused_activation(input @ weight + bias) with a weight whose leading dimensions are 1; dtype and placement of the
    input unless given."""
    _require_operand(input_tensor, "experimental.minimal_matmul")
    _require_operand(weight_tensor, "experimental.minimal_matmul")
    if len(weight_tensor.shape) < 2 or any(size != 1 for size in weight_tensor.shape[:-2]):
        raise RuntimeError(
            "ttnn.experimental.minimal_matmul: the leading dimensions of the weight must be 1, got "
            f"{list(weight_tensor.shape)}"
        )
    memory_config = input_tensor.memory_config() if memory_config is None else memory_config
    name = "experimental.minimal_matmul"
    return product_call(
        name, input_tensor, weight_tensor, bias_tensor, False, False, dtype, memory_config, fused_activation
    )
