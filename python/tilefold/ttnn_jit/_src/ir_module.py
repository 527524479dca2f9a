"""The IR of a traced function: what the dumps print and `compile_only` returns."""

from tilefold.ttnn.tensor import Tensor
from tilefold.ttnn_jit._src.ir_types import Encoding, RankedTensorType, buffer_alias, float_text


class Operation:
    """One line: results, name, operands, attributes in alphabetical order."""

    def __init__(self, name, operands, results, attributes=None):
        self.name = name
        self.operands = list(operands)
        self.results = list(results)
        self.attributes = dict(attributes or {})


class Value:
    """An SSA value with its type; numbered when it is printed."""

    def __init__(self, type):
        self.type = type


class Module:
    """One function; `str()` is the text."""

    def __init__(self, name):
        self.name = name
        self.arguments = []
        self.operations = []
        self.results = []

    def add_argument(self, type):
        value = Value(type)
        self.arguments.append(value)
        return value

    def add(self, name, operands, result_types, attributes=None):
        """Appends an operation; returns its results."""
        results = [Value(type) for type in result_types]
        self.operations.append(Operation(name, operands, results, attributes))
        return results

    def verify(self):
        """Raises RuntimeError unless every operand is defined before it is used and results are returned."""
        known = {id(value) for value in self.arguments}
        for operation in self.operations:
            for operand in operation.operands:
                if id(operand) not in known:
                    raise RuntimeError(f"'{operation.name}' in @{self.name} uses a value that is not defined before it")
            known.update(id(value) for value in operation.results)
        if not self.results or any(id(value) not in known for value in self.results):
            raise RuntimeError(f"@{self.name} returns a value that is not defined in it")
        return True

    def encodings(self):
        """Layouts in the order of their first use in the text."""
        used = [value.type for value in [*self.arguments, *self.results]]
        used += [value.type for operation in self.operations for value in operation.results]
        ordered = {}
        for type in used:
            if type.encoding is not None:
                ordered.setdefault(type.encoding)
        return list(ordered)

    def _names(self):
        names = {id(value): f"%arg{index}" for index, value in enumerate(self.arguments)}
        count = 0
        for operation in self.operations:
            for value in operation.results:
                names[id(value)] = f"%{count}"
                count += 1
        return names

    def _header(self):
        encodings = self.encodings()
        aliases = {encoding: "ttnn_layout" + (str(index) if index else "") for index, encoding in enumerate(encodings)}
        places = sorted({buffer_alias(encoding.buffer_type) for encoding in encodings})
        lines = [f"#{place} = #ttnn.buffer_type<{place}>" for place in places]
        lines += [f"#{aliases[encoding]} = {encoding.text()}" for encoding in encodings]
        return aliases, lines

    def _signature(self, aliases):
        arguments = ", ".join(f"%arg{i}: {value.type.text(aliases)}" for i, value in enumerate(self.arguments))
        return f"func.func @{self.name}({arguments}) -> {_type_list([v.type for v in self.results], aliases)} {{"

    def __str__(self):
        aliases, lines = self._header()
        names = self._names()
        lines += ["module {", "  " + self._signature(aliases)]
        lines += ["    " + _line(operation, names, aliases) for operation in self.operations]
        lines += ["    " + self._return(names, aliases), "  }", "}"]
        return "\n".join(lines)

    def _return(self, names, aliases):
        values = ", ".join(names[id(value)] for value in self.results)
        return f"return {values} : {', '.join(value.type.text(aliases) for value in self.results)}"

    def lowered(self, math_fidelity, grid, program_text):
        """The module after lowering: one generic operation per program, with the engine's program as comments."""
        aliases, lines = self._header()
        arguments = ", ".join(f"%arg{i}" for i in range(len(self.arguments)))
        types = ", ".join(value.type.text(aliases) for value in self.arguments)
        results = _type_list([value.type for value in self.results], aliases)
        names = ", ".join(f"%{i}" for i in range(len(self.results)))
        returned = ", ".join(value.type.text(aliases) for value in self.results)
        lines += [
            "module {",
            "  " + self._signature(aliases),
            f'    {names} = "ttnn.generic"({arguments}) <{{grid = #ttcore.grid<{grid[1]}x{grid[0]}>, '
            f"math_fidelity = {math_fidelity.name.lower()}}}> : ({types}) -> {results}",
            f"    return {names} : {returned}",
            "  }",
            "}",
        ]
        lines += ["// " + line if line else "//" for line in program_text.splitlines()]
        return "\n".join(lines)


