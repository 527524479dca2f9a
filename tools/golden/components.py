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


def axis_positions(category, axis):
    """Ideal coordinates, or those of the model where an ideal one is missing (which reads as 0)."""
    ideal, model = category[f"pdbx_model_Cartn_{axis}_ideal"], category[f"model_Cartn_{axis}"]
    missing = ideal.mask.array != 0 if ideal.mask is not None else False
    return np.where(missing, model.as_array(float), ideal.as_array(float))


class Dictionary:
    """Atom and bond rows of the dictionary, found by component code."""

    def __init__(self):
        import biotite.structure.info as info
        import biotite.structure.io.pdbx as pdbx

        path = Path(os.path.dirname(info.__file__)) / "components.bcif"
        block = pdbx.BinaryCIFFile.read(path).block
        atom_columns = ("comp_id", "atom_id", "type_symbol", "charge", "pdbx_leaving_atom_flag")
        self.atoms = {name: block["chem_comp_atom"][name].as_array() for name in atom_columns}
        axes = [axis_positions(block["chem_comp_atom"], axis) for axis in "xyz"]
        self.positions = np.stack(axes, axis=-1)
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
            atom = atom_of(self.atoms["type_symbol"][row])
            atom.SetFormalCharge(int(self.atoms["charge"][row]))
            name = str(self.atoms["atom_id"][row])
            atom.SetProp("name", name)
            atom.SetProp("alt_name", name)
            atom.SetBoolProp("leaving_atom", self.atoms["pdbx_leaving_atom_flag"][row] == "Y")
            index = molecule.AddAtom(atom)
            index_of[name] = index
            conformer.SetAtomPosition(index, self.positions[row].tolist())
        for row in np.where(self.bonds["comp_id"] == code)[0]:
            first, second = self.bonds["atom_id_1"][row], self.bonds["atom_id_2"][row]
            molecule.AddBond(index_of[first], index_of[second], ORDERS[str(self.bonds["value_order"][row])])
        molecule.AddConformer(conformer, assignId=True)
        return finish(molecule.GetMol(), code)


def atom_of(symbol):
    """An atom of an element; X is the dictionary's unknown element, D its deuterium."""
    if symbol == "X":
        return Chem.Atom(0)
    atom = Chem.Atom("H" if symbol == "D" else symbol.capitalize())
    if symbol == "D":
        atom.SetIsotope(2)
    return atom


def without_hydrogens(molecule):
    """A component as the released library is said to hold it: no hydrogens, stereo from its coordinates."""
    stripped = Chem.RemoveHs(molecule)
    Chem.AssignStereochemistryFrom3D(stripped)
    return stripped


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
