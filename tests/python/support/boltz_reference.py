"""Modules of PyPI boltz with re-drawn weights, and their inputs."""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tools" / "golden"))

import checkpoint  # noqa: E402
import components  # noqa: E402, F401
from common import redraw_parameters  # noqa: E402

GAIN = 0.7
torch.set_num_threads(1)  # the tensors are small, and more threads only wait for each other


def redrawn(module, seed=1):
    """The module with every weight drawn anew (zero-initialised layers would hide errors), in evaluation mode."""
    return redraw_parameters(module, seed, GAIN)


def tiny_boltz2(seed=1):
    """A Boltz2 whose dimensions are small and all differ."""
    return checkpoint.random_model(checkpoint.tiny_hyper_parameters(), seed, GAIN)


def relative_error(value, expected):
    """Norm of the difference over the norm of the expected tensor; infinite for other shapes or dtypes."""
    if value.shape != expected.shape or value.dtype != expected.dtype:
        return float("inf")
    return float((value.double() - expected.double()).norm() / expected.double().norm())


def pair_inputs(batch, tokens, token_s, token_z, seed=0):
    """s, z, mask, pair_mask with random masks; the pair mask is not just the outer product of the mask."""
    generator = torch.Generator().manual_seed(seed)
    s = torch.randn(batch, tokens, token_s, generator=generator)
    z = torch.randn(batch, tokens, tokens, token_z, generator=generator)
    mask = (torch.rand(batch, tokens, generator=generator) > 0.25).float()
    mask[:, 0] = 1
    pair_mask = mask[:, :, None] * mask[:, None, :]
    pair_mask = pair_mask * (torch.rand(pair_mask.shape, generator=generator) > 0.1)
    return s, z, mask, pair_mask


def msa_features(batch, rows, tokens, seed=0):
    """What the MSA module reads from the features."""
    generator = torch.Generator().manual_seed(seed)

    def coin(*shape):
        return (torch.rand(*shape, generator=generator) > 0.3).float()

    token_mask = coin(batch, tokens)
    token_mask[:, 0] = 1
    return {
        "msa": torch.randint(0, 33, (batch, rows, tokens), generator=generator),
        "has_deletion": coin(batch, rows, tokens),
        "deletion_value": torch.rand(batch, rows, tokens, generator=generator),
        "msa_paired": coin(batch, rows, tokens),
        "msa_mask": coin(batch, rows, tokens),
        "token_pad_mask": token_mask,
    }


def diffusion_inputs(module, batch, tokens, atoms, samples, seed=0):
    """Keyword arguments of DiffusionModule.forward; the last atoms are padding."""
    from functools import partial

    from boltz.model.modules.encodersv2 import get_indexing_matrix, single_to_keys

    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator)

    token_s = module.a_norm.weight.shape[0] // 2
    atom_s = module.atom_attention_encoder.r_to_q_trans.weight.shape[0]
    queries, keys = module.atoms_per_window_queries, module.atoms_per_window_keys
    windows = atoms // queries

    def channels(transformer):
        layers = transformer.layers
        return sum(layer.pair_bias_attn.num_heads for layer in layers)

    real = atoms - 5
    token_of_atom = torch.sort(torch.randint(0, tokens, (batch, real), generator=generator)).values
    atom_to_token = torch.zeros(batch, atoms, tokens)
    atom_to_token[:, :real] = torch.nn.functional.one_hot(token_of_atom, tokens).float()
    atom_mask = torch.zeros(batch, atoms)
    atom_mask[:, :real] = 1
    token_mask = torch.ones(batch, tokens)
    token_mask[:, -2:] = 0
    encoder = module.atom_attention_encoder.atom_encoder.diffusion_transformer
    decoder = module.atom_attention_decoder.atom_decoder.diffusion_transformer
    matrix = get_indexing_matrix(windows, queries, keys, "cpu")
    return dict(
        s_inputs=normal(batch, tokens, token_s),
        s_trunk=normal(batch, tokens, token_s),
        r_noisy=normal(batch * samples, atoms, 3),
        times=normal(batch * samples),
        feats={
            "ref_pos": normal(batch, atoms, 3),
            "atom_pad_mask": atom_mask,
            "atom_to_token": atom_to_token,
            "token_pad_mask": token_mask,
        },
        diffusion_conditioning={
            "q": normal(batch, atoms, atom_s),
            "c": normal(batch, atoms, atom_s),
            "to_keys": partial(single_to_keys, indexing_matrix=matrix, W=queries, H=keys),
            "atom_enc_bias": normal(batch, windows, queries, keys, channels(encoder)),
            "atom_dec_bias": normal(batch, windows, queries, keys, channels(decoder)),
            "token_trans_bias": normal(batch, tokens, tokens, channels(module.token_transformer)),
        },
        multiplicity=samples,
    )
