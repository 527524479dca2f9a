"""Component pickles for the reference, made from the Chemical Component Dictionary inside biotite==1.6.0."""

import os
import pickle
from pathlib import Path

import numpy as np
from boltz.data import const
from rdkit import Chem

ORDERS = {
    "SING": Chem.BondType.SINGLE,
    "DOUB": Chem.BondType.DOUBLE,
    "TRIP": Chem.BondType.TRIPLE,
    "AROM": Chem.BondType.AROMATIC,
}


def standard_codes():
    """Component codes of the reference's residue vocabulary, without padding and gap."""
    return [token for token in const.tokens if token not in ("<pad>", "-")]


class Dictionary:
    """Atom and bond rows of the dictionary, found by component code."""

    def __init__(self):
        import biotite.structure.info as info
        import biotite.structure.io.pdbx as pdbx

        path = Path(os.path.dirname(info.__file__)) / "components.bcif"
        block = pdbx.BinaryCIFFile.read(path).block
        atom_columns = ("comp_id", "atom_id", "type_symbol", "charge", "pdbx_leaving_atom_flag")
        atom_columns += tuple(f"pdbx_model_Cartn_{axis}_ideal" for axis in "xyz")
        self.atoms = {name: block["chem_comp_atom"][name].as_array() for name in atom_columns}
        bond_columns = ("comp_id", "atom_id_1", "atom_id_2", "value_order")
        self.bonds = {name: block["chem_comp_bond"][name].as_array() for name in bond_columns}

    def molecule(self, code):
        """RDKit molecule with hydrogens, atom names, leaving flags and the ideal conformer; None if unknown."""
        rows = np.where(self.atoms["comp_id"] == code)[0]
        if len(rows) == 0:
            return None
        molecule = Chem.RWMol()
        conformer = Chem.Conformer(len(rows))
        conformer.SetProp("name", "Ideal")
        index_of = {}
        for row in rows:
            atom = Chem.Atom(self.atoms["type_symbol"][row].capitalize())
            atom.SetFormalCharge(int(self.atoms["charge"][row]))
            name = str(self.atoms["atom_id"][row])
            atom.SetProp("name", name)
            atom.SetProp("alt_name", name)
            atom.SetBoolProp("leaving_atom", self.atoms["pdbx_leaving_atom_flag"][row] == "Y")
            index = molecule.AddAtom(atom)
            index_of[name] = index
            position = [float(self.atoms[f"pdbx_model_Cartn_{axis}_ideal"][row]) for axis in "xyz"]
            conformer.SetAtomPosition(index, position)
        for row in np.where(self.bonds["comp_id"] == code)[0]:
            first, second = self.bonds["atom_id_1"][row], self.bonds["atom_id_2"][row]
            molecule.AddBond(index_of[first], index_of[second], ORDERS[str(self.bonds["value_order"][row])])
        molecule.AddConformer(conformer, assignId=True)
        return finish(molecule.GetMol(), code)


def finish(molecule, code):
    """Sanitises a molecule and sets the properties that the reference reads."""
    try:
        Chem.SanitizeMol(molecule)
    except ValueError as error:
        # A few dictionary entries have valences that RDKit refuses; the reference takes them unsanitised.
        print(f"{code}: not sanitised: {error}")
    Chem.AssignStereochemistryFrom3D(molecule)
    for key in ("name", "id", "PDB_NAME"):
        molecule.SetProp(key, code)
    molecule.SetProp("symmetries", pickle.dumps([]).hex())
    return molecule


def write_components(folder, extra_codes=(), change=lambda molecule: molecule):
    """Writes <code>.pkl for the standard residues and the given codes; `change` makes what is stored of each."""
    Chem.SetDefaultPickleProperties(Chem.PropertyPickleOptions.AllProps)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    dictionary = Dictionary()
    for code in dict.fromkeys([*standard_codes(), *extra_codes]):
        molecule = dictionary.molecule(code)
        if molecule is None:
            raise SystemExit(f"component {code} is not in the Chemical Component Dictionary")
        with (folder / f"{code}.pkl").open("wb") as file:
            pickle.dump(change(molecule), file)
