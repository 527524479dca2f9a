"""Synthetic complexes of more than 256 tokens, and the tokens that the reference's cropper keeps around the binder."""

from dataclasses import dataclass

import numpy as np
import torch
from boltz.data.crop.affinity import AffinityCropper
from boltz.data.types import TokenBondV2, Tokenized, TokenV2

PROTEIN, DNA, NONPOLYMER = 0, 1, 3
REQUIRED_GAP = 1e-4
SEED = 6


@dataclass
class Chain:
    """Consecutive tokens: where their centres are, and the residues and atom counts that they have."""

    mol_type: int
    centers: np.ndarray
    atoms: np.ndarray
    residues: np.ndarray
    binder: bool = False


def polymer(mol_type, centers, atoms):
    count = len(centers)
    return Chain(mol_type, centers, np.broadcast_to(atoms, count), np.arange(count))


def ligand(centers, residues=None, binder=False):
    """One token per atom; all of one residue unless told otherwise."""
    count = len(centers)
    if residues is None:
        residues = np.zeros(count, int)
    return Chain(NONPOLYMER, centers, np.ones(count, int), residues, binder)


def on_line(start, step, count):
    return np.array(start) + np.arange(count)[:, None] * np.array(step)


def lines():
    """A long chain on a line, a short one and the binder beside it."""
    return [
        polymer(PROTEIN, on_line((0, 0, 0), (3.8, 0, 0), 300), 8),
        polymer(PROTEIN, on_line((152, 12, 0), (1, 0, 0), 9), 7),
        ligand(on_line((114, 4, 0), (0.5, 0, 0), 12), binder=True),
    ]


def walk(random, count, step, start):
    """A random walk that is drawn back to its start, so that chains are compact."""
    positions = [np.array(start, float)]
    for _ in range(count - 1):
        direction = random.normal(size=3) + 0.02 * (np.array(start) - positions[-1])
        positions.append(positions[-1] + step * direction / np.linalg.norm(direction))
    return np.array(positions)


def assembly(random):
    """Two proteins, a peptide that is taken whole, DNA, a glycan of three residues, a cofactor, ions, the binder."""
    residues = np.repeat((0, 1, 2), (15, 15, 12))
    return [
        polymer(PROTEIN, walk(random, 150, 3.8, (0, 0, 0)), random.integers(4, 15, 150)),
        polymer(PROTEIN, walk(random, 120, 3.8, (15, 5, 0)), random.integers(4, 15, 120)),
        polymer(PROTEIN, walk(random, 8, 3.8, (5, -8, 3)), random.integers(4, 15, 8)),
        polymer(DNA, walk(random, 24, 6.0, (-10, 10, 5)), random.integers(19, 23, 24)),
        ligand(walk(random, 42, 1.5, (12, -10, -4)), residues),
        ligand(walk(random, 1, 1.5, (3, 3, 9))),
        ligand(walk(random, 26, 1.5, (8, 8, -6))),
        ligand(walk(random, 22, 1.5, (6, 0, 2)), binder=True),
    ]


def big_residues(random):
    """Large tokens, so that the atoms are what runs out, and copies of a ligand around the binder."""
    chains = [polymer(PROTEIN, walk(random, 140, 4.2, (0, 0, 0)), random.integers(14, 25, 140))]
    chains += [ligand(walk(random, 30, 1.5, random.normal(0, 12, 3))) for _ in range(5)]
    return [*chains, ligand(walk(random, 40, 1.5, (2, 2, 2)), binder=True)]


def complexes():
    """Chains by name of the complex, and the limits (tokens, atoms) that it is cropped to."""
    random = np.random.default_rng(SEED)
    return {
        "lines": (lines(), ((256, 2048), (256, 900), (60, 2048))),
        "assembly": (assembly(random), ((256, 2048), (256, 1500), (120, 2048), (40, 2048))),
        "big_residues": (big_residues(random), ((256, 2048), (150, 2048), (256, 700))),
    }


def token_table(chains):
    table = np.zeros(sum(len(chain.centers) for chain in chains), dtype=TokenV2)
    table["token_idx"] = np.arange(len(table))
    table["resolved_mask"] = True
    start = 0
    for asym_id, chain in enumerate(chains):
        rows = table[start : start + len(chain.centers)]
        rows["asym_id"], rows["mol_type"], rows["affinity_mask"] = asym_id, chain.mol_type, chain.binder
        rows["res_idx"], rows["atom_num"], rows["center_coords"] = chain.residues, chain.atoms, chain.centers
        start += len(rows)
    return table


def check_order(name, table):
    """Tokens of different residues must not be equally far from the binder: the order of such ties is unspecified."""
    centers = table["center_coords"].astype(np.float64)
    distances = np.linalg.norm(centers[:, None] - centers[table["affinity_mask"]], axis=-1).min(axis=1)
    order = np.argsort(distances)
    residue = table["asym_id"][order] * 1000 + table["res_idx"][order]
    if ((np.diff(distances[order]) < REQUIRED_GAP) & (np.diff(residue) != 0)).any():
        raise SystemExit(f"{name}: two tokens are equally far from the binder")


def crop_tensors():
    """Token tables and kept tokens of all complexes."""
    tensors = {}
    for name, (chains, limits) in complexes().items():
        table = token_table(chains)
        check_order(name, table)
        bonds = np.zeros(0, dtype=TokenBondV2)
        for key in ("asym_id", "mol_type", "res_idx", "atom_num", "affinity_mask"):
            tensors[f"{name}.{key}"] = torch.from_numpy(table[key].astype(np.int32))
        tensors[f"{name}.center_coords"] = torch.from_numpy(table["center_coords"].copy())
        for tokens, atoms in limits:
            kept = AffinityCropper().crop(Tokenized(table, bonds, None, {}), tokens, atoms).tokens
            tensors[f"{name}.{tokens}.{atoms}.kept"] = torch.from_numpy(kept["token_idx"].copy())
            counts = f"{len(kept)} of {len(table)} tokens, {kept['atom_num'].sum()} atoms"
            print(f"{name}, at most {tokens} tokens and {atoms} atoms: {counts}")
    return tensors
