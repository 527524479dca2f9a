"""Shape and order of elements. These take tensors on the host too, and keep layout, dtype and placement."""

import numbers

from tilefold import _native
from tilefold.ttnn.dispatch import Call, engine_operation, planned, require_allocated
from tilefold.ttnn.fusion import fused, rounded
from tilefold.ttnn.operations.reductions import normalized_dim
from tilefold.ttnn.tensor import BLOCK_FLOAT_BITS, BLOCK_FLOAT_ELEMENTS


class _View:
    """A reshape: shares the memory eagerly, is an operation of the graph while a function is traced."""

    __slots__ = ("shape",)

    def __init__(self, shape):
        self.shape = list(shape)

    def __call__(self, native):
        if native.is_traced:
            return engine_operation("reshape", shape=_native.Dims(self.shape))(native)
        return native.viewed_as(self.shape)


def _integers(values, where, what):
    """A list of ints from a list, tuple or Shape of integers."""
    if not isinstance(values, (list, tuple)):
        try:
            values = tuple(values)
        except TypeError:
            raise TypeError(f"ttnn.{where}: expected a list of integers as {what}, got {values!r}") from None
    for value in values:
        if isinstance(value, bool) or not isinstance(value, numbers.Integral):
            raise TypeError(f"ttnn.{where}: expected a list of integers as {what}, got {values!r}")
    return [int(value) for value in values]


def _moved(name, handle, tensor, memory_config, *key, operands=None, layout=None, whole_blocks=False):
    """The Call of a movement; block floats are rounded again unless every new block is (part of) an old one: a part has
    the same or a smaller exponent, so that its elements are exact."""
    dtype = tensor.dtype
    if dtype in BLOCK_FLOAT_BITS and not whole_blocks:
        inner = handle
        handle = fused(name, lambda *natives: rounded(inner(*natives), dtype), dtype, *key)
    return Call(handle, operands or (tensor,), memory_config=memory_config, layout=layout)


def resolved_shape(old, shape, where):
    """The shape with its -1, if there is one, replaced. RuntimeError when the number of elements differs."""
    shape = _integers(shape, where, "shape")
    volume = 1
    for size in old:
        volume *= size
    known = 1
    for size in shape:
        known *= size if size != -1 else 1
    if shape.count(-1) > 1 or min(shape, default=0) < -1:
        raise RuntimeError(f"ttnn.{where}: one dimension may be -1, the others not negative, got {shape}")
    if -1 in shape and known != 0 and volume % known == 0:
        shape[shape.index(-1)] = volume // known
        known = volume
    if -1 in shape or known != volume:
        raise RuntimeError(f"ttnn.{where}: a tensor of shape {list(old)} cannot be given the shape {shape}")
    return shape


def _reshape_call(name, tensor, shape, memory_config):
    # Blocks are groups of a row: they stay as they are while the rows do, and where rows consist of whole ones.
    old, new = (sizes[-1] if sizes else 1 for sizes in (tuple(tensor.shape), shape))
    whole = old == new or old % BLOCK_FLOAT_ELEMENTS == 0 and new % BLOCK_FLOAT_ELEMENTS == 0
    if tensor.dtype not in BLOCK_FLOAT_BITS or whole:
        return Call(_View(shape), (tensor,), memory_config=memory_config, layout=None)
    operation = engine_operation("reshape", shape=_native.Dims(shape))
    return _moved(name, operation, tensor, memory_config, tuple(shape))


@planned("reshape", counted=False)
def reshape(input_tensor, shape, *, memory_config=None, pad_value=None, recreate_mapping_tensor=False):
    """The same elements in row-major order under another shape; one dimension may be -1. Shares storage."""
    require_allocated(input_tensor, "reshape")
    return _reshape_call("reshape", input_tensor, resolved_shape(input_tensor.shape, shape, "reshape"), memory_config)


@planned("squeeze", counted=False)
def squeeze(input_tensor, dim=None):
    """Without the dimensions of size 1 among `dim` (an int, a list, or None for all). Shares storage."""
    require_allocated(input_tensor, "squeeze")
    sizes = list(input_tensor.shape)
    rank = len(sizes)
    dims = range(rank) if dim is None else dim if isinstance(dim, (list, tuple)) else [dim]
    dropped = {normalized_dim(item, rank, "squeeze") for item in dims}
    shape = [size for axis, size in enumerate(sizes) if size != 1 or axis not in dropped]
    return _reshape_call("squeeze", input_tensor, shape, None)


@planned("unsqueeze", counted=False)
def unsqueeze(input_tensor, dim):
    """With a dimension of size 1 at `dim`, which may be negative. Shares storage."""
    require_allocated(input_tensor, "unsqueeze")
    shape = list(input_tensor.shape)
    shape.insert(normalized_dim(dim, len(shape) + 1, "unsqueeze"), 1)
    return _reshape_call("unsqueeze", input_tensor, shape, None)


