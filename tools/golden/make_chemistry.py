"""Writes tests/golden/chem: what the reference makes of SMILES and of components: atoms, conformers, geometry tables.

usage: make_chemistry.py OUT_DIR
"""

import argparse
import tempfile
from pathlib import Path

import components
import numpy as np
import torch
from boltz.data import const

# Before the schema: it uses a module of RDKit that only the featurizer imports.
from prediction import first_conformers  # isort: skip
from boltz.data.mol import load_molecules
from boltz.data.parse.schema import parse_boltz_schema, standardize
from chemistry_inputs import COMPONENTS, MOLECULES, REFUSED, STANDARDIZE
from common import setup, write, write_json


def parse_ligand(ligand, mol_dir=None, affinity=False):
    """The reference's target for an input file with one ligand; `ligand` is {"smiles": ...} or {"ccd": ...}."""
    schema = dict(sequences=[dict(ligand=dict(id="A", **ligand))])
    if affinity:
        schema["properties"] = [dict(affinity=dict(binder="A"))]
    with first_conformers():
        return parse_boltz_schema("ligand", schema, {}, mol_dir, True)


def error_text(error):
    """Class and first line of a refusal; the further lines of RDKit's messages name source files."""
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0]}"


def atom_table(target, molecule):
    """Atoms and bonds of the only residue; `molecule` is what the featurizer takes elements and charges from."""
    names = [str(name) for name in target.structure.atoms["name"]]
    by_name = {atom.GetProp("name"): atom for atom in molecule.GetAtoms()}
    atoms = [by_name[name] for name in names]
    unknown = const.chirality_type_ids[const.unk_chirality_type]
    return dict(
        names=names,
        elements=[atom.GetAtomicNum() for atom in atoms],
        charges=[atom.GetFormalCharge() for atom in atoms],
        chirality=[const.chirality_type_ids.get(atom.GetChiralTag().name, unknown) for atom in atoms],
        bonds=[[int(bond[key]) for key in ("atom_1", "atom_2", "type")] for bond in target.structure.bonds],
    )


def rows(table, *columns):
    """Rows of a constraint table as lists: the atoms, then the given columns as 0 and 1."""
    return [[*map(int, row["atom_idxs"]), *(int(row[column]) for column in columns)] for row in table]


def constraint_table(constraints):
    return dict(
        chiral=rows(constraints.chiral_atom_constraints, "is_reference", "is_r"),
        stereo=rows(constraints.stereo_bond_constraints, "is_e"),
        planar=rows(constraints.planar_bond_constraints),
        rings_5=rows(constraints.planar_ring_5_constraints),
        rings_6=rows(constraints.planar_ring_6_constraints),
    )


def bounds_tensors(name, constraints, atoms):
    """Bounds of all pairs of atoms in row-major order of the upper triangle, so the pairs need not be stored."""
    table = constraints.rdkit_bounds_constraints
    expected = np.stack(np.triu_indices(atoms, k=1), axis=-1)
    if len(table) and not np.array_equal(table["atom_idxs"], expected):
        raise ValueError(f"{name}: bounds are not those of all pairs in order")
    bounds = np.stack([table["lower_bound"], table["upper_bound"]], axis=-1).astype(np.float32)
    flags = table["is_bond"].astype(np.int32) + 2 * table["is_angle"].astype(np.int32)
    return {f"{name}.bounds": torch.from_numpy(bounds), f"{name}.flags": torch.from_numpy(flags)}


def describe(name, target, molecule):
    """JSON entry and tensors of one molecule."""
    table = atom_table(target, molecule)
    tensors = bounds_tensors(name, target.residue_constraints, len(table["names"]))
    return table | constraint_table(target.residue_constraints), tensors


def smiles_molecules():
    entries, tensors = [], {}
    for index, smiles in enumerate(MOLECULES):
        target = parse_ligand(dict(smiles=smiles))
        molecule = target.extra_mols["LIG1"]
        entry, more = describe(str(index), target, molecule)
        kept = [atom.GetIdx() for atom in molecule.GetAtoms() if atom.GetAtomicNum() != 1]
        positions = molecule.GetConformer().GetPositions()[kept].astype(np.float32)
        tensors |= more | {f"{index}.conformer": torch.from_numpy(positions)}
        entries.append(dict(smiles=smiles) | entry)
    return entries, tensors


def refusal(smiles):
    """The message with which the reference refuses a SMILES."""
    try:
        parse_ligand(dict(smiles=smiles))
    except Exception as error:
        return dict(smiles=smiles, error=error_text(error))
    raise SystemExit(f"the reference takes {smiles}")


def standardized(smiles):
    """Result of the reference's standardisation, and the molecular weight that the affinity model would see."""
    try:
        result = standardize(smiles)
    except Exception as error:
        return dict(smiles=smiles, error=error_text(error))
    weight = parse_ligand(dict(smiles=smiles), affinity=True).record.affinity.mw
    return dict(smiles=smiles, standardized=result, molecular_weight=round(weight, 6))


def component_molecules(folder):
    components.write_components(folder, COMPONENTS, components.without_hydrogens)
    entries, tensors = {}, {}
    for code in COMPONENTS:
        target = parse_ligand(dict(ccd=code), folder, affinity=True)
        entry, more = describe(code, target, load_molecules(folder, [code])[code])
        entries[code] = entry | dict(molecular_weight=round(target.record.affinity.mw, 6))
        tensors |= more
    return entries, tensors


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)

    setup(0)
    molecules, tensors = smiles_molecules()
    refused, standard = [refusal(smiles) for smiles in REFUSED], [standardized(smiles) for smiles in STANDARDIZE]
    write(out / "smiles.safetensors", tensors, {})
    write_json(out / "smiles.json", dict(molecules=molecules, refused=refused, standardize=standard))
    with tempfile.TemporaryDirectory() as scratch:
        entries, tensors = component_molecules(Path(scratch))
    write(out / "components.safetensors", tensors, {})
    write_json(out / "components.json", dict(molecules=entries))


if __name__ == "__main__":
    main()
