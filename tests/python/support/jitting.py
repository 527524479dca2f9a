"""Tensors and comparisons for the tests of jitted functions."""

import torch
import ttnn


def device():
    return ttnn.open_device(device_id=0)


def on_device(values, dtype=None, memory_config=None, layout=ttnn.TILE_LAYOUT):
    return ttnn.from_torch(values, dtype=dtype, layout=layout, device=device(), memory_config=memory_config)


def random_tensor(*shape, dtype=ttnn.bfloat16, seed=0, memory_config=None, low=None, high=None):
    """Normal numbers, uniform ones between bounds, or integers."""
    generator = torch.Generator().manual_seed(seed)
    if dtype is ttnn.int32:
        low, high = (-1000 if low is None else low), (1000 if high is None else high)
        values = torch.randint(low, high, shape, generator=generator, dtype=torch.int32)
    elif low is not None:
        values = torch.rand(shape, generator=generator) * (high - low) + low
    else:
        values = torch.randn(shape, generator=generator)
    return on_device(values, dtype, memory_config)


def sharded(shape, strategy, grid=(1, 1)):
    return ttnn.create_sharded_memory_config(shape, ttnn.CoreGrid(x=grid[0], y=grid[1]), strategy)


def same(left, right):
    """Equal bit for bit (NaN equals NaN), in dtype and shape."""
    a, b = ttnn.to_torch(left), ttnn.to_torch(right)
    return (
        left.dtype is right.dtype
        and a.shape == b.shape
        and torch.equal(torch.nan_to_num(a), torch.nan_to_num(b))
        and (torch.equal(torch.isnan(a), torch.isnan(b)) if a.is_floating_point() else True)
    )


def assert_same(left, right, bound=None):
    """Equal bit for bit, or within an absolute bound."""
    a, b = ttnn.to_torch(left).double(), ttnn.to_torch(right).double()
    if bound is not None:
        assert left.dtype is right.dtype and a.shape == b.shape
        assert ((a - b).abs() <= bound).all(), f"largest difference {(a - b).abs().max()}"
        return
    assert same(left, right), (
        f"{left.dtype} {right.dtype} {a.shape} {b.shape}, largest difference {(a - b).abs().max()}"
    )