@planned("unsqueeze_to_4D", counted=False)
def unsqueeze_to_4d(tensor):
    """With ones in front up to rank 4. Shares storage."""
    require_allocated(tensor, "unsqueeze_to_4D")
    if len(tensor.shape) > 4:
        raise RuntimeError(f"ttnn.unsqueeze_to_4D: the tensor has rank {len(tensor.shape)}")
    return _reshape_call("unsqueeze_to_4D", tensor, [1] * (4 - len(tensor.shape)) + list(tensor.shape), None)


def _permuted(name, tensor, dims, memory_config):
    operation = engine_operation("permute", dims=dims)
    whole = not dims or dims[-1] == len(dims) - 1
    return _moved(name, operation, tensor, memory_config, tuple(dims), whole_blocks=whole)


@planned("permute")
def permute(input_tensor, dims, *, memory_config=None, pad_value=0.0):
    """Dimension i of the result is dimension dims[i] of the input."""
    require_allocated(input_tensor, "permute")
    rank = len(input_tensor.shape)
    dims = [normalized_dim(dim, rank, "permute") for dim in _integers(dims, "permute", "dims")]
    if sorted(dims) != list(range(rank)):
        raise RuntimeError(
            f"ttnn.permute: The number of dimensions in the tensor input does not match the length of the desired "
            f"ordering: dims {dims} must name each of the {rank} dimensions once"
        )
    return _permuted("permute", input_tensor, dims, memory_config)


@planned("transpose")
def transpose(input_tensor, dim1, dim2, *, memory_config=None, pad_value=0.0):
    """With two dimensions swapped."""
    require_allocated(input_tensor, "transpose")
    rank = len(input_tensor.shape)
    first, second = normalized_dim(dim1, rank, "transpose"), normalized_dim(dim2, rank, "transpose")
    dims = list(range(rank))
    dims[first], dims[second] = second, first
    return _permuted("transpose", input_tensor, dims, memory_config)


@planned("concat")
def concat(tensors, dim=0, *, memory_config=None, groups=1):
    """The tensors one after the other along `dim`. They agree in dtype, layout and all other dimensions."""
    if not isinstance(tensors, (list, tuple)):
        raise TypeError(f"ttnn.concat: expected a list of tensors, got {type(tensors).__name__}")
    if not tensors:
        raise RuntimeError("ttnn.concat: the list of tensors is empty")
    if groups != 1:
        raise RuntimeError(f"ttnn.concat: groups other than 1 are not supported, got {groups!r}")
    first = require_allocated(tensors[0], "concat")
    rank = len(first.shape)
    if rank == 0:
        raise RuntimeError("ttnn.concat: tensors of rank 0 have no dimension to join")
    axis = normalized_dim(dim, rank, "concat")
    for tensor in tensors:
        require_allocated(tensor, "concat")
        if (
            tensor.dtype is not first.dtype
            or tensor.layout is not first.layout
            or tensor.device() is not first.device()
        ):
            raise RuntimeError(
                "ttnn.concat: the tensors must agree in dtype, layout and device, got "
                f"{first.dtype} {first.layout} and {tensor.dtype} {tensor.layout}"
            )
        shape = tensor.shape
        if len(shape) != rank or any(a != b for i, (a, b) in enumerate(zip(shape, first.shape)) if i != axis):
            raise RuntimeError(
                f"ttnn.concat: all dimensions must be the same size except for the dimension along which the tensors "
                f"are joined ({axis}), got {list(first.shape)} and {list(shape)}"
            )
    operation = engine_operation("concat", dim=axis)
    whole = axis != rank - 1 or all(tensor.shape[-1] % BLOCK_FLOAT_ELEMENTS == 0 for tensor in tensors[:-1])
    return _moved("concat", operation, first, memory_config, axis, operands=tuple(tensors), whole_blocks=whole)


def _keeps_blocks(ranges, shape=None):
    """Whether a slice, given the `shape` then, has its blocks from single ones of the tensor."""
    if not ranges:
        return True
    start, end, step = ranges[-1]
    kept_last = shape is None or (len(shape) > 0 and shape[-1] == end - start)
    return start % BLOCK_FLOAT_ELEMENTS == 0 and step == 1 and kept_last


