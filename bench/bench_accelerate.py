#!/usr/bin/env python3
"""Compares the compiled Pairformer with the untouched one of PyPI boltz, alternating in one run.

    PYTHONPATH=build/release/python VENV/bin/python bench/bench_accelerate.py [--tokens 256] [--blocks 4] [--repeats 5]

VENV holds boltz==2.2.1 and torch==2.13.0. Dimensions are the released ones (token_s 384, token_z 128), weights random.
Four sides run one after the other in every round, in changing order, with the same number of threads: PyTorch eager in
float32, PyTorch under bfloat16 autocast, Tilefold fp32, Tilefold mixed. Every side runs once before; for Tilefold that
first call compiles (unless the disk cache has the programs) and packs weights, and is stated as cold time.

On a CPU without bfloat16 instructions the autocast side is some seven times as slow as float32 and takes most of the
time; --autocast-repeats lets it take part in the first rounds only.

Prints medians, and the ratio of each PyTorch side to each of Tilefold's with its quartiles over rounds: machines are
shared and noisy, so quote the ratios. Exits with 1 when Tilefold mixed is slower than the faster PyTorch side.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools" / "golden"))

TORCH_SIDES = ("torch fp32", "torch bf16 autocast")
OUR_SIDES = ("tilefold fp32", "tilefold mixed")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--blocks", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=5, help="rounds")
    parser.add_argument("--autocast-repeats", type=int, help="rounds with the autocast side (default: all)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--warm-cache", action="store_true", help="use the kernel cache on disk as it is")
    parser.add_argument("--profile", action="store_true", help="also print where the time of Tilefold mixed goes")
    arguments = parser.parse_args()
    if arguments.autocast_repeats is not None and arguments.autocast_repeats < 1:
        parser.error("the autocast side needs at least one round")
    if arguments.tokens < 1 or arguments.blocks < 1 or arguments.repeats < 1 or arguments.threads < 1:
        parser.error("all numbers must be at least 1")
    return arguments


def make_sides(arguments):
    """Name -> function without arguments that runs the Pairformer and returns s and z."""
    import torch
    from boltz.model.layers.pairformer import PairformerModule
    from common import redraw_parameters

    import tilefold
    import tilefold.torch

    torch.set_num_threads(arguments.threads)
    tilefold.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    reference = redraw_parameters(PairformerModule(384, 128, arguments.blocks, dropout=0.0, v2=True), 1, 0.7)
    n = arguments.tokens
    inputs = (torch.randn(1, n, 384), torch.randn(1, n, n, 128), torch.ones(1, n), torch.ones(1, n, n))
    full = tilefold.torch.PairformerModule.from_reference(reference, "fp32")
    mixed = tilefold.torch.PairformerModule.from_reference(reference, "mixed")

    def autocast():
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return reference(*inputs)

    return dict(
        zip(
            (*TORCH_SIDES, *OUR_SIDES),
            (lambda: reference(*inputs), autocast, lambda: full(*inputs), lambda: mixed(*inputs)),
        )
    )


def timed(function):
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def print_differences(results):
    """Of every side from PyTorch in float32: largest absolute difference and norm of the difference, for s and z."""
    print(f"\n{'from torch fp32':<22} {'max |ds|':>10} {'max |dz|':>10} {'rel s':>10} {'rel z':>10}")
    exact = results[TORCH_SIDES[0]]
    for name, result in results.items():
        if name == TORCH_SIDES[0]:
            continue
        difference = [(a.double() - b.double()) for a, b in zip(result, exact)]
        largest = [float(d.abs().max()) for d in difference]
        relative = [float(d.norm() / b.double().norm()) for d, b in zip(difference, exact)]
        print(f"{name:<22} {largest[0]:>10.2e} {largest[1]:>10.2e} {relative[0]:>10.2e} {relative[1]:>10.2e}")


def print_ratios(times):
    """Ratios of one round each; returns the median ratio of the faster PyTorch side to Tilefold mixed."""
    print(f"\n{'ratio (above 1: ours is faster)':<46} {'median':>7} {'quartiles':>15}")
    worst = {}
    for ours in OUR_SIDES:
        for theirs in TORCH_SIDES:
            ratios = [slow / fast for slow, fast in zip(times[theirs], times[ours])]
            low, _, high = (
                statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else [ratios[0]] * 3
            )
            median = statistics.median(ratios)
            worst[ours] = min(median, worst.get(ours, median))
            print(f"{theirs + ' / ' + ours:<46} {median:>7.2f} {low:>7.2f} {high:>7.2f}")
    return worst[OUR_SIDES[1]]


def run(arguments):
    import torch

    import tilefold

    sides = make_sides(arguments)
    results, cold = {}, {}
    for name, function in sides.items():
        cold[name], results[name] = timed(function)
    times = {name: [] for name in sides}
    autocast_repeats = arguments.repeats if arguments.autocast_repeats is None else arguments.autocast_repeats
    names = list(sides)
    for turn in range(arguments.repeats):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            if name == TORCH_SIDES[1] and turn >= autocast_repeats:
                continue
            times[name].append(timed(sides[name])[0])

    load = os.getloadavg()[0]
    print(
        f"Pairformer, {arguments.blocks} blocks, N = {arguments.tokens}, {arguments.threads} threads, "
        f"{tilefold.active_isa()}, torch {torch.__version__}, {arguments.repeats} rounds, load average {load:.1f}"
    )
    print(f"{'side':<22} {'median s':>9} {'best s':>9} {'first s':>9}")
    for name in sides:
        print(f"{name:<22} {statistics.median(times[name]):>9.3f} {min(times[name]):>9.3f} {cold[name]:>9.2f}")
    ratio = print_ratios(times)
    print_differences(results)
    if arguments.profile:
        with tilefold.profile() as report:
            sides[OUR_SIDES[1]]()
        print(f"\n{report}")
    return ratio


def main():
    arguments = parse_arguments()
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    with tempfile.TemporaryDirectory() as empty:
        if not arguments.warm_cache:
            os.environ["TILEFOLD_CACHE_DIR"] = empty
        import torch

        with torch.no_grad():
            ratio = run(arguments)
    sys.exit(0 if ratio >= 1 else 1)


if __name__ == "__main__":
    main()
