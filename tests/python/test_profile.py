"""`tilefold.profile` and `tilefold.ab`."""

import functools
import json
import time

import numpy as np
import pytest
import torch
from boltz.model.layers.pairformer import PairformerNoSeqModule as ReferencePairStack
from support.boltz_reference import pair_inputs, redrawn

import tilefold
import tilefold.torch as compiled
from tilefold import errors


@pytest.fixture(scope="module")
def module():
    reference = redrawn(ReferencePairStack(12, num_blocks=2, pairwise_head_width=8, pairwise_num_heads=3))
    return compiled.PairformerNoSeqModule.from_reference(reference, "fp32")


@pytest.fixture(scope="module")
def arguments():
    _, z, _, pair_mask = pair_inputs(1, 25, 16, 12)
    return z, pair_mask


@pytest.fixture(scope="module")
def report(module, arguments):
    with torch.no_grad():
        module(*arguments)
        with tilefold.profile() as report:
            module(*arguments)
            module(*arguments)
    return report


def test_steps_and_groups(report):
    assert report.steps and all(step.calls % 4 == 0 for step in report.steps), "two blocks ran twice"
    layers = {step.name for step in report.by_layer()}
    assert {"tri_mul_out", "tri_mul_in", "tri_att_start", "tri_att_end"} <= layers
    assert any(step.name.startswith("attention") for step in report.by_region())
    seconds = sum(step.seconds for step in report.steps)
    for groups in (report.by_layer(), report.by_region()):
        assert sum(step.seconds for step in groups) == pytest.approx(seconds)
        assert sum(step.flops for step in groups) == pytest.approx(report.total.flops)
        assert groups == sorted(groups, key=lambda step: -step.seconds)


def test_flops_and_share_of_peak(report):
    """The projections and planes of one block are known: the sum may not be below them, nor twice that."""
    tokens, width, inner = 25, 12, 24
    pairs = tokens * tokens
    multiplication = 2 * (pairs * width * 2 * (2 * 2 * width + 2 * width) + width * tokens**3 * 2)
    attention = 2 * (pairs * width * 2 * (5 * inner + 3) + 2 * tokens**3 * inner * 2)
    transition = 3 * pairs * width * 4 * width * 2
    expected = 4 * (multiplication + attention + transition)
    assert expected <= report.total.flops < 2 * expected
    longest = report.steps[0]
    assert report.share_of_peak(longest) == pytest.approx(longest.flops / longest.seconds / report.peak_flops)
    assert 1e9 < report.peak_flops < 1e15


def test_table(report):
    lines = report.table(rows=2, width=40).splitlines()
    assert lines[0].split() == ["calls", "seconds", "share", "GFLOP/s", "of", "peak", "GB/s", "name"]
    assert lines[-1].split()[0] == str(report.total.calls) and lines[-1].endswith("total")
    assert lines[-2].strip() == f"... {len(report.steps) - 2} more"
    assert "by layer" in str(report) and "tri_att_end" in str(report)


def test_chrome_trace(report, tmp_path):
    path = tmp_path / "trace.json"
    report.save_chrome_trace(path)
    events = json.loads(path.read_text())["traceEvents"]
    assert len(events) == report.total.calls
    assert {event["name"] for event in events} == {step.name for step in report.steps}
    assert [entry.name for entry in tmp_path.iterdir()] == ["trace.json"]
    with pytest.raises(errors.IoError, match="cannot write the trace .*/missing/trace.json: No such file"):
        report.save_chrome_trace(tmp_path / "missing" / "trace.json")


def test_only_what_runs_inside_counts(module, arguments):
    with torch.no_grad():
        module(*arguments)
        with tilefold.profile(events=False) as report:
            with pytest.raises(errors.ValueError, match="complete when"):
                report.steps  # noqa: B018
            with pytest.raises(errors.ValueError, match="another profile"), tilefold.profile():
                pass
        module(*arguments)
    assert report.steps == [] and report.total.calls == 0
    with pytest.raises(errors.ValueError, match="use profile.events=True"):
        report.chrome_trace()


def test_ab_of_a_module(module, arguments):
    with torch.no_grad():
        result = tilefold.ab(module, arguments, repeats=3)
    assert len(result.ratios) == 3 and result.ratio > 0
    assert result.spread[0] <= result.ratio <= result.spread[1]
    assert 0 < result.relative_difference < 1e-5 and result.largest_difference < 1e-3
    assert "PairformerNoSeqModule" in str(result) and "3 pairs" in str(result)


def test_ab_measures_what_it_says():
    """Known times and a known difference, through the two protocols; runs alternate."""
    calls = []

    def slow(x):
        calls.append("slow")
        time.sleep(0.02)
        return {"y": [x, None]}

    @functools.wraps(slow)
    def fast(x):
        calls.append("fast")
        time.sleep(0.005)
        return {"y": [x + np.array([0.0, 0.5]), None]}

    class Both:
        def __tilefold_ab__(self):
            return fast, slow

    for function in (fast, Both()):
        calls.clear()
        result = tilefold.ab(function, (np.array([3.0, 4.0]),), repeats=4)
        assert calls[2:] == ["fast", "slow", "slow", "fast"] * 2
        assert result.largest_difference == 0.5 and result.relative_difference == pytest.approx(0.1)
        assert 1.2 < result.ratio < 8


def test_ab_of_something_else():
    with pytest.raises(errors.TypeError, match="__tilefold_ab__.* or __wrapped__, found builtins.builtin_function"):
        tilefold.ab(len, ([],))
    with pytest.raises(errors.ValueError, match="repeats must be at least 1, found 0"):
        tilefold.ab(len, ([],), repeats=0)
    with pytest.raises(errors.UnsupportedError, match="replaces no module"):
        tilefold.ab(compiled.PairformerNoSeqModule(12, 1))

    def plain(x):
        return x

    @functools.wraps(plain)
    def other_shape(x):
        return x[:1]

    with pytest.raises(errors.ValueError, match="other shapes with JIT"):
        tilefold.ab(other_shape, (np.zeros(3),))
