"""Shapes and order of elements: exact, for every dtype and layout."""

import pytest
import torch
import ttnn
from support.operations import block_values, device, integers, random, tensor

DTYPES = (ttnn.float32, ttnn.bfloat16, ttnn.int32)


def sample(shape, dtype, layout=ttnn.TILE_LAYOUT):
    values = integers(shape) if dtype in (ttnn.int32, ttnn.uint8) else random(shape)
    made = tensor(values, dtype, layout)[0]
    return made, ttnn.to_torch(made)


def same(result, expected, like):
    assert torch.equal(ttnn.to_torch(result), expected)
    assert (result.dtype, result.layout, result.device()) == (like.dtype, like.layout, like.device())


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_permute_and_transpose(dtype):
    x, held = sample((2, 3, 5, 7), dtype)
    same(ttnn.permute(x, (0, 2, 1, 3)), held.permute(0, 2, 1, 3), x)
    same(ttnn.permute(x, dims=[3, 0, -2, 1]), held.permute(3, 0, 2, 1), x)
    same(ttnn.transpose(x, -1, 1), held.transpose(-1, 1), x)
    five, held = sample((2, 1, 3, 2, 5), dtype)
    same(ttnn.permute(five, (0, 3, 1, 4, 2)), held.permute(0, 3, 1, 4, 2), five)


@pytest.mark.parametrize("layout", list(ttnn.Layout), ids=str)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_views(dtype, layout):
    x, held = sample((2, 3, 1, 8), dtype, layout)
    same(ttnn.reshape(x, (6, 8)), held.reshape(6, 8), x)
    same(ttnn.reshape(x, [-1]), held.reshape(-1), x)
    same(ttnn.reshape(x, ttnn.Shape([4, -1, 2])), held.reshape(4, -1, 2), x)
    same(x.reshape(3, 16), held.reshape(3, 16), x)
    same(x.reshape([3, 16]), held.reshape(3, 16), x)
    same(ttnn.squeeze(x, 2), held.squeeze(2), x)
    same(ttnn.squeeze(x, 0), held, x)
    same(ttnn.squeeze(ttnn.unsqueeze(x, 0)), held.squeeze(), x)
    same(ttnn.squeeze(x, [0, -2]), held.squeeze(2), x)
    same(ttnn.unsqueeze(x, -1), held.unsqueeze(-1), x)
    same(ttnn.unsqueeze(x, 1), held.unsqueeze(1), x)
    scalar, held = sample((1,), dtype, layout)
    same(ttnn.reshape(scalar, ()), held.reshape(()), scalar)


def test_views_outlive_their_base():
    x, held = sample((4, 8), ttnn.float32)
    view = ttnn.reshape(x, (2, 16))
    ttnn.deallocate(x)
    ttnn.deallocate(x)
    assert not x.is_allocated() and torch.equal(ttnn.to_torch(view), held.reshape(2, 16))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_concat_chunk_slice(dtype):
    x, held = sample((2, 5, 7), dtype)
    y, other = sample((2, 3, 7), dtype)
    same(ttnn.concat([x, y], dim=1), torch.cat([held, other], 1), x)
    same(ttnn.concat([x], dim=-1), held, x)
    same(ttnn.concat([x, x, x], -1), torch.cat([held, held, held], -1), x)
    for chunks, dim in ((2, 1), (3, -1), (9, 0), (1, 2)):
        parts, expected = ttnn.chunk(x, chunks, dim), torch.chunk(held, chunks, dim)
        assert len(parts) == len(expected)
        for part, values in zip(parts, expected):
            same(part, values, x)
    first, second = ttnn.chunk(x, chunks=2, dim=1)
    same(second, held[:, 3:], x)
    same(ttnn.slice(x, [0, 1, 2], [2, 4, 7]), held[:, 1:4, 2:], x)
    same(ttnn.slice(x, (0, -4, 0), (2, 5, -1), (1, 2, 3)), held[:, 1::2, :-1:3], x)
    same(ttnn.slice(x, [1, 2, 2], [1, 2, 2]), held[1:1, 2:2, 2:2], x)


INDICES = [
    (0,),
    (-1,),
    (slice(None), 2),
    (Ellipsis, 3),
    (Ellipsis, slice(None, 4)),
    (slice(1, None), Ellipsis, -2),
    (slice(None), slice(1, 9), slice(-3, None)),
    (0, 1, 2),
    (slice(None), slice(4, 2)),
    (Ellipsis,),
    (),
    (1, Ellipsis),
    (slice(0, 1), slice(None), slice(0, 6)),
]


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_getitem(index):
    x, held = sample((2, 5, 7), ttnn.bfloat16)
    same(x[index], held[index], x)
    host = ttnn.from_torch(held, layout=ttnn.TILE_LAYOUT)
    same(host[index], held[index], host)


def test_getitem_with_steps_and_errors():
    x, held = sample((2, 5, 7), ttnn.int32)
    same(x[:, ::2, 1::3], held[:, ::2, 1::3], x)
    for index in ((0, 0, 0, 0), (2,), (0, -6), (Ellipsis, Ellipsis)):
        with pytest.raises(IndexError):
            x[index]
    for index in ("a", None, 1.5, True, (slice(0.5),)):
        with pytest.raises((TypeError, IndexError)):
            x[index]
    with pytest.raises(ValueError):
        x[::-1]
    with pytest.raises(RuntimeError, match="step 1"):
        x.cpu()[:, ::2]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_pad_and_repeat(dtype):
    x, held = sample((2, 3, 5), dtype, ttnn.ROW_MAJOR_LAYOUT)
    same(ttnn.pad(x, [[0, 0], [1, 2], (0, 3)], 2), torch.nn.functional.pad(held, (0, 3, 1, 2), value=2), x)
    same(ttnn.pad(x, ((0, 0), (0, 0), (0, 0)), 0.0), held, x)
    same(ttnn.repeat(x, (2, 1, 3)), held.repeat(2, 1, 3), x)
    same(ttnn.repeat(x, ttnn.Shape([2, 1, 1, 1])), held.repeat(2, 1, 1, 1), x)
    same(ttnn.repeat_interleave(x, 3, 1), held.repeat_interleave(3, 1), x)


