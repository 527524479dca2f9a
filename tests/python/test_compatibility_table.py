"""docs/ttnn-compatibility.md is what the operations do."""

import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).resolve().parents[2] / "tools" / "make_compatibility_table.py"


def test_the_table_is_current():
    result = subprocess.run([sys.executable, str(TOOL), "--check"], capture_output=True, text=True)
    assert result.returncode == 0, f"run {TOOL.name}:\n{result.stdout}{result.stderr}"
