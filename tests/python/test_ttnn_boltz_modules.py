"""Modules of Boltz-2 written as TTNN programs, against the modules of PyPI boltz with the same weights.

The programs keep bfloat16 and free tensors early, twice and in place of others, as programs for devices do.
"""

from functools import partial

import numpy as np
import pytest
import torch
import ttnn
from boltz.model.layers.pairformer import PairformerModule, PairformerNoSeqModule
from boltz.model.modules.diffusionv2 import DiffusionModule
from boltz.model.modules.encodersv2 import get_indexing_matrix, single_to_keys
from boltz.model.modules.trunkv2 import MSAModule
from support import ttnn_boltz
from support.boltz_reference import redrawn
from support.ttnn_boltz import KEYS, QUERIES
from ttnn_pairformer import HIDDEN, PairformerLayer, padded, random_parameters, token_masks

ATOMS_PER_TOKEN = 2  # the padded atoms: two windows for 32 tokens
BOUND = 0.03  # of the median of |difference| / |expected|; bfloat16 has 2 to 3 digits


@pytest.fixture(scope="module")
def device():
    device = ttnn.open_device(device_id=0)
    device.enable_program_cache()
    yield device
    ttnn.close_device(device)


@pytest.fixture(autouse=True)
def no_gradients():
    with torch.no_grad():
        yield


def arrays(module):
    return {name: tensor.numpy() for name, tensor in module.state_dict().items()}


def layers(module, device):
    parameters = arrays(module)
    parts = [ttnn_boltz.Module(parameters, device).within(f"layers.{index}") for index in range(len(module.layers))]
    return [PairformerLayer(part, device) for part in parts]


def host(tensor):
    return torch.Tensor(ttnn.to_torch(tensor)).to(torch.float32)


def median_error(found, expected):
    assert found.shape == expected.shape and found.isfinite().all()
    return float(((found - expected).abs() / expected.abs()).median())


def normal(seed, scale, *shape):
    return scale * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("tokens", [37, 64])
def test_pairformer(device, tokens):
    module = redrawn(PairformerModule(384, 128, num_blocks=2, v2=True))
    s, z = normal(1, 8, 1, tokens, 384), normal(2, 26, 1, tokens, tokens, 128)
    program = layers(module, device)
    pair_mask, key_mask = (program[0].tensor(mask) for mask in token_masks(tokens))
    s_found, z_found = program[0].tensor(padded(s, [1])), program[0].tensor(padded(z, [1, 2]))
    for layer in program:
        s_found, z_found = layer(s_found, z_found, pair_mask, key_mask)
    expected = module(s, z, torch.ones(1, tokens), torch.ones(1, tokens, tokens))
    assert median_error(host(s_found)[:, :tokens], expected[0]) < BOUND
    assert median_error(host(z_found)[:, :tokens, :tokens], expected[1]) < BOUND


def test_template_pairformer(device):
    tokens = 40
    module = redrawn(PairformerNoSeqModule(64, num_blocks=1))
    z = normal(3, 26, 1, tokens, tokens, 64)
    (layer,) = layers(module, device)
    masks = (layer.tensor(mask) for mask in token_masks(tokens))
    _, found = layer(None, layer.tensor(padded(z, [1, 2])), *masks)
    assert median_error(host(found)[:, :tokens, :tokens], module(z, torch.ones(1, tokens, tokens))) < BOUND


def test_affinity_pairformer_hides_pairs_in_every_row(device):
    tokens = 50
    module = redrawn(PairformerNoSeqModule(128, num_blocks=1))
    z = normal(4, 1, 1, tokens, tokens, 128)
    mask = (torch.rand(1, tokens, tokens, generator=torch.Generator().manual_seed(5)) > 0.5).float()
    (layer,) = layers(module, device)
    visible = padded(mask, [1, 2])[0]
    # [rows, 1, 1, keys] and the bias [1, heads, queries, keys] make [rows, heads, queries, keys].
    rows = [layer.tensor(HIDDEN * (1 - part)[:, None, None, :]) for part in (visible, visible.T)]
    pair_mask = layer.tensor(visible[None, :, :, None])
    _, found = layer(None, layer.tensor(padded(z, [1, 2])), pair_mask, None, rows)
    assert median_error(host(found)[:, :tokens, :tokens], module(z, mask)) < BOUND


def test_msa_module(device):
    tokens, rows, padded_rows = 37, 20, 64
    module = redrawn(MSAModule(64, 128, 384, msa_blocks=2, msa_dropout=0, z_dropout=0))
    z, embedding = normal(6, 7, 1, tokens, tokens, 128), torch.ones(1, tokens, 384)
    features = {name: torch.zeros(1, rows, tokens) for name in ("has_deletion", "deletion_value", "msa_paired")}
    features["msa"] = torch.randint(33, (1, rows, tokens), generator=torch.Generator().manual_seed(7))
    features["msa_mask"], features["token_pad_mask"] = torch.ones(1, rows, tokens), torch.ones(1, tokens)
    numbers = [features[name].unsqueeze(-1) for name in ("has_deletion", "deletion_value", "msa_paired")]
    joined = torch.cat([torch.nn.functional.one_hot(features["msa"], 33), *numbers], dim=-1)[0]
    program = ttnn_boltz.MsaModule(arrays(module), device)
    pair_mask, key_mask = (program.tensor(mask) for mask in token_masks(tokens))
    found = program(
        program.tensor(padded(z, [1, 2])),
        program.tensor(padded(embedding, [1])),
        program.tensor(padded(joined, [0, 1])),
        program.tensor(padded(torch.ones(rows, 1, 1), [0], padded_rows)),
        rows,
        pair_mask,
        key_mask,
    )
    assert median_error(host(found)[:, :tokens, :tokens], module(z, embedding, features)) < BOUND


