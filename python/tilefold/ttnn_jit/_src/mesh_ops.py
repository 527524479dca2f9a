"""Collectives of traced functions: all_gather, all_reduce, reduce_scatter over one axis of a device mesh."""

from tilefold import _native
from tilefold.ttnn.dispatch import cast_shards, engine_operation, finish
from tilefold.ttnn.enums import DataType, ReduceType

_REDUCTIONS = {"sum": "add", "max": "maximum", "min": "minimum"}


class NeedsWholeMesh(Exception):
    """The function moves data between devices: it is traced again with the tensors of all of them."""


def mesh_shape(device):
    """Rows and columns of a device's mesh; a single device is 1x1."""
    shape = getattr(device, "shape", None)
    return (1, 1) if shape is None else (int(shape[0]), int(shape[1]))


class Collective:
    """One call, checked; calling it does the work."""

    def __init__(self, name, tensor, args, kwargs):
        self.name = name
        self.mesh = mesh_shape(tensor.device())
        args = list(args)
        self.dim = None
        if name != "all_reduce":
            dim = args.pop(0) if args else kwargs.get("dim")
            if dim is None:
                raise ValueError(f"{name} requires dim (positional or keyword)")
            rank = len(tensor.shape)
            if not -rank <= dim < rank:
                raise ValueError(f"{name} dim {dim} is out of range for a tensor of rank {rank}")
            self.dim = dim % rank
        axis = args.pop(0) if args else kwargs.get("cluster_axis", 0)
        if not isinstance(axis, int) or isinstance(axis, bool) or axis < 0:
            raise ValueError(f"{name} cluster_axis must be a non-negative integer")
        if axis >= 2:
            raise ValueError(f"{name} cluster_axis {axis} must be < mesh rank 2")
        self.axis = axis
        self.reduction = kwargs.get("reduce_type", "sum") if name == "reduce_scatter" else "sum"
        if isinstance(self.reduction, ReduceType):
            self.reduction = self.reduction.name.lower()
        if self.reduction not in _REDUCTIONS:
            raise ValueError(f"{name} reduce_type must be one of {', '.join(_REDUCTIONS)}, got {self.reduction!r}")
        if name == "reduce_scatter" and tensor.shape[self.dim] % self.mesh[axis]:
            raise ValueError(
                f"{name} dim {self.dim} of size {tensor.shape[self.dim]} is not divisible by the {self.mesh[axis]} "
                "devices of the axis"
            )

    def attributes(self):
        attributes = {"cluster_axis": f"{self.axis} : ui32"}
        if self.name == "all_gather":
            attributes["all_gather_dim"] = f"{self.dim} : si32"
        else:
            attributes["reduce_type"] = f"#ttcore.reduce_type<{self.reduction}>"
        if self.name == "reduce_scatter":
            attributes["scatter_dim"] = f"{self.dim} : si32"
        return attributes

    def __call__(self, tensor):
        rows, columns = self.mesh
        count = rows * columns
        if self.mesh[self.axis] == 1:
            return self._wrap(tensor, tensor.shards)
        if len(tensor.shards) != count:
            raise NeedsWholeMesh
        shards = [None] * count
        for group in self._groups():
            for device, shard in zip(group, self._exchange([tensor.shards[i] for i in group], tensor.dtype)):
                shards[device] = shard
        return self._wrap(tensor, tuple(shards))

    def _groups(self):
        """Device numbers (row-major) along the axis."""
        rows, columns = self.mesh
        if self.axis == 0:
            return [[row * columns + column for row in range(rows)] for column in range(columns)]
        return [[row * columns + column for column in range(columns)] for row in range(rows)]

    def _exchange(self, parts, dtype):
        """What each device of a group gets; sums of floating-point numbers are made in float32."""
        if self.name == "all_gather":
            return [engine_operation("concat", dim=self.dim)(*parts)] * len(parts)
        if self.reduction == "sum" and dtype is not DataType.INT32:
            parts = cast_shards(tuple(parts), dtype, DataType.FLOAT32)
        total = parts[0]
        for part in parts[1:]:
            total = engine_operation(_REDUCTIONS[self.reduction])(total, part)
        if self.name == "all_reduce":
            return [total] * len(parts)
        step = total.shape[self.dim] // len(parts)
        return [_slice(total, self.dim, index * step, (index + 1) * step) for index in range(len(parts))]

    @staticmethod
    def _wrap(tensor, shards):
        return finish(tuple(shards), tensor, layout=tensor.layout)


def _slice(native, dim, start, end):
    return engine_operation("slice", dim=dim, start=_native.Dim(start), end=_native.Dim(end), step=1)(native)
