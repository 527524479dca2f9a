"""Traces: captured operations run again on the same buffers."""

import pytest
import torch
import ttnn
import ttnn_jit


@pytest.fixture
def device():
    device = ttnn.open_device(device_id=3, trace_region_size=1 << 20)
    yield device
    ttnn.close_device(device)


def on_device(device, array, **options):
    return ttnn.from_torch(array, layout=ttnn.TILE_LAYOUT, device=device, **options)


def overwrite(tensor, array):
    ttnn.copy_host_to_device_tensor(ttnn.from_torch(array, layout=ttnn.TILE_LAYOUT), tensor)


def test_captured_results_change_in_place(device):
    first, second = torch.rand(32, 64), torch.rand(32, 64)
    x, y = on_device(device, first), on_device(device, torch.ones(32, 64))
    trace = ttnn.begin_trace_capture(device, cq_id=0)
    total = ttnn.add(x, y)
    result = ttnn.multiply(total, x)
    ttnn.end_trace_capture(device, trace, cq_id=0)
    assert torch.equal(ttnn.to_torch(result), (first + 1) * first)
    kept = ttnn.to_torch(result)
    overwrite(x, second)
    assert torch.equal(ttnn.to_torch(result), (first + 1) * first)
    ttnn.execute_trace(device, trace, cq_id=0, blocking=False)
    ttnn.synchronize_device(device)
    assert torch.equal(ttnn.to_torch(result), (second + 1) * second)
    assert torch.equal(ttnn.to_torch(total), second + 1)
    assert torch.equal(kept, (first + 1) * first), "copies that were taken do not change"
    ttnn.release_trace(device, trace)


def test_shapes_and_conversions_are_replayed(device):
    first, second = torch.rand(32, 64), torch.rand(32, 64)
    x = on_device(device, first)
    trace = ttnn.begin_trace_capture(device)
    y = ttnn.permute(ttnn.reshape(x, (4, 8, 64)), (2, 0, 1))
    z = ttnn.typecast(ttnn.sum(y, dim=-1), ttnn.bfloat16)
    ttnn.end_trace_capture(device, trace)
    overwrite(x, second)
    ttnn.execute_trace(device, trace)
    expected = second.reshape(4, 8, 64).permute(2, 0, 1)
    assert torch.equal(ttnn.to_torch(y), expected)
    assert torch.allclose(ttnn.to_torch(z).float(), expected.sum(-1), rtol=2**-8)


def test_tensors_written_in_place_go_on_from_their_value(device):
    x, step = on_device(device, torch.zeros(32, 32)), on_device(device, torch.ones(32, 32))
    trace = ttnn.begin_trace_capture(device)
    ttnn.add_(x, step)
    ttnn.multiply_(x, 2.0)
    ttnn.end_trace_capture(device, trace)
    assert ttnn.to_torch(x).unique().tolist() == [2.0]
    ttnn.execute_trace(device, trace)
    assert ttnn.to_torch(x).unique().tolist() == [6.0]
    overwrite(x, torch.full((32, 32), 10.0))
    ttnn.execute_trace(device, trace)
    assert ttnn.to_torch(x).unique().tolist() == [22.0]


def test_compiled_programs_are_replayed(device):
    from tilefold import _native
    from tilefold.ttnn.dispatch import engine_operation, state
    from tilefold.ttnn.tensor import Tensor

    first, second = torch.rand(32, 64), torch.rand(32, 64)
    x = on_device(device, first)
    exponential, add = engine_operation("exp"), engine_operation("add")
    program = _native.trace(lambda a: (add(exponential(a), a),), list(x.shards), name="both", compile=False)
    trace = ttnn.begin_trace_capture(device)
    outputs = program.run(list(x.shards))
    state.capture.record_program(program, x.shards, outputs)
    result = Tensor.wrap_shards(tuple(outputs), x.dtype, x.layout, x.memory_config(), device)
    doubled = ttnn.add(result, result)
    ttnn.end_trace_capture(device, trace)
    overwrite(x, second)
    ttnn.execute_trace(device, trace)
    assert torch.allclose(ttnn.to_torch(doubled), 2 * (second.exp() + second), rtol=1e-6)


def test_jitted_functions_are_replayed(device):
    import ttnn_jit

    @ttnn_jit.jit(enable_cache=True)
    def function(a, b):
        return ttnn.add(ttnn.exp(a), b)

    first, second = torch.rand(64, 64), torch.rand(64, 64)
    x, y = on_device(device, first), on_device(device, torch.ones(64, 64))
    trace = ttnn.begin_trace_capture(device)
    doubled = ttnn.multiply(function(x, y), 2.0)
    ttnn.end_trace_capture(device, trace)
    overwrite(x, second)
    ttnn.execute_trace(device, trace)
    assert torch.allclose(ttnn.to_torch(doubled), 2 * (second.exp() + 1), rtol=1e-5)


