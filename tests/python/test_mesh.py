"""Meshes of virtual devices: shapes, distribution of tensors, collectives computed over the parts."""

import pytest
import torch
import ttnn

TILE = ttnn.TILE_LAYOUT


@pytest.fixture(scope="module")
def mesh():
    mesh = ttnn.open_mesh_device(ttnn.MeshShape(2, 4))
    yield mesh
    ttnn.close_mesh_device(mesh)


def values(*shape):
    torch.manual_seed(0)
    return torch.randint(-8, 8, shape).float()


def on_mesh(mesh, array, mapper, **options):
    return ttnn.from_torch(array, layout=TILE, device=mesh, mesh_mapper=mapper, **options)


def parts_of(tensor):
    return [part.to_torch() for part in ttnn.get_device_tensors(tensor.cpu())]


def test_mesh_shapes():
    shape = ttnn.MeshShape(2, 4)
    assert shape == ttnn.MeshShape([2, 4]) == (2, 4) and list(shape) == [2, 4] and shape[1] == 4
    assert shape.dims() == 2 and shape.mesh_size() == 8 and str(shape) == "MeshShape([2, 4])"
    with pytest.raises(RuntimeError, match="positive"):
        ttnn.MeshShape(0, 4)


def test_opening_meshes(mesh):
    assert mesh.shape == (2, 4) and mesh.get_num_devices() == 8 and mesh.get_device_ids() == list(range(8))
    assert [device.id() for device in mesh.get_devices()] == list(range(8))
    assert mesh.get_device_id((1, 2)) == 6
    whole = ttnn.open_mesh_device()
    assert whole.shape == ttnn._ttnn.multi_device.SystemMeshDescriptor().shape()
    assert ttnn.open_mesh_device(ttnn.MeshShape(1, 2), offset=(1, 1)).get_device_ids() == [5, 6]
    assert ttnn.open_mesh_device(ttnn.MeshShape(1, 8)).get_device_ids() == list(range(8))
    chosen = ttnn.open_mesh_device(mesh_shape=ttnn.MeshShape(1, 2), physical_device_ids=[7, 3])
    assert chosen.get_device_ids() == [7, 3]
    with pytest.raises(RuntimeError, match="needs 16 devices, there are 8"):
        ttnn.open_mesh_device(ttnn.MeshShape(4, 4))
    with pytest.raises(RuntimeError, match="do not fit"):
        ttnn.open_mesh_device(ttnn.MeshShape(1, 2), physical_device_ids=[0])


def test_submeshes(mesh):
    first, second = mesh.create_submeshes(ttnn.MeshShape(2, 2))
    assert first.get_device_ids() == [0, 1, 4, 5] and second.get_device_ids() == [2, 3, 6, 7]
    assert mesh.get_submeshes()[-2:] == [first, second]
    with pytest.raises(RuntimeError, match="does not fit"):
        mesh.create_submesh(ttnn.MeshShape(2, 2), (0, 3))
    other = ttnn.open_mesh_device(ttnn.MeshShape(2, 4))
    other.reshape(ttnn.MeshShape(1, 8))
    assert other.shape == (1, 8)
    with pytest.raises(RuntimeError, match="cannot be reshaped"):
        other.reshape(ttnn.MeshShape(1, 4))


def test_replicated_tensors(mesh):
    array = values(32, 64)
    tensor = on_mesh(mesh, array, ttnn.ReplicateTensorToMesh(mesh))
    assert tensor.shape == (32, 64) and tensor.device() is mesh and tensor.devices() == mesh.get_devices()
    parts = parts_of(tensor)
    assert len(parts) == 8 and all(torch.equal(part, array) for part in parts)
    alone = on_mesh(mesh, array, None)
    assert len(ttnn.get_device_tensors(alone)) == 8
    assert len({part.native.address for part in ttnn.get_device_tensors(alone)}) == 8
    devices = [part.device() for part in ttnn.get_device_tensors(tensor)]
    assert [device.id() for device in devices] == list(range(8))


