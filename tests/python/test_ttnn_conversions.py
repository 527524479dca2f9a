"""Conversions, placement, creation, deallocation, copies."""

import math

import numpy
import pytest
import torch
import ttnn
from support.operations import block_values, device, integers, random, tensor
from tilefold import _native
from tilefold.ttnn.dispatch import engine_operation


def test_typecast_between_floats():
    values = torch.tensor([1.00390625, 1.01171875, 3.4e38, -0.0, math.nan, math.inf, 1.2e-38])  # two ties
    x = tensor(values)[0]
    for target, expected in ((ttnn.bfloat16, values.bfloat16()), (ttnn.float32, values)):
        result = ttnn.typecast(x, target)
        assert result.dtype is target
        assert torch.equal(ttnn.to_torch(result).nan_to_num(7.0), expected.nan_to_num(7.0))
    back = ttnn.typecast(ttnn.typecast(x, ttnn.bfloat16), dtype=ttnn.float32)
    assert torch.equal(ttnn.to_torch(back).nan_to_num(7.0), values.bfloat16().float().nan_to_num(7.0))


def test_denormals_become_bfloat16_or_zero():
    # The conversion instruction of AVX-512-BF16 and AMX machines flushes them; other levels keep them.
    values = torch.tensor([1e-40, -1e-40])
    result = ttnn.to_torch(ttnn.typecast(tensor(values)[0], ttnn.bfloat16))
    assert torch.equal(result, values.bfloat16()) or torch.equal(result, torch.zeros(2, dtype=torch.bfloat16))
    kept = ttnn.from_torch(values.bfloat16(), layout=ttnn.TILE_LAYOUT, device=device())
    assert torch.equal(ttnn.to_torch(kept), values.bfloat16())


def test_typecast_to_integers_follows_the_device():
    values = torch.tensor([-1.5, -0.2, 0.5, 1.5, 2.7, 255.5, 257.0, 65536.0])
    x = tensor(values)[0]
    assert ttnn.typecast(x, ttnn.int32).to_list() == [-1, 0, 0, 1, 2, 255, 257, 65536]
    assert ttnn.typecast(x, ttnn.uint32).to_list() == [0, 0, 0, 1, 2, 255, 257, 65536]
    assert ttnn.typecast(x, ttnn.uint16).to_list() == [0, 0, 1, 2, 3, 256, 257, 65535]
    assert ttnn.typecast(x, ttnn.uint8).to_list() == [255, 0, 0, 1, 2, 255, 1, 0]
    host = ttnn.from_torch(values, dtype=ttnn.uint16)  # on the host: truncated and clamped
    assert host.to_list() == [0, 0, 0, 1, 2, 255, 257, 65535]
    counts = tensor(integers((3, 4)))[0]
    assert torch.equal(ttnn.to_torch(ttnn.typecast(counts, ttnn.bfloat16)), integers((3, 4)).bfloat16())


@pytest.mark.parametrize("dtype, bits", [(ttnn.bfloat8_b, 7), (ttnn.bfloat4_b, 3)], ids=str)
def test_block_floats_are_packed_by_the_host_rule(dtype, bits):
    generator = torch.Generator().manual_seed(1)
    values = torch.randn((5, 50), generator=generator) * torch.exp(3 * torch.randn((5, 50), generator=generator))
    values[0, :16] = 0.0
    values[1, 3] = 1e-41  # denormal
    expected = torch.from_numpy(block_values(values, bits))
    for layout in (None, ttnn.TILE_LAYOUT):
        made = ttnn.from_torch(values, dtype=dtype, layout=layout)
        assert made.layout is ttnn.TILE_LAYOUT and torch.equal(ttnn.to_torch(made).double(), expected)
        assert ttnn.to_torch(made).dtype is torch.float32
    assert torch.equal(ttnn.to_torch(ttnn.typecast(tensor(values)[0], dtype)).double(), expected)
    for value, eight, four in ((64.5, 64.0, 64.0), (7.9999, 7.9375, 7.0), (1.375, 1.375, 1.5)):
        single = torch.zeros(1, 16)
        single[0, 0] = value
        assert ttnn.to_torch(ttnn.from_torch(single, dtype=dtype))[0, 0].item() == (eight if bits == 7 else four)
    ones = (random((20, 40)) > 0).float()
    assert torch.equal(ttnn.to_torch(ttnn.from_torch(ones, dtype=dtype)), ones)
    with pytest.raises(RuntimeError, match="Layout must be Layout::TILE"):
        ttnn.from_torch(values, dtype=dtype, layout=ttnn.ROW_MAJOR_LAYOUT)


def test_to_layout():
    x, held = tensor(random((3, 40)), ttnn.bfloat8_b)
    flat = ttnn.to_layout(x, ttnn.ROW_MAJOR_LAYOUT)
    assert flat.dtype is ttnn.bfloat16 and flat.layout is ttnn.ROW_MAJOR_LAYOUT
    assert torch.equal(ttnn.to_torch(flat).double(), held)
    wide = ttnn.to_layout(flat, ttnn.TILE_LAYOUT, dtype=ttnn.float32, memory_config=ttnn.L1_MEMORY_CONFIG)
    assert (wide.dtype, wide.layout, wide.memory_config()) == (ttnn.float32, ttnn.TILE_LAYOUT, ttnn.L1_MEMORY_CONFIG)
    assert torch.equal(ttnn.to_torch(wide).double(), held)
    host = ttnn.to_layout(ttnn.from_torch(random((3, 4))), ttnn.TILE_LAYOUT)
    assert host.layout is ttnn.TILE_LAYOUT and host.device() is None