def test_traces_work_on_meshes():
    mesh = ttnn.open_mesh_device(ttnn.MeshShape(1, 4))
    mapper = ttnn.ShardTensorToMesh(mesh, dim=1)
    first, second = torch.rand(32, 128), torch.rand(32, 128)
    x = on_device(mesh, first, mesh_mapper=mapper)
    trace = ttnn.begin_trace_capture(mesh)
    y = ttnn.all_reduce(ttnn.multiply(x, 2.0), cluster_axis=1)
    ttnn.end_trace_capture(mesh, trace)
    ttnn.copy_host_to_device_tensor(ttnn.from_torch(second, layout=ttnn.TILE_LAYOUT, mesh_mapper=mapper), x)
    ttnn.execute_trace(mesh, trace)
    expected = 2 * sum(second.chunk(4, 1))
    for part in ttnn.get_device_tensors(y):
        assert torch.allclose(part.to_torch(), expected)
    ttnn.close_mesh_device(mesh)


def test_traces_replay_jitted_collectives():
    mesh = ttnn.open_mesh_device(ttnn.MeshShape(2, 2))
    mapper = ttnn.ShardTensor2dMesh(mesh, (2, 2), dims=(0, 1))
    first, second = torch.rand(64, 64), torch.rand(64, 64)
    x = on_device(mesh, first, mesh_mapper=mapper)

    @ttnn_jit.jit(enable_cache=True)
    def function(x):
        total = ttnn.all_reduce(x, cluster_axis=1)
        return ttnn.neg(total), ttnn.reduce_scatter(total, 0, cluster_axis=0)

    trace = ttnn.begin_trace_capture(mesh)
    negated, scattered = function(x)
    ttnn.end_trace_capture(mesh, trace)
    ttnn.copy_host_to_device_tensor(ttnn.from_torch(second, layout=ttnn.TILE_LAYOUT, mesh_mapper=mapper), x)
    ttnn.execute_trace(mesh, trace)
    rows = [sum(row.chunk(2, 1)) for row in second.chunk(2, 0)]
    for index, (part, shard) in enumerate(zip(ttnn.get_device_tensors(negated), ttnn.get_device_tensors(scattered))):
        assert torch.equal(part.to_torch(), -rows[index // 2])
        assert torch.allclose(shard.to_torch(), sum(rows).chunk(2, 0)[index // 2])
    ttnn.close_mesh_device(mesh)


def test_a_replay_changes_what_a_jitted_function_returned_of_its_arguments(device):
    first, second = torch.rand(32, 32), torch.rand(32, 32)
    x = on_device(device, first)
    trace = ttnn.begin_trace_capture(device)
    same, negated = ttnn_jit.jit()(lambda x: (x, ttnn.neg(x)))(x)
    ttnn.end_trace_capture(device, trace)
    overwrite(x, second)
    assert torch.equal(ttnn.to_torch(same), first)
    ttnn.execute_trace(device, trace)
    assert torch.equal(ttnn.to_torch(same), second) and torch.equal(ttnn.to_torch(negated), -second)


def test_misuse_is_named(device):
    other = ttnn.open_device(device_id=4)
    with pytest.raises(RuntimeError, match="no trace is being captured"):
        ttnn.end_trace_capture(device, 0)
    trace = ttnn.begin_trace_capture(device)
    with pytest.raises(RuntimeError, match="traces do not nest"):
        ttnn.begin_trace_capture(device)
    with pytest.raises(RuntimeError, match=f"trace {trace} is being captured, not {trace + 1}"):
        ttnn.end_trace_capture(device, trace + 1)
    with pytest.raises(RuntimeError, match="belongs to"):
        ttnn.end_trace_capture(other, trace)
    with pytest.raises(RuntimeError, match="not possible while"):
        ttnn.execute_trace(device, trace)
    ttnn.end_trace_capture(device, trace)
    with pytest.raises(RuntimeError, match="has no trace"):
        ttnn.execute_trace(other, trace)
    ttnn.release_trace(device, trace)
    with pytest.raises(RuntimeError, match="has no trace"):
        ttnn.execute_trace(device, trace)
    with pytest.raises(RuntimeError, match="has no trace"):
        ttnn.release_trace(device, trace)
    ttnn.close_device(other)
    with pytest.raises(RuntimeError, match="is closed"):
        ttnn.begin_trace_capture(other)


def test_release_gives_memory_back(device):
    import gc
    import weakref

    from tilefold.ttnn.state import state

    trace = ttnn.begin_trace_capture(device)
    ttnn.exp(on_device(device, torch.zeros(32, 32)))
    capture = weakref.ref(state.capture)
    ttnn.end_trace_capture(device, trace)
    assert capture() is not None and len(capture().steps) == 1
    ttnn.release_trace(device, trace)
    gc.collect()
    assert capture() is None
