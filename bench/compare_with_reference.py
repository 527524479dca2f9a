#!/usr/bin/env python3
"""Folds one random protein end to end with Tilefold and with the reference's command line, alternating, on this machine.

    bench/compare_with_reference.py --boltz VENV/bin/boltz --cache CACHE [--residues 256] [--rows 512] [--repeats 1]

CACHE is made by tools/golden/make_boltz_cache.py (components and a full-size random checkpoint); VENV holds the PyPI
packages boltz==2.2.1 and torch==2.13.0. Only the standard library is needed to run this script.

Both programs get the same input file, MSA, checkpoint, step counts, seed and number of threads. Times are wall seconds of
the whole process, start-up and loading of weights included, and its CPU seconds, which depend less on what else the
machine does; memory is the peak resident size of the process. Tilefold's kernel cache starts empty, so its first run
also compiles. Machines are shared and noisy: quote the ratio, not the seconds. With random weights the structures mean
nothing; only that both programs wrote them is checked.
"""

import argparse
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"
NAME = "protein"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--boltz", required=True, type=Path, help="the reference's command, VENV/bin/boltz")
    parser.add_argument("--cache", required=True, type=Path, help="folder with boltz2_conf.ckpt and mols/")
    parser.add_argument("--tilefold", type=Path, default=Path("build/release/tilefold"))
    parser.add_argument("--residues", type=int, default=256)
    parser.add_argument("--rows", type=int, default=512, help="rows of the MSA, query included")
    parser.add_argument("--recycling_steps", type=int, default=3)
    parser.add_argument("--sampling_steps", type=int, default=200)
    parser.add_argument("--diffusion_samples", type=int, default=1)
    parser.add_argument("--precision", choices=["mixed", "fp32"], default="mixed", help="of Tilefold")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--repeats", type=int, default=3, help="runs of each program, alternating")
    parser.add_argument("--quick", action="store_true", help="one run each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for inputs, results and logs (default: temporary)")
    arguments = parser.parse_args()
    for path in (arguments.boltz, arguments.tilefold, arguments.cache / "boltz2_conf.ckpt"):
        if not path.exists():
            parser.error(f"{path} does not exist")
    if arguments.residues < 4 or arguments.rows < 1 or arguments.repeats < 1:
        parser.error("need at least 4 residues, 1 row and 1 repeat")
    return arguments


def write_input(folder, arguments):
    """A random sequence and an alignment of mutated copies (30% substitutions, 5% gaps)."""
    generator = random.Random(arguments.seed)
    query = "".join(generator.choice(AMINO_ACIDS) for _ in range(arguments.residues))

    def mutate(letter):
        draw = generator.random()
        return "-" if draw < 0.05 else generator.choice(AMINO_ACIDS) if draw < 0.35 else letter

    rows, seen = [query], {query}
    while len(rows) < arguments.rows:
        row = "".join(mutate(letter) for letter in query)
        if row.replace("-", "") not in seen:  # both programs drop duplicates
            seen.add(row.replace("-", ""))
            rows.append(row)
    alignment = folder / f"{NAME}.a3m"
    alignment.write_text("".join(f">row{i}\n{row}\n" for i, row in enumerate(rows)))
    job = folder / f"{NAME}.yaml"
    job.write_text(f"version: 1\nsequences:\n  - protein:\n      id: A\n      sequence: {query}\n      msa: {alignment}\n")
    return job


def run_once(command, environment, log):
    """Wall seconds, CPU seconds and peak resident bytes of a command."""
    with open(log, "wb") as stream:
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT, env={**os.environ, **environment})
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"error: exit code {process.returncode} of {' '.join(command)}\n{Path(log).read_text(errors='replace')[-2000:]}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def check_result(results, arguments, log):
    """Both programs must have written every structure; the reference reports failures only in its log."""
    for rank in range(arguments.diffusion_samples):
        file = results / f"boltz_results_{NAME}" / "predictions" / NAME / f"{NAME}_model_{rank}.cif"
        if not file.exists():
            sys.exit(f"error: {file} was not written\n{Path(log).read_text(errors='replace')[-2000:]}")
        alpha_carbons = sum(1 for line in file.read_text().splitlines() if line.startswith("ATOM") and " CA " in line)
        if alpha_carbons != arguments.residues:
            sys.exit(f"error: {file} holds {alpha_carbons} residues, not {arguments.residues}")


