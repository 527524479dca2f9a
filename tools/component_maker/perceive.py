"""From an entry of the dictionary to a component without hydrogens, aromaticity and stereo perceived by RDKit."""

from dataclasses import dataclass, field

import numpy as np
from rdkit import Chem, RDLogger

from component_maker.place import missing_positions

RDLogger.DisableLog("rdApp.*")

ORDERS = {"SING": Chem.BondType.SINGLE, "DOUB": Chem.BondType.DOUBLE, "TRIP": Chem.BondType.TRIPLE,
          "AROM": Chem.BondType.AROMATIC}
# Numbers of tilefold::bio::BondType; all other bonds have the type other.
BOND_TYPES = {Chem.BondType.SINGLE: 1, Chem.BondType.DOUBLE: 2, Chem.BondType.TRIPLE: 3, Chem.BondType.AROMATIC: 4}
# Values of the reference's feature by RDKit's tag; the last stands for all others.
CHIRALITY = {"CHI_UNSPECIFIED": 0, "CHI_TETRAHEDRAL_CW": 1, "CHI_TETRAHEDRAL_CCW": 2, "CHI_SQUAREPLANAR": 3,
             "CHI_OCTAHEDRAL": 4, "CHI_TRIGONALBIPYRAMIDAL": 5}
OTHER_CHIRALITY = 6
DUMMY = "X"


@dataclass
class Atom:
    name: str
    element: int
    charge: int
    leaving: bool
    chirality: int  # RDKit's tag when hydrogens are left out
    chirality_feature: int  # the reference's number of the tag with the hydrogens that the dictionary lists
    hydrogens: int
    explicit_hydrogens: int
    radicals: int
    no_implicit: bool
    cip_rank: int  # -1 = none


@dataclass
class Bond:
    first: int
    second: int
    type: int
    dative: bool
    stereo: int = 0
    stereo_atoms: tuple = ()


@dataclass
class Component:
    code: str
    name: str
    kind: str
    atoms: list
    bonds: list
    positions: np.ndarray  # [atoms, 3], thousandths of an Angstrom
    kept_hydrogens: int  # that the reference's library would keep as atoms
    notes: list = field(default_factory=list)


class Dropped(Exception):
    """A component that cannot be used, with the reason."""


def build_molecule(entry):
    """RDKit molecule of all atoms; without coordinates, not sanitised."""
    molecule = Chem.RWMol()
    index = {}
    for name, symbol, charge in zip(entry.atoms["atom_id"], entry.atoms["type_symbol"], entry.atoms["charge"]):
        if symbol == DUMMY:
            atom = Chem.Atom(0)
        else:
            atom = Chem.Atom("H" if symbol == "D" else str(symbol).capitalize())
            atom.SetIsotope(2 if symbol == "D" else 0)
        atom.SetFormalCharge(int(charge))
        index[name] = molecule.AddAtom(atom)
    for first, second, order in zip(*(entry.bonds[k] for k in ("atom_id_1", "atom_id_2", "value_order"))):
        molecule.AddBond(index[first], index[second], ORDERS[str(order)])
    return molecule


def sanitize(molecule, notes):
    """Aromaticity, conjugation, hybridisation. Valences that RDKit refuses (mostly metals' ligands) stay as they are."""
    try:
        Chem.SanitizeMol(molecule)
        return
    except Chem.MolSanitizeException as error:
        notes.append("valences are unusual: " + str(error).strip())
    molecule.UpdatePropertyCache(strict=False)
    Chem.SanitizeMol(molecule, Chem.SanitizeFlags.SANITIZE_ALL ^ Chem.SanitizeFlags.SANITIZE_PROPERTIES,
                     catchErrors=True)


def choose_positions(entry, molecule, heavy, notes):
    """Ideal coordinates [atoms, 3], or the model's where ideal ones of heavy atoms are missing."""
    for values in (entry.atoms["ideal"], entry.atoms["model"]):
        if np.isfinite(values[heavy]).all():
            return values.copy()
    values = min((entry.atoms["ideal"], entry.atoms["model"]), key=lambda v: np.isnan(v[heavy, 0]).sum())
    known = int(np.isfinite(values[heavy, 0]).sum())
    values, method = missing_positions(molecule, values, entry.atoms["stereo"], heavy)
    notes.append(f"coordinates of {int(heavy.sum()) - known} of {int(heavy.sum())} heavy atoms were {method}")
    return values


def set_positions(molecule, positions):
    """Adds the conformer; hydrogens without coordinates are placed by the geometry of their neighbour."""
    conformer = Chem.Conformer(len(positions))
    for i, position in enumerate(np.nan_to_num(positions)):
        conformer.SetAtomPosition(i, position.tolist())
    molecule.AddConformer(conformer, assignId=True)
    for i in np.flatnonzero(np.isnan(positions[:, 0])):
        neighbors = molecule.GetAtomWithIdx(int(i)).GetNeighbors()
        if len(neighbors) == 1:
            Chem.SetTerminalAtomCoords(molecule, int(i), neighbors[0].GetIdx())