def diffusion_inputs(module, tokens, atoms, samples):
    """Keyword arguments of the reference; all tokens and atoms are real."""
    windows = atoms // QUERIES
    token_channels = sum(layer.pair_bias_attn.num_heads for layer in module.token_transformer.layers)
    token_of_atom = torch.sort(torch.randint(tokens, (1, atoms), generator=torch.Generator().manual_seed(8))).values
    to_keys = partial(
        single_to_keys, indexing_matrix=get_indexing_matrix(windows, QUERIES, KEYS, "cpu"), W=QUERIES, H=KEYS
    )
    return dict(
        s_inputs=normal(9, 1, 1, tokens, 384),
        s_trunk=normal(10, 1, 1, tokens, 384),
        r_noisy=normal(11, 1, samples, atoms, 3),
        times=normal(12, 1, samples),
        feats={
            "ref_pos": normal(13, 1, 1, atoms, 3),
            "atom_pad_mask": torch.ones(1, atoms),
            "atom_to_token": torch.nn.functional.one_hot(token_of_atom, tokens).float(),
            "token_pad_mask": torch.ones(1, tokens),
        },
        diffusion_conditioning={
            "q": normal(14, 1, 1, atoms, 128),
            "c": normal(15, 1, 1, atoms, 128),
            "to_keys": to_keys,
            "atom_enc_bias": normal(16, 1, 1, windows, QUERIES, KEYS, 12),
            "atom_dec_bias": normal(17, 1, 1, windows, QUERIES, KEYS, 12),
            "token_trans_bias": normal(18, 1, 1, tokens, tokens, token_channels),
        },
        multiplicity=samples,
    )


def device_inputs(program, inputs):
    """The same padded: tokens to a multiple of 64, atoms to ATOMS_PER_TOKEN for each; the padding is hidden."""
    conditioning = inputs["diffusion_conditioning"]
    atoms = inputs["r_noisy"].shape[1]
    tokens = inputs["s_trunk"].shape[1]
    all_atoms = ATOMS_PER_TOKEN * (tokens + -tokens % 64)
    keys_of = get_indexing_matrix(all_atoms // QUERIES, QUERIES, KEYS, "cpu")
    real = torch.from_numpy(padded(torch.ones(1, atoms, 1), [1], all_atoms))
    hidden = HIDDEN * (1 - single_to_keys(real, keys_of, QUERIES, KEYS)[0])

    def windows_bias(bias):
        whole = torch.zeros(all_atoms // QUERIES, *bias.shape[2:])
        whole[: bias.shape[1]] = bias[0]
        heads_first = ttnn.permute(program.tensor(whole), (0, 3, 1, 2))
        return ttnn.add_(heads_first, program.tensor(hidden.permute(0, 2, 1).unsqueeze(1)))

    token_bias = ttnn.permute(program.tensor(padded(conditioning["token_trans_bias"], [1, 2])), (0, 3, 1, 2))
    atom_to_token = padded(padded(inputs["feats"]["atom_to_token"], [2]), [1], all_atoms)
    return dict(
        r=program.tensor(padded(inputs["r_noisy"], [1], all_atoms)),
        times=program.tensor(inputs["times"].reshape(-1, 1)),
        s=program.tensor(padded(torch.cat([inputs["s_trunk"], inputs["s_inputs"]], dim=-1), [1])),
        q=program.tensor(padded(conditioning["q"], [1], all_atoms)),
        c=program.tensor(padded(conditioning["c"], [1], all_atoms)),
        encoder_bias=windows_bias(conditioning["atom_enc_bias"]),
        decoder_bias=windows_bias(conditioning["atom_dec_bias"]),
        token_bias=ttnn.add(token_bias, program.tensor(token_masks(tokens)[1])),
        atom_to_token=program.tensor(atom_to_token),
        keys_of=program.tensor(keys_of, ttnn.bfloat4_b),
    )


@pytest.mark.parametrize("samples", [1, 2])
def test_diffusion_module(device, samples):
    tokens, atoms = 41, 96
    module = redrawn(DiffusionModule(384, 128, token_transformer_heads=16, token_transformer_depth=2))
    inputs = diffusion_inputs(module, tokens, atoms, samples)
    program = ttnn_boltz.DiffusionModule(arrays(module), device)
    found = program(**device_inputs(program, inputs))
    assert median_error(host(found)[:, :atoms], module(**inputs)) < BOUND


def test_second_run_meets_no_new_program(device):
    layer = PairformerLayer(random_parameters(), device)
    s, z = (layer.tensor(np.zeros(shape, np.float32)) for shape in ((1, 64, 384), (1, 64, 64, 128)))
    masks = [layer.tensor(mask) for mask in token_masks(40)]
    s, z = layer(s, z, *masks)
    count = device.num_program_cache_entries()
    layer(s, z, *masks)
    assert device.num_program_cache_entries() == count
