"""Memory configs: the values (shard_specs.py) and their rules (sharding.py)."""

from tilefold.ttnn.shard_specs import (
    DRAM_MEMORY_CONFIG,
    L1_BLOCK_SHARDED_MEMORY_CONFIG,
    L1_HEIGHT_SHARDED_MEMORY_CONFIG,
    L1_MEMORY_CONFIG,
    L1_WIDTH_SHARDED_MEMORY_CONFIG,
    MemoryConfig,
    NdShardSpec,
    ShardSpec,
)
from tilefold.ttnn.sharding import check_placement as check_placement
from tilefold.ttnn.sharding import create_sharded_memory_config
from tilefold.ttnn.sharding import flattened as flattened
from tilefold.ttnn.sharding import legacy_shard_spec as legacy_shard_spec

__all__ = [
    "DRAM_MEMORY_CONFIG",
    "L1_BLOCK_SHARDED_MEMORY_CONFIG",
    "L1_HEIGHT_SHARDED_MEMORY_CONFIG",
    "L1_MEMORY_CONFIG",
    "L1_WIDTH_SHARDED_MEMORY_CONFIG",
    "MemoryConfig",
    "NdShardSpec",
    "ShardSpec",
    "create_sharded_memory_config",
]
