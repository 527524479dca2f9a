"""Devices: what they report, program cache counters, views of memory, the profiler's answers."""

import gc
import subprocess
import sys

import pytest
import torch
import ttnn
from tilefold.ttnn.live_tensors import live_tensors


@pytest.fixture
def device():
    device = ttnn.open_device(device_id=1, dispatch_core_config=ttnn.DispatchCoreConfig(), trace_region_size=1 << 20)
    yield device
    ttnn.close_device(device)


def tensor(device, *shape, memory_config=None, dtype=ttnn.bfloat16):
    return ttnn.from_torch(
        torch.ones(shape), dtype=dtype, layout=ttnn.TILE_LAYOUT, device=device, memory_config=memory_config
    )


def test_opening_and_closing(device):
    assert ttnn.open_device(device_id=1) is device
    assert isinstance(device, ttnn.Device) and isinstance(device, ttnn.MeshDevice)
    assert device.id() == 1 and device.get_num_devices() == 1 and device.get_submeshes() == []
    assert device.shape == (1, 1) and device.shape.dims() == 2 and device.shape.mesh_size() == 1
    ttnn.synchronize_device(device)
    ttnn.close_device(device)
    assert ttnn.open_device(device_id=1) is not device
    ttnn.close_device(ttnn.open_device(device_id=1))
    with pytest.raises(RuntimeError, match="device_id 99 is not one of"):
        ttnn.open_device(device_id=99)
    with pytest.raises(TypeError):
        ttnn.open_device(0)


def test_reported_machine(device):
    assert device.compute_with_storage_grid_size() == (8, 8) and device.core_grid == ttnn.CoreGrid(x=8, y=8)
    assert device.arch() is ttnn.Arch.WORMHOLE_B0 and ttnn.get_arch_name() == "wormhole_b0"
    assert not ttnn.device.is_blackhole() and ttnn.device.is_wormhole_b0(device)
    assert ttnn.cluster.get_cluster_type() is ttnn.cluster.ClusterType.N150
    assert ttnn.cluster.ClusterType.P150 is not ttnn.cluster.ClusterType.P100
    assert ttnn.get_num_devices() == 8 and ttnn.get_pcie_device_ids() == list(range(8))
    assert ttnn._ttnn.multi_device.SystemMeshDescriptor().shape().mesh_size() == 8


def reported(**environment):
    code = (
        "import ttnn; device = ttnn.open_device(device_id=0);"
        "print(ttnn.get_arch_name(), *device.compute_with_storage_grid_size(), ttnn.get_num_devices(),"
        "ttnn.cluster.get_cluster_type(), ttnn.device.is_blackhole())"
    )
    import os

    result = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True
    )
    return result.stdout.strip() if result.returncode == 0 else result.stderr.strip().splitlines()[-1]


def test_arch_grid_and_number_of_devices_can_be_chosen():
    found = reported(TILEFOLD_TTNN_ARCH="blackhole", TILEFOLD_TTNN_GRID="13x10", TILEFOLD_TTNN_DEVICES="2")
    assert found == "blackhole 13 10 2 ClusterType.P150 True"


@pytest.mark.parametrize(
    "name, value", [("TILEFOLD_TTNN_ARCH", "tpu"), ("TILEFOLD_TTNN_GRID", "8"), ("TILEFOLD_TTNN_DEVICES", "0")]
)
def test_wrong_choices_are_named(name, value):
    assert reported(**{name: value}).startswith(f"RuntimeError: {name}: expected")


def test_program_cache_counts_distinct_programs(device):
    a, b = tensor(device, 32, 32), tensor(device, 64, 32)
    device.clear_program_cache()
    assert device.num_program_cache_entries() == 0
    for _ in range(20):
        ttnn.exp(a)
        ttnn.exp(tensor(device, 32, 32))
    assert device.num_program_cache_entries() == 1
    ttnn.exp(b)
    ttnn.abs(a)
    ttnn.add(a, a)
    assert device.num_program_cache_entries() == 4
    ttnn.to_torch(a)
    ttnn.deallocate(tensor(device, 96, 96))
    assert device.num_program_cache_entries() == 4
    device.enable_program_cache()
    assert device.num_program_cache_entries() == 4
    device.disable_and_clear_program_cache()
    ttnn.exp(a)
    assert device.num_program_cache_entries() == 0


def test_program_cache_misses_can_be_forbidden(device):
    a = tensor(device, 32, 32)
    ttnn.exp(a)
    device.set_program_cache_misses_allowed(False)
    ttnn.exp(a)
    with pytest.raises(RuntimeError, match="program cache miss while misses are not allowed"):
        ttnn.sqrt(a)
    device.set_program_cache_misses_allowed(True)
    ttnn.sqrt(a)


