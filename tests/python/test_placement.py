"""Memory configs, shard specs, tensor specs, and which core holds which part of a tensor."""

import pytest
import torch
import ttnn

ROW, COL = ttnn.ShardOrientation.ROW_MAJOR, ttnn.ShardOrientation.COL_MAJOR
TILE = ttnn.TILE_LAYOUT


def grid(x, y):
    return ttnn.CoreRangeSet([ttnn.CoreRange((0, 0), (x - 1, y - 1))])


@pytest.fixture(scope="module")
def device():
    device = ttnn.open_device(device_id=0)
    yield device
    ttnn.close_device(device)


def sharded(device, shape, memory_config, layout=TILE, dtype=torch.float32):
    torch.manual_seed(1)
    values = torch.randn(shape).to(dtype)
    return values, ttnn.from_torch(values, layout=layout, device=device, memory_config=memory_config)


def test_coordinates_take_pairs_and_compare_by_value():
    assert ttnn.CoreCoord(3, 4) == (3, 4) == ttnn.CoreCoord(3, 4)
    assert ttnn.CoreCoord(3, 4) != (4, 3)
    assert ttnn.CoreRange((1, 2), (3, 5)).grid_size() == (3, 4)
    assert ttnn.CoreRange((1, 2), (3, 5)).num_cores() == 12
    assert ttnn.CoreGrid(x=8, y=4).num_cores == 32
    assert {ttnn.CoreGrid(x=2, y=3): 1}[ttnn.CoreGrid(x=2, y=3)] == 1
    with pytest.raises(TypeError):
        ttnn.CoreGrid(2, 3)
    with pytest.raises(RuntimeError, match="before the start"):
        ttnn.CoreRange((1, 0), (0, 0))


def test_core_range_sets():
    first, second = ttnn.CoreRange((0, 0), (3, 0)), ttnn.CoreRange((0, 1), (1, 1))
    ranges = ttnn.CoreRangeSet({first, second})
    assert ranges == ttnn.CoreRangeSet([second, first])
    assert hash(ranges) == hash(ttnn.CoreRangeSet([second, first]))
    assert ranges.ranges() == [first, second]
    assert ranges.num_cores() == 6
    assert ranges.bounding_box() == ttnn.CoreRange((0, 0), (3, 1))
    with pytest.raises(RuntimeError, match="overlap"):
        ttnn.CoreRangeSet([first, ttnn.CoreRange((2, 0), (2, 2))])
    assert ttnn.num_cores_to_corerangeset(6, (4, 4), row_wise=True) == ranges
    assert ttnn.num_cores_to_corerangeset(6, (4, 4)).ranges()[0] == ttnn.CoreRange((0, 0), (0, 3))
    with pytest.raises(RuntimeError, match="do not fit"):
        ttnn.num_cores_to_corerangeset(17, (4, 4))


def test_specs_and_configs_are_values():
    spec = ttnn.ShardSpec(grid=grid(2, 2), shard_shape=(32, 64), shard_orientation=COL)
    assert (spec.grid, spec.shape, spec.orientation) == (grid(2, 2), [32, 64], COL)
    assert spec == ttnn.ShardSpec(grid(2, 2), [32, 64], COL) != ttnn.ShardSpec(grid(2, 2), [32, 64], ROW)
    config = ttnn.MemoryConfig(ttnn.TensorMemoryLayout.BLOCK_SHARDED, ttnn.BufferType.L1, spec)
    again = ttnn.MemoryConfig(ttnn.TensorMemoryLayout.BLOCK_SHARDED, ttnn.BufferType.L1).with_shard_spec(spec)
    assert config == again and hash(config) == hash(again) and config.is_sharded() and not config.interleaved
    assert str(config).startswith("MemoryConfig(memory_layout=TensorMemoryLayout.BLOCK_SHARDED")
    assert ttnn.MemoryConfig() == ttnn.DRAM_MEMORY_CONFIG != ttnn.L1_MEMORY_CONFIG
    assert not ttnn.L1_MEMORY_CONFIG.is_sharded() and ttnn.L1_HEIGHT_SHARDED_MEMORY_CONFIG.is_sharded()
    nd = ttnn.NdShardSpec(shard_shape=[1, 32, 32], grid=grid(2, 2))
    assert ttnn.MemoryConfig(ttnn.BufferType.L1, nd) == ttnn.MemoryConfig(
        buffer_type=ttnn.BufferType.L1, nd_shard_spec=nd
    )
    assert ttnn.MemoryConfig(ttnn.BufferType.L1, nd).shard_spec is None
    with pytest.raises(RuntimeError, match="no shard spec"):
        ttnn.MemoryConfig(ttnn.TensorMemoryLayout.INTERLEAVED, ttnn.BufferType.L1, spec)
    with pytest.raises(TypeError, match="buffer type"):
        ttnn.MemoryConfig("L1")
    with pytest.raises(RuntimeError, match="must be positive"):
        ttnn.ShardSpec(grid(1, 1), (0, 32))


