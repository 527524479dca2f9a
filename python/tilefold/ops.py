"""The engine's operations on `tilefold.Tensor`, from its registry: `ops.add(a, b)`, `ops.layer_norm(x, weight, bias,
epsilon=1e-5)`.

Tensors are positional, in the registry's order; attributes are keywords. A number in place of an element-wise
operation's second tensor is its `scalar` (for `pow`, its `exponent`).
"""

from tilefold import _native

_DESCRIPTIONS = {entry["name"]: entry for entry in _native.registry()}


def _function(description):
    name = description["name"]
    attribute_names = [attribute["name"] for attribute in description["attributes"]]
    number = next((candidate for candidate in ("scalar", "exponent") if candidate in attribute_names), None)

    def operation(*tensors, **attributes):
        unknown = sorted(set(attributes) - set(attribute_names))
        if unknown:
            raise TypeError(
                f"ops.{name} got an unexpected attribute '{unknown[0]}'; it has {', '.join(attribute_names)}"
            )
        if number is not None and len(tensors) == 2 and isinstance(tensors[1], (int, float)):
            attributes[number] = float(tensors[1])
            tensors = tensors[:1]
        return _native.Operation(name, attributes)(*tensors)

    operation.__name__ = operation.__qualname__ = name
    operation.__module__ = __name__
    operands = ", ".join(operand["name"] + ("?" if operand["optional"] else "") for operand in description["operands"])
    lines = [f"{name}({operands})", "", description["doc"], ""]
    lines += [f"{entry['name']}: {entry['doc']}" for entry in [*description["operands"], *description["attributes"]]]
    operation.__doc__ = "\n".join(lines)
    return operation


globals().update({name: _function(description) for name, description in _DESCRIPTIONS.items()})
__all__ = sorted(_DESCRIPTIONS)
