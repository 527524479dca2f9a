"""Text of tensors."""


def tensor_text(tensor):
    """`ttnn.Tensor([[...]], shape=..., dtype=..., layout=...)`; says so when the tensor is freed or symbolic."""
    about = f"shape={tensor.shape}, dtype={tensor.dtype}, layout={tensor.layout}"
    if tensor.shards is None:
        return f"ttnn.Tensor(<buffer is not allocated>, {about})"
    if tensor.shards[0].is_traced:
        return f"ttnn.Tensor(<traced>, {about})"
    from tilefold.ttnn.conversion import host_values

    import numpy

    values = numpy.array2string(host_values(tensor), separator=", ", precision=5, threshold=64, edgeitems=3)
    return f"ttnn.Tensor({values}, {about})"
