"""Writes data/components.json: the standard residues and the common modified ones of the Chemical Component Dictionary.

The dictionary (CC0) comes from the PyPI wheel biotite==1.6.0, which holds all components with ideal coordinates, bonds
and stereo as structure/info/components.bcif. RDKit perceives aromatic bonds and chirality tags, as in the reference's
own component library. Hydrogens are left out; leaving atoms stay and are marked.

usage: make_components.py [OUTPUT] [--extra CODE,CODE]      needs: biotite==1.6.0 numpy rdkit
       make_components.py --conformers NPZ OUTPUT           reference conformers of the demo weights as JSON
"""

import argparse
import json
import os
from pathlib import Path

import numpy as np

STANDARD = """
ALA ARG ASN ASP CYS GLN GLU GLY HIS ILE LEU LYS MET PHE PRO SER THR TRP TYR VAL UNK
A G C U N DA DG DC DT DN
"""

# Residues that occur often in deposited polymers or in requests: post-translational modifications, caps, D-amino acids,
# non-natural amino acids, RNA and DNA modifications.
MODIFIED = """
MSE SEP TPO PTR CSO CME KCX LLP HYP MLY M3L MLZ ALY TYS PCA CGU OCS CSD SAC NLE ABA AIB ORN
DAL DAR DSG DAS DCY DGN DGL DHI DIL DLE DLY MED DPN DPR DSN DTH DTR DTY DVA
2MR AGM MMA DAH NEP HIC MHS FME CXM SEC PYL CSX CSS CSW SNC CAS SMC CCS YCM SCY CIR GLZ SAR MVA MLE MAA NVA HSE
DHA DBB BMT 4HT TRQ TYI IYR TPQ 3YM NIY BHD PHI PHD HTR KYN CRO TRO HOX TIH OMT MHO SME NMM HRG APK CYX
PHL TYC NAL 2NA 1NA FTR 4FW PFF F2F 4PH TBG CHG CPI ACE NH2 NME FOR TRN BTR 0AF TOX HYS MIR LYN LYZ LYX SVA BSE
5MC 5MU PSU OMC OMG OMU A2M 1MA 2MG 7MG M2G YYG YG H2U 4SU 5BU 5CM 8OG BRU 6MZ 4OC UR3 MA6 1MG MIA 6IA 70U T6A 12A
QUO G7M 2MA MTU I IC DI PPU 5IU 5FU CBV CFZ UFT GF2 AF2 UMS 6OG 3DR 6MA DU 5HC 5FC 1CC 5HU 2DT 8AG BGM GMS SMT
PST C2S GS AS SC G46 DOC DDG 2DA LCC LCG LCA LCK TLN IU 0C 0G 0U 0A
"""

ORDERS = {"SING": "SINGLE", "DOUB": "DOUBLE", "TRIP": "TRIPLE", "AROM": "AROMATIC"}
BOND_TYPES = ["OTHER", "SINGLE", "DOUBLE", "TRIPLE", "AROMATIC"]
CHIRALITY = ["CHI_UNSPECIFIED", "CHI_TETRAHEDRAL_CW", "CHI_TETRAHEDRAL_CCW", "CHI_SQUAREPLANAR", "CHI_OCTAHEDRAL",
             "CHI_TRIGONALBIPYRAMIDAL"]
OTHER_CHIRALITY = 6


class Dictionary:
    """Columns of the dictionary and the row range of every component."""

    def __init__(self):
        import biotite.structure.info as info
        import biotite.structure.io.pdbx as pdbx

        path = Path(os.path.dirname(info.__file__)) / "components.bcif"
        block = pdbx.BinaryCIFFile.read(path).block
        self.components = {k: block["chem_comp"][k].as_array() for k in ("id", "name", "type", "mon_nstd_parent_comp_id")}
        self.atoms = {k: block["chem_comp_atom"][k].as_array() for k in (
            "comp_id", "atom_id", "type_symbol", "charge", "pdbx_leaving_atom_flag", "pdbx_stereo_config",
            "pdbx_model_Cartn_x_ideal", "pdbx_model_Cartn_y_ideal", "pdbx_model_Cartn_z_ideal",
            "model_Cartn_x", "model_Cartn_y", "model_Cartn_z")}
        self.bonds = {k: block["chem_comp_bond"][k].as_array() for k in (
            "comp_id", "atom_id_1", "atom_id_2", "value_order", "pdbx_stereo_config")}

    @staticmethod
    def rows(table, key, code):
        index = np.flatnonzero(table[key] == code)
        return {k: v[index] for k, v in table.items()}


def coordinates(atoms, heavy):
    """Ideal coordinates [atoms, 3], or the model's where an ideal one of a heavy atom is missing."""
    for prefix, suffix in (("pdbx_model_Cartn_", "_ideal"), ("model_Cartn_", "")):
        columns = [atoms[f"{prefix}{axis}{suffix}"] for axis in "xyz"]
        values = np.array([[float(v) if v not in ("?", ".", "") else np.nan for v in c] for c in columns]).T
        if np.isfinite(values[heavy]).all():
            return values
    raise ValueError("neither ideal nor model coordinates are complete")


