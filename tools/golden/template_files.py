"""Synthetic template structures, written as mmCIF and PDB: random chains with peptide geometry, made for their gaps."""

import itertools
from dataclasses import dataclass, field

import numpy as np

BOND = {("C", "N"): 1.329, ("N", "CA"): 1.458, ("CA", "C"): 1.525}
ANGLE = {("CA", "C", "N"): 116.6, ("C", "N", "CA"): 121.7, ("N", "CA", "C"): 111.0}
THREE_LETTERS = dict(
    zip(
        "ARNDCQEGHILKMFPSTWYV",
        "ALA ARG ASN ASP CYS GLN GLU GLY HIS ILE LEU LYS MET PHE PRO SER THR TRP TYR VAL".split(),
    )
)


@dataclass
class Residue:
    """A residue of a polymer; `atoms` maps names to positions and is empty when it was not observed."""

    name: str
    atoms: dict = field(default_factory=dict)
    alternatives: dict = field(default_factory=dict)  # second positions of some atoms


@dataclass
class Molecule:
    """A ligand or a water: one residue that belongs to no polymer."""

    name: str
    atoms: dict


def place(first, second, third, length, angle, dihedral):
    """Position at `length` from `third`, with the given angle and dihedral (degrees) to the atoms before."""
    angle, dihedral = np.radians(angle), np.radians(dihedral)
    axis = (third - second) / np.linalg.norm(third - second)
    normal = np.cross(second - first, axis)
    normal /= np.linalg.norm(normal)
    local = [-np.cos(angle), np.sin(angle) * np.cos(dihedral), np.sin(angle) * np.sin(dihedral)]
    return third + length * (local[0] * axis + local[1] * np.cross(normal, axis) + local[2] * normal)


def backbone(count, random):
    """N, CA and C of a chain of `count` residues with random backbone dihedrals, [count,3,3]."""
    names = itertools.cycle(("N", "CA", "C"))
    chain, labels = [np.array(p) for p in ((0.0, 0.0, 0.0), (1.458, 0.0, 0.0), (2.0, 1.42, 0.0))], ["N", "CA", "C"]
    for _ in range(3):
        next(names)
    while len(chain) < 3 * count:
        label = next(names)
        dihedral = 180.0 if label == "CA" else random.uniform(-150, 150)
        angle = ANGLE[labels[-2], labels[-1], label]
        chain.append(place(*chain[-3:], BOND[labels[-1], label], angle, dihedral))
        labels.append(label)
    return np.array(chain).reshape(count, 3, 3)


def make_chain(names, random, missing=()):
    """A polymer chain; residues at the positions `missing` (from 0) were not observed."""
    residues = []
    for position, (name, (n, ca, c)) in enumerate(zip(names, backbone(len(names), random))):
        atoms = dict(N=n, CA=ca, C=c, O=place(n, ca, c, 1.23, 120.5, random.uniform(-180, 180)))
        if name != "GLY":
            atoms["CB"] = place(c, n, ca, 1.53, 110.5, -122.6)
        residues.append(Residue(name, {} if position in missing else atoms))
    return residues


def one_letter(sequence):
    """Component names of a one-letter sequence; `(SEP)` names a component itself."""
    names, rest = [], sequence
    while rest:
        if rest[0] == "(":
            name, rest = rest[1:].split(")", 1)
        else:
            name, rest = THREE_LETTERS[rest[0]], rest[1:]
        names.append(name)
    return names


def element(atom_name):
    return "SE" if atom_name == "SE" else atom_name[0]


# ---- mmCIF ----

ATOM_COLUMNS = """group_PDB id type_symbol label_atom_id label_alt_id label_comp_id label_asym_id label_entity_id
label_seq_id pdbx_PDB_ins_code Cartn_x Cartn_y Cartn_z occupancy B_iso_or_equiv auth_seq_id auth_asym_id
pdbx_PDB_model_num""".split()


def loop(category, columns, rows):
    names = [f"_{category}.{name}" for name in columns]
    return "\n".join(["loop_", *names, *(" ".join(map(str, row)) for row in rows), "#"])


