"""`python -m tilefold.boltz`: the command line of PyPI boltz with compiled modules, offline on a small random model."""

import json

import numpy as np
import pytest
import torch
from support.boltz_cache import shorten, write_cache

import tilefold.boltz
from tilefold import errors

SEQUENCE = "MKTAYIAKQWRDG"


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    write_cache(folder)
    return folder


@pytest.fixture
def predict(cache, tmp_path, monkeypatch):
    """Runs a prediction and returns its coordinates [atoms, 3]; also what the random generator would draw next."""
    shorten(monkeypatch)
    job = tmp_path / "job.yaml"
    job.write_text(f"version: 1\nsequences:\n  - protein:\n      id: A\n      sequence: {SEQUENCE}\n      msa: empty\n")

    def run(name, *options, command=tilefold.boltz.main):
        grad = torch.is_grad_enabled()
        try:
            command(
                f"predict {job} --cache {cache} --out_dir {tmp_path / name} --accelerator cpu --no_kernels --seed 3 "
                "--num_workers 0 --preprocessing-threads 1 --recycling_steps 1 --sampling_steps 4 --output_format pdb "
                f"--step_scale 1.0".split() + list(options)
            )
        finally:
            torch.set_grad_enabled(grad)
        folder = tmp_path / name / "boltz_results_job" / "predictions" / "job"
        lines = (folder / "job_model_0.pdb").read_text().splitlines()
        atoms = [[float(line[at : at + 8]) for at in (30, 38, 46)] for line in lines if line.startswith("ATOM")]
        return np.array(atoms), float(torch.rand(1, dtype=torch.float64))

    return run


def distance(a, b):
    """Root mean square distance over atoms, Angstrom, without superposition: both runs draw the same rotations."""
    return float(np.sqrt(((a - b) ** 2).sum(-1).mean()))


def plain(arguments, precision="mixed"):
    from boltz.main import cli

    with tilefold.boltz.compiled_models(precision, modules=()):
        cli.main(args=arguments, standalone_mode=False)


def test_structures_with_and_without_compiled_modules(predict, tmp_path, capsys):
    """fp32 gives the reference's structure in float32; mixed is no further from it than the untouched command line,
    whose autocast also covers the diffusion. All draw the same random numbers."""
    exact, drawn = predict("exact", command=lambda arguments: plain(arguments, "fp32"))
    assert exact.shape[0] > 5 * len(SEQUENCE) and np.ptp(exact, axis=0).min() > 5.0
    autocast, drawn_by_autocast = predict("autocast", command=plain)
    full, drawn_by_full = predict("full", "--tilefold-precision", "fp32")
    trace = tmp_path / "trace.json"
    mixed, drawn_by_mixed = predict("mixed", f"--tilefold-profile={trace}")
    assert drawn == drawn_by_autocast == drawn_by_full == drawn_by_mixed
    # A file has three decimals, and a trunk stack in float32 holds to 1e-4.
    size = float(np.sqrt((exact**2).sum(-1).mean()))
    assert distance(full, exact) < 1e-4 * size + 1e-3
    assert 0 < distance(mixed, exact) <= distance(autocast, exact)
    assert "by layer" in capsys.readouterr().out
    names = {event["name"].partition("/")[0] for event in json.loads(trace.read_text())["traceEvents"]}
    assert "tri_mul_out" in names and "outer_product_mean" in names


def test_options_are_split_from_those_of_boltz():
    options, remaining = tilefold.boltz.parse(
        ["--tilefold-precision", "fp32", "predict", "x.yaml", "--seed", "1", "--tilefold-modules=msa_module,trunk.x"]
    )
    assert options == {"precision": "fp32", "modules": ("msa_module", "trunk.x"), "profile": None}
    assert remaining == ["predict", "x.yaml", "--seed", "1"]


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--tilefold-speed", "9"], "unknown option --tilefold-speed; there are --tilefold-precision"),
        (["predict", "--tilefold-precision"], "option --tilefold-precision needs a value"),
        (["--tilefold-precision=int4"], "precision must be one of 'mixed', 'fp32', found 'int4'"),
    ],
)
def test_options_that_are_refused(arguments, message):
    with pytest.raises(SystemExit, match=message):
        tilefold.boltz.main(arguments)


def test_boltz_is_left_as_it_was():
    import boltz.main
    from boltz.model.models.boltz2 import Boltz2

    before = boltz.main.Trainer, Boltz2.__dict__.get("load_from_checkpoint")
    with pytest.raises(errors.ValueError), tilefold.boltz.compiled_models("fp32"):
        assert boltz.main.Trainer is not before[0] and "load_from_checkpoint" in Boltz2.__dict__
        raise errors.ValueError("stop")
    assert (boltz.main.Trainer, Boltz2.__dict__.get("load_from_checkpoint")) == before