def test_tensors_divided_along_one_dimension(mesh):
    array = values(64, 8 * 32)
    tensor = on_mesh(mesh, array, ttnn.ShardTensorToMesh(mesh, dim=-1))
    assert tensor.shape == (64, 32)
    for index, part in enumerate(parts_of(tensor)):
        assert torch.equal(part, array[:, 32 * index : 32 * index + 32])
    composed = ttnn.to_torch(tensor, mesh_composer=ttnn.ConcatMeshToTensor(mesh, dim=1))
    assert torch.equal(composed, array)
    with pytest.raises(RuntimeError, match="needs a mesh_composer"):
        ttnn.to_torch(tensor)
    with pytest.raises(RuntimeError, match="cannot be divided equally over 8 devices"):
        on_mesh(mesh, values(30, 32), ttnn.ShardTensorToMesh(mesh, dim=0))
    with pytest.raises(RuntimeError, match="outside of rank"):
        on_mesh(mesh, values(32, 32), ttnn.ShardTensorToMesh(mesh, dim=2))


@pytest.mark.parametrize("dims", [(0, 1), (1, 0), (None, 1), (0, None)])
def test_tensors_divided_in_two_dimensions(mesh, dims):
    array = values(256, 256)
    tensor = on_mesh(mesh, array, ttnn.ShardTensor2dMesh(mesh, mesh_shape=ttnn.MeshShape(2, 4), dims=dims))
    parts = parts_of(tensor)
    for row in range(2):
        for column in range(4):
            expected = array
            if dims[0] is not None:
                expected = expected.chunk(2, dims[0])[row]
            if dims[1] is not None:
                expected = expected.chunk(4, dims[1])[column]
            assert torch.equal(parts[4 * row + column], expected)
    if None not in dims:
        composer = ttnn.ConcatMesh2dToTensor(mesh, mesh_shape=(2, 4), dims=dims)
        assert torch.equal(ttnn.to_torch(tensor, mesh_composer=composer), array)


def test_mappers_are_compared_as_callables(mesh):
    assert ttnn.ReplicateTensorToMesh == ttnn.ReplicateTensorToMesh != ttnn.ShardTensorToMesh
    with pytest.raises(RuntimeError, match="is not the device's"):
        ttnn.ShardTensor2dMesh(mesh, mesh_shape=(4, 2), dims=(0, 1))


def test_operations_run_on_every_part(mesh):
    a, b = values(64, 256), values(64, 256) + 1
    left = on_mesh(mesh, a, ttnn.ShardTensorToMesh(mesh, dim=1))
    right = on_mesh(mesh, b, ttnn.ShardTensorToMesh(mesh, dim=1))
    result = ttnn.add(left, right)
    assert result.device() is mesh and result.shape == (64, 32)
    composer = ttnn.ConcatMeshToTensor(mesh, dim=1)
    assert torch.equal(ttnn.to_torch(result, mesh_composer=composer), a + b)


def test_host_tensors_of_a_mesh_come_back(mesh):
    array = values(64, 256)
    host = ttnn.from_torch(array, layout=TILE, mesh_mapper=ttnn.ShardTensorToMesh(mesh, dim=1))
    assert host.device() is None
    tensor = host.to(mesh)
    assert tensor.device() is mesh and all(torch.equal(*pair) for pair in zip(parts_of(tensor), parts_of(host)))
    again = ttnn.combine_device_tensors(ttnn.get_device_tensors(tensor), mesh)
    assert torch.equal(ttnn.to_torch(again, mesh_composer=ttnn.ConcatMeshToTensor(mesh, 1)), array)
    with pytest.raises(RuntimeError, match="of 8 parts does not fit a mesh of 2"):
        host.to(ttnn.open_mesh_device(ttnn.MeshShape(1, 2)))