class Bare:
    """The molecule as the reference's library keeps it: RDKit has left out hydrogens, but for the few that it keeps."""

    def __init__(self, full):
        full = Chem.Mol(full)
        for atom in full.GetAtoms():
            atom.SetIntProp("_place", atom.GetIdx())
        self.molecule = Chem.RemoveHs(full, sanitize=False)
        sanitize(self.molecule, [])
        Chem.AssignStereochemistryFrom3D(self.molecule)
        self.heavy = [atom for atom in self.molecule.GetAtoms() if atom.GetAtomicNum() != 1]
        # Indices of heavy atoms in the full molecule, and the number of each among the heavy ones.
        self.places = [atom.GetIntProp("_place") for atom in self.heavy]
        self.number = {atom.GetIdx(): i for i, atom in enumerate(self.heavy)}

    def kept_hydrogens(self, atom):
        return sum(neighbor.GetAtomicNum() == 1 for neighbor in atom.GetNeighbors())

    def tag(self, atom):
        """The tag when kept hydrogens are left out too: RDKit then takes each as the last neighbour."""
        tag = int(atom.GetChiralTag())
        hydrogens = [bond.GetOtherAtom(atom).GetAtomicNum() == 1 for bond in atom.GetBonds()]
        exchanges = sum(hydrogens[i + 1 :].count(False) for i, is_hydrogen in enumerate(hydrogens) if is_hydrogen)
        return 3 - tag if exchanges % 2 and tag in (1, 2) else tag


def count_hydrogens(atom):
    return atom.GetTotalNumHs() + sum(neighbor.GetAtomicNum() == 1 for neighbor in atom.GetNeighbors())


def make_atom(entry, full, bare, number):
    place, stored = bare.places[number], bare.heavy[number]
    listed = full.GetAtomWithIdx(place)
    name = str(entry.atoms["atom_id"][place])
    if not 1 <= len(name) <= 4 or any(not 32 < ord(c) < 96 for c in name):
        raise Dropped(f"atom name {name!r} does not fit the model's four characters")
    return Atom(name, listed.GetAtomicNum(), listed.GetFormalCharge(), bool(entry.atoms["leaving"][place]),
                bare.tag(stored), CHIRALITY.get(listed.GetChiralTag().name, OTHER_CHIRALITY), count_hydrogens(listed),
                stored.GetNumExplicitHs() + bare.kept_hydrogens(stored), stored.GetNumRadicalElectrons(),
                stored.GetNoImplicit(), int(stored.GetProp("_CIPRank")) if stored.HasProp("_CIPRank") else -1)


def make_bonds(full, bare):
    """Bonds between heavy atoms: order, ends and types of the full molecule, stereo of the bare one."""
    number = {place: i for i, place in enumerate(bare.places)}
    bonds = []
    for bond in full.GetBonds():
        ends = [number.get(i) for i in (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())]
        if None in ends:
            continue
        result = Bond(*ends, BOND_TYPES.get(bond.GetBondType(), 0), bond.GetBondType() == Chem.BondType.DATIVE)
        twin = bare.molecule.GetBondBetweenAtoms(*(bare.heavy[end].GetIdx() for end in ends))
        stereo = int(twin.GetStereo())
        if 0 < stereo <= 5:
            atoms = [bare.number.get(i, -1) for i in twin.GetStereoAtoms()]
            result.stereo = stereo
            # `stereo_atoms` go with the ends of this bond, which the twin may have the other way round.
            result.stereo_atoms = tuple(atoms if bare.number[twin.GetBeginAtomIdx()] == ends[0] else atoms[::-1])
        bonds.append(result)
    return bonds


def perceive(entry):
    """The component of an entry. Raises Dropped."""
    full = build_molecule(entry)
    heavy = np.array([atom.GetAtomicNum() != 1 for atom in full.GetAtoms()], bool)
    if not heavy.any():
        raise Dropped("it has no heavy atom")
    notes = []
    positions = choose_positions(entry, full, heavy, notes)
    full = full.GetMol()
    set_positions(full, positions)
    sanitize(full, notes)
    Chem.AssignStereochemistryFrom3D(full)
    bare = Bare(full)
    if bare.places != np.flatnonzero(heavy).tolist():
        raise Dropped("its heavy atoms change their order without hydrogens")
    atoms = [make_atom(entry, full, bare, number) for number in range(len(bare.heavy))]
    kept_hydrogens = bare.molecule.GetNumAtoms() - len(atoms)
    return Component(entry.code, entry.name, entry.kind, atoms, make_bonds(full, bare),
                     np.rint(positions[heavy] * 1000).astype(np.int64), kept_hydrogens, notes)