def test_memory_view_follows_the_live_tensors(device):
    def free(kind):
        gc.collect()
        return ttnn.device.get_memory_view(device, kind)

    empty = free(ttnn.BufferType.DRAM)
    assert empty.num_banks == 12 and empty.total_bytes_allocated_per_bank == 0
    assert empty.total_bytes_free_per_bank == empty.largest_contiguous_bytes_free_per_bank == empty.total_bytes_per_bank
    first = tensor(device, 12 * 32, 32)
    one = free(ttnn.BufferType.DRAM)
    assert one.total_bytes_allocated_per_bank == 2048
    assert one.total_bytes_free_per_bank == one.total_bytes_per_bank - 2048
    second = tensor(device, 12 * 32, 64)
    assert second.buffer_address() == first.buffer_address() + 2048
    assert free(ttnn.BufferType.DRAM).total_bytes_allocated_per_bank == 3 * 2048
    ttnn.deallocate(first)
    holed = free(ttnn.BufferType.DRAM)
    assert [block["allocated"] for block in holed.block_table] == ["no", "yes", "no"]
    assert holed.total_bytes_allocated_per_bank == 2 * 2048
    del second
    assert free(ttnn.BufferType.DRAM).total_bytes_allocated_per_bank == 0


def test_only_the_first_memory_view_walks_over_all_objects(device, monkeypatch):
    ttnn.device.get_memory_view(device, ttnn.BufferType.DRAM)

    def walk():
        pytest.fail("a later question walks over all objects of the process")

    monkeypatch.setattr(gc, "get_objects", walk)
    before = ttnn.device.get_memory_view(device, ttnn.BufferType.DRAM).total_bytes_allocated_per_bank
    kept = [tensor(device, 12 * 32, 32)]
    kept += [ttnn.abs(kept[0]) for _ in range(3)]  # the second call and later ones run a plan
    for tile_rows in (1, 2, 3, 4):
        view = ttnn.device.get_memory_view(device, ttnn.BufferType.DRAM)
        assert view.total_bytes_allocated_per_bank == before + (5 - tile_rows) * 2048
        kept.pop()


def test_dead_tensors_are_forgotten(device):
    ttnn.device.get_memory_view(device, ttnn.BufferType.DRAM)
    a = tensor(device, 32, 32)
    for _ in range(20000):
        ttnn.abs(a)
    assert len(live_tensors._references) < 10000


def test_l1_fills_from_the_top(device):
    config = ttnn.create_sharded_memory_config((512, 512), ttnn.CoreGrid(x=8, y=8), ttnn.ShardStrategy.BLOCK)
    spread = tensor(device, 512, 512, memory_config=config)
    view = ttnn.device.get_memory_view(device, ttnn.BufferType.L1)
    assert view.num_banks == 64 and view.total_bytes_allocated_per_bank == 4 * 2048
    assert spread.buffer_address() == 1499136 - 4 * 2048
    lowest = next(block for block in view.block_table if block["allocated"] == "yes")
    assert int(lowest["address"]) == spread.buffer_address() and int(view.block_table[0]["address"]) == 103712
    interleaved = tensor(device, 32, 32, memory_config=ttnn.L1_MEMORY_CONFIG)
    assert interleaved.buffer_address() == spread.buffer_address() - 2048
    with pytest.raises(TypeError, match="ttnn.BufferType"):
        ttnn.device.get_memory_view(device, "L1")


def test_memory_beyond_a_cards_is_reported_not_refused(device):
    config = ttnn.create_sharded_memory_config((32, 32), ttnn.CoreGrid(x=1, y=1), ttnn.ShardStrategy.BLOCK)
    kept = [tensor(device, 32, 32, memory_config=config, dtype=ttnn.float32) for _ in range(400)]
    addresses = {item.buffer_address() for item in kept}
    assert len(addresses) == 400
    view = ttnn.device.get_memory_view(device, ttnn.BufferType.L1)
    assert view.total_bytes_allocated_per_bank == 400 * 4096 and view.total_bytes_free_per_bank == 0


def test_profiler_reports_measured_times(device):
    a = tensor(device, 256, 256)
    ttnn.ReadDeviceProfiler(device)
    before = len(ttnn.get_all_programs_perf_data()[1])
    for _ in range(3):
        ttnn.matmul(a, a)
    ttnn.ReadDeviceProfiler(device)
    new = ttnn.get_all_programs_perf_data()[1][before:]
    assert len(new) >= 3 and new == ttnn.get_latest_programs_perf_data()[1]
    durations = [program.program_analyses_results["DEVICE KERNEL DURATION [ns]"].duration for program in new]
    # 2 * 256^3 operations take more than a microsecond and less than ten seconds on anything this runs on.
    assert all(duration > 0 for duration in durations) and 1e3 < sum(durations) < 1e10
    ttnn.ReadDeviceProfiler(device)
    assert ttnn.get_latest_programs_perf_data() == {1: []}


def test_context_managers():
    with ttnn.manage_device(2) as device:
        assert device.id() == 2
    assert not device.is_open
    with ttnn.create_mesh_device(ttnn.MeshShape(1, 2)) as mesh:
        assert mesh.get_num_devices() == 2
    assert not mesh.is_open


def test_a_closed_device_takes_no_tensors():
    closed = ttnn.open_device(device_id=5)
    kept = tensor(closed, 32, 32)
    ttnn.close_device(closed)
    with pytest.raises(RuntimeError, match="ttnn.from_torch: .* is closed"):
        tensor(closed, 32, 32)
    with pytest.raises(RuntimeError, match="ttnn.to_device: .* is closed"):
        ttnn.to_device(kept.cpu(), closed)
    assert torch.equal(ttnn.to_torch(kept), torch.ones(32, 32, dtype=torch.bfloat16))