def test_block_floats_are_packed_again():
    x, held = sample((2, 3, 40), ttnn.bfloat8_b)
    for result, expected in (
        (ttnn.permute(x, (2, 0, 1)), held.permute(2, 0, 1)),
        (ttnn.reshape(x, (6, 40)), held.reshape(6, 40)),
        (ttnn.reshape(x, (2, 120)), held.reshape(2, 120)),
        (ttnn.concat([x, x], -1), torch.cat([held, held], -1)),
        (x[..., 5:30], held[..., 5:30]),
        (ttnn.chunk(x, 2, -1)[1], held[..., 20:]),
    ):
        assert result.dtype is ttnn.bfloat8_b
        expected = expected.contiguous()
        assert torch.equal(ttnn.to_torch(result).double(), torch.from_numpy(block_values(expected, 7)))


def packed_values(tensor):
    """What the tensor's elements are after packing them anew."""
    return ttnn.to_torch(ttnn.from_torch(ttnn.to_torch(tensor), dtype=tensor.dtype))


@pytest.mark.parametrize("dtype", [ttnn.bfloat8_b, ttnn.bfloat4_b], ids=str)
def test_movements_of_whole_blocks_leave_packed_values(dtype):
    scales = torch.exp2(torch.arange(3 * 64) % 7 * 3.0).reshape(3, 64)  # neighbours far apart: blocks matter
    x, _ = tensor(random((2, 3, 64)) * scales, dtype)
    for result, expected in (
        (ttnn.permute(x, (1, 0, 2)), lambda held: held.permute(1, 0, 2)),
        (ttnn.reshape(x, (2, 12, 16)), lambda held: held.reshape(2, 12, 16)),
        (ttnn.reshape(x, (2, 6, 32)), lambda held: held.reshape(2, 6, 32)),
        (ttnn.concat([x, x[..., :20]], -1), lambda held: torch.cat([held, held[..., :20]], -1)),
        (ttnn.concat([x, x], 0), lambda held: torch.cat([held, held], 0)),
        (x[..., 32:55], lambda held: held[..., 32:55]),
        (x[:, 1, 16:], lambda held: held[:, 1, 16:]),
        (ttnn.slice(x, [0, 0, 48], [2, 2, 60]), lambda held: held[:, :2, 48:60]),
        (ttnn.chunk(x, 4, -1)[3], lambda held: held[..., 48:]),
    ):
        assert result.dtype is dtype
        assert torch.equal(ttnn.to_torch(result), expected(ttnn.to_torch(x)))
        assert torch.equal(ttnn.to_torch(result), packed_values(result))
    # An element alone in its block is exact; with others of the row it is rounded to their exponent.
    column = x[:, :, 3]
    assert torch.equal(ttnn.to_torch(column), packed_values(column))


def test_sharded_placement_that_does_not_fit_becomes_interleaved():
    config = ttnn.create_sharded_memory_config((64, 64), ttnn.CoreGrid(x=2, y=2), ttnn.ShardStrategy.BLOCK)
    x, held = tensor(random((64, 64)), memory_config=config)
    assert ttnn.transpose(x, 0, 1).memory_config() == config
    assert ttnn.repeat(x, (8, 8)).memory_config() == ttnn.L1_MEMORY_CONFIG
    assert ttnn.repeat(x, (8, 8), memory_config=ttnn.DRAM_MEMORY_CONFIG).memory_config() == ttnn.DRAM_MEMORY_CONFIG
    with pytest.raises(RuntimeError, match="do not fit"):
        ttnn.repeat(x, (8, 8), memory_config=config)


def test_errors():
    x = tensor(random((2, 3)))[0]
    for call in (
        lambda: ttnn.permute(x, (0, 0)),
        lambda: ttnn.permute(x, (0,)),
        lambda: ttnn.reshape(x, (4, 2)),
        lambda: ttnn.reshape(x, (-1, -1)),
        lambda: ttnn.reshape(x, (-1, 4)),
        lambda: ttnn.concat([]),
        lambda: ttnn.concat([x, tensor(random((2, 4)))[0]], 0),
        lambda: ttnn.concat([x, tensor(random((2, 3)), ttnn.bfloat16)[0]], 0),
        lambda: ttnn.chunk(x, 0, 0),
        lambda: ttnn.slice(x, [0, 0], [3, 3]),
        lambda: ttnn.slice(x, [0], [1]),
        lambda: ttnn.pad(x, [[0, 1]], 0),
        lambda: ttnn.pad(x, [[0, 1], [-1, 0]], 0),
        lambda: ttnn.repeat(x, (2,)),
    ):
        with pytest.raises(RuntimeError):
            call()
    with pytest.raises(IndexError):
        ttnn.transpose(x, 0, 2)


def test_host_tensors_move_too():
    values = random((3, 4))
    host = ttnn.from_torch(values)
    assert ttnn.permute(host, (1, 0)).device() is None
    assert torch.equal(ttnn.to_torch(ttnn.permute(host, (1, 0))), values.t())
    assert device().num_program_cache_entries() >= 0
