"""The text of types, layouts and attributes in the IR."""

import struct

from tilefold.ttnn.enums import BufferType, DataType, Layout, TensorMemoryLayout
from tilefold.ttnn.shape import TILE_SIZE, padded_to_tiles
from tilefold.ttnn_jit._src.conversions import is_nd_sharded

_ELEMENTS = {
    DataType.BFLOAT16: "bf16",
    DataType.FLOAT32: "f32",
    DataType.INT32: "i32",
    DataType.UINT32: "ui32",
    DataType.UINT16: "ui16",
    DataType.UINT8: "ui8",
}
_TILES = {
    DataType.BFLOAT8_B: "bfp_bf8",
    DataType.BFLOAT4_B: "bfp_bf4",
    DataType.UINT32: "u32",
    DataType.UINT16: "u16",
    DataType.UINT8: "u8",
    DataType.INT32: "si32",
}
_SHARDINGS = {
    TensorMemoryLayout.INTERLEAVED: "interleaved",
    TensorMemoryLayout.HEIGHT_SHARDED: "height_sharded",
    TensorMemoryLayout.WIDTH_SHARDED: "width_sharded",
    TensorMemoryLayout.BLOCK_SHARDED: "block_sharded",
}


def tile_type(dtype):
    """A 32x32 tile of a dtype."""
    return f"!ttcore.tile<32x32, {_TILES.get(dtype) or _ELEMENTS[dtype]}>"


class RankedTensorType:
    """A tensor type of the IR: `shape`, `element_type` (text), and `encoding`: the Encoding of arguments and of the
    final result, None elsewhere."""

    def __init__(self, shape, dtype, encoding=None):
        self.shape = [int(size) for size in shape]
        self.dtype = dtype
        self.element_type = _ELEMENTS.get(dtype) or tile_type(dtype)
        self.encoding = encoding

    @property
    def rank(self):
        return len(self.shape)

    def with_encoding(self, encoding):
        return RankedTensorType(self.shape, self.dtype, encoding)

    def text(self, aliases=None):
        """As printed; `aliases` maps encodings to their names."""
        sizes = "".join(f"{size}x" for size in self.shape)
        if self.encoding is None:
            return f"tensor<{sizes}{self.element_type}>"
        name = self.encoding.text() if aliases is None else "#" + aliases[self.encoding]
        return f"tensor<{sizes}{self.element_type}, {name}>"

    def __eq__(self, other):
        return isinstance(other, RankedTensorType) and (self.shape, self.dtype, self.encoding) == (
            other.shape,
            other.dtype,
            other.encoding,
        )

    __hash__ = None

    def __str__(self):
        return self.text()

    __repr__ = __str__


class Encoding:
    """The layout of a tensor with a memory config; equal layouts print equally."""

    def __init__(self, shape, dtype, layout, memory_config):
        self.memory_config = memory_config
        self.layout = layout
        self._text = _nd_layout(shape, dtype, memory_config) if is_nd_sharded(memory_config) else None
        self._text = self._text or _layout(shape, dtype, layout, memory_config)

    @property
    def buffer_type(self):
        return self.memory_config.buffer_type

    def text(self):
        return self._text

    def __eq__(self, other):
        return isinstance(other, Encoding) and self._text == other._text

    def __hash__(self):
        return hash(self._text)

    __str__ = __repr__ = text


def buffer_alias(buffer_type):
    """The name of a buffer type's alias."""
    return "dram" if buffer_type is BufferType.DRAM else "l1"


def _affine_map(shape, padded):
    """Dimensions onto the rows and columns of the flattened matrix."""
    rank = len(shape)
    names = [f"d{axis}" for axis in range(rank)]
    if rank == 0:
        return "() -> (0, 0)"
    if rank == 1:
        return "(d0) -> (0, d0)"
    terms = []
    stride = 1
    for axis in range(rank - 2, -1, -1):
        terms.insert(0, names[axis] if stride == 1 else f"{names[axis]} * {stride}")
        stride *= padded[axis]
    return f"({', '.join(names)}) -> ({' + '.join(terms)}, {names[-1]})"


def _blocks(shape):
    sizes = [*padded_to_tiles(shape)]
    rows = 1
    for size in sizes[:-1]:
        rows *= size
    return rows // TILE_SIZE, sizes[-1] // TILE_SIZE


def _memref(rows, columns, dtype, layout, memory_config):
    place = buffer_alias(memory_config.buffer_type)
    if layout is Layout.TILE:
        return f"memref<{rows}x{columns}x{tile_type(dtype)}, #{place}>"
    element = _ELEMENTS.get(dtype) or tile_type(dtype)
    return f"memref<{rows * TILE_SIZE}x{columns * TILE_SIZE}x{element}, #{place}>"


def _layout(shape, dtype, layout, memory_config):
    rows, columns = _blocks(shape)
    grid = (1, 1)
    spec = memory_config.shard_spec
    if spec is not None:
        size = spec.grid.bounding_box().grid_size()
        kind = memory_config.memory_layout
        if kind is TensorMemoryLayout.HEIGHT_SHARDED:
            grid = (spec.num_cores(), 1)
        elif kind is TensorMemoryLayout.WIDTH_SHARDED:
            grid = (1, spec.num_cores())
        else:
            grid = (size.y, size.x)
        rows, columns = (-(-extent // TILE_SIZE) for extent in spec.shape)
    sharding = _SHARDINGS.get(memory_config.memory_layout, "interleaved")
    return (
        f"#ttnn.ttnn_layout<{_affine_map(shape, padded_to_tiles(shape))}, <{grid[0]}x{grid[1]}>, "
        f"{_memref(rows, columns, dtype, layout, memory_config)}, <{sharding}>>"
    )


def _nd_layout(shape, dtype, memory_config):
    nd = memory_config.nd_shard_spec
    size = nd.grid.bounding_box().grid_size()
    sizes = [1] * (2 - len(nd.shard_shape)) + nd.shard_shape
    tiles = "x".join(str(extent) for extent in [*sizes[:-2], -(-sizes[-2] // TILE_SIZE), -(-sizes[-1] // TILE_SIZE)])
    place = buffer_alias(memory_config.buffer_type)
    return (
        f"#ttnn.ttnn_nd_layout<<{size.y}x{size.x}>, memref<{tiles}x{tile_type(dtype)}, #{place}>, "
        f"shard_orientation = <row_major>, shard_distribution_strategy = <round_robin_1d>>"
    )


def float_text(value):
    """A number as an f32 attribute prints it: six decimals where they say it exactly enough, else nine digits."""
    value = struct.unpack("f", struct.pack("f", value))[0] if abs(value) <= 3.4028235e38 else value
    if value != value or value in (float("inf"), float("-inf")):
        return f"0x{struct.unpack('I', struct.pack('f', value))[0]:08X}"
    text = f"{value:.6e}"
    if struct.unpack("f", struct.pack("f", float(text)))[0] == value:
        return text
    mantissa, _, exponent = f"{value:.8e}".partition("e")
    mantissa = mantissa.rstrip("0")
    if -5 < int(exponent) < 9:
        return repr(float(f"{value:.9g}"))
    return f"{mantissa}E{exponent}"


def i32_array(values):
    """[1 : i32, 64 : i32]"""
    return "[" + ", ".join(f"{int(value)} : i32" for value in values) + "]"


def i64_array(values):
    """array<i64: 1, 0>"""
    return "array<i64: " + ", ".join(str(int(value)) for value in values) + ">"
