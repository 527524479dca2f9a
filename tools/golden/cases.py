"""Registry of the module cases and what they share: dimensions, random inputs, feature selections."""

import torch
from boltz.model.modules import encodersv2
from common import store_features

# All different, so that swapping two of them cannot go unnoticed.
TOKEN_S, TOKEN_Z, ATOM_S, ATOM_Z, MSA_S = 18, 14, 16, 3, 10
PAIR_WIDTH, PAIR_HEADS = 8, 3
WINDOW = dict(atoms_per_window_queries=32, atoms_per_window_keys=128)
ATOM_FEATURES = 388
CASES = {}

ATOM_INPUTS = (
    "ref_pos",
    "ref_charge",
    "ref_element",
    "ref_atom_name_chars",
    "ref_space_uid",
    "atom_pad_mask",
    "atom_to_token",
)
RELATIVE_INPUTS = ("asym_id", "residue_index", "entity_id", "sym_id", "token_index", "cyclic_period")
CONTACT_INPUTS = ("contact_conditioning", "contact_threshold")
MSA_INPUTS = ("msa", "has_deletion", "deletion_value", "msa_paired", "msa_mask", "token_pad_mask")


def case(function):
    """Registers a case; the function gets a seed and returns (module, inputs, outputs, config)."""
    CASES[function.__name__] = function
    return function


def normal(*shape, scale=1.0):
    return scale * torch.randn(shape)


def bias_of(*shape):
    """Random attention bias of bf16 values, stored as bf16 because it is the largest input."""
    return torch.randn(shape).to(torch.bfloat16).float()


def mask_of(*shape):
    """Random 0/1 mask whose last column is 0 and whose first column is 1, so no row is fully masked."""
    mask = (torch.rand(shape) > 0.3).float()
    mask[..., 0] = 1.0
    mask[..., -1] = 0.0
    return mask


def features_of(features, keep):
    """Features as unbatched storable tensors (see common.store_features)."""
    return store_features(features, "", keep)


def unbatch(**tensors):
    return {name: tensor[0] for name, tensor in tensors.items()}


def to_keys_for(atoms):
    """The reference's map from atoms to the keys of each window."""
    queries, keys = WINDOW["atoms_per_window_queries"], WINDOW["atoms_per_window_keys"]
    matrix = encodersv2.get_indexing_matrix(atoms // queries, queries, keys, "cpu")
    return lambda x: encodersv2.single_to_keys(x, matrix, queries, keys)
