"""The file format of components.tfc, version 1; read by src/bio/component_table.cpp. All numbers are little-endian.

offset 0   magic "TFCTABLE"
8          u32 version, u32 number of components, u32 components per block, u32 number of blocks
24         u64 size of the file in bytes
32         u32 length of the source line, u32 CRC-32 of everything from offset 40 up to the first block
40         source line, padded with zeros to a multiple of 8 bytes
           components x 8 bytes: codes padded with zeros, ascending by bytes; component i is number i % 64 of block i / 64
           blocks x { u64 offset, u32 stored bytes, u32 decoded bytes, u32 CRC-32 of the stored bytes, u32 zero }
           blocks: zlib streams

A decoded block holds the columns of its components: a u32 length in bytes per column, then the columns in the order of
COLUMNS. A column has the values of all components of the block one after another; numbers of two and four bytes are split
into planes (all lowest bytes of the column first) because they compress better so. Differences wrap around.
"""

import struct
import zlib

import numpy as np

MAGIC = b"TFCTABLE"
VERSION = 1
BLOCK = 64
WIDE_COORDINATES = 1
REVERSED, DATIVE = 0x40, 0x80
NO_RANK = 0xFFFF

COLUMNS = (
    # per component
    "atom_count",  # u16
    "bond_count",  # u16
    "name_length",  # u16
    "kind_length",  # u8
    "flags",  # u8: 1 = coordinates have four bytes
    "kept_hydrogens",  # u8: hydrogens that the reference's library would keep as atoms
    "name",  # text
    "kind",  # text
    # per atom
    "atom_name",  # 4 bytes each, padded with zeros; four planes
    "element",  # u8
    "charge",  # i8
    "chirality",  # u8: value of the feature + 16 x RDKit's tag
    "hydrogens",  # u8
    "explicit_hydrogens",  # u8
    "radicals",  # u8
    "atom_flags",  # u8: 1 = leaving, 2 = no implicit hydrogens
    "cip_rank",  # u16, 0xFFFF = none
    # per bond
    "bond_larger",  # u16: larger end - larger end of the bond before it in the component (0 before the first)
    "bond_smaller",  # u16: larger end - smaller end
    "bond_kind",  # u8: type + 8 x stereo + 0x40 if the first end is the larger one + 0x80 if dative
    "stereo_atoms",  # u16 pairs, for bonds with stereo above 1 only: neighbours of first and second end, 0xFFFF = none
    # per coordinate, x y z of an atom one after another, thousandths of an Angstrom minus those of the atom's parent: the
    # smaller end of the first bond that has the atom as its larger end, else the atom before it, else the origin
    "coordinates",  # i16, of components that are not wide
    "wide_coordinates",  # i32, of those that are
)
WIDTHS = {"atom_count": 2, "bond_count": 2, "name_length": 2, "atom_name": 4, "cip_rank": 2, "bond_larger": 2,
          "bond_smaller": 2, "stereo_atoms": 2, "coordinates": 2, "wide_coordinates": 4}
TEXTS = ("name", "kind")
# Checked where they are made, or small by nature.
WRAPPING = ("charge", "bond_larger", "stereo_atoms", "coordinates", "wide_coordinates", *TEXTS)


def _planes(values, width):
    """The planes of little-endian numbers of `width` bytes; values wrap around."""
    values = np.asarray(values, np.int64).reshape(-1)
    return [((values >> (8 * plane)) & 0xFF).astype(np.uint8).tobytes() for plane in range(width)]


def _check(name, values):
    """Only some columns may wrap around."""
    limit = 1 << (8 * WIDTHS.get(name, 1))
    if name not in WRAPPING and any(not 0 <= value < limit for value in values):
        raise ValueError(f"a value of column {name} does not fit: {min(values)} to {max(values)}")


def _parents(component):
    parents = [i - 1 for i in range(len(component.atoms))]
    found = set()
    for bond in component.bonds:
        smaller, larger = sorted((bond.first, bond.second))
        if larger not in found:
            found.add(larger)
            parents[larger] = smaller
    return parents