def commands(job, arguments, results):
    common = ["--recycling_steps", arguments.recycling_steps, "--sampling_steps", arguments.sampling_steps,
              "--diffusion_samples", arguments.diffusion_samples, "--seed", arguments.seed, "--override"]
    reference = [arguments.boltz, "predict", job, "--cache", arguments.cache, "--accelerator", "cpu", "--no_kernels",
                 "--num_workers", 0, "--out_dir", results / "reference", *common]
    tilefold = [arguments.tilefold, "predict", job, "--cache", arguments.cache, "--precision", arguments.precision,
                "--num_threads", arguments.threads, "--out_dir", results / "tilefold", *common]
    return {"tilefold": [str(word) for word in tilefold], "reference": [str(word) for word in reference]}


def print_machine(arguments):
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")),
                 platform.processor())
    info = subprocess.run([arguments.tilefold, "info", "--no_peaks"], capture_output=True, text=True, check=True).stdout
    isa = next(line for line in info.splitlines() if line.startswith("ISA"))
    python = arguments.boltz.parent / "python"
    versions = subprocess.run(
        [python, "-c", "from importlib.metadata import version as v; print('boltz', v('boltz'), 'torch', v('torch'))"],
        capture_output=True, text=True).stdout.strip()
    print(f"CPU        {model}")
    print(f"ISA        {isa.split()[1]}")
    print(f"threads    {arguments.threads} of {len(os.sched_getaffinity(0))}")
    print(f"reference  {versions or 'unknown versions'}, bf16 autocast on CPU")
    print(f"input      {arguments.residues} residues, {arguments.rows} MSA rows, {arguments.recycling_steps} recycling steps, "
          f"{arguments.sampling_steps} sampling steps, {arguments.diffusion_samples} sample(s); tilefold {arguments.precision}")
    print(f"command    {' '.join(sys.argv)}\n", flush=True)


def main():
    arguments = parse_arguments()
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="tilefold_compare_"))
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    try:
        print_machine(arguments)
        job = write_input(folder, arguments)
        environment = {
            "tilefold": {"TILEFOLD_CACHE_DIR": str(folder / "kernels")},
            "reference": {"OMP_NUM_THREADS": str(arguments.threads), "MKL_NUM_THREADS": str(arguments.threads)},
        }
        seconds = {"tilefold": [], "reference": []}
        cpu_seconds = {"tilefold": [], "reference": []}
        memory = {"tilefold": [], "reference": []}
        print(f"{'program':<12}{'run':>4}{'seconds':>10}{'CPU s':>10}{'peak RSS':>12}")
        for repeat in range(1 if arguments.quick else arguments.repeats):
            for program, command in commands(job, arguments, folder).items():
                log = folder / f"{program}_{repeat}.log"
                took, worked, used = run_once(command, environment[program], log)
                check_result(folder / program, arguments, log)
                seconds[program].append(took)
                cpu_seconds[program].append(worked)
                memory[program].append(used)
                print(f"{program:<12}{repeat + 1:>4}{took:>10.1f}{worked:>10.1f}{used / 2**30:>8.2f} GiB", flush=True)
        print()
        for what, values in (("time", seconds), ("CPU time", cpu_seconds)):
            ratios = [r / t for t, r in zip(values["tilefold"], values["reference"])]
            print(f"{what + ', reference / tilefold:':<33}{statistics.median(ratios):.2f} "
                  f"(median; {min(ratios):.2f} to {max(ratios):.2f})")
        print(f"peak RSS, reference / tilefold:  {max(memory['reference']) / max(memory['tilefold']):.2f}")
    finally:
        if not arguments.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