def _type_list(types, aliases):
    texts = [type.text(aliases) for type in types]
    return texts[0] if len(texts) == 1 else "(" + ", ".join(texts) + ")"


def _line(operation, names, aliases):
    operands = ", ".join(names[id(value)] for value in operation.operands)
    results = ", ".join(names[id(value)] for value in operation.results)
    operand_types = ", ".join(value.type.text(aliases) for value in operation.operands)
    result_types = _type_list([value.type for value in operation.results], aliases)
    if operation.name == "ttir.empty":
        return f"{results} = ttir.empty() : {result_types}"
    if operation.name == "ttir.to_layout":
        source, target = (value.type.text(aliases) for value in operation.operands)
        return f"{results} = ttir.to_layout {operands} : {source} into {target} -> {result_types}"
    attributes = ", ".join(f"{key} = {value}" for key, value in sorted(operation.attributes.items()))
    attributes = f" <{{{attributes}}}>" if attributes else ""
    return f'{results} = "{operation.name}"({operands}){attributes} : ({operand_types}) -> {result_types}'


class Builder:
    """Makes the module while a function is traced. Tensors are known by identity and kept alive meanwhile."""

    def __init__(self, name):
        self.module = Module(name)
        self._values = {}

    def argument(self, tensor, original):
        encoding = Encoding(original.shape, original.dtype, original.layout, original.memory_config())
        self.define(tensor, self.module.add_argument(RankedTensorType(original.shape, original.dtype, encoding)))

    def define(self, tensor, value):
        self._values[id(tensor)] = (tensor, value)

    def value(self, tensor):
        """The value of a tensor; one that was made outside of operations is a constant."""
        known = self._values.get(id(tensor))
        if known is None:
            (value,) = self.module.add("ttir.constant", [], [RankedTensorType(tensor.shape, tensor.dtype)])
            self.define(tensor, value)
            return value
        return known[1]

    def operand(self, operand, like):
        """The value of an operand; a number becomes a tensor of the type of `like`."""
        if isinstance(operand, Tensor):
            return self.value(operand)
        is_float = isinstance(operand, float)
        number = f"{float_text(operand)} : f32" if is_float else f"{int(operand)} : i32"
        shape = ", ".join(str(size) for size in like.shape)
        attributes = {"fill_value": number, "shape": f"array<i32: {shape}>" if shape else "array<i32>"}
        return self.module.add("ttir.full", [], [RankedTensorType(like.shape, like.dtype)], attributes)[0]

    def record(self, name, operands, results, attributes):
        """Appends an operation on tensors and numbers."""
        like = next((operand for operand in operands if isinstance(operand, Tensor)), None)
        values = [self.operand(operand, like) for operand in operands]
        types = [RankedTensorType(result.shape, result.dtype) for result in results]
        for result, value in zip(results, self.module.add(f"ttir.{name}", values, types, attributes)):
            self.define(result, value)

    def finish(self, tensors, memory_configs):
        """Converts and returns the results; gives their types before the conversion."""
        types = []
        for tensor, memory_config in zip(tensors, memory_configs):
            value = self.value(tensor)
            plain = RankedTensorType(tensor.shape, tensor.dtype)
            types.append(plain)
            encoded = plain.with_encoding(Encoding(tensor.shape, tensor.dtype, tensor.layout, memory_config))
            (empty,) = self.module.add("ttir.empty", [], [encoded])
            (converted,) = self.module.add("ttir.to_layout", [value, empty], [encoded])
            self.module.results.append(converted)
        self.module.verify()
        return types