def test_to_memory_config():
    x, held = tensor(random((64, 64)), ttnn.bfloat16)
    config = ttnn.create_sharded_memory_config((64, 64), ttnn.CoreGrid(x=2, y=1), ttnn.ShardStrategy.WIDTH)
    sharded = ttnn.to_memory_config(x, config)
    assert sharded.memory_config() == config and sharded.is_sharded() and not x.is_sharded()
    back = ttnn.to_memory_config(sharded, memory_config=ttnn.DRAM_MEMORY_CONFIG, dtype=ttnn.float32)
    assert back.dtype is ttnn.float32 and torch.equal(ttnn.to_torch(back).double(), held)
    with pytest.raises(TypeError, match="MemoryConfig"):
        ttnn.to_memory_config(x, None)
    with pytest.raises(RuntimeError):
        ttnn.to_memory_config(tensor(random((32, 32)))[0], ttnn.L1_BLOCK_SHARDED_MEMORY_CONFIG)


def test_clone_reallocate_deallocate():
    x, held = tensor(random((3, 4)), ttnn.bfloat16)
    copy = ttnn.clone(x)
    wide = ttnn.clone(x, dtype=ttnn.float32)
    assert wide.dtype is ttnn.float32 and copy is not x
    moved = ttnn.reallocate(x)
    assert not x.is_allocated() and moved.is_allocated()
    for _ in range(2):
        ttnn.deallocate(x)
        ttnn.deallocate(x, force=False)
        x.deallocate()
    assert "not allocated" in repr(x) and tuple(x.shape) == (3, 4)
    for tensor_ in (copy, moved, wide):
        assert torch.equal(ttnn.to_torch(tensor_).double(), held)
    with pytest.raises(RuntimeError, match="not allocated"):
        ttnn.add(x, 1)
    with pytest.raises(RuntimeError, match="not allocated"):
        ttnn.add(moved, x)


def test_conversions_to_what_a_tensor_is_survive_the_original():
    x, held = tensor(random((3, 4)), ttnn.bfloat16)
    same = [
        ttnn.typecast(x, ttnn.bfloat16),
        ttnn.to_layout(x, ttnn.TILE_LAYOUT),
        ttnn.to_memory_config(x, ttnn.DRAM_MEMORY_CONFIG),
        ttnn.permute(x, (0, 1)),
        ttnn.squeeze(x, 0),
    ]
    ttnn.deallocate(x)
    for other in same:
        assert isinstance(other, ttnn.Tensor) and torch.equal(ttnn.to_torch(other).double(), held)


def test_freed_operands_are_noticed_when_the_call_is_known():
    x, y = tensor(random((3, 4)))[0], tensor(random((3, 4)))[0]
    ttnn.add(x, y)
    ttnn.deallocate(y)
    with pytest.raises(RuntimeError, match="not allocated"):
        ttnn.add(x, y)


def test_movement_between_host_and_device():
    values = random((3, 4))
    host = ttnn.from_torch(values, layout=ttnn.TILE_LAYOUT)
    there = ttnn.to_device(host, device(), memory_config=ttnn.L1_MEMORY_CONFIG)
    assert there.device() is device() and there.memory_config() == ttnn.L1_MEMORY_CONFIG
    assert there.storage_type() is ttnn.StorageType.DEVICE
    back = ttnn.from_device(there)
    assert back.device() is None and torch.equal(ttnn.to_torch(back), values)
    with pytest.raises(TypeError, match="expected a device"):
        ttnn.to_device(host, None)


def test_copies_into_the_same_memory():
    there = ttnn.allocate_tensor_on_device(
        ttnn.Shape([3, 40]), ttnn.float32, ttnn.TILE_LAYOUT, device(), ttnn.DRAM_MEMORY_CONFIG
    )
    values = random((3, 40))
    address = there.native.address
    view = ttnn.reshape(there, (40, 3))
    ttnn.copy_host_to_device_tensor(ttnn.from_torch(values, layout=ttnn.TILE_LAYOUT), there)
    assert there.native.address == address
    assert torch.equal(ttnn.to_torch(there), values) and torch.equal(ttnn.to_torch(view), values.reshape(40, 3))
    with pytest.raises(RuntimeError, match="agree in shape, dtype and layout"):
        ttnn.copy_host_to_device_tensor(ttnn.from_torch(values), there)
    assert ttnn.allocate_tensor_on_device(spec=there.spec, mesh_device=device()).spec == there.spec
    with pytest.raises(TypeError, match="a shape or a spec"):
        ttnn.allocate_tensor_on_device(mesh_device=device())


