"""Bounds and exact variants of element-wise operations."""

import numbers

from tilefold import _native
from tilefold.ttnn.dispatch import Call, engine_operation, planned, require_tensor
from tilefold.ttnn.fusion import cast, fused, is_floating, rounded
from tilefold.ttnn.operations.binary import check_broadcast
from tilefold.ttnn.operations.unary import unary_call
from tilefold.ttnn.tensor import Tensor

_DOCS = {entry["name"]: entry["doc"] for entry in _native.registry()}


def _bound(value, tensor, name):
    """The tensor and the number of a bound, one of them None."""
    if value is None:
        return None, None
    if isinstance(value, Tensor):
        require_tensor(value, "clamp")
        check_broadcast("clamp", tensor, value)
        return value, None
    if isinstance(value, numbers.Real):
        return None, float(value)
    raise TypeError(f"ttnn.clamp: expected a ttnn.Tensor or a number as '{name}', got {type(value).__name__}")


@planned("clamp")
def clamp(input_tensor, min=None, max=None, *, memory_config=None):
    """The elements, but not below `min` and not above `max` (which wins). Each bound is a number, a tensor that
    broadcasts with the input, or None; RuntimeError when neither is given. NaN stays NaN."""
    require_tensor(input_tensor, "clamp")
    low, low_number = _bound(min, input_tensor, "min")
    high, high_number = _bound(max, input_tensor, "max")
    bounds = {"min": low_number, "max": high_number}
    bounds = {name: number for name, number in bounds.items() if number is not None}
    if low is None and high is None and not bounds:
        raise RuntimeError("ttnn.clamp: clamp requires at least one of 'min' or 'max' arguments")
    dtype = input_tensor.dtype
    given = (low is not None, high is not None)
    fractions = any(not number.is_integer() for number in bounds.values())

    def compute(x, *tensors):
        tensors = list(tensors)
        if not is_floating(x) and (fractions or any(is_floating(tensor) for tensor in tensors)):
            x = cast(x, _native.DType.float32)
        operands = [x, *[tensors.pop(0) if present else None for present in given]]
        while operands[-1] is None:
            operands.pop()
        return rounded(engine_operation("clamp", **bounds)(*operands), dtype)

    operands = (input_tensor, *[tensor for tensor in (low, high) if tensor is not None])
    key = tuple((name, number.hex()) for name, number in sorted(bounds.items()))
    return Call(fused("clamp", compute, dtype, given, key), operands, memory_config=memory_config)


@planned("gelu", meaningful=("fast_and_approximate_mode",))
def gelu(input_tensor, *, fast_and_approximate_mode=False, variant=None, memory_config=None):
    """x * Phi(x) in its exact (erf) form; in its tanh form with `fast_and_approximate_mode` or `variant` "tanh"."""
    require_tensor(input_tensor, "gelu")
    tanh_form = bool(fast_and_approximate_mode) or (variant is not None and "tanh" in str(variant).lower())
    return unary_call("gelu_tanh" if tanh_form else "gelu", input_tensor, memory_config)


@planned("where")
def where(condition, input_true, input_false, *, memory_config=None):
    """`input_true` where the condition is not 0, else `input_false`; all three broadcast. Values are tensors or
    numbers, at least one of them a tensor, whose dtype the result has."""
    require_tensor(condition, "where")
    values = (input_true, input_false)
    tensors = [value for value in values if isinstance(value, Tensor)]
    if not tensors:
        raise TypeError("ttnn.where: at least one of the values must be a ttnn.Tensor")
    for tensor in tensors:
        require_tensor(tensor, "where")
        check_broadcast("where", condition, tensor)
    if len(tensors) == 2:
        check_broadcast("where", *tensors)
    dtype = tensors[0].dtype
    given = tuple(None if isinstance(value, Tensor) else _bound(value, condition, "value")[1] for value in values)

    def compute(choice, *operands):
        operands = list(operands)
        engine_dtype = operands[0].dtype
        chosen = [
            cast(operands.pop(0), engine_dtype)
            if number is None
            else engine_operation("full", shape=_native.Dims([]), value=number, dtype=engine_dtype)()
            for number in given
        ]
        return rounded(engine_operation("where")(choice, *chosen), dtype)

    key = tuple(None if number is None else number.hex() for number in given)
    return Call(
        fused("where", compute, dtype, key), (condition, *tensors), like=tensors[0], memory_config=memory_config
    )
