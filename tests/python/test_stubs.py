"""tools/make_stubs.py writes valid stubs with every function."""

import importlib.util
import inspect
from pathlib import Path

import ttnn

TOOL = Path(__file__).resolve().parents[2] / "tools" / "make_stubs.py"


def load_tool():
    spec = importlib.util.spec_from_file_location("make_stubs", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_stubs_of_ttnn_declare_everything():
    text = load_tool().ttnn_stub(ttnn)
    compile(text, "__init__.pyi", "exec")
    for name, value in vars(ttnn).items():
        if name.startswith("_"):
            continue
        if inspect.isfunction(value):
            assert f"\ndef {name}(" in text
        elif isinstance(value, type):
            assert f" as {name}\n" in text


def test_defaults_are_not_spelled_out():
    def function(a, b=ttnn.bfloat16, *, c=None):
        """Says what it does."""

    assert load_tool().function_stub("name", function) == 'def name(a, b=..., *, c=...):\n    """Says what it does."""\n'
