"""The Chemical Component Dictionary as it lies inside the PyPI wheel biotite (structure/info/components.bcif)."""

from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

import numpy as np

BIOTITE_VERSION = "1.6.0"
IDEAL = ("pdbx_model_Cartn_x_ideal", "pdbx_model_Cartn_y_ideal", "pdbx_model_Cartn_z_ideal")
MODEL = ("model_Cartn_x", "model_Cartn_y", "model_Cartn_z")


@dataclass
class Entry:
    """One component: columns of its atoms and bonds in the order of the dictionary."""

    code: str
    name: str
    kind: str
    atoms: dict  # atom_id, type_symbol, charge, leaving, stereo; ideal and model [atoms, 3], NaN where missing
    bonds: dict  # atom_id_1, atom_id_2, value_order


def _coordinates(table, names):
    """Columns as [atoms, 3]. A masked value reads as 0, so the mask decides what is missing."""
    columns = []
    for name in names:
        column = table[name]
        values = np.array(column.as_array(), np.float64)
        if column.mask is not None:
            values[column.mask.array != 0] = np.nan
        columns.append(values)
    return np.stack(columns, axis=1)


def _ranges(codes):
    """First and last row + 1 of every code; the rows of a component are adjacent."""
    starts = np.concatenate([[0], np.flatnonzero(codes[1:] != codes[:-1]) + 1])
    ends = np.concatenate([starts[1:], [len(codes)]])
    result = {str(codes[start]): slice(int(start), int(end)) for start, end in zip(starts, ends)}
    if len(result) != len(starts):
        raise SystemExit("error: the rows of a component are not adjacent in the dictionary")
    return result


class Dictionary:
    def __init__(self):
        version = metadata.version("biotite")
        if version != BIOTITE_VERSION:
            raise SystemExit(f"error: biotite {version} is installed; the dictionary of {BIOTITE_VERSION} is wanted")
        import biotite.structure.io.pdbx as pdbx

        # Found without importing biotite.structure.info, which would read the dictionary once more.
        folder = Path(util.find_spec("biotite").origin).parent
        block = pdbx.BinaryCIFFile.read(folder / "structure" / "info" / "components.bcif").block
        components, atoms, bonds = (block[name] for name in ("chem_comp", "chem_comp_atom", "chem_comp_bond"))
        self._components = {
            str(code): (str(name), str(kind).upper())
            for code, name, kind in zip(*(components[k].as_array() for k in ("id", "name", "type")))
        }
        self._atoms = {k: atoms[k].as_array() for k in ("atom_id", "type_symbol", "charge")}
        self._atoms["leaving"] = atoms["pdbx_leaving_atom_flag"].as_array() == "Y"
        self._atoms["stereo"] = atoms["pdbx_stereo_config"].as_array()
        self._atoms["ideal"] = _coordinates(atoms, IDEAL)
        self._atoms["model"] = _coordinates(atoms, MODEL)
        self._bonds = {k: bonds[k].as_array() for k in ("atom_id_1", "atom_id_2", "value_order")}
        self._atom_ranges = _ranges(atoms["comp_id"].as_array())
        self._bond_ranges = _ranges(bonds["comp_id"].as_array())

    def codes(self):
        """All codes, ascending by bytes."""
        return sorted(self._components, key=lambda code: code.encode())

    def entry(self, code):
        name, kind = self._components[code]
        atoms = self._atom_ranges.get(code, slice(0, 0))
        bonds = self._bond_ranges.get(code, slice(0, 0))
        return Entry(code, name, kind, {k: v[atoms] for k, v in self._atoms.items()},
                     {k: v[bonds] for k, v in self._bonds.items()})