def test_products_see_overwritten_weights():
    a, held = tensor(random((4, 32), 1))
    w, weight = tensor(random((32, 16), 2))
    first = ttnn.to_torch(ttnn.linear(a, w))
    other = random((32, 16), 3)
    ttnn.copy_host_to_device_tensor(ttnn.from_torch(other, layout=ttnn.TILE_LAYOUT), w)
    second = ttnn.to_torch(ttnn.linear(a, w))
    assert torch.allclose(first.double(), held @ weight, atol=1e-4)
    assert torch.allclose(second.double(), held @ other.double(), atol=1e-4)


def test_programs_see_overwritten_constants():
    """A matrix that a program holds is packed once, until its memory changes."""
    x, held = tensor(random((4, 32), 1))
    w, _ = tensor(random((32, 16), 2))
    linear = engine_operation("linear", transpose_a=False, transpose_b=False, activation="")
    weight = w.native
    program = _native.trace(lambda native: (linear(native, weight),), [x.native], "constant")
    for seed in (2, 3, 3, 4):
        values = random((32, 16), seed)
        ttnn.copy_host_to_device_tensor(ttnn.from_torch(values, layout=ttnn.TILE_LAYOUT), w)
        (result,) = program.run([x.native])
        error = (torch.from_dlpack(result.array()).double() - held @ values.double()).abs().max()
        assert error < 2 * 32 * 2.0**-24 * 32 * 4  # 32 products below 4


def test_creation():
    for dtype in (ttnn.bfloat16, ttnn.float32, ttnn.int32, ttnn.uint8, ttnn.bfloat8_b, ttnn.bfloat4_b):
        layout = ttnn.TILE_LAYOUT
        assert torch.equal(ttnn.to_torch(ttnn.zeros((2, 3), dtype, layout, device())).float(), torch.zeros(2, 3))
        assert torch.equal(ttnn.to_torch(ttnn.ones([2, 3], dtype=dtype, layout=layout)).float(), torch.ones(2, 3))
        full = ttnn.full(ttnn.Shape([2, 3]), 3, dtype=dtype, layout=layout, device=device())
        assert full.dtype is dtype and torch.equal(ttnn.to_torch(full).float(), torch.full((2, 3), 3.0))
        assert tuple(ttnn.empty((2, 0), dtype, layout, device()).shape) == (2, 0)
    x, _ = tensor(random((2, 3)), ttnn.bfloat16, memory_config=ttnn.L1_MEMORY_CONFIG)
    like = ttnn.full_like(x, 2.5)
    assert (like.dtype, like.layout, like.memory_config(), like.device()) == (
        ttnn.bfloat16,
        ttnn.TILE_LAYOUT,
        ttnn.L1_MEMORY_CONFIG,
        x.device(),
    )
    assert ttnn.zeros_like(x, dtype=ttnn.float32).dtype is ttnn.float32
    assert ttnn.ones_like(x).to_list() == [[1, 1, 1], [1, 1, 1]] and tuple(ttnn.empty_like(x).shape) == (2, 3)
    assert ttnn.arange(2, 11, 3, dtype=ttnn.int32).to_list() == [2, 5, 8]
    assert ttnn.zeros((2,)).dtype is ttnn.bfloat16 and ttnn.zeros((2,)).layout is ttnn.ROW_MAJOR_LAYOUT


def test_as_tensor():
    values = random((3, 4))
    made = ttnn.as_tensor(values.t(), dtype=ttnn.bfloat16, layout=ttnn.TILE_LAYOUT, device=device())
    assert torch.equal(ttnn.to_torch(made), values.t().bfloat16())
    assert ttnn.as_tensor(made, dtype=ttnn.float32).dtype is ttnn.float32
    assert torch.equal(ttnn.to_torch(ttnn.as_tensor(numpy.asarray(values))), values)


def test_scalar_access():
    x = tensor(torch.tensor([[2.5]]))[0]
    assert x.item() == 2.5 and bool(x) and len(x) == 1
    assert x.to_numpy().dtype == numpy.float32 and x.to_list() == [[2.5]]
    with pytest.raises(RuntimeError):
        tensor(random((2,)))[0].item()
    with pytest.raises(TypeError):
        iter(x)


def test_pearson_correlation_coefficient():
    pcc = ttnn.pearson_correlation_coefficient
    x = random((50,))
    nan = torch.full((50,), math.nan)
    assert pcc(x, x) == 1.0 and pcc(nan, nan) == 1.0 and pcc(x, nan) == 0.0
    assert pcc(torch.zeros(50), x) == 0.0 and pcc(torch.zeros(50), torch.zeros(50)) == 1.0
    assert pcc(x, -x) == pytest.approx(-1.0) and pcc(torch.ones(50), torch.full((50,), 2.0)) == 1.0
    y = random((50,), 1)
    expected = torch.corrcoef(torch.stack([x, y]))[0, 1].item()
    assert pcc(x, y) == pytest.approx(expected, abs=1e-6)
    holes = x.clone()
    holes[3] = math.inf
    assert pcc(holes, x) == 1.0
    assert pcc(torch.arange(5), torch.arange(5)) == 1.0 and pcc(x.bfloat16(), x) > 0.999
