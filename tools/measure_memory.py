#!/usr/bin/env python3
"""Measures the peak memory of predictions, for the forecast in src/boltz/model.cpp.

usage: measure_memory.py TILEFOLD CHECKPOINT [TOKENSxROWS ...]

CHECKPOINT has the released dimensions (tools/golden/make_boltz_cache.py makes random ones). Each size is one prediction
of a random protein with one trunk pass and two diffusion steps; the line printed is tokens, rows, peak in MB and the
bytes per token pair that exceed the smallest size measured.
"""

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

LETTERS = "ACDEFGHIKLMNPQRSTVWY"


def write_input(folder, tokens, rows):
    sequence = "".join(random.choice(LETTERS) for _ in range(tokens))
    lines = [sequence]
    for _ in range(rows - 1):
        lines.append("".join(c if random.random() < 0.6 else random.choice(LETTERS + "-") for c in sequence))
    (folder / "x.a3m").write_text("".join(f">r{i}\n{line}\n" for i, line in enumerate(lines)))
    path = folder / "x.yaml"
    path.write_text(f"sequences:\n  - protein: {{id: A, sequence: {sequence}, msa: x.a3m}}\n")
    return path


def peak_bytes(program, checkpoint, folder, tokens, rows):
    arguments = [program, "predict", str(write_input(folder, tokens, rows)), "--checkpoint", checkpoint]
    arguments += ["--recycling_steps", "0", "--sampling_steps", "2", "--seed", "1", "--override", "--no_memory_check"]
    arguments += ["--out_dir", str(folder)]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"the prediction of {tokens} tokens failed with status {status}")
    return usage.ru_maxrss * 1024


def main():
    program, checkpoint, *sizes = sys.argv[1:]
    random.seed(1)
    base = None
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes or ["128x1", "256x1", "256x1024", "384x1"]:
            tokens, rows = (int(n) for n in size.split("x"))
            peak = peak_bytes(program, checkpoint, Path(folder), tokens, rows)
            base = base or (peak, tokens**2)
            per_pair = (peak - base[0]) / (tokens**2 - base[1]) if tokens**2 > base[1] else 0
            print(f"{tokens:6} {rows:6} {peak / 1e6:10.0f} {per_pair:10.0f}", flush=True)


if __name__ == "__main__":
    main()