def lines(axis):
    """For each device the devices of its line."""
    if axis is None:
        return [list(range(8))] * 8
    if axis == 0:
        return [[device % 4, device % 4 + 4] for device in range(8)]
    return [list(range(device // 4 * 4, device // 4 * 4 + 4)) for device in range(8)]


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("dim", [0, -1])
def test_all_gather(mesh, axis, dim):
    tensor = on_mesh(mesh, values(64, 256), ttnn.ShardTensorToMesh(mesh, dim=1))
    before = parts_of(tensor)
    after = parts_of(ttnn.all_gather(tensor, dim, cluster_axis=axis, topology=ttnn.Topology.Linear, num_links=1))
    for part, line in zip(after, lines(axis)):
        assert torch.equal(part, torch.cat([before[device] for device in line], dim))


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("dtype", [ttnn.float32, ttnn.bfloat16])
def test_all_reduce(mesh, axis, dtype):
    tensor = on_mesh(mesh, values(32, 256), ttnn.ShardTensorToMesh(mesh, dim=1), dtype=dtype)
    before = parts_of(tensor)
    result = ttnn.all_reduce(tensor, cluster_axis=axis)
    assert result.dtype is dtype
    for part, line in zip(parts_of(result), lines(axis)):
        # Sums of at most eight numbers below 8 are exact in either dtype.
        assert torch.equal(part, sum(before[device] for device in line))


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("reduce_type", ["sum", "max", "min"])
def test_reduce_scatter(mesh, axis, reduce_type):
    tensor = on_mesh(mesh, values(64, 1024), ttnn.ShardTensorToMesh(mesh, dim=1))
    before = parts_of(tensor)
    result = ttnn.reduce_scatter(tensor, 1, cluster_axis=axis, reduce_type=reduce_type)
    combine = {"sum": sum, "max": lambda p: torch.stack(p).amax(0), "min": lambda p: torch.stack(p).amin(0)}[reduce_type]
    for device, (part, line) in enumerate(zip(parts_of(result), lines(axis))):
        total = combine([before[other] for other in line])
        assert torch.equal(part, total.chunk(len(line), 1)[line.index(device)])


def test_gather_undoes_scatter(mesh):
    tensor = on_mesh(mesh, values(32, 128), ttnn.ReplicateTensorToMesh(mesh))
    scattered = ttnn.reduce_scatter(tensor, dim=-1, cluster_axis=1)
    gathered = ttnn.all_gather(scattered, dim=-1, cluster_axis=1)
    for part, expected in zip(parts_of(gathered), parts_of(ttnn.all_reduce(tensor, cluster_axis=1))):
        assert torch.equal(part, expected)


def test_collectives_on_one_device():
    device = ttnn.open_device(device_id=0)
    array = values(32, 64)
    tensor = ttnn.from_torch(array, layout=TILE, device=device)
    for result in (
        ttnn.all_gather(tensor, dim=0, cluster_axis=0),
        ttnn.all_reduce(tensor, cluster_axis=1),
        ttnn.reduce_scatter(tensor, dim=1),
    ):
        assert torch.equal(ttnn.to_torch(result), array)
    ttnn.close_device(device)


def test_errors_of_collectives(mesh):
    tensor = on_mesh(mesh, values(32, 32), ttnn.ReplicateTensorToMesh(mesh))
    with pytest.raises(ValueError, match=r"all_gather requires dim \(positional or keyword\)"):
        ttnn.all_gather(tensor)
    with pytest.raises(ValueError, match="all_reduce cluster_axis must be a non-negative integer"):
        ttnn.all_reduce(tensor, cluster_axis=-1)
    with pytest.raises(ValueError, match="all_gather cluster_axis 2 must be < mesh rank 2"):
        ttnn.all_gather(tensor, 0, cluster_axis=2)
    with pytest.raises(ValueError, match="reduce_scatter reduce_type must be one of"):
        ttnn.reduce_scatter(tensor, 0, reduce_type="prod")
    odd = on_mesh(mesh, values(32, 33), ttnn.ReplicateTensorToMesh(mesh))
    with pytest.raises(ValueError, match="not divisible by 4 devices"):
        ttnn.reduce_scatter(odd, 1, cluster_axis=1)


def test_mesh_tensors_print(mesh):
    text = repr(on_mesh(mesh, values(2, 8), ttnn.ShardTensorToMesh(mesh, dim=1)))
    assert "device 0: [[" in text and "device 7: [[" in text and "Shape([2, 1])" in text


def test_a_device_counts_mesh_programs_once(mesh):
    tensor = on_mesh(mesh, values(32, 256), ttnn.ShardTensorToMesh(mesh, dim=1))
    mesh.clear_program_cache()
    ttnn.exp(tensor)
    ttnn.exp(tensor)
    assert mesh.num_program_cache_entries() == 1


def test_a_jitted_function_runs_on_every_part(mesh):
    import ttnn_jit

    @ttnn_jit.jit(enable_cache=True)
    def function(a):
        return ttnn.abs(a)

    array = values(64, 256)
    tensor = on_mesh(mesh, array, ttnn.ShardTensorToMesh(mesh, dim=1))
    result = function(tensor)
    assert function.num_entries == 1
    for part, expected in zip(parts_of(result), array.abs().chunk(8, 1)):
        assert torch.equal(part, expected)
