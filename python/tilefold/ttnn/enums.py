"""Enumerations of the `ttnn` interface; names and values are those of TTNN."""

import enum


class _Member(enum.Enum):
    """Members are singletons, so identity is the cheapest correct hash; keys of programs hold many of them."""

    __hash__ = object.__hash__


class DataType(_Member):
    """Element types. Block floats share one exponent among 16 neighbours of a row."""

    BFLOAT16 = 0
    FLOAT32 = 1
    UINT32 = 2
    BFLOAT8_B = 3
    BFLOAT4_B = 4
    UINT8 = 5
    UINT16 = 6
    INT32 = 7


class Layout(_Member):
    """TILE is 32x32; storage is dense and row-major in either layout."""

    ROW_MAJOR = 0
    TILE = 1


class BufferType(_Member):
    DRAM = 0
    L1 = 1
    L1_SMALL = 3
    TRACE = 4


class TensorMemoryLayout(_Member):
    INTERLEAVED = 0
    HEIGHT_SHARDED = 2
    WIDTH_SHARDED = 3
    BLOCK_SHARDED = 4
    ND_SHARDED = 5


class ShardOrientation(_Member):
    ROW_MAJOR = 0
    COL_MAJOR = 1


class ShardStrategy(_Member):
    HEIGHT = 1
    WIDTH = 2
    BLOCK = 3


class ShardDistributionStrategy(_Member):
    ROUND_ROBIN_1D = 0
    GRID_2D = 1


class StorageType(_Member):
    HOST = 0
    DEVICE = 1


class MathFidelity(_Member):
    """A hint: products always accumulate in fp32 here."""

    LoFi = 0
    HiFi2 = 2
    HiFi3 = 3
    HiFi4 = 4
    Invalid = 255


class Arch(_Member):
    GRAYSKULL = 1
    WORMHOLE_B0 = 2
    BLACKHOLE = 3


class DispatchCoreType(_Member):
    WORKER = 0
    ETH = 1


class DispatchCoreAxis(_Member):
    ROW = 0
    COL = 1


class UnaryOpType(_Member):
    """Activations that can be fused into binary operations and products."""

    RELU = 0
    SIGMOID = 1
    SILU = 2
    GELU = 3
    EXP = 4
    TANH = 5
    SQRT = 6
    NEG = 7
    SQUARE = 8
    ABS = 9
    RECIPROCAL = 10
    RSQRT = 11
    LOG = 12
    SIN = 13
    COS = 14
    CEIL = 15
    FLOOR = 16
    SIGN = 17
    ERF = 18
    ERFC = 19
    TAN = 20
    HARDSIGMOID = 21
    IDENTITY = 22


class Topology(_Member):
    """How devices of a mesh axis are connected; a hint."""

    Linear = 0
    Ring = 1
    Mesh = 2
    Torus = 3


class ReduceType(_Member):
    """What `reduce_scatter` does with the parts of the devices."""

    Sum = 0
    Mean = 1
    Max = 2
    Min = 3


class ShardShapeAlignment(_Member):
    """What a builder of sharded specs does with the shard shape it derives or is given."""

    #: Take it as it is.
    NONE = 0
    #: Refuse it unless it is whole tiles.
    REQUIRED = 1
    #: Round it up to whole tiles.
    RECOMMENDED = 2


class ClusterType(_Member):
    """Kinds of systems that `ttnn.cluster.get_cluster_type` may report."""

    INVALID = 0
    N150 = 1
    N300 = 2
    T3K = 3
    GALAXY = 4
    TG = 5
    P100 = 6
    P150 = 7
    P150_X2 = 8
    P150_X4 = 9
    P150_X8 = 10
    BLACKHOLE_GALAXY = 11


class FabricConfig(_Member):
    DISABLED = 0
    FABRIC_1D_NEIGHBOR_EXCHANGE = 1
    FABRIC_1D = 2
    FABRIC_1D_RING = 3
    FABRIC_2D = 4
    FABRIC_2D_TORUS_X = 5
    FABRIC_2D_TORUS_Y = 6
    FABRIC_2D_TORUS_XY = 7
    FABRIC_2D_DYNAMIC = 8
    CUSTOM = 9


class FabricReliabilityMode(_Member):
    STRICT_INIT = 0
    RELAXED_INIT = 1


class FabricTensixConfig(_Member):
    DISABLED = 0
    MUX = 1
    UDM = 2


bfloat16 = DataType.BFLOAT16
float32 = DataType.FLOAT32
uint32 = DataType.UINT32
bfloat8_b = DataType.BFLOAT8_B
bfloat4_b = DataType.BFLOAT4_B
uint8 = DataType.UINT8
uint16 = DataType.UINT16
int32 = DataType.INT32

ROW_MAJOR_LAYOUT = Layout.ROW_MAJOR
TILE_LAYOUT = Layout.TILE

__all__ = [
    "Arch",
    "BufferType",
    "ClusterType",
    "DataType",
    "DispatchCoreAxis",
    "DispatchCoreType",
    "FabricConfig",
    "FabricReliabilityMode",
    "FabricTensixConfig",
    "Layout",
    "MathFidelity",
    "ROW_MAJOR_LAYOUT",
    "ReduceType",
    "ShardDistributionStrategy",
    "ShardOrientation",
    "ShardShapeAlignment",
    "ShardStrategy",
    "StorageType",
    "TILE_LAYOUT",
    "TensorMemoryLayout",
    "Topology",
    "UnaryOpType",
    "bfloat16",
    "bfloat4_b",
    "bfloat8_b",
    "float32",
    "int32",
    "uint16",
    "uint32",
    "uint8",
]