def atom_rows(residue):
    """(atom, alternative, position, occupancy) of a residue or molecule, alternatives after their first position."""
    others = getattr(residue, "alternatives", {})
    for name, position in residue.atoms.items():
        yield name, "A" if name in others else ".", position, 0.6 if name in others else 1.0
        if name in others:
            yield name, "B", others[name], 0.4


class MmcifWriter:
    """Collects chains and ligands under label and author names that differ, as in deposited files."""

    def __init__(self, name):
        self.name, self.entities, self.polymers, self.sequence, self.asym, self.atoms = name, [], [], [], [], []

    def add_entity(self, kind):
        self.entities.append((len(self.entities) + 1, kind))
        return len(self.entities)

    def add_atom(self, group, residue, label, entity, number, author_number, author, models):
        for atom, alternative, (x, y, z), occupancy in atom_rows(residue):
            self.atoms.append(
                (group, len(self.atoms) + 1, element(atom), atom, alternative, residue.name, label, entity, number, "?",
                 f"{x:.3f}", f"{y:.3f}", f"{z:.3f}", f"{occupancy:.2f}", "20.00", author_number, author, models)
            )  # fmt: skip

    def add_polymer(self, label, author, residues, first_number=1, model=1):
        """A chain with an entity of its own; `first_number` is the author's number of its first residue."""
        if model == 1:
            entity = self.add_entity("polymer")
            self.polymers.append((entity, "polypeptide(L)", author))
            self.sequence += [(entity, i + 1, residue.name) for i, residue in enumerate(residues)]
            self.asym.append((label, entity))
        entity = dict(self.asym)[label]
        for i, residue in enumerate(residues):
            self.add_atom("ATOM", residue, label, entity, i + 1, first_number + i, author, model)

    def add_molecules(self, kind, label, author, molecules, first_number):
        entity = self.add_entity(kind)
        self.asym.append((label, entity))
        for i, molecule in enumerate(molecules):
            self.add_atom("HETATM", molecule, label, entity, ".", first_number + i, author, 1)

    def text(self):
        tables = [
            loop("entity", ("id", "type"), self.entities),
            loop("entity_poly", ("entity_id", "type", "pdbx_strand_id"), self.polymers),
            loop("entity_poly_seq", ("entity_id", "num", "mon_id"), self.sequence),
            loop("struct_asym", ("id", "entity_id"), self.asym),
            loop("atom_site", ATOM_COLUMNS, self.atoms),
        ]
        return f"data_{self.name}\n#\n" + "\n".join(tables) + "\n"


# ---- PDB ----


def pdb_atom(group, serial, atom, residue, chain, number, position, occupancy, alternative):
    x, y, z = position
    return (
        f"{group:<6}{serial:5d}  {atom:<3}{alternative.replace('.', ' ')}{residue:>3} {chain}{number:4d}    "
        f"{x:8.3f}{y:8.3f}{z:8.3f}{occupancy:6.2f}{20.0:6.2f}          {element(atom):>2}"
    )


def pdb_text(chains, molecules, with_sequence=True):
    """A PDB file of {chain: (residues, first number)}; `molecules` are (chain, number, molecule)."""
    lines, atoms = [], []
    for chain, (residues, _) in chains.items() if with_sequence else ():
        names = [residue.name for residue in residues]
        for row, start in enumerate(range(0, len(names), 13)):
            lines.append(f"SEQRES {row + 1:3d} {chain} {len(names):4d}  {' '.join(names[start : start + 13])}")
    for chain, (residues, first_number) in chains.items():
        for i, residue in enumerate(residues):
            for atom, alternative, position, occupancy in atom_rows(residue):
                number = first_number + i
                atoms.append(("ATOM", atom, residue.name, chain, number, position, occupancy, alternative))
        atoms.append(("TER", residues[-1].name, chain, first_number + len(residues) - 1))
    for chain, number, molecule in molecules:
        for atom, alternative, position, occupancy in atom_rows(molecule):
            atoms.append(("HETATM", atom, molecule.name, chain, number, position, occupancy, alternative))
    for serial, (group, *rest) in enumerate(atoms, start=1):
        if group == "TER":
            name, chain, number = rest
            lines.append(f"TER   {serial:5d}      {name:>3} {chain}{number:4d}")
        else:
            lines.append(pdb_atom(group, serial, *rest))
    return "\n".join([*lines, "END"]) + "\n"
