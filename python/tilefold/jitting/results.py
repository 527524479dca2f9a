"""What a function returned: tensors in lists, tuples, dicts (each distinct tensor once), and plain values."""


class Slot:
    """The place of a result."""

    __slots__ = ("index",)

    def __init__(self, index):
        self.index = index


def _like(value, items):
    return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)


def structure_of(value, tensors, tensor_type):
    """`value` with slots for its tensors, which are added to `tensors`, each distinct one once."""
    if isinstance(value, tensor_type):
        position = next((i for i, known in enumerate(tensors) if known is value), None)
        if position is None:
            position = len(tensors)
            tensors.append(value)
        return Slot(position)
    if isinstance(value, (list, tuple)):
        return _like(value, [structure_of(item, tensors, tensor_type) for item in value])
    if isinstance(value, dict):
        return {key: structure_of(item, tensors, tensor_type) for key, item in value.items()}
    return value


def filled(structure, tensors):
    """The structure with tensors in its slots; lists and dicts are new ones."""
    if structure.__class__ is Slot:
        return tensors[structure.index]
    if isinstance(structure, (list, tuple)):
        return _like(structure, [filled(item, tensors) for item in structure])
    if isinstance(structure, dict):
        return {key: filled(item, tensors) for key, item in structure.items()}
    return structure
