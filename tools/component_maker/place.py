"""Coordinates for the few components of which the dictionary has only some."""

import numpy as np
from rdkit import Chem
from rdkit.Chem import AllChem
from rdkit.Geometry import Point3D

SEEDS = (42, 43, 44)


def missing_positions(molecule, positions, stereo, heavy):
    """Positions [atoms, 3] of which NaN rows of heavy atoms are filled in, and what was done."""
    known = np.flatnonzero(np.isfinite(positions[:, 0]))
    embedded = _embed(molecule, positions, known, stereo)
    if embedded is not None:
        result = embedded
        result[known] = positions[known]
        return result, "embedded around the others" if len(known) else "embedded"
    return _beside_neighbors(molecule, positions, heavy), "put beside their neighbours"


def _embed(molecule, positions, known, stereo):
    """Distance geometry that keeps the known atoms; of some tries the one with the fewest wrong stereo centres."""
    molecule = Chem.Mol(molecule)
    try:
        Chem.SanitizeMol(molecule)
    except Chem.MolSanitizeException:
        return None
    parameters = AllChem.ETKDGv3()
    parameters.maxIterations = 5
    parameters.SetCoordMap({int(i): Point3D(*positions[i]) for i in known})
    best = None
    for seed in SEEDS:
        trial = Chem.Mol(molecule)
        parameters.randomSeed = seed
        parameters.useRandomCoords = seed != SEEDS[0]
        try:
            if AllChem.EmbedMolecule(trial, parameters) < 0:
                continue
        except RuntimeError:  # no bounds for unusual elements
            return None
        if len(known) >= 3:
            reference = Chem.Mol(trial)
            for i in known:
                reference.GetConformer().SetAtomPosition(int(i), positions[i].tolist())
            AllChem.AlignMol(trial, reference, atomMap=[(int(i), int(i)) for i in known])
        Chem.AssignStereochemistryFrom3D(trial)
        codes = [a.GetProp("_CIPCode") if a.HasProp("_CIPCode") else "N" for a in trial.GetAtoms()]
        wrong = sum(code != wanted for code, wanted in zip(codes, stereo))
        if best is None or wrong < best[0]:
            best = wrong, trial.GetConformer().GetPositions()
        if wrong == 0:
            break
    return None if best is None else best[1]


def _beside_neighbors(molecule, positions, heavy):
    """Each missing atom 1.5 Angstrom from a bonded one (or the one before it), away from the centre of the known ones."""
    result = positions.copy()
    for i in np.flatnonzero(heavy & np.isnan(positions[:, 0])):
        placed = np.isfinite(result[:, 0])
        neighbors = [n.GetIdx() for n in molecule.GetAtomWithIdx(int(i)).GetNeighbors() if placed[n.GetIdx()]]
        if not placed.any():
            result[i] = 0.0
            continue
        anchor = result[neighbors[0] if neighbors else np.flatnonzero(placed)[-1]]
        direction = anchor - result[placed].mean(axis=0)
        # A turn by the golden angle keeps several atoms on one anchor apart.
        turn = 2.4 * int(i)
        direction = direction + np.array([np.cos(turn), np.sin(turn), 0.3])
        result[i] = anchor + 1.5 * direction / np.linalg.norm(direction)
    return result
