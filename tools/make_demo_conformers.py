"""Writes the reference conformers of the demo weights as JSON: make_demo_conformers.py CONFORMERS.npz OUTPUT.json"""

import json
import sys
from pathlib import Path

import numpy as np


def main():
    if len(sys.argv) != 3:
        raise SystemExit(f"usage: {__doc__}")
    source, output = Path(sys.argv[1]), Path(sys.argv[2])
    table = np.load(source)
    lines = []
    for name in sorted(table.files):
        conformers = [[[round(float(v), 3) for v in atom] for atom in conformer] for conformer in table[name]]
        lines.append(f"{json.dumps(name)}:{json.dumps(conformers, separators=(',', ':'))}")
    output.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{len(lines)} residues, {output.stat().st_size} bytes in {output}")


if __name__ == "__main__":
    main()
