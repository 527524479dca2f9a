"""TTNN's Python interface on CPUs: tensors, placements, devices and operations by TTNN's names and meanings."""

from tilefold.ttnn import device as device
from tilefold.ttnn import experimental as experimental
from tilefold.ttnn import tensor_methods as _tensor_methods
from tilefold.ttnn import transformer as transformer
from tilefold.ttnn.comparison import pearson_correlation_coefficient
from tilefold.ttnn.conversion import from_torch, to_torch
from tilefold.ttnn.device import Device, close_device, get_arch_name, open_device, synchronize_device
from tilefold.ttnn.dispatch import OPERATIONS as _OPERATIONS
from tilefold.ttnn.enums import *  # noqa: F403
from tilefold.ttnn.enums import (
    ROW_MAJOR_LAYOUT,
    TILE_LAYOUT,
    bfloat4_b,
    bfloat8_b,
    bfloat16,
    float32,
    int32,
    uint8,
    uint16,
    uint32,
)
from tilefold.ttnn.grids import CoreCoord, CoreGrid, CoreRange, CoreRangeSet
from tilefold.ttnn.memory_config import (
    DRAM_MEMORY_CONFIG,
    L1_BLOCK_SHARDED_MEMORY_CONFIG,
    L1_HEIGHT_SHARDED_MEMORY_CONFIG,
    L1_MEMORY_CONFIG,
    L1_WIDTH_SHARDED_MEMORY_CONFIG,
    MemoryConfig,
    NdShardSpec,
    ShardSpec,
    create_sharded_memory_config,
)
from tilefold.ttnn.operations import attention as _attention
from tilefold.ttnn.operations import binary as _binary
from tilefold.ttnn.operations import clamp as _clamp
from tilefold.ttnn.operations import creation as _creation
from tilefold.ttnn.operations import manipulation as _manipulation
from tilefold.ttnn.operations import matmul as _matmul
from tilefold.ttnn.operations import movement as _movement
from tilefold.ttnn.operations import normalization as _normalization
from tilefold.ttnn.operations import reductions as _reductions
from tilefold.ttnn.operations import unary as _unary
from tilefold.ttnn.operations.unary import UnaryWithParam
from tilefold.ttnn.shape import Shape
from tilefold.ttnn.tensor import Tensor

# Every registered operation is an attribute: ttnn.add, ttnn.exp, ...
globals().update({_name: _function for _name, _function in _OPERATIONS.items() if "." not in _name})