@pytest.mark.parametrize(
    "strategy, orientation, shard, layout",
    [
        (ttnn.ShardStrategy.BLOCK, ROW, [64, 64], ttnn.TensorMemoryLayout.BLOCK_SHARDED),
        (ttnn.ShardStrategy.BLOCK, COL, [32, 128], ttnn.TensorMemoryLayout.BLOCK_SHARDED),
        (ttnn.ShardStrategy.HEIGHT, ROW, [16, 256], ttnn.TensorMemoryLayout.HEIGHT_SHARDED),
        (ttnn.ShardStrategy.WIDTH, None, [128, 32], ttnn.TensorMemoryLayout.WIDTH_SHARDED),
    ],
)
def test_create_sharded_memory_config(strategy, orientation, shard, layout):
    config = ttnn.create_sharded_memory_config((2, 64, 256), ttnn.CoreGrid(x=4, y=2), strategy, orientation)
    assert config.buffer_type is ttnn.BufferType.L1
    assert config.memory_layout is layout
    assert config.shard_spec == ttnn.ShardSpec(grid(4, 2), shard, orientation or ROW)


def test_create_sharded_memory_config_of_a_shard_shape():
    arguments = dict(strategy=ttnn.ShardStrategy.BLOCK, use_height_and_width_as_shard_shape=True)
    config = ttnn.create_sharded_memory_config(ttnn.Shape([32, 64]), core_grid=grid(3, 3), **arguments)
    assert config.shard_spec.shape == [32, 64]
    config = ttnn.create_sharded_memory_config([32, 64], core_grid=grid(3, 3), orientation=COL, **arguments)
    assert config.shard_spec.shape == [64, 32]
    two = [ttnn.CoreGrid(x=4, y=1), ttnn.CoreGrid(x=2, y=1)]
    config = ttnn.create_sharded_memory_config((32, 64), core_grid=two, **arguments)
    assert config.shard_spec.grid.num_cores() == 6


def test_create_sharded_memory_config_errors():
    with pytest.raises(RuntimeError, match="Invalid sharding core_grid"):
        ttnn.create_sharded_memory_config((65, 64), ttnn.CoreGrid(x=2, y=2), ttnn.ShardStrategy.BLOCK)
    with pytest.raises(RuntimeError, match="height and width must be shard shape with CoreRangeSet"):
        ttnn.create_sharded_memory_config((64, 64), grid(2, 2), ttnn.ShardStrategy.BLOCK)
    with pytest.raises(RuntimeError, match="Invalid core_grid"):
        ttnn.create_sharded_memory_config((64, 64), (2, 2), ttnn.ShardStrategy.BLOCK)


def test_sharded_creation_errors(device):
    values = torch.zeros(64, 64)
    with pytest.raises(RuntimeError, match="ttnn.from_torch: Shard spec must not be None for sharded tensors"):
        ttnn.from_torch(values, layout=TILE, device=device, memory_config=ttnn.L1_BLOCK_SHARDED_MEMORY_CONFIG)
    config = ttnn.create_sharded_memory_config((64, 64), ttnn.CoreGrid(x=4, y=2), ttnn.ShardStrategy.BLOCK)
    with pytest.raises(RuntimeError, match="Physical shard shape .* must be tile"):
        ttnn.from_torch(values, layout=TILE, device=device, memory_config=config)
    config = ttnn.create_sharded_memory_config((64, 64), ttnn.CoreGrid(x=2, y=1), ttnn.ShardStrategy.BLOCK)
    with pytest.raises(RuntimeError, match="do not fit"):
        ttnn.from_torch(torch.zeros(128, 64), layout=TILE, device=device, memory_config=config)


