"""Writes the affinity goldens: a tiny affinity checkpoint, one whole run with it, and crops of synthetic complexes.

usage: make_affinity.py INPUT_DIR OUT_DIR

OUT_DIR is tests/golden; the files are model/tiny_affinity.ckpt, model/affinity.safetensors,
output/affinity[_mw_correction]/affinity_affinity.json, affinity/crops.safetensors.
"""

import argparse
import os
import tempfile
from pathlib import Path

import checkpoint
import components
import crops
import numpy as np
import torch
from boltz.data.write.writer import BoltzAffinityWriter
from common import setup, without, write
from make_model import GUIDED, LARGE, NOISY, TEMPLATE, resolved
from margins import run_with_margin
from prediction import (
    FURTHER_FEATURES,
    TRUNK_FEATURES,
    Settings,
    collect,
    load_features,
    make_features,
    run_model,
    write_prediction,
)

NAME = "affinity"
COMPONENTS = ("ZN",)
STRUCTURE = Settings()
# The reference fixes the number of passes of the second run.
AFFINITY = Settings(passes=6, steps=4, samples=3, affinity=True)
FEATURES = (*TRUNK_FEATURES, *FURTHER_FEATURES)
AFFINITY_FEATURES = ("profile_affinity", "deletion_mean_affinity")
DROPPED = rf"{LARGE}|{TEMPLATE}|{GUIDED}|{NOISY}|trunk\.[0-4]\.|feats\.frame_resolved_mask"
# The structure run is that of other cases.
DROPPED_OF_STRUCTURE = rf"{DROPPED}|trunk\.|s_inputs|out\.pae$|out\.pde$"


def structure_run(model, batch):
    noise, recorder, prediction = run_with_margin(model, batch, NAME, STRUCTURE)
    return without(collect(batch, noise, recorder, prediction, FEATURES), DROPPED_OF_STRUCTURE), prediction


def affinity_run(model, batch):
    """Tensors of the second run, their names prefixed, and the predictions with and without the weight's correction."""
    model.affinity_mw_correction = False
    noise, recorder, prediction = run_with_margin(model, batch, f"{NAME}, second run", AFFINITY)
    tensors = without(collect(batch, noise, recorder, prediction, (*FEATURES, *AFFINITY_FEATURES)), DROPPED)
    tensors["feats.affinity_mw"] = torch.tensor(batch["affinity_mw"])
    model.affinity_mw_correction = True
    _, corrected = run_model(model, batch, noise, AFFINITY)
    prefixed = {}
    for name, value in tensors.items():
        kind, rest = name.split(".", 1) if name.startswith("noise.") else ("", name)
        prefixed[f"noise.{NAME}.{rest}" if kind else f"{NAME}.{rest}"] = value
    return prefixed, prediction, corrected


def write_affinity(batch, prediction, work, folder):
    """The reference's JSON file."""
    BoltzAffinityWriter(work, folder).write_on_batch_end(None, None, prediction, None, batch, 0, 0)


def whole_run(inputs, out, scratch):
    values, affinity_values = checkpoint.tiny_hyper_parameters(), checkpoint.tiny_affinity_hyper_parameters()
    model, affinity_model = checkpoint.random_model(values), checkpoint.random_model(affinity_values, seed=2)
    checkpoint.save_checkpoint(affinity_model, affinity_values, out / "model" / "tiny_affinity.ckpt")

    cache, work = scratch / "cache", scratch / NAME
    components.write_components(cache / "mols", COMPONENTS)
    batch = make_features(inputs / f"{NAME}.yaml", cache, work)
    tensors, prediction = structure_run(model, batch)
    predictions = write_prediction(batch, prediction, work, "mmcif")
    crop_input = np.load(predictions / NAME / f"pre_{NAME}_{NAME}.npz")["atoms"]["coords"]
    tensors[f"noise.{NAME}.crop_coords"] = torch.from_numpy(crop_input.copy())

    batch = load_features(cache, work, predictions, affinity=True, override_method="other")
    more, prediction, corrected = affinity_run(affinity_model, batch)
    metadata = {f"{NAME}.{key}": value for key, value in AFFINITY.metadata().items()}
    write(out / "model" / f"{NAME}.safetensors", tensors | more, STRUCTURE.metadata() | metadata)
    # The writer puts the folder of the input into its output folder.
    for suffix, result in (("", prediction), ("_mw_correction", corrected)):
        write_affinity(batch, result, work, scratch / f"json{suffix}")
        target = out / "output" / f"{NAME}{suffix}" / f"{NAME}_{NAME}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text((scratch / f"json{suffix}" / NAME / target.name).read_text())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs", type=resolved)
    parser.add_argument("out", type=resolved)
    arguments = parser.parse_args()
    (arguments.out / "model").mkdir(parents=True, exist_ok=True)

    setup(0)
    write(arguments.out / "affinity" / "crops.safetensors", crops.crop_tensors(), {})
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(arguments.inputs)
        whole_run(arguments.inputs, arguments.out, Path(scratch))


if __name__ == "__main__":
    main()
