"""Tensor shapes."""

TILE_SIZE = 32


class Shape(tuple):
    """The logical dimensions of a tensor. Compares equal to tuples and lists of the same sizes."""

    __slots__ = ()

    @property
    def rank(self):
        return len(self)

    def volume(self):
        """Number of elements."""
        count = 1
        for size in self:
            count *= size
        return count

    def to_rank(self, rank):
        """This shape with ones added or removed in front."""
        extra = rank - len(self)
        if extra >= 0:
            return Shape((1,) * extra + tuple(self))
        if any(size != 1 for size in self[:-extra]):
            raise RuntimeError(f"{self} cannot be made a shape of rank {rank}")
        return Shape(self[-extra:])

    def __getitem__(self, index):
        item = tuple.__getitem__(self, index)
        return Shape(item) if isinstance(index, slice) else item

    def __eq__(self, other):
        if isinstance(other, list):
            other = tuple(other)
        return tuple.__eq__(self, other)

    def __ne__(self, other):
        return not self == other

    __hash__ = tuple.__hash__

    def __repr__(self):
        return f"Shape({list(self)})"


def round_up(size, multiple):
    """The smallest multiple that is not below `size`."""
    return -(-size // multiple) * multiple


def padded_to_tiles(shape):
    """The shape with its last two dimensions rounded up to whole tiles; a shape of rank 0 or 1 is one row."""
    if len(shape) == 0:
        return Shape((TILE_SIZE, TILE_SIZE))
    if len(shape) == 1:
        return Shape((TILE_SIZE, round_up(shape[0], TILE_SIZE)))
    return Shape((*shape[:-2], round_up(shape[-2], TILE_SIZE), round_up(shape[-1], TILE_SIZE)))