@pytest.mark.parametrize(
    "strategy, orientation, place",
    [
        (ttnn.ShardStrategy.HEIGHT, ROW, lambda x, y: (y * 4 + x, 0)),
        (ttnn.ShardStrategy.HEIGHT, COL, lambda x, y: (x * 2 + y, 0)),
        (ttnn.ShardStrategy.WIDTH, ROW, lambda x, y: (0, y * 4 + x)),
        (ttnn.ShardStrategy.BLOCK, ROW, lambda x, y: (y, x)),
        (ttnn.ShardStrategy.BLOCK, COL, lambda x, y: (x, y)),
    ],
)
def test_every_core_holds_its_block(device, strategy, orientation, place):
    config = ttnn.create_sharded_memory_config((2, 256, 512), ttnn.CoreGrid(x=4, y=2), strategy, orientation)
    values, tensor = sharded(device, (2, 256, 512), config)
    height, width = config.shard_spec.shape
    matrix = values.reshape(512, 512)
    for x in range(4):
        for y in range(2):
            row, column = place(x, y)
            expected = matrix[row * height : (row + 1) * height, column * width : (column + 1) * width]
            found = tensor.extract_shard(ttnn.CoreCoord(x, y)).to_torch()
            assert found.shape == (1, 1, height, width)
            assert torch.equal(found[0, 0], expected)


def test_shards_at_the_edge_are_padded_with_zeros(device):
    spec = ttnn.ShardSpec(grid(2, 1), (64, 64))
    config = ttnn.MemoryConfig(ttnn.TensorMemoryLayout.HEIGHT_SHARDED, ttnn.BufferType.L1, spec)
    values, tensor = sharded(device, (70, 50), config)
    second = tensor.extract_shard((1, 0)).to_torch()[0, 0]
    assert torch.equal(second[:6, :50], values[64:])
    assert second[6:].abs().sum() == 0 and second[:, 50:].abs().sum() == 0
    assert torch.equal(tensor.extract_shard(1).to_torch()[0, 0], second)
    with pytest.raises(RuntimeError, match="does not belong"):
        tensor.extract_shard((5, 5))
    with pytest.raises(RuntimeError, match="no shards"):
        ttnn.to_memory_config(tensor, ttnn.DRAM_MEMORY_CONFIG).extract_shard((0, 0))


@pytest.mark.parametrize("orientation", [ROW, COL])
def test_nd_shards_are_dealt_in_turn(device, orientation):
    nd = ttnn.NdShardSpec([2, 32, 64], grid(2, 2), orientation)
    values, tensor = sharded(device, (4, 64, 192), ttnn.MemoryConfig(ttnn.BufferType.L1, nd))
    assert tensor.memory_config().shard_spec is None and tensor.is_sharded()
    order = [(0, 0), (1, 0), (0, 1), (1, 1)] if orientation is ROW else [(0, 0), (0, 1), (1, 0), (1, 1)]
    held = {core: [] for core in order}
    number = 0
    for block in range(2):
        for row in range(2):
            for column in range(3):
                part = values[2 * block : 2 * block + 2, 32 * row : 32 * row + 32, 64 * column : 64 * column + 64]
                held[order[number % 4]].append(part)
                number += 1
    for core, parts in held.items():
        assert torch.equal(tensor.extract_shard(core).to_torch(), torch.cat(parts))


def test_nd_shards_on_a_grid_in_two_dimensions(device):
    nd = ttnn.NdShardSpec([1, 32, 32], grid(3, 2), ROW, ttnn.ShardDistributionStrategy.GRID_2D)
    values, tensor = sharded(device, (2, 64, 96), ttnn.MemoryConfig(ttnn.BufferType.L1, nd))
    for x in range(3):
        for y in range(2):
            part = values[:, 32 * y : 32 * y + 32, 32 * x : 32 * x + 32]
            assert torch.equal(tensor.extract_shard((x, y)).to_torch(), part)
    with pytest.raises(RuntimeError, match="do not fit"):
        sharded(device, (2, 96, 96), ttnn.MemoryConfig(ttnn.BufferType.L1, nd))


