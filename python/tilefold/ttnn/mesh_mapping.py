"""How host arrays are distributed over the devices of a mesh, and put together again."""

from tilefold.ttnn.mesh_shape import MeshShape, TensorTopology


class TensorToMesh:
    """A way to distribute an array: `split(array)` gives each device's part in row-major order of the mesh."""

    def __init__(self, mesh_device):
        self.mesh_device = mesh_device
        self.topology = None

    def split(self, array):
        """The parts, one per device."""
        raise NotImplementedError

    def __repr__(self):
        return f"{type(self).__name__}({self.mesh_device!r})"


def _cut(array, dim, parts, where):
    """Equal parts of an array along a dimension."""
    rank = len(array.shape)
    if not -rank <= dim < rank:
        raise RuntimeError(f"{where}: dimension {dim} is outside of rank {rank}")
    dim %= rank
    if array.shape[dim] % parts:
        raise RuntimeError(
            f"{where}: dimension {dim} of shape {list(array.shape)} cannot be divided equally over {parts} devices"
        )
    size = array.shape[dim] // parts
    before = (slice(None),) * dim
    return [array[(*before, slice(part * size, (part + 1) * size))] for part in range(parts)]


class ReplicateTensorToMesh(TensorToMesh):
    """The whole array on every device."""

    def __init__(self, mesh_device):
        super().__init__(mesh_device)
        self.topology = TensorTopology(mesh_device.shape, (None,) * len(mesh_device.shape))

    def split(self, array):
        return [array] * self.mesh_device.get_num_devices()


class ShardTensorToMesh(TensorToMesh):
    """Equal parts along a dimension, one per device."""

    def __init__(self, mesh_device, dim):
        super().__init__(mesh_device)
        self.dim = dim
        self.topology = TensorTopology(mesh_device.shape, (dim,) * len(mesh_device.shape))

    def split(self, array):
        return _cut(array, self.dim, self.mesh_device.get_num_devices(), "ttnn.ShardTensorToMesh")


class ShardTensor2dMesh(TensorToMesh):
    """Parts along `dims[0]` over the rows of the mesh and along `dims[1]` over its columns; None replicates."""

    def __init__(self, mesh_device, mesh_shape, dims):
        super().__init__(mesh_device)
        self.mesh_shape = _checked_mesh_shape(mesh_device, mesh_shape, "ttnn.ShardTensor2dMesh")
        self.dims = _checked_dims(dims, "ttnn.ShardTensor2dMesh")
        self.topology = TensorTopology(self.mesh_shape, self.dims)

    def split(self, array):
        parts = [array]
        for dim, size in zip(self.dims, self.mesh_shape):
            parts = [
                piece
                for part in parts
                for piece in ([part] * size if dim is None else _cut(part, dim, size, "ttnn.ShardTensor2dMesh"))
            ]
        return parts


class MeshToTensor:
    """A way to put the parts of a mesh tensor together: `compose(parts)`."""

    def compose(self, parts):
        """One array of the parts, which come in row-major order of the mesh."""
        raise NotImplementedError


def _concatenated(parts, dim):
    if type(parts[0]).__module__.partition(".")[0] == "torch":
        import torch

        return torch.cat(list(parts), dim)
    import numpy

    return numpy.concatenate(list(parts), dim)


class ConcatMeshToTensor(MeshToTensor):
    """The devices' parts one after the other along a dimension."""

    def __init__(self, mesh_device, dim):
        self.mesh_device = mesh_device
        self.dim = dim

    def compose(self, parts):
        return _concatenated(parts, self.dim)


