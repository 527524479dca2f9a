"""Importing works without torch, without hardware, and beside another package named ttnn."""

import os
import subprocess
import sys
import textwrap

import tilefold

_BLOCK_TORCH = """
import sys

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "loguru", "einops", "scipy"):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, NoTorch())
"""


def run(code, **environment):
    """Runs Python code in a new process with a nearly empty environment; returns its output."""
    folder = os.path.dirname(os.path.dirname(tilefold.__file__))
    variables = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": folder, **environment}
    result = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], env=variables, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_without_torch():
    output = run(
        _BLOCK_TORCH
        + textwrap.dedent(
            """
            import numpy
            import tilefold, ttnn, ttnn_jit, ttnn.types, ttnn.device, ttnn.experimental, ttnn.transformer
            import ttnn._ttnn.multi_device, ttnn.cluster
            from ttnn import Tensor, bfloat16, TILE_LAYOUT
            device = ttnn.open_device(device_id=0)
            x = ttnn.from_torch(numpy.full((2, 3), 1.5, numpy.float32), dtype=bfloat16, layout=TILE_LAYOUT, device=device)
            y = ttnn.add(x, x)
            print(y, y.to_numpy().sum(), isinstance(y, Tensor))
            ttnn.close_device(device)
            """
        )
    )
    assert "3.00000" in output and output.rstrip().endswith("18.0 True")


def test_the_short_names_are_the_same_modules():
    output = run(
        """
        import sys, tilefold.ttnn, ttnn
        import ttnn.types, ttnn.device, ttnn.printing, ttnn._ttnn.multi_device, ttnn.operations.binary
        assert ttnn is tilefold.ttnn
        for name, module in list(sys.modules.items()):
            if name == "ttnn" or name.startswith("ttnn."):
                assert module is sys.modules["tilefold." + name], name
                assert module.__spec__.name == module.__name__ == "tilefold." + name, name
        try:
            import ttnn.no_such_module
        except ModuleNotFoundError as error:
            print(error)
        """
    )
    assert "ttnn.no_such_module" in output


def test_the_long_names_come_second_too():
    run(
        """
        import ttnn.printing, ttnn_jit
        import tilefold.ttnn.printing, tilefold.ttnn_jit
        assert ttnn.printing is tilefold.ttnn.printing and ttnn_jit is tilefold.ttnn_jit
        """
    )


def test_beside_another_ttnn(tmp_path):
    (tmp_path / "ttnn").mkdir()
    (tmp_path / "ttnn" / "__init__.py").write_text("somebody_elses = True\n")
    folder = os.path.dirname(os.path.dirname(tilefold.__file__))
    output = run(
        """
        import numpy, ttnn
        import tilefold.ttnn as mine
        assert ttnn.somebody_elses and not hasattr(mine, "somebody_elses")
        device = mine.open_device(device_id=0)
        x = mine.from_torch(numpy.ones((2, 2), numpy.float32), layout=mine.TILE_LAYOUT, device=device)
        print(mine.exp(x).to_numpy().shape, mine.types.Tensor is mine.Tensor)
        """,
        PYTHONPATH=f"{tmp_path}{os.pathsep}{folder}",
    )
    assert output.split() == ["(2,", "2)", "True"]