@pytest.mark.parametrize(
    "shape, shard, cores, expected",
    [
        ((128, 64), (32, 64), (2, 2), (ttnn.TensorMemoryLayout.HEIGHT_SHARDED, [32, 64])),
        ((64, 128), (64, 32), (2, 2), (ttnn.TensorMemoryLayout.WIDTH_SHARDED, [64, 32])),
        ((64, 64), (32, 32), (2, 2), (ttnn.TensorMemoryLayout.BLOCK_SHARDED, [32, 32])),
        ((64, 96), (32, 32), (2, 4), None),  # three blocks in a row do not fill lines of two cores
        ((4, 64, 64), (1, 64, 64), (2, 2), (ttnn.TensorMemoryLayout.HEIGHT_SHARDED, [64, 64])),
        ((2, 64, 64), (2, 32, 64), (2, 2), None),  # rows of a shard are not consecutive
        ((4, 64, 64), (1, 32, 64), (2, 2), None),  # more shards than cores
    ],
)
def test_legacy_spec_of_nd_specs(shape, shard, cores, expected):
    nd = ttnn.NdShardSpec(shard, grid(*cores))
    config = ttnn.TensorSpec(shape, ttnn.bfloat16, TILE, nd_shard_spec=nd, buffer_type=ttnn.BufferType.L1).memory_config
    assert config.nd_shard_spec == nd
    if expected is None:
        assert config.shard_spec is None and config.memory_layout is ttnn.TensorMemoryLayout.ND_SHARDED
    else:
        assert (config.memory_layout, config.shard_spec.shape) == expected
    assert config.is_sharded()


@pytest.mark.parametrize("orientation", [ROW, COL])
@pytest.mark.parametrize("shape, shard", [((128, 64), (32, 64)), ((64, 128), (64, 32)), ((64, 64), (32, 32))])
def test_legacy_spec_places_shards_as_the_nd_spec(shape, shard, orientation):
    from tilefold.ttnn.sharding import ShardMap

    nd = ttnn.MemoryConfig(ttnn.BufferType.L1, ttnn.NdShardSpec(shard, grid(2, 2), orientation))
    both = ttnn.TensorSpec(shape, ttnn.bfloat16, TILE, nd_shard_spec=nd.nd_shard_spec).memory_config
    assert both.shard_spec is not None
    assert ShardMap(both, shape, TILE).blocks() == ShardMap(nd, shape, TILE).blocks()


def test_builders_cover_the_tensor():
    spec = ttnn.TensorSpec(shape=(2, 100, 200), dtype=ttnn.bfloat16, layout=TILE, buffer_type=ttnn.BufferType.L1)
    assert spec.padded_shape == (2, 128, 224)
    high = spec.height_sharded(grid(4, 1)).memory_config
    assert (high.memory_layout, high.shard_spec.shape) == (ttnn.TensorMemoryLayout.HEIGHT_SHARDED, [64, 224])
    wide = spec.width_sharded(grid(4, 1)).memory_config
    assert (wide.memory_layout, wide.shard_spec.shape) == (ttnn.TensorMemoryLayout.WIDTH_SHARDED, [256, 64])
    block = spec.block_sharded(ttnn.CoreRange((0, 0), (1, 3))).memory_config
    assert (block.memory_layout, block.shard_spec.shape) == (ttnn.TensorMemoryLayout.BLOCK_SHARDED, [64, 128])
    turned = spec.block_sharded(grid(2, 4), COL).memory_config
    assert turned.shard_spec.shape == [128, 64]
    assert spec.sharded((1, 50, 60), grid(4, 4)).memory_config.nd_shard_spec.shard_shape == [1, 64, 64]
    across = spec.sharded_across_dims([0, 1], grid(4, 4)).memory_config
    assert across.nd_shard_spec.shard_shape == [1, 32, 224]
    assert across == spec.sharded_across_dims_except([-1], grid(4, 4)).memory_config
    assert block.buffer_type is ttnn.BufferType.L1
    assert spec == ttnn.TensorSpec((2, 100, 200), ttnn.bfloat16, TILE, ttnn.BufferType.L1) and hash(spec)
    with pytest.raises(RuntimeError, match="outside of rank"):
        spec.sharded_across_dims([3], grid(1, 1))
    with pytest.raises(RuntimeError, match="Layout must be Layout::TILE"):
        ttnn.TensorSpec((32, 32), ttnn.bfloat8_b, ttnn.ROW_MAJOR_LAYOUT)


