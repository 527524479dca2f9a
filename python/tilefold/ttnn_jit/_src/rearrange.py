"""`rearrange`: permutation and merging of dimensions by an einops-style pattern."""

import re


def _groups(side):
    """[["b"], ["h", "w"]] for "b (h w)"."""
    groups = []
    for token in re.findall(r"\([^()]*\)|[^\s()]+", side):
        groups.append(token[1:-1].split() if token.startswith("(") else [token])
    return groups


def parse_pattern(pattern, rank):
    """The permutation, and the merged groups of the result's dimensions. ValueError for what is not supported."""
    left, arrow, right = pattern.partition("->")
    if not arrow:
        raise ValueError(f"rearrange pattern '{pattern}' has no '->'")
    if "(" in left:
        raise ValueError("Splitting dimensions (parentheses in input pattern) is not supported #6339")
    names = left.split()
    groups = _groups(right)
    if len(names) != rank:
        raise ValueError(f"rearrange pattern '{pattern}' names {len(names)} dimensions, the tensor has {rank}")
    used = [name for group in groups for name in group]
    for name in used:
        if name not in names:
            raise ValueError(f"Unknown dimension '{name}' in output pattern")
    if sorted(used) != sorted(names):
        raise ValueError(f"rearrange pattern '{pattern}' must name every dimension once on each side")
    return [names.index(name) for name in used], [[names.index(name) for name in group] for group in groups]


def rearrange(tensor, pattern):
    """The tensor with its dimensions in the order, and merged, as the right side of the pattern says."""
    from tilefold.ttnn.dispatch import OPERATIONS

    order, groups = parse_pattern(pattern, len(tensor.shape))
    shape = []
    for group in groups:
        size = 1
        for axis in group:
            size *= tensor.shape[axis]
        shape.append(size)
    if order != list(range(len(order))):
        tensor = OPERATIONS["permute"](tensor, tuple(order))
    return OPERATIONS["reshape"](tensor, tuple(shape))
