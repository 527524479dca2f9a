"""A cache folder with which the command line of PyPI boltz runs offline in seconds."""

import copy
import functools
import json
import pickle
from pathlib import Path

from boltz.data import const
from rdkit import Chem
from support.boltz_reference import GAIN, checkpoint

ROOT = Path(__file__).resolve().parents[3]
# Its command line overrides these in every checkpoint, so the sizes of the blocks are the released ones.
PAIRFORMER_BLOCKS, MSA_BLOCKS = 2, 1
ORDERS = {1: Chem.BondType.SINGLE, 2: Chem.BondType.DOUBLE, 3: Chem.BondType.TRIPLE, 4: Chem.BondType.AROMATIC}


def molecule(code, component):
    """RDKit molecule of heavy atoms with names and the ideal conformer, as the reference's cache holds them."""
    editable = Chem.RWMol()
    conformer = Chem.Conformer(len(component["atoms"]))
    conformer.SetProp("name", "Ideal")
    for index, (name, element, charge, leaving, *_, x, y, z) in enumerate(component["atoms"]):
        atom = Chem.Atom(element)
        atom.SetFormalCharge(charge)
        atom.SetProp("name", name)
        atom.SetProp("alt_name", name)
        atom.SetBoolProp("leaving_atom", bool(leaving))
        editable.AddAtom(atom)
        conformer.SetAtomPosition(index, [x, y, z])
    for first, second, order, *_ in component["bonds"]:
        editable.AddBond(first, second, ORDERS[order])
    editable.AddConformer(conformer, assignId=True)
    result = editable.GetMol()
    # Without hydrogens aromatic rings cannot be sanitised; the features need rings and valences only.
    result.UpdatePropertyCache(strict=False)
    Chem.FastFindRings(result)
    Chem.AssignStereochemistryFrom3D(result)
    for key in ("name", "id", "PDB_NAME"):
        result.SetProp(key, code)
    result.SetProp("symmetries", pickle.dumps([]).hex())
    return result


def write_cache(folder):
    """Components of the standard residues from data/components.json and a checkpoint with few small blocks."""
    Chem.SetDefaultPickleProperties(Chem.PropertyPickleOptions.AllProps)
    library = json.loads((ROOT / "data" / "components.json").read_text())["components"]
    (folder / "mols").mkdir(parents=True)
    for code in const.canonical_tokens:
        (folder / "mols" / f"{code}.pkl").write_bytes(pickle.dumps(molecule(code, library[code])))
    # The reference looks for these two before it would download anything.
    (folder / "mols.tar").touch()
    (folder / "boltz2_aff.ckpt").touch()

    values = copy.deepcopy(checkpoint.tiny_hyper_parameters())
    full = checkpoint.full_hyper_parameters()
    values["pairformer_args"] = {**full["pairformer_args"], "num_blocks": PAIRFORMER_BLOCKS}
    values["msa_args"] = {**full["msa_args"], "msa_blocks": MSA_BLOCKS}
    model = checkpoint.random_model(values, gain=GAIN)
    checkpoint.save_checkpoint(model, values, folder / "boltz2_conf.ckpt")


def shorten(monkeypatch):
    """Makes the command line ask for as many blocks as the checkpoint of `write_cache` has."""
    import boltz.main

    for name, blocks in (
        ("PairformerArgsV2", {"num_blocks": PAIRFORMER_BLOCKS}),
        ("MSAModuleArgs", {"msa_blocks": MSA_BLOCKS}),
    ):
        monkeypatch.setattr(boltz.main, name, functools.partial(getattr(boltz.main, name), **blocks))
