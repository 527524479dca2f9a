#!/usr/bin/env python3
"""Writes type stubs: _native.pyi of the extension module, and ttnn/__init__.pyi with every function of tilefold.ttnn.

The functions of `ttnn` are made from a registry when it is imported, so editors and type checkers cannot see them in the
source. The wheel's build runs this: make_stubs.py EXTENSION PACKAGE_FOLDER OUTPUT_FOLDER.
"""

import argparse
import importlib
import importlib.util
import inspect
import sys
import types
from pathlib import Path


def load_packages(extension, package_folder):
    """Imports tilefold from source with an extension module that lies elsewhere; returns (tilefold._native, tilefold.ttnn)."""
    sys.path.insert(0, str(package_folder))
    spec = importlib.util.spec_from_file_location("tilefold._native", extension)
    native = importlib.util.module_from_spec(spec)
    sys.modules["tilefold._native"] = native
    spec.loader.exec_module(native)
    return native, importlib.import_module("tilefold.ttnn")


def native_stub(native):
    """Text of _native.pyi."""
    from nanobind.stubgen import StubGen

    generator = StubGen(native)
    generator.put(native)
    return generator.get()


def parameters_text(function):
    """A signature whose defaults are '...'."""
    parameters = []
    signature = inspect.signature(function)
    for parameter in signature.parameters.values():
        default = inspect.Parameter.empty if parameter.default is inspect.Parameter.empty else ...
        parameters.append(parameter.replace(default=default, annotation=inspect.Parameter.empty))
    return str(signature.replace(parameters=parameters, return_annotation=inspect.Signature.empty)).replace(
        "Ellipsis", "..."
    )


def function_stub(name, function):
    doc = inspect.getdoc(function) or ""
    summary = doc.replace("\\", "\\\\").replace('"""', "'''").strip()
    body = f'    """{summary}"""\n' if summary else "    ...\n"
    return f"def {name}{parameters_text(function)}:\n{body}"


def ttnn_stub(ttnn):
    """Text of ttnn/__init__.pyi: functions with their signatures, everything else imported from where it is defined."""
    imports, functions = [], []
    for name, value in sorted(vars(ttnn).items()):
        if name.startswith("_") and name != "_ttnn":
            continue
        if isinstance(value, types.ModuleType):
            imports.append(f"from tilefold.ttnn import {name} as {name}")
        elif isinstance(value, types.FunctionType):
            functions.append(function_stub(name, value))
        elif isinstance(value, type) and value.__module__.startswith("tilefold."):
            imports.append(f"from {value.__module__} import {value.__name__} as {name}")
        else:
            imports.append(f"{name}: {type(value).__name__}")
    return "\n".join([f'"""{ttnn.__doc__}"""', *sorted(imports, key=lambda line: ":" in line), "", *functions])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("extension", type=Path)
    parser.add_argument("package_folder", type=Path)
    parser.add_argument("output_folder", type=Path)
    options = parser.parse_args()
    native, ttnn = load_packages(options.extension, options.package_folder)
    (options.output_folder / "ttnn").mkdir(parents=True, exist_ok=True)
    (options.output_folder / "_native.pyi").write_text(native_stub(native))
    (options.output_folder / "ttnn" / "__init__.pyi").write_text(ttnn_stub(ttnn))


if __name__ == "__main__":
    main()
