"""Reductions over dimensions."""

import numbers

from tilefold import _native
from tilefold.ttnn.dispatch import Call, engine_operation, planned, require_tensor
from tilefold.ttnn.fusion import cast, fused, is_floating, rounded
from tilefold.ttnn.tensor import BLOCK_FLOAT_BITS

_DOCS = {entry["name"]: entry["doc"] for entry in _native.registry()}


def normalized_dim(dim, rank, where):
    """A dimension counted from the front. TypeError unless it is an integer, IndexError when it is out of range."""
    if isinstance(dim, bool) or not isinstance(dim, numbers.Integral):
        raise TypeError(f"ttnn.{where}: expected an integer dimension, got {dim!r}")
    dim = int(dim)
    if not -rank <= dim < rank:
        raise IndexError(f"ttnn.{where}: dimension {dim} is out of range for a tensor of rank {rank}")
    return dim % rank


def normalized_dims(dim, rank, where):
    """Sorted dimensions counted from the front, from an int, a list or None (all). ValueError for repeated ones."""
    if dim is None:
        return list(range(rank))
    dims = [normalized_dim(item, rank, where) for item in (dim if isinstance(dim, (list, tuple)) else [dim])]
    if len(set(dims)) != len(dims):
        raise ValueError(f"ttnn.{where}: dimensions {dims} are repeated")
    return sorted(dims) if dims else list(range(rank))


def _make(name):
    def reduction(input_tensor, dim=None, keepdim=False, *, memory_config=None, scalar=1.0, correction=None):
        require_tensor(input_tensor, name)
        rank = len(input_tensor.shape)
        if rank == 0 and dim in (0, -1):
            dim = None
        dims = normalized_dims(dim, rank, name)
        if not isinstance(scalar, numbers.Real):
            raise TypeError(f"ttnn.{name}: expected a number as 'scalar', got {type(scalar).__name__}")
        factor = float(scalar)
        dtype = input_tensor.dtype
        if name in ("max", "min") and 0 in [input_tensor.shape[axis] for axis in dims]:
            raise RuntimeError(
                f"ttnn.{name}: there is no element to choose from in a tensor of shape {input_tensor.shape}"
            )
        reduce = engine_operation(name, dims=dims, keepdim=bool(keepdim))
        if factor == 1.0 and dtype not in BLOCK_FLOAT_BITS and (name != "mean" or dtype.name.find("INT") < 0):
            return Call(reduce, (input_tensor,), memory_config=memory_config)

        def compute(x):
            if is_floating(x) or name == "mean" or not factor.is_integer():
                x = cast(x, _native.DType.float32)
            x = reduce(x)
            return rounded(x if factor == 1.0 else engine_operation("multiply", scalar=factor)(x), dtype)

        handle = fused(name, compute, dtype, tuple(dims), bool(keepdim), factor.hex())
        return Call(handle, (input_tensor,), memory_config=memory_config)

    reduction.__doc__ = (
        f"{_DOCS[name]}\n\n`dim` is an int, a list or None (all dimensions); negative ones count from the back. "
        "Without `keepdim` they are removed. The result is multiplied by `scalar` before it is rounded to the "
        "input's dtype."
    )
    return planned(name)(reduction)


for _name in ("sum", "mean", "max", "min"):
    globals()[_name] = _make(_name)