def test_from_torch_takes_a_spec(device):
    spec = ttnn.TensorSpec((64, 64), ttnn.bfloat16, TILE, ttnn.BufferType.L1).block_sharded(grid(2, 2))
    values = torch.randn(64, 64).bfloat16()
    tensor = ttnn.from_torch(values, spec=spec, device=device)
    assert tensor.spec == spec and torch.equal(ttnn.to_torch(tensor), values)
    with pytest.raises(RuntimeError, match="spec excludes"):
        ttnn.from_torch(values, ttnn.bfloat16, spec=spec, device=device)


def test_sizes_and_pages(device):
    tensor = ttnn.from_torch(torch.zeros(3, 40, 70), dtype=ttnn.bfloat16, layout=TILE, device=device)
    assert (tensor.volume(), tensor.logical_volume()) == (3 * 64 * 96, 3 * 40 * 70)
    assert (tensor.buffer_page_size(), tensor.buffer_num_pages()) == (2048, 3 * 2 * 3)
    assert tensor.element_size() == 2 and tensor.tile == ttnn.Tile((32, 32)) == tensor.get_tile()
    rows = ttnn.from_torch(torch.zeros(3, 40, 70), device=device)
    assert (rows.buffer_page_size(), rows.buffer_num_pages(), rows.padded_shape) == (280, 120, (3, 40, 70))
    block = ttnn.from_torch(torch.zeros(64, 64), dtype=ttnn.bfloat8_b, device=device)
    assert block.buffer_page_size() == 1088 and block.element_size() == 1
    line = ttnn.from_torch(torch.zeros(40), layout=TILE, device=device)
    assert line.padded_shape == (32, 64)
    config = ttnn.create_sharded_memory_config((128, 64), ttnn.CoreGrid(x=2, y=2), ttnn.ShardStrategy.HEIGHT)
    _, spread = sharded(device, (128, 64), config)
    assert spread.buffer_num_pages() == 8
    with pytest.raises(RuntimeError, match="on the host"):
        ttnn.from_torch(torch.zeros(2, 2)).buffer_page_size()


def test_tiles():
    sizes = {dtype: ttnn.Tile((32, 32)).get_tile_size(dtype) for dtype in ttnn.DataType}
    assert [sizes[dtype] for dtype in (ttnn.bfloat16, ttnn.float32, ttnn.bfloat8_b, ttnn.bfloat4_b)] == [2048, 4096, 1088, 576]
    assert list(ttnn.Tile().tile_shape) == [32, 32]
    with pytest.raises(RuntimeError, match="32, 32"):
        ttnn.Tile((16, 16))


def test_movement_between_host_and_device(device):
    values = torch.randn(33, 5)
    host = ttnn.from_torch(values, layout=TILE)
    assert host.device() is None and host.storage_type() is ttnn.StorageType.HOST and host.devices() == []
    there = host.to(device, ttnn.L1_MEMORY_CONFIG)
    assert there.device() is device and there.devices() == [device] and there.memory_config() == ttnn.L1_MEMORY_CONFIG
    assert there.storage_type() is ttnn.StorageType.DEVICE
    back = there.cpu()
    assert back.device() is None and torch.equal(back.to_torch(), values) and back.cpu() is back
    assert there.to(ttnn.ROW_MAJOR_LAYOUT).layout is ttnn.ROW_MAJOR_LAYOUT
    assert ttnn.from_torch(values, dtype=ttnn.bfloat8_b).to(ttnn.ROW_MAJOR_LAYOUT).dtype is ttnn.bfloat16
    assert there.to(device) is there
    with pytest.raises(TypeError, match="expected a device or a ttnn.Layout"):
        host.to("cpu")
    there.deallocate()
    with pytest.raises(RuntimeError, match="not allocated"):
        there.cpu()
