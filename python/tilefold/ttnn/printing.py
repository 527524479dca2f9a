"""Text of tensors."""

import math

from tilefold import _native

#: Longer dimensions show this many elements at either end, once a tensor has more than MAXIMUM elements.
EDGE = 3
MAXIMUM = 64
ELLIPSIS = "..."


def tensor_text(tensor):
    """`ttnn.Tensor([[...]], shape=..., dtype=..., layout=...)`; says so when the tensor is freed or symbolic. Only the
    elements that are shown are converted."""
    about = f"shape={tensor.shape}, dtype={tensor.dtype}, layout={tensor.layout}"
    if tensor.shards is None:
        return f"ttnn.Tensor(<buffer is not allocated>, {about})"
    if tensor.shards[0].is_traced:
        return f"ttnn.Tensor(<traced>, {about})"
    if len(tensor.shards) == 1:
        return f"ttnn.Tensor({_values_text(tensor.shards[0])}, {about})"
    parts = ", ".join(f"device {index}: {_values_text(shard)}" for index, shard in enumerate(tensor.shards))
    return f"ttnn.Tensor({parts}, {about})"


def _values_text(native):
    shape = tuple(native.shape)
    if 0 in shape:
        return "[]"
    shortened = math.prod(shape) > MAXIMUM
    cut = [shortened and size > 2 * EDGE for size in shape]
    for dim, is_cut in enumerate(cut):
        if is_cut:
            native = _ends(native, dim)
    return _nested(_numpy(native), cut, indent=len("ttnn.Tensor("))


def _ends(native, dim):
    """The first and last EDGE elements along a dimension."""
    size = native.shape[dim]

    def part(start, end):
        attributes = {"dim": dim, "start": _native.Dim(start), "end": _native.Dim(end), "step": 1}
        return _native.Operation("slice", attributes)(native)

    return _native.Operation("concat", {"dim": dim})(part(0, EDGE), part(size - EDGE, size))


def _numpy(native):
    import numpy

    if native.dtype == _native.DType.bfloat16:
        native = _native.Operation("typecast", {"dtype": _native.DType.float32})(native)
    return numpy.from_dlpack(native.array())


def _nested(values, cut, indent):
    if values.ndim == 0:
        return f"{values.item():.5f}" if values.dtype.kind == "f" else str(values.item())
    items = [_nested(value, cut[1:], indent + 1) for value in values]
    if cut[0]:
        items.insert(EDGE, ELLIPSIS)
    separator = ", " if values.ndim == 1 else ",\n" + " " * (indent + 1)
    return "[" + separator.join(items) + "]"
