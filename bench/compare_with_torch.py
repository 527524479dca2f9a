#!/usr/bin/env python3
"""Side by side with PyTorch in one run: the seed functions and a Pairformer stack.

    bench/compare_with_torch.py build/release/bench_seed_functions [--threads 2] [--rounds 7] [functions|pairformer]

Both sides use the same number of threads and take turns; the fastest call of each side counts, and the ratio of every
round is printed as a range. Needs torch (with a C++ compiler for torch.compile); the Pairformer also needs boltz 2.2.1.
"""

import argparse
import contextlib
import json
import os
import statistics
import struct
import subprocess
import tempfile
import time

import torch
import torch.nn.functional as F

SHAPES = [(1024, 1024), (65536, 128), (4096, 768)]
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class Tilefold:
    """The program of bench/bench_seed_functions.cpp in its --serve mode."""

    def __init__(self, program, threads, processor_time):
        cores = sorted(os.sched_getaffinity(0))[:threads]
        self.process = subprocess.Popen(
            [program, "--serve"] + ["--processor-time"] * processor_time, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )

    def ask(self, line):
        print(line, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline().strip()
        try:
            return float(answer)
        except ValueError:
            raise RuntimeError(f"{line}: {answer or 'the program ended'}") from None


clock = time.perf_counter


def fastest(function, repetitions):
    best = float("inf")
    for _ in range(repetitions):
        start = clock()
        function()
        best = min(best, clock() - start)
    return best


def functions(name):
    if name == "residual_norm":
        return lambda x, residual, weight, bias: F.layer_norm(x + residual, x.shape[-1:], weight, bias, 1e-5)
    return {"gelu": F.gelu, "silu": F.silu, "relu": F.relu}[name]


def arguments(name, shape, dtype):
    x, residual = (torch.randn(shape).to(dtype) for _ in range(2))
    weight, bias = (torch.randn(shape[-1:]).to(dtype) for _ in range(2))
    return (x, residual, weight, bias) if name == "residual_norm" else (x,)


def spread(ratios):
    return f"{statistics.median(ratios):5.2f} ({min(ratios):.2f}..{max(ratios):.2f})"


def compare_functions(tilefold, names, rounds, repetitions):
    print(f"{'case':36} {'tilefold':>10} {'eager':>10} {'compiled':>10}   eager/tilefold       compiled/tilefold")
    worst = float("inf")
    for name in names:
        for dtype_name, dtype in DTYPES.items():
            for shape in SHAPES:
                torch._dynamo.reset()
                eager = functions(name)
                compiled = torch.compile(functions(name), dynamic=False)
                inputs = arguments(name, shape, dtype)
                with torch.no_grad():
                    for _ in range(3):
                        compiled(*inputs)
                        eager(*inputs)
                    times = []
                    for _ in range(rounds):
                        ours = tilefold.ask(f"{name} {dtype_name} {shape[0]} {shape[1]} {repetitions}")
                        times.append((ours, fastest(lambda: eager(*inputs), repetitions),
                                      fastest(lambda: compiled(*inputs), repetitions)))
                best = [min(column) * 1e6 for column in zip(*times)]
                case = f"{name} {dtype_name} {shape[0]}x{shape[1]}"
                print(f"{case:36} {best[0]:8.1f}us {best[1]:8.1f}us {best[2]:8.1f}us   "
                      f"{spread([t[1] / t[0] for t in times])}   {spread([t[2] / t[0] for t in times])}", flush=True)
                worst = min(worst, best[1] / best[0], best[2] / best[0])
    print(f"smallest ratio of the fastest calls: {worst:.2f}")


def write_safetensors(path, tensors):
    header, position, blobs = {}, 0, []
    for name, tensor in tensors.items():
        blob = tensor.contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [position, position + len(blob)]}
        position += len(blob)
        blobs.append(blob)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for blob in blobs:
            file.write(blob)


def read_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            tensors[name] = torch.frombuffer(data[begin:end], dtype=torch.float32).reshape(entry["shape"])
    return tensors


def random_pairformer(blocks):
    from boltz.model.layers.pairformer import PairformerModule

    torch.manual_seed(0)
    module = PairformerModule(384, 128, blocks, v2=True).eval()
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            # Zero-initialised outputs would hide the work; norms stay near one.
            if parameter.dim() > 1:
                parameter.normal_(0, parameter.shape[-1] ** -0.5)
            else:
                parameter.add_(0.1 * torch.randn_like(parameter))
    return module


def compare_pairformer(tilefold, rounds, blocks, n):
    module = random_pairformer(blocks)
    s, z = torch.randn(1, n, 384), torch.randn(1, n, n, 128)
    mask, pair_mask = torch.ones(1, n), torch.ones(1, n, n)

    def run(bf16):
        context = torch.autocast("cpu", torch.bfloat16) if bf16 else contextlib.nullcontext()
        with torch.inference_mode(), context:
            return module(s, z, mask, pair_mask)

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "pairformer.safetensors")
        write_safetensors(path, {**module.state_dict(), "s": s[0], "z": z[0]})
        ask = {precision: f"pairformer {path} {blocks} {n} {precision}" for precision in ("float32", "mixed")}
        times = []
        for round_number in range(rounds + 1):
            row = [tilefold.ask(ask["float32"]), tilefold.ask(ask["mixed"])]
            row += [fastest(lambda: run(False), 1), fastest(lambda: run(True), 1)]
            if round_number > 0:  # the first one warms up
                times.append(row)
            print("  ".join(f"{seconds * 1e3:8.1f} ms" for seconds in row), flush=True)
        expected = run(False)
        for precision in ("float32", "mixed"):
            ours = read_safetensors(f"{path}.{precision}.out")
            for name, reference in zip(("s", "z"), expected):
                error = (ours[name] - reference[0]).norm() / reference.norm()
                print(f"{precision} {name}: relative difference {error:.2e}")
    best = [min(column) for column in zip(*times)]
    print(f"Pairformer, {blocks} blocks, N={n}: tilefold fp32 {best[0]:.3f} s, mixed {best[1]:.3f} s; "
          f"torch fp32 {best[2]:.3f} s, bf16 autocast {best[3]:.3f} s")
    print(f"fp32: {spread([min(t[2:]) / t[0] for t in times])}   mixed: {spread([min(t[2:]) / t[1] for t in times])}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="bench_seed_functions")
    parser.add_argument("what", nargs="?", choices=["functions", "pairformer"], help="default: both")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--repetitions", type=int, default=20, help="calls per round of the seed functions")
    parser.add_argument("--only", default="gelu,silu,relu,residual_norm", help="the functions, with commas between")
    parser.add_argument("--processor-time", action="store_true",
                        help="one thread, and its processor time instead of the clock's: for a busy machine")
    parser.add_argument("--blocks", type=int, default=4)
    parser.add_argument("--tokens", type=int, default=256)
    chosen = parser.parse_args()
    if chosen.processor_time:
        global clock
        clock, chosen.threads = time.thread_time, 1
    torch.set_num_threads(chosen.threads)
    tilefold = Tilefold(chosen.program, chosen.threads, chosen.processor_time)
    print(f"torch {torch.__version__}, {chosen.threads} threads; ratios above 1: tilefold is faster")
    if chosen.what != "pairformer":
        compare_functions(tilefold, chosen.only.split(","), chosen.rounds, chosen.repetitions)
    if chosen.what != "functions":
        compare_pairformer(tilefold, chosen.rounds, chosen.blocks, chosen.tokens)


if __name__ == "__main__":
    main()
