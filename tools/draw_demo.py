#!/usr/bin/env python3
"""Draws the demo's predictions over the deposited structures as one SVG picture.

    build/release/tilefold demo --out_dir demo_out
    tools/draw_demo.py demo_out/boltz_results_demo docs/demo.svg

Only the standard library is needed. Each panel shows the CA trace of the deposited structure (grey) and of the prediction
(coloured from N to C terminus), superposed, seen along the direction in which the protein is flattest.
"""

import colorsys
import math
import sys
from pathlib import Path

PROTEINS = {"1ard": "zinc finger", "bpti": "trypsin inhibitor", "entv": "EntV", "2sdf": "SDF-1", "1hpv": "HIV-1 protease"}
PANEL, MARGIN, FOOTER = 230, 18, 44
STEPS = 4  # straight pieces per residue


def pdb_trace(path):
    """CA positions of the first model."""
    trace = []
    for line in path.read_text().splitlines():
        if line.startswith("ENDMDL"):
            break
        if line.startswith("ATOM") and line[12:16].strip() == "CA" and line[16] in " A":
            trace.append(tuple(float(line[i : i + 8]) for i in (30, 38, 46)))
    return trace


def mmcif_trace(path):
    """CA positions of an mmCIF file with one atom_site loop."""
    columns, trace = [], []
    for line in path.read_text().splitlines():
        if line.startswith("_atom_site."):
            columns.append(line.strip().removeprefix("_atom_site."))
        elif line.startswith("ATOM") and columns:
            row = dict(zip(columns, line.split()))
            if row["label_atom_id"].strip('"') == "CA":
                trace.append(tuple(float(row[f"Cartn_{axis}"]) for axis in "xyz"))
    return trace


def centered(points):
    middle = [sum(p[i] for p in points) / len(points) for i in range(3)]
    return [[p[i] - middle[i] for i in range(3)] for p in points]


def largest_eigenvector(matrix):
    """Power iteration on a symmetric matrix, shifted so that the largest eigenvalue is the largest in magnitude."""
    size = len(matrix)
    shift = max(sum(abs(x) for x in row) for row in matrix)
    vector = [1.0 + 0.1 * i for i in range(size)]
    for _ in range(2000):
        vector = [sum(matrix[i][j] * vector[j] for j in range(size)) + shift * vector[i] for i in range(size)]
        norm = math.sqrt(sum(x * x for x in vector))
        vector = [x / norm for x in vector]
    return vector


def superposed(moving, fixed):
    """`moving` rotated onto `fixed` (both centered) by Horn's quaternion method."""
    s = [[sum(m[i] * f[j] for m, f in zip(moving, fixed)) for j in range(3)] for i in range(3)]
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = s
    w, x, y, z = largest_eigenvector([
        [xx + yy + zz, yz - zy, zx - xz, xy - yx],
        [yz - zy, xx - yy - zz, xy + yx, zx + xz],
        [zx - xz, xy + yx, yy - xx - zz, yz + zy],
        [xy - yx, zx + xz, yz + zy, zz - xx - yy],
    ])
    rotation = [
        [w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z],
    ]
    return [[sum(rotation[i][j] * p[j] for j in range(3)) for i in range(3)] for p in moving]


def rmsd(a, b):
    return math.sqrt(sum(math.dist(p, q) ** 2 for p, q in zip(a, b)) / len(a))


def view_axes(points):
    """The two directions in which the points spread most, and the remaining one."""
    covariance = [[sum(p[i] * p[j] for p in points) for j in range(3)] for i in range(3)]
    first = largest_eigenvector(covariance)
    value = sum(first[i] * sum(covariance[i][j] * first[j] for j in range(3)) for i in range(3))
    rest = [[covariance[i][j] - value * first[i] * first[j] for j in range(3)] for i in range(3)]
    second = largest_eigenvector(rest)
    third = [first[1] * second[2] - first[2] * second[1], first[2] * second[0] - first[0] * second[2],
             first[0] * second[1] - first[1] * second[0]]
    return first, second, third


def smooth(points):
    """Catmull-Rom curve through the points."""
    padded = [points[0], *points, points[-1]]
    curve = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:]):
        for k in range(STEPS):
            t = k / STEPS
            curve.append([0.5 * (2 * q + (r - p) * t + (2 * p - 5 * q + 4 * r - s) * t * t
                                 + (3 * q - p - 3 * r + s) * t ** 3) for p, q, r, s in zip(a, b, c, d)])
    return [*curve, points[-1]]


def panel(name, predicted, deposited, offset):
    deposited = centered(deposited)
    predicted = superposed(centered(predicted), deposited)
    axes = view_axes(deposited)

    def project(points):
        return [[sum(axis[i] * p[i] for i in range(3)) for axis in axes] for p in points]

    reference, model = smooth(project(deposited)), smooth(project(predicted))
    reach = max(abs(v) for p in reference + model for v in p[:2])
    scale = (PANEL / 2 - MARGIN) / reach
    place = lambda p: (offset + PANEL / 2 + scale * p[0], PANEL / 2 - scale * p[1])
    segments = []
    for curve, is_model in ((reference, False), (model, True)):
        for k in range(0, len(curve) - 1, STEPS):  # one path per residue, so that depth is sorted finely enough
            piece = curve[k : k + STEPS + 1]
            depth = sum(p[2] for p in piece) / len(piece)
            red, green, blue = colorsys.hsv_to_rgb(0.62 * (1 - k / len(curve)), 0.75, 0.85)
            colour = f"#{int(255 * red):02x}{int(255 * green):02x}{int(255 * blue):02x}" if is_model else "#9a9a9a"
            line = "L".join("{:.1f} {:.1f}".format(*place(p)) for p in piece)
            segments.append((depth + (0.5 if is_model else 0),
                             f'<path d="M{line}" stroke="{colour}" stroke-width="{2.4 if is_model else 4.2}"/>'))
    lines = [text for _, text in sorted(segments, key=lambda segment: segment[0])]
    middle = offset + PANEL / 2
    lines.append(f'<text x="{middle}" y="{PANEL + 14}" class="n">{PROTEINS[name]} ({name}), {len(deposited)} residues</text>')
    lines.append(f'<text x="{middle}" y="{PANEL + 32}" class="v">CA-RMSD {rmsd(predicted, deposited):.2f} Å</text>')
    return lines


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    results, output = Path(sys.argv[1]), Path(sys.argv[2])
    structures = Path(__file__).resolve().parent.parent / "data" / "demo" / "structures"
    body = []
    for i, name in enumerate(PROTEINS):
        file = results / "predictions" / name / f"{name}_model_0.cif"
        predicted, deposited = mmcif_trace(file), pdb_trace(structures / f"{name}.pdb")
        if len(predicted) != len(deposited):
            sys.exit(f"error: {file} has {len(predicted)} residues, the deposited structure {len(deposited)}")
        body += panel(name, predicted, deposited, i * PANEL)
    width, height = PANEL * len(PROTEINS), PANEL + FOOTER
    output.write_text("\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        'text-anchor="middle" stroke-linecap="round" fill="none">',
        "<style>.n{font-size:12px;fill:#222}.v{font-size:12px;fill:#555}</style>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>', *body, "</svg>", ""]))
    print(f"{output}: {output.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
