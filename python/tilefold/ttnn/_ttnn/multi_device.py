"""`ttnn._ttnn.multi_device`: the system's mesh."""

from tilefold.ttnn.device import MeshDevice, system_mesh_shape
from tilefold.ttnn.mesh_shape import MeshCoordinate, MeshShape


class SystemMeshDescriptor:
    """The mesh of all virtual devices."""

    def shape(self):
        return system_mesh_shape()

    def local_shape(self):
        return system_mesh_shape()


__all__ = ["MeshCoordinate", "MeshDevice", "MeshShape", "SystemMeshDescriptor"]
