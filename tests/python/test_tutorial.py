"""Runs the pages of docs/ that are made of Python blocks, and checks what they say they print."""

import contextlib
import io
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def statements(block):
    """(code, expected output) pieces of a block: comment lines after a print are its output."""
    code, expected, pieces = [], [], []
    after_print = False
    for line in block.splitlines():
        if line.startswith("# ") and after_print:
            expected.append(line[2:])
            continue
        if expected:
            pieces.append(("\n".join(code), expected))
            code, expected = [], []
        code.append(line)
        after_print = line.lstrip().startswith("print(")
    pieces.append(("\n".join(code), expected))
    return pieces


@pytest.mark.parametrize("page", ["tutorial.md"])
def test_every_block_runs_and_prints_what_it_says(page):
    namespace = {}
    checked = 0
    for block in _BLOCK.findall((DOCS / page).read_text()):
        for code, expected in statements(block):
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                exec(compile(code, page, "exec"), namespace)  # noqa: S102
            assert output.getvalue().splitlines() == expected, code
            checked += len(expected)
    assert checked >= 5
