"""Shapes of meshes of devices, and how tensors are distributed over them."""

import dataclasses
import math


class MeshShape(tuple):
    """Rows and columns of a mesh: `MeshShape(2, 4)` or `MeshShape([2, 4])`. Equal to tuples of the same sizes."""

    __slots__ = ()

    def __new__(cls, *sizes):
        if len(sizes) == 1 and not isinstance(sizes[0], int):
            sizes = tuple(sizes[0])
        sizes = tuple(int(size) for size in sizes)
        if not sizes or min(sizes) <= 0:
            raise RuntimeError(f"MeshShape: expected positive sizes, got {list(sizes)}")
        return super().__new__(cls, sizes if len(sizes) > 1 else (1, *sizes))

    def dims(self):
        """Number of dimensions."""
        return len(self)

    def mesh_size(self):
        """Number of devices."""
        return math.prod(self)

    def __repr__(self):
        return f"MeshShape({list(self)})"


class MeshCoordinate(tuple):
    """Row and column of a device in a mesh."""

    __slots__ = ()

    def __new__(cls, *position):
        if len(position) == 1 and not isinstance(position[0], int):
            position = tuple(position[0])
        return super().__new__(cls, position)

    def __repr__(self):
        return f"MeshCoordinate({list(self)})"


@dataclasses.dataclass(frozen=True)
class TensorTopology:
    """Over which mesh a tensor was distributed; per mesh axis the tensor dimension that was divided, or None."""

    mesh_shape: MeshShape
    divided: tuple


def groups_along(mesh_shape, cluster_axis):
    """For every device (row-major) the devices of its line along a mesh axis, itself included; all devices without one."""
    count = mesh_shape.mesh_size()
    if cluster_axis is None:
        return [list(range(count))] * count
    stride = math.prod(mesh_shape[cluster_axis + 1 :])
    size = mesh_shape[cluster_axis]
    lines = []
    for device in range(count):
        first = device - (device // stride % size) * stride
        lines.append([first + step * stride for step in range(size)])
    return lines
