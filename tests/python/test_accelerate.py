"""Compiled modules inside a whole Boltz-2 model of PyPI boltz."""

import subprocess
import sys

import pytest
import torch
from boltz.model.layers.pairformer import PairformerModule as ReferencePairformer
from support.boltz_reference import msa_features, pair_inputs, relative_error, tiny_boltz2

import tilefold
from tilefold import errors
from tilefold.swapping import DEFAULT_MODULES, PARTS


@pytest.fixture(scope="module")
def model():
    return tiny_boltz2()


@pytest.fixture(autouse=True)
def untouched(model):
    with torch.no_grad():
        yield
    tilefold.restore(model)


def compiled_paths(model):
    import tilefold.torch

    return {path for path, module in model.named_modules() if isinstance(module, tilefold.torch.CompiledModule)}


def test_importing_tilefold_does_not_import_torch():
    script = "import sys, tilefold; sys.exit('torch' in sys.modules or 'boltz' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_default_is_everything_and_restore_undoes_it(model):
    names, before = list(model.state_dict()), dict(model.named_modules())
    assert tilefold.accelerate(model) is model
    assert compiled_paths(model) == {PARTS[name] for name in DEFAULT_MODULES}
    assert list(model.state_dict()) == names
    assert tilefold.restore(model) is model
    assert dict(model.named_modules()) == before


@pytest.mark.parametrize("name", DEFAULT_MODULES)
def test_one_by_one(model, name):
    tilefold.accelerate(model, modules=name, precision="fp32")
    assert compiled_paths(model) == {PARTS[name]}
    replacement = model.get_submodule(PARTS[name])
    assert replacement.precision == "fp32"
    tilefold.restore(model, modules=(name,))
    assert model.get_submodule(PARTS[name]) is replacement.reference


def test_again_changes_only_the_precision(model):
    tilefold.accelerate(model, modules=("pairformer_module", "msa_module"))
    first, reference = model.pairformer_module, model.pairformer_module.reference
    tilefold.accelerate(model, modules=("pairformer_module", "pairformer_module"))
    assert model.pairformer_module is first
    tilefold.accelerate(model, modules=("pairformer_module",), precision="fp32")
    assert model.pairformer_module.reference is reference and model.pairformer_module.precision == "fp32"
    tilefold.restore(tilefold.restore(model))
    assert model.pairformer_module is reference


def test_trunk_of_the_model(model):
    """MSA module and Pairformer of the model one after the other, as its forward does it."""
    s, z, mask, pair_mask = pair_inputs(1, 13, 16, 14)
    feats = msa_features(1, 5, 13)
    feats["token_pad_mask"] = mask
    emb = torch.randn(1, 13, 16, generator=torch.Generator().manual_seed(3))

    def trunk():
        return model.pairformer_module(s, z + model.msa_module(z, emb, feats), mask=mask, pair_mask=pair_mask)

    expected = trunk()
    tilefold.accelerate(model, precision="fp32")
    found = trunk()
    assert relative_error(found[0], expected[0]) < 1e-4
    assert relative_error(found[1], expected[1]) < 1e-4


def test_what_cannot_be_accelerated_is_named(model):
    with pytest.raises(errors.ValueError, match="has no module 'affinity_module'; modules that can .*: .*msa_module"):
        tilefold.accelerate(model, modules=("msa_module", "affinity_module"))
    assert compiled_paths(model) == set()
    with pytest.raises(errors.ValueError, match="has no module 'trunk'"):
        tilefold.accelerate(model, modules="trunk.pairformer")
    with pytest.raises(errors.UnsupportedError, match="distogram_module is a .*DistogramModule, which has no compiled"):
        tilefold.accelerate(model, modules="distogram_module")
    with pytest.raises(errors.ValueError, match="precision must be one of 'mixed', 'fp32'"):
        tilefold.accelerate(model, precision="int8")
    with pytest.raises(errors.ValueError, match="Linear has none of the modules"):
        tilefold.accelerate(torch.nn.Linear(2, 2))


def test_modules_of_torch_compile_are_refused():
    holder = torch.nn.Module()
    holder.pairformer_module = torch.compile(ReferencePairformer(16, 12, 1, num_heads=2, v2=True))
    with pytest.raises(errors.UnsupportedError, match="pairformer_module was compiled by torch.compile"):
        tilefold.accelerate(holder)
