"""Every Python block of the text that asked for the JIT runs as written, given the tensors that it names."""

import pathlib
import re

import pytest
import torch
import ttnn
import ttnn_jit
from support.jitting import assert_same, random_tensor

TEXT = (pathlib.Path(__file__).parent / "data" / "jit_of_boltz.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.S)


@pytest.fixture(autouse=True)
def _in_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(index, **names):
    """Runs a block; gives its names."""
    scope = {"ttnn": ttnn, "ttnn_jit": ttnn_jit, "torch": torch, **names}
    exec(compile(BLOCKS[index], f"block {index}", "exec"), scope)  # noqa: S102
    return scope


def test_all_blocks_are_run_here():
    assert len(BLOCKS) == 6


def test_basic_pattern(capsys):
    x = random_tensor(128, 128)
    scope = run(0, input_tensor=x)
    assert_same(scope["output"], ttnn.abs(ttnn.exp(x)))
    printed = capsys.readouterr().out
    assert '"ttir.exp"' in printed and '"ttir.abs"' in printed


def test_activation():
    x = random_tensor(64, 128)
    scope = run(1)
    jitted = ttnn_jit.jit(max_grid=(7, 7), enable_cache=True)(scope["apply_activation_ttnn"])
    assert_same(jitted(x), ttnn.relu(ttnn.multiply(x, 0.5)))
    torch.testing.assert_close(
        ttnn.to_torch(jitted(x)), scope["apply_activation"](ttnn.to_torch(x)), rtol=2**-8, atol=0
    )


def test_composite():
    x, y = random_tensor(64, 128), random_tensor(64, 128, seed=1)
    function = run(2)["composite_operation"]
    assert_same(function(x, y), ttnn.relu(ttnn.multiply(ttnn.layer_norm(ttnn.add(x, y)), 0.5)))
    assert function.num_entries == 1


def test_loop_over_chunks():
    weight = random_tensor(128, 64, seed=2)
    chunks = [random_tensor(64, 128, seed=seed) for seed in range(4)]
    scope = run(3, weight=weight, chunks=chunks)
    assert_same(scope["result"], ttnn.layer_norm(ttnn.linear(chunks[-1], weight)))
    assert scope["process_chunk"].num_entries == 1


def test_control_flow():
    x = random_tensor(64, 64, low=0.5, high=2.0)
    function = run(4)["conditional_operation"]
    assert_same(function(x, True), ttnn.exp(x))
    assert_same(function(x, False), ttnn.log(x))
    assert_same(function(x, use_exp=True), ttnn.exp(x))


@pytest.mark.parametrize("shape", [(128,), (1, 128)])
def test_jit_operations(shape):
    scope = run(5)
    x, residual = random_tensor(64, 128), random_tensor(64, 128, seed=1)
    weight, bias = random_tensor(*shape, seed=2), random_tensor(*shape, seed=3)
    assert_same(scope["jit_gelu"](x), ttnn.gelu(x))
    expected = ttnn.layer_norm(ttnn.add(x, residual), weight=weight, bias=bias, epsilon=1e-5)
    assert_same(scope["jit_residual_norm"](x, residual, weight, bias), expected)
    for _ in range(2):
        assert_same(scope["jit_conditional_activation"](x), ttnn.relu(x))
        assert_same(scope["jit_conditional_activation"](x, "gelu"), ttnn.gelu(x))
        assert_same(scope["jit_conditional_activation"](x, activation_type="silu"), ttnn.silu(x))
    assert scope["jit_conditional_activation"].num_entries == 3