class ConcatMesh2dToTensor(MeshToTensor):
    """Parts of the mesh's rows along `dims[0]` and of its columns along `dims[1]`."""

    def __init__(self, mesh_device, mesh_shape, dims):
        self.mesh_shape = _checked_mesh_shape(mesh_device, mesh_shape, "ttnn.ConcatMesh2dToTensor")
        self.dims = _checked_dims(dims, "ttnn.ConcatMesh2dToTensor")
        if None in self.dims or self.dims[0] == self.dims[1]:
            raise RuntimeError(f"ttnn.ConcatMesh2dToTensor: expected two different dimensions, got {self.dims}")

    def compose(self, parts):
        rows, columns = self.mesh_shape
        if len(parts) != rows * columns:
            raise RuntimeError(f"ttnn.ConcatMesh2dToTensor: {len(parts)} parts do not fit {self.mesh_shape}")
        lines = [_concatenated(parts[row * columns : (row + 1) * columns], self.dims[1]) for row in range(rows)]
        return _concatenated(lines, self.dims[0])


def _checked_mesh_shape(mesh_device, mesh_shape, where):
    shape = MeshShape(mesh_shape)
    if shape != mesh_device.shape:
        raise RuntimeError(f"{where}: the mesh shape {shape} is not the device's {mesh_device.shape}")
    return shape


def _checked_dims(dims, where):
    dims = tuple(dims)
    if len(dims) != 2:
        raise RuntimeError(f"{where}: expected a dimension (or None) for rows and for columns, got {dims}")
    return dims


def replicate_tensor_to_mesh_mapper(mesh_device):
    """A ReplicateTensorToMesh."""
    return ReplicateTensorToMesh(mesh_device)


def shard_tensor_to_mesh_mapper(mesh_device, dim):
    """A ShardTensorToMesh."""
    return ShardTensorToMesh(mesh_device, dim)


def concat_mesh_to_tensor_composer(mesh_device, dim):
    """A ConcatMeshToTensor."""
    return ConcatMeshToTensor(mesh_device, dim)


def shards_of_devices(tensor, where):
    """One engine tensor per device: those of the tensor, or its only one for every device."""
    shards = tensor.allocated_shards(where)
    device = tensor.device()
    count = len(shards) if device is None else device.get_num_devices()
    return shards if len(shards) == count else shards * count


def get_device_tensors(tensor):
    """The parts of a mesh tensor as tensors of single devices, in row-major order; they share its storage."""
    shards = shards_of_devices(tensor, "ttnn.get_device_tensors")
    if len(shards) == 1:
        return [tensor]
    devices = [None] * len(shards) if tensor.device() is None else tensor.device().get_devices()
    return [
        tensor.wrap(shard, tensor.dtype, tensor.layout, tensor.memory_config(), device)
        for shard, device in zip(shards, devices)
    ]


def combine_device_tensors(tensors, mesh_device=None):
    """A mesh tensor of tensors of single devices; the inverse of get_device_tensors. Host tensors, unless `mesh_device`
    says where the parts live."""
    tensors = list(tensors)
    if not tensors:
        raise RuntimeError("ttnn.combine_device_tensors: expected at least one tensor")
    first = tensors[0]
    if any(part.spec != first.spec for part in tensors):
        raise RuntimeError("ttnn.combine_device_tensors: the parts differ in shape, dtype, layout or memory config")
    if mesh_device is not None and mesh_device.get_num_devices() != len(tensors):
        raise RuntimeError(f"ttnn.combine_device_tensors: {len(tensors)} parts do not fit {mesh_device!r}")
    shards = tuple(part.allocated_shards("ttnn.combine_device_tensors")[0] for part in tensors)
    return first.wrap_shards(shards, first.dtype, first.layout, first.memory_config(), mesh_device)


__all__ = [
    "ConcatMesh2dToTensor",
    "ConcatMeshToTensor",
    "MeshToTensor",
    "ReplicateTensorToMesh",
    "ShardTensor2dMesh",
    "ShardTensorToMesh",
    "TensorToMesh",
    "combine_device_tensors",
    "concat_mesh_to_tensor_composer",
    "get_device_tensors",
    "replicate_tensor_to_mesh_mapper",
    "shard_tensor_to_mesh_mapper",
]
