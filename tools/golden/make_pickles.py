"""Writes tests/golden/pickles: component pickles as in the reference's mols folder, and what RDKit reads from them.

usage: make_pickles.py OUT_DIR

OUT_DIR/mols/<CODE>.pkl         pickled RDKit molecules
OUT_DIR/components.json         atoms and bonds of every file
OUT_DIR/components.safetensors  coordinates of every conformer
"""

import argparse
import pickle
from dataclasses import dataclass
from pathlib import Path

import components
import torch
from common import setup, write, write_json
from rdkit import Chem, RDLogger
from rdkit.Chem import AllChem

CODES = """
ALA ARG ASX CYS GLY HIS MSE PRO SEP TRP TYR VAL UNK ACE NH2 A DG PSU
ZN MG CL NA CA K FE2 FE IOD XE HG CU HOH DOD NH4 OXY NO CMO CYN AZI SO4 PO4 VO4 FES SF4 CPT
ATP BEN BME BTN CLR DMS EDO FUM GOL HC4 HEM MAE NAG PLP RET SAL TYL 1AC
""".split()
ALL_PROPERTIES = Chem.PropertyPickleOptions.AllProps
DOUBLE_COORDINATES = Chem.PropertyPickleOptions.CoordsAsDouble | ALL_PROPERTIES


@dataclass
class Entry:
    """A molecule and how it is pickled."""

    molecule: Chem.Mol
    protocol: int = pickle.DEFAULT_PROTOCOL
    properties: Chem.PropertyPickleOptions = ALL_PROPERTIES


def add_conformers(molecule, count):
    """Further conformers: the first one, moved and shrunk a little, with ids that leave gaps."""
    for number in range(1, count):
        conformer = Chem.Conformer(molecule.GetConformer())
        for index, position in enumerate(molecule.GetConformer().GetPositions()):
            conformer.SetAtomPosition(index, (position * (1 - 0.01 * number) + number).tolist())
        conformer.SetId(3 * number)
        molecule.AddConformer(conformer)


def add_properties(molecule):
    """Molecule properties of every kind, and a long one as the reference's symmetries are."""
    molecule.SetProp("pb_edge_index", pickle.dumps(list(range(300))).hex())
    molecule.SetIntProp("an_int", -7)
    molecule.SetUnsignedProp("an_unsigned", 4000000000)
    molecule.SetDoubleProp("a_double", 0.1)
    molecule.SetBoolProp("a_bool", True)


def named(molecule, code, prefix=""):
    """Names for the atoms of a made-up molecule: element and number."""
    for number, atom in enumerate(molecule.GetAtoms(), start=1):
        atom.SetProp("name", f"{prefix}{atom.GetSymbol().upper().replace('*', 'X')}{number}")
        atom.SetBoolProp("leaving_atom", number == 2)
    return components.finish(molecule, code)


def laid_out(smiles):
    """A molecule from SMILES with flat coordinates, which are enough for a reader."""
    molecule = Chem.MolFromSmiles(smiles)
    AllChem.Compute2DCoords(molecule)
    return molecule


def long_molecule():
    """More than 255 atoms, so that atom numbers take four bytes: a chain with rings and stereo centres."""
    return named(laid_out("O" + "CC(N)C(=O)N" * 40 + "CCc1ccc(cc1)" * 4 + "C(F)=CC"), "LONG")


def set_stereo(bond, stereo):
    """A kind of stereo that is relative to named neighbours, for a double bond inside a chain."""
    ends = bond.GetBeginAtom(), bond.GetEndAtom()
    numbers = [end.GetIdx() for end in ends]
    neighbours = [next(a.GetIdx() for a in end.GetNeighbors() if a.GetIdx() not in numbers) for end in ends]
    bond.SetStereoAtoms(*neighbours)
    bond.SetStereo(stereo)