def _slice_handle(name, tensor, ranges, shape=None):
    """The handle that takes (start, end, step) of every dimension, and reshapes to `shape`; and its key."""
    sizes = tensor.shape
    parts = [
        engine_operation("slice", dim=axis, start=_native.Dim(start), end=_native.Dim(end), step=step)
        for axis, (start, end, step) in enumerate(ranges)
        if (start, end, step) != (0, sizes[axis], 1)
    ]
    if shape is not None:
        parts.append(engine_operation("reshape", shape=_native.Dims(shape)))
    if not parts:
        return engine_operation("identity")  # a copy: the result may be written in place
    if len(parts) == 1:
        return parts[0]

    def compute(native):
        for part in parts:
            native = part(native)
        return native

    return fused(name, compute, tuple(sizes), tuple(ranges), None if shape is None else tuple(shape))


@planned("chunk")
def chunk(input_tensor, chunks, dim=0):
    """Parts of ceil(size / chunks) along `dim`, the last one smaller, possibly fewer parts, as a list."""
    require_allocated(input_tensor, "chunk")
    if isinstance(chunks, bool) or not isinstance(chunks, numbers.Integral) or chunks < 1:
        raise RuntimeError(f"ttnn.chunk: the number of parts must be a positive integer, got {chunks!r}")
    axis = normalized_dim(dim, len(input_tensor.shape), "chunk")
    size = input_tensor.shape[axis]
    part = max(1, -(-size // int(chunks)))
    calls = []
    for start in range(0, max(size, 1), part):
        ranges = [(0, extent, 1) for extent in input_tensor.shape]
        ranges[axis] = (start, min(start + part, size), 1)
        handle = _slice_handle("chunk", input_tensor, ranges)
        key = (tuple(input_tensor.shape), tuple(ranges))
        calls.append(_moved("chunk", handle, input_tensor, None, *key, whole_blocks=_keeps_blocks(ranges)))
    return calls


@planned("slice")
def slice_tensor(input_tensor, slice_start, slice_end, slice_step=None, *, memory_config=None, pad_value=None):
    """Elements slice_start, slice_start + step, ... below slice_end along every dimension; negative positions count
    from the back. RuntimeError when they are out of range."""
    require_allocated(input_tensor, "slice")
    sizes = input_tensor.shape
    starts = _integers(slice_start, "slice", "slice_start")
    ends = _integers(slice_end, "slice", "slice_end")
    steps = [1] * len(sizes) if slice_step is None else _integers(slice_step, "slice", "slice_step")
    if not len(starts) == len(ends) == len(steps) == len(sizes):
        raise RuntimeError(
            f"ttnn.slice: one start, end and step are needed for each of the {len(sizes)} dimensions, got {starts}, "
            f"{ends} and {steps}"
        )
    ranges = []
    for size, start, end, step in zip(sizes, starts, ends, steps):
        start, end = (position + size if position < 0 else position for position in (start, end))
        if step < 1 or not 0 <= start <= size or not start <= end <= size:
            raise RuntimeError(
                f"ttnn.slice: elements {starts} to {ends} with steps {steps} are not within the shape {list(sizes)}"
            )
        ranges.append((start, end, step))
    handle, key = _slice_handle("slice", input_tensor, ranges), (tuple(sizes), tuple(ranges))
    return _moved("slice", handle, input_tensor, memory_config, *key, whole_blocks=_keeps_blocks(ranges))


def _indexed(index, sizes, on_device):
    """(start, end, step) of every dimension and the result's shape, of an index of Tensor.__getitem__."""
    index = index if isinstance(index, tuple) else (index,)
    if sum(item is Ellipsis for item in index) > 1:
        raise IndexError("ttnn.Tensor: an index may have a single ellipsis ('...')")
    given = sum(item is not Ellipsis for item in index)
    if given > len(sizes):
        raise IndexError(f"ttnn.Tensor: too many indices for a tensor of rank {len(sizes)}: {given}")
    missing = len(sizes) - given
    full = []
    for item in index:
        full.extend([slice(None)] * missing if item is Ellipsis else [item])
    full.extend([slice(None)] * (len(sizes) - len(full)))
    ranges, shape = [], []
    for size, item in zip(sizes, full):
        if isinstance(item, slice):
            for bound in (item.start, item.stop, item.step):
                if bound is not None and (isinstance(bound, bool) or not isinstance(bound, numbers.Integral)):
                    raise TypeError(f"ttnn.Tensor: slices take integers, got {item!r}")
            if item.step is not None and item.step < 1:
                raise ValueError(f"ttnn.Tensor: the step of a slice must be positive, got {item.step}")
            start, end, step = item.indices(size)
            end = max(start, end)
            if step != 1 and not on_device:
                raise RuntimeError("ttnn.Tensor: tensors on the host are sliced with step 1 only")
            ranges.append((start, end, step))
            shape.append(-(-(end - start) // step))
            continue
        if isinstance(item, bool) or not isinstance(item, numbers.Integral):
            raise TypeError(f"ttnn.Tensor: an index is made of integers, slices and '...', got {item!r}")
        position = int(item)
        if not -size <= position < size:
            raise IndexError(f"ttnn.Tensor: index {position} is out of range for a dimension of size {size}")
        ranges.append((position % size, position % size + 1, 1))
    return ranges, shape if len(shape) != len(sizes) else None


class Index:
    """A hashable form of an index (slices are not hashable before Python 3.12)."""

    __slots__ = ("key", "value")

    def __init__(self, index):
        self.value = index
        self.key = tuple(
            ("slice", item.start, item.stop, item.step) if isinstance(item, slice) else (item.__class__, item)
            for item in (index if isinstance(index, tuple) else (index,))
        )

    def __eq__(self, other):
        return isinstance(other, Index) and self.key == other.key

    def __hash__(self):
        return hash(self.key)


@planned("getitem")
def getitem(input_tensor, index):
    """The part that an `Index` names, as a copy."""
    require_allocated(input_tensor, "getitem")
    ranges, shape = _indexed(index.value, input_tensor.shape, input_tensor.device() is not None)
    handle = _slice_handle("getitem", input_tensor, ranges, shape)
    shape = None if shape is None else tuple(shape)
    key = (tuple(input_tensor.shape), tuple(ranges), shape)
    return _moved("getitem", handle, input_tensor, None, *key, whole_blocks=_keeps_blocks(ranges, shape))


@planned("pad")
def pad(input_tensor, padding, value=0.0, *, memory_config=None):
    """With elements of `value` before and after, by one (before, after) pair per dimension."""
    require_allocated(input_tensor, "pad")
    rank = len(input_tensor.shape)
    if not isinstance(padding, (list, tuple)) or len(padding) != rank:
        raise RuntimeError(
            f"ttnn.pad: one (before, after) pair is needed for each of {rank} dimensions, got {padding!r}"
        )
    pairs = [_integers(pair, "pad", "padding") for pair in padding]
    if any(len(pair) != 2 or min(pair) < 0 for pair in pairs):
        raise RuntimeError(f"ttnn.pad: padding is pairs of numbers that are not negative, got {padding!r}")
    if not isinstance(value, numbers.Real):
        raise TypeError(f"ttnn.pad: expected a number as value, got {type(value).__name__}")
    before, after = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    operation = engine_operation("pad", before=before, after=after, value=float(value))
    return _moved("pad", operation, input_tensor, memory_config, tuple(before), tuple(after), float(value).hex())


@planned("repeat")
def repeat(input_tensor, repeat_dims, *, memory_config=None):
    """torch.repeat: one count per dimension; more counts than dimensions add dimensions in front."""
    require_allocated(input_tensor, "repeat")
    counts = _integers(repeat_dims, "repeat", "repeat_dims")
    missing = len(counts) - len(input_tensor.shape)
    if missing < 0 or min(counts, default=0) < 0:
        raise RuntimeError(
            f"ttnn.repeat: a count that is not negative is needed for each dimension of {input_tensor.shape}, got "
            f"{counts}"
        )
    shape = [1] * missing + list(input_tensor.shape)
    operation = engine_operation("repeat", counts=_native.Dims(counts))

    def compute(native):
        return operation(engine_operation("reshape", shape=_native.Dims(shape))(native) if missing else native)

    handle = fused("repeat", compute, tuple(shape), tuple(counts)) if missing else operation
    return _moved("repeat", handle, input_tensor, memory_config, tuple(shape), tuple(counts))


@planned("repeat_interleave")
def repeat_interleave(input_tensor, repeats, dim, *, memory_config=None):
    """Every element `repeats` times in a row along `dim`."""
    require_allocated(input_tensor, "repeat_interleave")
    if isinstance(repeats, bool) or not isinstance(repeats, numbers.Integral) or repeats < 1:
        raise RuntimeError(f"ttnn.repeat_interleave: expected a positive number of repeats, got {repeats!r}")
    sizes = list(input_tensor.shape)
    axis = normalized_dim(dim, len(sizes), "repeat_interleave")
    count = int(repeats)
    split = [*sizes[: axis + 1], 1, *sizes[axis + 1 :]]
    wide = [*sizes[: axis + 1], count, *sizes[axis + 1 :]]
    merged = [*sizes[:axis], sizes[axis] * count, *sizes[axis + 1 :]]

    def compute(native):
        native = engine_operation("reshape", shape=_native.Dims(split))(native)
        native = engine_operation("expand", shape=_native.Dims(wide))(native)
        return engine_operation("reshape", shape=_native.Dims(merged))(native)

    handle = fused("repeat_interleave", compute, tuple(sizes), axis, count)
    return _moved("repeat_interleave", handle, input_tensor, memory_config, tuple(sizes), axis, count)