def perceive(atoms, bonds):
    """The component as an RDKit molecule: aromatic bonds and chirality tags perceived."""
    from rdkit import Chem, RDLogger

    RDLogger.DisableLog("rdApp.*")
    molecule = Chem.RWMol()
    index = {}
    for name, symbol, charge in zip(atoms["atom_id"], atoms["type_symbol"], atoms["charge"]):
        atom = Chem.Atom(symbol.capitalize() if symbol != "D" else "H")
        atom.SetFormalCharge(int(charge))
        index[name] = molecule.AddAtom(atom)
    for first, second, order in zip(bonds["atom_id_1"], bonds["atom_id_2"], bonds["value_order"]):
        molecule.AddBond(index[first], index[second], getattr(Chem.BondType, ORDERS[str(order)]))
    heavy = np.array([a.GetAtomicNum() > 1 for a in molecule.GetAtoms()])
    positions = coordinates(atoms, heavy)
    conformer = Chem.Conformer(len(positions))
    for i, position in enumerate(np.nan_to_num(positions)):
        conformer.SetAtomPosition(i, position.tolist())
    molecule.AddConformer(conformer, assignId=True)
    molecule = molecule.GetMol()
    Chem.SanitizeMol(molecule)
    Chem.AssignStereochemistryFrom3D(molecule)
    return molecule, heavy, positions


def component(dictionary, code):
    info = dictionary.rows(dictionary.components, "id", code)
    if not len(info["id"]):
        raise ValueError(f"{code} is not in the dictionary")
    atoms = dictionary.rows(dictionary.atoms, "comp_id", code)
    bonds = dictionary.rows(dictionary.bonds, "comp_id", code)
    molecule, heavy, positions = perceive(atoms, bonds)
    number = np.cumsum(heavy) - 1
    rows = []
    for i in np.flatnonzero(heavy):
        name = str(atoms["atom_id"][i])
        if len(name) > 4 or any(not 32 <= ord(c) < 96 for c in name):
            raise ValueError(f"{code}: atom name {name!r} does not fit the model's four characters")
        atom = molecule.GetAtomWithIdx(int(i))
        tag = atom.GetChiralTag().name
        rows.append([name, atom.GetAtomicNum(), atom.GetFormalCharge(), int(atoms["pdbx_leaving_atom_flag"][i] == "Y"),
                     str(atoms["pdbx_stereo_config"][i]), CHIRALITY.index(tag) if tag in CHIRALITY else OTHER_CHIRALITY,
                     *[round(float(v), 3) for v in positions[i]]])
    links = []
    for bond, stereo in zip(molecule.GetBonds(), bonds["pdbx_stereo_config"]):
        first, second = sorted((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()))
        if heavy[first] and heavy[second]:
            kind = bond.GetBondType().name
            links.append([int(number[first]), int(number[second]),
                          BOND_TYPES.index(kind) if kind in BOND_TYPES else 0, str(stereo)])
    parent = str(info["mon_nstd_parent_comp_id"][0])
    return {"name": str(info["name"][0]), "kind": str(info["type"][0]).upper(),
            "parent": "" if parent in ("?", ".") else parent, "atoms": rows, "bonds": links}


def write_components(output, extra):
    dictionary = Dictionary()
    lines = []
    for code in STANDARD.split() + sorted(set(MODIFIED.split()) | set(extra)):
        text = json.dumps(component(dictionary, code), separators=(",", ":"))
        lines.append(f"{json.dumps(code)}:{text}")
    header = '"source":"Chemical Component Dictionary of the wwPDB (CC0), from PyPI biotite 1.6.0; made by tools/make_components.py"'
    output.write_text("{%s,\n\"components\":{\n%s\n}}\n" % (header, ",\n".join(lines)))
    print(f"{len(lines)} components, {output.stat().st_size} bytes in {output}")


def write_conformers(source, output):
    table = np.load(source)
    lines = []
    for name in sorted(table.files):
        text = json.dumps([[[round(float(v), 3) for v in atom] for atom in conformer] for conformer in table[name]],
                          separators=(",", ":"))
        lines.append(f"{json.dumps(name)}:{text}")
    output.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{len(lines)} residues, {output.stat().st_size} bytes in {output}")


def main():
    data = Path(__file__).resolve().parent.parent / "data"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", nargs="?", type=Path, default=data / "components.json")
    parser.add_argument("--extra", default="", help="more component codes, separated by commas")
    parser.add_argument("--conformers", type=Path, help="convert this npz of reference conformers instead")
    arguments = parser.parse_args()
    if arguments.conformers:
        write_conformers(arguments.conformers, arguments.output)
    else:
        write_components(arguments.output, [c for c in arguments.extra.split(",") if c])


if __name__ == "__main__":
    main()
