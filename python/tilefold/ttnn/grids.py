"""Core coordinates and grids."""

import dataclasses


@dataclasses.dataclass(frozen=True, eq=False)
class CoreCoord:
    """One core. A pair (x, y) is taken wherever a CoreCoord is expected, and equals it."""

    x: int
    y: int

    def __post_init__(self):
        if self.x < 0 or self.y < 0:
            raise RuntimeError(f"CoreCoord: coordinates must not be negative, got {self}")

    def __iter__(self):
        return iter((self.x, self.y))

    def __eq__(self, other):
        if isinstance(other, CoreCoord):
            return self.x == other.x and self.y == other.y
        return isinstance(other, tuple) and (self.x, self.y) == other

    def __hash__(self):
        return hash((self.x, self.y))

    def __repr__(self):
        return f"(x={self.x},y={self.y})"


def core_coord(value):
    """A CoreCoord from a CoreCoord or a pair; TypeError for anything else."""
    if isinstance(value, CoreCoord):
        return value
    try:
        x, y = value
        return CoreCoord(int(x), int(y))
    except (TypeError, ValueError):
        raise TypeError(f"expected a ttnn.CoreCoord or a pair (x, y), got {value!r}") from None


@dataclasses.dataclass(frozen=True)
class CoreRange:
    """A rectangle of cores, both ends inclusive."""

    start: CoreCoord
    end: CoreCoord

    def __post_init__(self):
        object.__setattr__(self, "start", core_coord(self.start))
        object.__setattr__(self, "end", core_coord(self.end))
        if self.end.x < self.start.x or self.end.y < self.start.y:
            raise RuntimeError(f"CoreRange: the end {self.end} lies before the start {self.start}")

    def grid_size(self):
        """The extent as a CoreCoord."""
        return CoreCoord(self.end.x - self.start.x + 1, self.end.y - self.start.y + 1)

    def num_cores(self):
        size = self.grid_size()
        return size.x * size.y

    def contains(self, core):
        """Whether a core (CoreCoord or pair) lies in the rectangle."""
        core = core_coord(core)
        return self.start.x <= core.x <= self.end.x and self.start.y <= core.y <= self.end.y

    def intersects(self, other):
        """Whether two rectangles have a core in common."""
        return not (
            self.end.x < other.start.x
            or other.end.x < self.start.x
            or self.end.y < other.start.y
            or other.end.y < self.start.y
        )

    def cores(self, row_major=True):
        """Its cores, row by row or column by column."""
        xs, ys = range(self.start.x, self.end.x + 1), range(self.start.y, self.end.y + 1)
        if row_major:
            return [CoreCoord(x, y) for y in ys for x in xs]
        return [CoreCoord(x, y) for x in xs for y in ys]

    def __repr__(self):
        return f"[{self.start} - {self.end}]"


class CoreRangeSet:
    """A set of disjoint rectangles of cores, given as a list or set of CoreRange, or one CoreRange."""

    __slots__ = ("_ranges",)

    def __init__(self, ranges=()):
        if isinstance(ranges, CoreRange):
            ranges = [ranges]
        ranges = list(ranges)
        for item in ranges:
            if not isinstance(item, CoreRange):
                raise TypeError(f"CoreRangeSet takes CoreRange, got {type(item).__name__}")
        # Sets have no order of their own; rows first, as cores are numbered.
        ranges.sort(key=lambda item: (item.start.y, item.start.x, item.end.y, item.end.x))
        for index, first in enumerate(ranges):
            for second in ranges[index + 1 :]:
                if first.intersects(second):
                    raise RuntimeError(f"CoreRangeSet: the core ranges {first} and {second} overlap")
        self._ranges = tuple(ranges)

    def ranges(self):
        return list(self._ranges)

    def bounding_box(self):
        """The smallest CoreRange around all cores."""
        if not self._ranges:
            raise RuntimeError("CoreRangeSet: an empty set has no bounding box")
        return CoreRange(
            CoreCoord(min(r.start.x for r in self._ranges), min(r.start.y for r in self._ranges)),
            CoreCoord(max(r.end.x for r in self._ranges), max(r.end.y for r in self._ranges)),
        )

    def num_cores(self):
        return sum(item.num_cores() for item in self._ranges)

    def cores(self, row_major=True):
        """All cores in the order in which shards are dealt to them."""
        return [core for item in self._ranges for core in item.cores(row_major)]

    def contains(self, core):
        """Whether a core (CoreCoord or pair) belongs to the set."""
        return any(item.contains(core) for item in self._ranges)

    def empty(self):
        return not self._ranges

    def __eq__(self, other):
        return isinstance(other, CoreRangeSet) and self._ranges == other._ranges

    def __hash__(self):
        return hash(self._ranges)

    def __repr__(self):
        return "{" + ", ".join(map(repr, self._ranges)) + "}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class CoreGrid:
    """A grid of x by y cores."""

    x: int
    y: int

    def __post_init__(self):
        if self.x <= 0 or self.y <= 0:
            raise RuntimeError(f"CoreGrid: the extents must be positive, got x={self.x}, y={self.y}")

    @property
    def num_cores(self):
        return self.x * self.y

    def __repr__(self):
        return f"ttnn.CoreGrid(x={self.x}, y={self.y})"


def core_range_set(grid):
    """A CoreRangeSet from one, a CoreRange, a collection of CoreRange, or a CoreGrid (a rectangle from (0, 0))."""
    if isinstance(grid, CoreRangeSet):
        return grid
    if isinstance(grid, CoreGrid):
        return CoreRangeSet([CoreRange(CoreCoord(0, 0), CoreCoord(grid.x - 1, grid.y - 1))])
    return CoreRangeSet(grid)


def num_cores_to_corerangeset(target_num_cores, grid_size, row_wise=False):
    """The first `target_num_cores` cores of a grid, by rows or by columns, as a CoreRangeSet."""
    grid_size = core_coord(grid_size)
    if not 0 < target_num_cores <= grid_size.x * grid_size.y:
        raise RuntimeError(
            f"num_cores_to_corerangeset: {target_num_cores} cores do not fit on a {grid_size.x}x{grid_size.y} grid"
        )
    line = grid_size.x if row_wise else grid_size.y
    full, rest = divmod(target_num_cores, line)

    def block(first, last, length):
        start, end = (0, first), (length - 1, last)
        return CoreRange(start, end) if row_wise else CoreRange(start[::-1], end[::-1])

    ranges = [block(0, full - 1, line)] if full else []
    if rest:
        ranges.append(block(full, full, rest))
    return CoreRangeSet(ranges)


__all__ = ["CoreCoord", "CoreGrid", "CoreRange", "CoreRangeSet", "num_cores_to_corerangeset"]