def _differences(component):
    positions = component.positions
    parents = _parents(component)
    base = np.stack([positions[p] if p >= 0 else np.zeros(3, np.int64) for p in parents])
    return (positions - base).reshape(-1)


class Columns:
    """Gathers the columns of one block."""

    def __init__(self):
        self.values = {name: [] for name in COLUMNS}

    def add(self, component):
        values = self.values
        name, kind = component.name.encode(), component.kind.encode()
        differences = _differences(component)
        wide = bool((np.abs(differences) > 0x7FFF).any())
        values["atom_count"].append(len(component.atoms))
        values["bond_count"].append(len(component.bonds))
        values["name_length"].append(len(name))
        values["kind_length"].append(len(kind))
        values["flags"].append(WIDE_COORDINATES if wide else 0)
        values["kept_hydrogens"].append(component.kept_hydrogens)
        values["name"].append(name)
        values["kind"].append(kind)
        values["wide_coordinates" if wide else "coordinates"].extend(differences.tolist())
        for atom in component.atoms:
            self._add_atom(atom)
        larger = 0
        for bond in component.bonds:
            larger = self._add_bond(bond, larger)

    def _add_atom(self, atom):
        values = self.values
        values["atom_name"].append(int.from_bytes(atom.name.encode().ljust(4, b"\0"), "little"))
        values["element"].append(atom.element)
        values["charge"].append(atom.charge)
        values["chirality"].append(atom.chirality_feature + 16 * atom.chirality)
        values["hydrogens"].append(atom.hydrogens)
        values["explicit_hydrogens"].append(atom.explicit_hydrogens)
        values["radicals"].append(atom.radicals)
        values["atom_flags"].append(atom.leaving + 2 * atom.no_implicit)
        values["cip_rank"].append(NO_RANK if atom.cip_rank < 0 else atom.cip_rank)

    def _add_bond(self, bond, previous):
        values = self.values
        smaller, larger = sorted((bond.first, bond.second))
        values["bond_larger"].append(larger - previous)
        values["bond_smaller"].append(larger - smaller)
        values["bond_kind"].append(bond.type + 8 * bond.stereo + (REVERSED if bond.first > bond.second else 0) +
                                   (DATIVE if bond.dative else 0))
        if bond.stereo > 1:
            values["stereo_atoms"].extend(bond.stereo_atoms if len(bond.stereo_atoms) == 2 else (NO_RANK, NO_RANK))
        return larger

    def encode(self):
        """The columns, each a list of planes."""
        for name, values in self.values.items():
            _check(name, values)
        return [[b"".join(self.values[name])] if name in TEXTS else
                _planes(self.values[name], WIDTHS.get(name, 1)) for name in COLUMNS]


def encode_block(components):
    """(stored bytes, decoded size) of at most BLOCK components."""
    columns = Columns()
    for component in components:
        columns.add(component)
    columns = columns.encode()
    sizes = struct.pack(f"<{len(columns)}I", *(sum(map(len, planes)) for planes in columns))
    # A Huffman code of its own for every plane: a tenth smaller than one stream without breaks.
    compressor = zlib.compressobj(9)
    stored, decoded_size = [], 0
    for plane in [sizes, *(plane for planes in columns for plane in planes if plane)]:
        stored += [compressor.compress(plane), compressor.flush(zlib.Z_BLOCK)]
        decoded_size += len(plane)
    return b"".join([*stored, compressor.flush()]), decoded_size


def encode_table(codes, blocks, source):
    """The file: codes ascending, blocks as `encode_block` gives them."""
    line = source.encode()
    head = line.ljust((len(line) + 7) // 8 * 8, b"\0") + b"".join(code.encode().ljust(8, b"\0") for code in codes)
    offset = 40 + len(head) + 24 * len(blocks)
    directory = []
    for stored, decoded_size in blocks:
        directory.append(struct.pack("<QIIII", offset, len(stored), decoded_size, zlib.crc32(stored), 0))
        offset += len(stored)
    head += b"".join(directory)
    start = struct.pack("<8sIIIIQII", MAGIC, VERSION, len(codes), BLOCK, len(blocks), offset, len(line), zlib.crc32(head))
    return b"".join([start, head, *(stored for stored, _ in blocks)])
