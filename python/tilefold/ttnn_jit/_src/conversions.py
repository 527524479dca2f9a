"""What a jitted function takes."""

from tilefold.ttnn.enums import (
    BufferType,
    DataType,
    Layout,
    ShardDistributionStrategy,
    ShardOrientation,
    TensorMemoryLayout,
)

_KNOWN = frozenset(DataType) - {DataType.BFLOAT4_B}
_SUPPORTED = frozenset({DataType.BFLOAT16, DataType.FLOAT32, DataType.INT32, DataType.BFLOAT8_B})


def check_input(tensor, allow_l1_interleaved=False):
    """Raises ValueError when a positional tensor is of a kind that jitted functions do not take."""
    dtype = tensor.dtype
    if dtype not in _KNOWN:
        raise ValueError(f"Unsupported TTNN dtype: {dtype}")
    if tensor.layout is not Layout.TILE:
        raise ValueError(f"Only Layout.Tile tensors are supported. Found layout: {tensor.layout}")
    config = tensor.memory_config()
    if config.is_sharded():
        _check_sharding(config)
    elif config.buffer_type is BufferType.L1 and not allow_l1_interleaved:
        raise ValueError("Interleaved L1 tensors are not supported.")
    if dtype not in _SUPPORTED:
        raise ValueError(f"Unsupported TTNN dtype string: {dtype}")


def _check_sharding(config):
    if config.buffer_type is BufferType.DRAM:
        raise ValueError("Sharded DRAM tensors are not supported.")
    specs = [spec for spec in (config.shard_spec, config.nd_shard_spec) if spec is not None]
    if any(spec.orientation is ShardOrientation.COL_MAJOR for spec in specs):
        raise ValueError("Column major sharding is not supported.")
    nd = config.nd_shard_spec
    # Blocks in two dimensions that a legacy spec describes too (TensorSpec.block_sharded) are block sharding.
    if is_nd_sharded(config) and nd.shard_distribution_strategy is ShardDistributionStrategy.GRID_2D:
        raise ValueError("Grid2D distribution strategy is not supported.")
    if any(len(spec.grid.ranges()) > 1 for spec in specs):
        raise ValueError(
            "Tensor grids with more than one CoreRange are not supported. Tensor grids must be rectangular."
        )


def is_nd_sharded(config):
    """Whether only an ND spec describes the sharding."""
    return config.memory_layout is TensorMemoryLayout.ND_SHARDED or (
        config.nd_shard_spec is not None and config.shard_spec is None
    )
