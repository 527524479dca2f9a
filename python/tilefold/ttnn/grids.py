"""Core coordinates and grids."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class CoreCoord:
    """One core. A pair (x, y) is taken wherever a CoreCoord is expected."""

    x: int
    y: int

    def __iter__(self):
        return iter((self.x, self.y))

    def __repr__(self):
        return f"(x={self.x},y={self.y})"


def core_coord(value):
    """A CoreCoord from a CoreCoord or a pair."""
    if isinstance(value, CoreCoord):
        return value
    x, y = value
    return CoreCoord(int(x), int(y))


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

    def __repr__(self):
        return f"[{self.start} - {self.end}]"


class CoreRangeSet:
    """A set of rectangles of cores, given as a list or set of CoreRange, or one CoreRange."""

    __slots__ = ("_ranges",)

    def __init__(self, ranges=()):
        if isinstance(ranges, CoreRange):
            ranges = [ranges]
        ranges = list(ranges)
        for item in ranges:
            if not isinstance(item, CoreRange):
                raise TypeError(f"CoreRangeSet takes CoreRange, got {type(item).__name__}")
        # Sets have no order of their own; rows first, as cores are numbered.
        self._ranges = tuple(sorted(ranges, key=lambda item: (item.start.y, item.start.x, item.end.y, item.end.x)))

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

    @property
    def num_cores(self):
        return self.x * self.y

    def __repr__(self):
        return f"ttnn.CoreGrid(x={self.x}, y={self.y})"
