"""Writes tests/golden/model: a tiny random checkpoint and, per input of tests/golden/inputs, features and outputs.

usage: make_model.py INPUT_DIR OUT_DIR [--case NAME ...] [--features-only] [--written DIR]

--written DIR also stores what the reference's writer makes of some cases (see README.md).
"""

import argparse
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import checkpoint
import components
import torch
from common import setup, store_features, to_storable, without, write
from margins import predicted_frames, run_with_margin
from prediction import (
    FURTHER_FEATURES,
    POTENTIAL_FEATURES,
    TRUNK_FEATURES,
    Settings,
    chain_table,
    collect,
    make_features,
    write_files,
)

# What only the first cases keep: tensors that grow with the square of the tokens or tell little that others do not.
LARGE = r"trunk\.0\.[sz]$|trunk\.\d\.z_msa|conditioning\.|out\.\w+_logits|out\.pdistogram|out\.pbfactor"
# What only the cases with templates or forces keep.
TEMPLATE, GUIDED = r"trunk\.\d\.template", r"sampler\.guided"
NOISY = r"sampler\.noisy"


@dataclass(frozen=True)
class Case:
    """One input file and what is kept of its prediction."""

    name: str
    components: tuple = ()  # codes beyond the standard residues
    settings: Settings = Settings()
    features: tuple = (*TRUNK_FEATURES, *FURTHER_FEATURES)
    dropped: str = f"{LARGE}|{TEMPLATE}|{GUIDED}"
    predicted: bool = True
    written: bool = False  # the files of the reference's writer are kept
    embeddings: bool = False  # among them the embeddings

    def file_of(self, folder):
        for suffix in (".yaml", ".fasta"):
            if (folder / f"{self.name}{suffix}").exists():
                return folder / f"{self.name}{suffix}"
        raise SystemExit(f"no input {self.name} in {folder}")


def polymer_case(name, distogram=False, atom_bias=False, **options):
    """One of the first cases: inputs without ligands, every tensor but the largest."""
    dropped = [TEMPLATE, GUIDED]
    dropped += [] if distogram else [r"out\.pdistogram"]
    dropped += [] if atom_bias else [r"conditioning\.atom_..._bias"]
    return Case(name, features=tuple(TRUNK_FEATURES), dropped="|".join(dropped), **options)


# The position in this list is the seed of the conformers' augmentation: add at the end.
CASES = (
    polymer_case("monomer"),
    polymer_case("homodimer"),
    polymer_case("heterodimer"),
    polymer_case("nucleic", written=True, embeddings=True),
    polymer_case(
        "modified", components=("SEP", "MSE", "HYP", "PSU", "5CM"), distogram=True, written=True, embeddings=True
    ),
    polymer_case("cyclic", distogram=True, atom_bias=True),
    Case("ligand", components=("DHA", "BME", "ZN", "TYL"), written=True),
    Case("glycan", components=("NAG",), written=True),
    Case("ligand_fasta", components=("SAL",), predicted=False),
    Case("smiles", features=(*TRUNK_FEATURES, *FURTHER_FEATURES, *POTENTIAL_FEATURES)),
    Case("constraints", components=("SEP", "BME"), settings=Settings(guided=True), dropped=f"{LARGE}|{TEMPLATE}"),
    Case(
        "templates",
        components=("SEP", "TPO", "BME", "ZN"),
        settings=Settings(guided=True),
        dropped=f"{LARGE}|{NOISY}",
    ),
    Case(
        "potentials",
        components=("ZN",),
        settings=Settings(steps=7, guided=True, potentials=True),
        features=(*TRUNK_FEATURES, *FURTHER_FEATURES, *POTENTIAL_FEATURES),
        dropped=rf"{LARGE}|{NOISY}|trunk\.|s_inputs|out\.pae$|out\.pde$",
    ),
    Case(
        "subsample",
        settings=Settings(subsampled=5),
        dropped=rf"conditioning\.|out\.\w+_logits|out\.pdistogram|{TEMPLATE}|{GUIDED}",
    ),
)


def tensors_of(case, batch, noise, recorder, prediction):
    tensors = collect(batch, noise, recorder, prediction, case.features)
    if case.features != tuple(TRUNK_FEATURES):
        frames, mask = predicted_frames(batch, prediction["coords"])
        tensors["out.frames_idx"], tensors["out.frame_mask"] = to_storable(frames), to_storable(mask.bool())
    return without(tensors, case.dropped)


def run_case(case, model, arguments, scratch):
    # The reference augments conformers with torch's global generator.
    torch.manual_seed(CASES.index(case))
    cache, work = scratch / "cache", scratch / case.name
    batch = make_features(case.file_of(arguments.inputs), cache, work)
    path = arguments.out / f"{case.name}.safetensors"
    if arguments.features_only or not case.predicted:
        write(path, store_features(batch, "feats.", case.features), {})
        return
    noise, recorder, prediction = run_with_margin(model, batch, case.name, case.settings)
    tensors = tensors_of(case, batch, noise, recorder, prediction)
    pairs = chain_table(recorder.output["pair_chains_iptm"])
    write(path, tensors, dict(pair_chains_iptm=pairs, **case.settings.metadata()))
    if arguments.written and case.written:
        write_files(batch, prediction, work, arguments.written, case.embeddings)


def resolved(path):
    return Path(path).resolve()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs", type=resolved)
    parser.add_argument("out", type=resolved)
    parser.add_argument("--case", action="append", choices=[case.name for case in CASES])
    parser.add_argument("--features-only", action="store_true")
    parser.add_argument("--written", type=resolved, help="folder for the files of the reference's writer")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)

    setup(0)
    values = checkpoint.tiny_hyper_parameters()
    model = checkpoint.random_model(values)
    checkpoint.save_checkpoint(model, values, arguments.out / "tiny_random.ckpt")
    chosen = [case for case in CASES if not arguments.case or case.name in arguments.case]
    with tempfile.TemporaryDirectory() as scratch:
        components.write_components(Path(scratch) / "cache" / "mols", [c for case in chosen for c in case.components])
        # The reference looks MSA and template paths up from the working directory.
        os.chdir(arguments.inputs)
        for case in chosen:
            run_case(case, model, arguments, Path(scratch))


if __name__ == "__main__":
    main()