def marked_molecule():
    """Isotopes, charges, radicals, map numbers, a dative and a zero bond, directions, every kind of bond stereo."""
    molecule = laid_out("[13CH3:3][C@H](Cl)/C=C/C=CC=CC=CC#N.[CH2][O-].[NH3+]C.[NH3]->[Cu+2].[Na+].[Cl-]")
    changed = Chem.RWMol(molecule)
    changed.AddBond(molecule.GetNumAtoms() - 2, molecule.GetNumAtoms() - 1, Chem.BondType.ZERO)
    molecule = named(changed.GetMol(), "MARK")
    double = [bond for bond in molecule.GetBonds() if bond.GetBondType() == Chem.BondType.DOUBLE]
    set_stereo(double[1], Chem.BondStereo.STEREOCIS)
    set_stereo(double[2], Chem.BondStereo.STEREOTRANS)
    double[3].SetStereo(Chem.BondStereo.STEREOANY)
    molecule.GetBondWithIdx(1).SetBondDir(Chem.BondDir.BEGINWEDGE)
    residue = Chem.AtomPDBResidueInfo(" C1 ", 7, "", "LIG", 3, "A", "", 0.5, 12.25, True)
    molecule.GetAtomWithIdx(0).SetMonomerInfo(residue)
    return molecule


def entries():
    """All molecules by code."""
    dictionary = components.Dictionary()
    made = {code: Entry(components.without_hydrogens(dictionary.molecule(code))) for code in CODES}
    # As stored with hydrogens, in other pickle protocols, with coordinates in double precision.
    made["EOH"] = Entry(dictionary.molecule("EOH"))
    made["ALA"].protocol, made["ARG"].protocol, made["CYS"].protocol = 2, 3, 5
    made["TRP"].properties = DOUBLE_COORDINATES
    for code, count in (("GLY", 2), ("BEN", 5), ("NAG", 10)):
        add_conformers(made[code].molecule, count)
    add_properties(made["ATP"].molecule)
    made["SAL"].molecule.GetConformer().SetProp("name", "Ideal")
    made["SAL"].molecule.GetConformer().SetDoubleProp("energy", -1.5)
    for atom in made["BTN"].molecule.GetAtoms():
        atom.ClearProp("leaving_atom")
    made["EDO"].molecule.RemoveAllConformers()
    return made | {"LONG": Entry(long_molecule()), "MARK": Entry(marked_molecule())}


def atom_entry(atom):
    return [
        atom.GetProp("name"),
        atom.GetAtomicNum(),
        atom.GetFormalCharge(),
        int(atom.GetChiralTag()),
        atom.GetIsotope(),
        atom.GetTotalNumHs(includeNeighbors=True),
        atom.GetNumExplicitHs(),
        atom.GetNumRadicalElectrons(),
        int(atom.GetNoImplicit()),
        int(atom.GetIsAromatic()),
        int(atom.GetProp("_CIPRank")) if atom.HasProp("_CIPRank") else -1,
        int(atom.GetBoolProp("leaving_atom")) if atom.HasProp("leaving_atom") else -1,
    ]


def bond_entry(bond):
    ends = [bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()]
    return [*ends, int(bond.GetBondType()), int(bond.GetStereo()), list(bond.GetStereoAtoms())]


def describe(molecule):
    """What RDKit reads, with the meaning of the columns in README.md."""
    return dict(
        heavy_atoms=molecule.GetNumHeavyAtoms(),
        conformers=[conformer.GetId() for conformer in molecule.GetConformers()],
        atoms=[atom_entry(atom) for atom in molecule.GetAtoms()],
        bonds=[bond_entry(bond) for bond in molecule.GetBonds()],
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    folder = out / "mols"
    folder.mkdir(parents=True, exist_ok=True)

    setup(0)
    RDLogger.DisableLog("rdApp.*")
    table, tensors = {}, {}
    for code, entry in sorted(entries().items()):
        Chem.SetDefaultPickleProperties(entry.properties)
        data = pickle.dumps(entry.molecule, protocol=entry.protocol)
        (folder / f"{code}.pkl").write_bytes(data)
        molecule = pickle.loads(data)
        table[code] = describe(molecule)
        for number, conformer in enumerate(molecule.GetConformers()):
            tensors[f"{code}.{number}"] = torch.from_numpy(conformer.GetPositions()).float()
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{size / 1024:8.1f} KiB  {folder}, {len(table)} files")
    write_json(out / "components.json", dict(components=table))
    write(out / "components.safetensors", tensors, {})


if __name__ == "__main__":
    main()
