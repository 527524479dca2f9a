"""Writes tests/golden/model: a tiny random checkpoint and, per input of tests/golden/inputs, features and outputs.

usage: make_model.py INPUT_DIR OUT_DIR [--case NAME ...] [--features-only] [--written DIR]

--written DIR also stores what the reference's writer makes of some cases (see README.md).
"""

import argparse
import contextlib
import os
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

import checkpoint
import components
import torch
from boltz.data.module.inferencev2 import PredictionDataset, collate
from boltz.data.types import Manifest
from boltz.data.write.writer import BoltzWriter
from boltz.main import BoltzSteeringParams, process_inputs
from boltz.model.modules import diffusionv2
from boltz.model.modules.utils import random_rotations
from common import boundary_margin, setup, store_features, to_storable, write

CASES = ("monomer", "homodimer", "heterodimer", "nucleic", "modified", "cyclic")
EXTRA_COMPONENTS = ("SEP", "MSE", "HYP", "PSU", "5CM")
PASSES, STEPS, SAMPLES = 2, 5, 2
# With five steps the default step scale (1.5) overshoots so far that the coordinates end at hundreds of Angstroms,
# where fp32 rounding alone is 1e-3 and every distance falls into the last bin whatever the coordinates are.
STEP_SCALE = 1.1
# The cases whose output files are kept, and the ones small enough to keep the largest tensors.
WRITTEN_CASES = ("modified", "nucleic")
WITH_DISTOGRAM = ("modified", "cyclic")
WITH_ATOM_BIAS = ("cyclic",)
# Distances (and cosines of frames) must keep this far from a bin edge (or threshold), so that rounding does not decide.
REQUIRED_MARGIN = 2e-4
COLLINEAR_COSINE = 0.9063

TRUNK_FEATURES = """
token_index residue_index asym_id entity_id sym_id mol_type res_type token_bonds type_bonds token_pad_mask
token_resolved_mask token_disto_mask contact_conditioning contact_threshold method_feature modified cyclic_period
affinity_token_mask msa msa_paired deletion_value has_deletion msa_mask profile deletion_mean
template_restype template_frame_rot template_frame_t template_cb template_ca template_mask_cb template_mask_frame
template_mask query_to_template visibility_ids
ref_pos ref_charge ref_element ref_atom_name_chars ref_chirality ref_space_uid atom_pad_mask atom_resolved_mask
atom_to_token token_to_rep_atom token_to_center_atom frames_idx frame_resolved_mask
""".split()


def make_features(path, cache, work):
    """Runs the reference's own input pipeline on one file; returns the batch its data loader would give."""
    process_inputs(
        data=[path],
        out_dir=work,
        ccd_path=cache / "ccd.pkl",
        mol_dir=cache / "mols",
        msa_server_url="",
        msa_pairing_strategy="greedy",
        boltz2=True,
    )
    processed = work / "processed"
    dataset = PredictionDataset(
        manifest=Manifest.load(processed / "manifest.json"),
        target_dir=processed / "structures",
        msa_dir=processed / "msa",
        mol_dir=cache / "mols",
        constraints_dir=processed / "constraints",
        template_dir=processed / "templates",
        extra_mols_dir=processed / "mols",
    )
    if len(dataset) != 1:
        raise SystemExit(f"the reference refused {path}")
    return collate([dataset[0]])


def draw_noise(atoms, seed):
    """Every random draw of the sampler, as the reference would make them but known in advance."""
    generator = torch.Generator().manual_seed(seed)
    shape = (SAMPLES, atoms, 3)
    torch.manual_seed(seed)
    return dict(
        initial=torch.randn(shape, generator=generator),
        noise=torch.randn(STEPS, *shape, generator=generator),
        rotation=torch.stack([random_rotations(SAMPLES) for _ in range(STEPS)]),
        translation=torch.randn(STEPS, SAMPLES, 3, generator=generator),
    )


@contextlib.contextmanager
def injected(noise):
    """Replaces the sampler's random draws by the given ones, in the order in which it asks for them."""
    draws = [noise["initial"], *noise["noise"]]
    frames = list(zip(noise["rotation"], noise["translation"]))

    def next_draw(shape, device=None):
        value = draws.pop(0)
        if tuple(shape) != tuple(value.shape):
            raise ValueError(f"the sampler asked for {tuple(shape)}, expected {tuple(value.shape)}")
        return value.clone()

    def next_frame(multiplicity, s_trans=1.0, device=None, dtype=torch.float32):
        rotation, translation = frames.pop(0)
        return rotation, translation[:, None]

    original_randn, original_frame = torch.randn, diffusionv2.compute_random_augmentation
    torch.randn, diffusionv2.compute_random_augmentation = next_draw, next_frame
    try:
        yield
    finally:
        torch.randn, diffusionv2.compute_random_augmentation = original_randn, original_frame
    if draws or frames:
        raise ValueError("the sampler used fewer random draws than expected")


class Recorder:
    """Collects intermediate tensors of one model call through forward hooks."""

    def __init__(self, model):
        self.tensors, self.noisy, self.denoised, self.output = {}, [], [], None
        self.passes, self.handles = 0, []
        self.hook(model.input_embedder, self.on_input)
        self.hook(model.msa_module, self.on_msa)
        self.hook(model.pairformer_module, self.on_pairformer)
        self.hook(model.diffusion_conditioning, self.on_conditioning)
        self.hook(model, self.on_model)
        self.structure = model.structure_module
        self.forward = self.structure.preconditioned_network_forward
        self.structure.preconditioned_network_forward = self.on_denoise

    def hook(self, module, function):
        self.handles.append(module.register_forward_hook(function))

    def close(self):
        for handle in self.handles:
            handle.remove()
        del self.structure.preconditioned_network_forward

    def on_input(self, module, inputs, output):
        self.tensors["s_inputs"] = output[0]

    def on_msa(self, module, inputs, output):
        # The trunk adds the module's output, which already contains its input, to that input.
        self.tensors[f"trunk.{self.passes}.z_msa"] = (inputs[0] + output)[0]

    def on_pairformer(self, module, inputs, output):
        self.tensors[f"trunk.{self.passes}.s"], self.tensors[f"trunk.{self.passes}.z"] = output[0][0], output[1][0]
        self.passes += 1

    def on_conditioning(self, module, inputs, output):
        names = ("q", "c", None, "atom_enc_bias", "atom_dec_bias", "token_trans_bias")
        for name, value in zip(names, output):
            if name:
                self.tensors[f"conditioning.{name}"] = value[0]

    def on_denoise(self, coords, sigma, network_condition_kwargs):
        # Copies, because the sampler changes both tensors in place.
        self.noisy.append(coords.clone())
        result = self.forward(coords, sigma, network_condition_kwargs)
        self.denoised.append(result.clone())
        return result

    def on_model(self, module, inputs, output):
        self.output = output


def run_model(model, batch, noise):
    """One prediction with injected noise; returns the recorder and the reference's prediction dict."""
    model.predict_args = dict(
        recycling_steps=PASSES - 1,
        sampling_steps=STEPS,
        diffusion_samples=SAMPLES,
        max_parallel_samples=SAMPLES,
    )
    model.structure_module.step_scale = STEP_SCALE
    model.steering_args = asdict(BoltzSteeringParams())
    recorder = Recorder(model)
    try:
        with injected(noise):
            prediction = model.predict_step(batch, 0)
    finally:
        recorder.close()
    return recorder, prediction


def margin(batch, coords, boundaries):
    """Distance of the nearest token pair to a bin edge or the contact threshold, or of a frame to collinearity."""
    selection = batch["token_to_rep_atom"].double().expand(SAMPLES, -1, -1)
    points = torch.bmm(selection, coords.double())
    pairs = torch.triu_indices(points.shape[1], points.shape[1], offset=1)
    distance = torch.cdist(points, points)[:, pairs[0], pairs[1]]
    pair_margin = boundary_margin(distance, torch.cat([boundaries, torch.tensor([8.0])]))
    first, middle, last = (coords.double()[:, batch["frames_idx"][0, 0, :, k]] for k in range(3))
    cosine = torch.nn.functional.cosine_similarity(first - middle, last - middle, dim=-1).abs()
    return min(pair_margin, boundary_margin(cosine, torch.tensor([COLLINEAR_COSINE])))


def run_with_margin(model, batch, atoms, name):
    """Tries noise seeds until no distance is so near a bin edge that rounding would decide."""
    for seed in range(1000):
        noise = draw_noise(atoms, seed)
        recorder, prediction = run_model(model, batch, noise)
        found = margin(batch, prediction["coords"], model.confidence_module.boundaries)
        if found >= REQUIRED_MARGIN:
            print(f"{name}: noise seed {seed}, bin margin {found:.1e}")
            return noise, recorder, prediction
    raise SystemExit(f"{name}: no noise seed keeps all distances away from bin edges")


def chain_table(pairs):
    """pair_chains_iptm as {first: {second: [one value per sample]}} with text keys, as in the JSON files."""
    return {str(i): {str(j): value.tolist() for j, value in row.items()} for i, row in pairs.items()}


def collect(name, batch, noise, recorder, prediction):
    tensors = store_features(batch, "feats.", TRUNK_FEATURES)
    tensors |= {f"noise.{key}": to_storable(value) for key, value in noise.items()}
    tensors["noise.ref_pos"] = to_storable(batch["ref_pos"][0])
    tensors |= {key: to_storable(value) for key, value in recorder.tensors.items()}
    tensors["sampler.noisy"] = torch.stack(recorder.noisy)
    tensors["sampler.denoised"] = torch.stack(recorder.denoised)
    output = recorder.output
    tensors["out.pdistogram"], tensors["out.pbfactor"] = output["pdistogram"][0], output["pbfactor"][0]
    stacked = "sample_atom_coords plddt_logits pae_logits pde_logits resolved_logits plddt pae pde"
    stacked += " ptm iptm ligand_iptm protein_iptm complex_plddt complex_iplddt complex_pde complex_ipde"
    for key in stacked.split():
        tensors[f"out.{key}"] = to_storable(output[key])
    tensors["out.confidence_score"] = to_storable(prediction["confidence_score"])
    if name not in WITH_DISTOGRAM:
        del tensors["out.pdistogram"]
    if name not in WITH_ATOM_BIAS:
        del tensors["conditioning.atom_enc_bias"], tensors["conditioning.atom_dec_bias"]
    metadata = dict(
        pair_chains_iptm=chain_table(output["pair_chains_iptm"]),
        recycling_steps=PASSES - 1,
        sampling_steps=STEPS,
        diffusion_samples=SAMPLES,
        step_scale=STEP_SCALE,
        steering="default of the reference's command line",
    )
    return tensors, metadata


def write_files(batch, prediction, work, folder):
    """Stores what the reference's writer makes of a prediction, as mmCIF and as PDB."""
    for kind in ("mmcif", "pdb"):
        writer = BoltzWriter(
            data_dir=work / "processed" / "structures",
            output_dir=work / f"written_{kind}",
            output_format=kind,
            boltz2=True,
            write_embeddings=kind == "mmcif",
        )
        writer.write_on_batch_end(None, None, prediction, None, batch, 0, 0)
        for source in sorted((work / f"written_{kind}").rglob("*")):
            # The structure files of the lower ranks show nothing that those of rank 0 do not.
            if source.is_file() and not (source.suffix in (".cif", ".pdb") and "model_0" not in source.stem):
                target = folder / source.relative_to(work / f"written_{kind}")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
                print(f"{target.stat().st_size / 1024:8.1f} KiB  {target}")


def find_input(folder, name):
    for suffix in (".yaml", ".fasta"):
        if (folder / f"{name}{suffix}").exists():
            return folder / f"{name}{suffix}"
    raise SystemExit(f"no input {name} in {folder}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--case", action="append", choices=CASES)
    parser.add_argument("--features-only", action="store_true")
    parser.add_argument("--written", type=Path, help="folder for the files of the reference's writer")
    arguments = parser.parse_args()
    inputs, out = arguments.inputs.resolve(), arguments.out.resolve()
    written = arguments.written.resolve() if arguments.written else None
    out.mkdir(parents=True, exist_ok=True)

    setup(0)
    values = checkpoint.tiny_hyper_parameters()
    model = checkpoint.random_model(values)
    checkpoint.save_checkpoint(model, values, out / "tiny_random.ckpt")
    with tempfile.TemporaryDirectory() as scratch:
        cache = Path(scratch) / "cache"
        components.write_components(cache / "mols", EXTRA_COMPONENTS)
        # The reference looks MSA paths up from the working directory.
        os.chdir(inputs)
        for name in arguments.case or CASES:
            # The reference augments conformers with torch's global generator.
            torch.manual_seed(CASES.index(name))
            work = Path(scratch) / name
            batch = make_features(find_input(inputs, name), cache, work)
            if arguments.features_only:
                write(out / f"{name}.safetensors", store_features(batch, "feats.", TRUNK_FEATURES), {})
                continue
            noise, recorder, prediction = run_with_margin(model, batch, batch["ref_pos"].shape[1], name)
            tensors, metadata = collect(name, batch, noise, recorder, prediction)
            write(out / f"{name}.safetensors", tensors, metadata)
            if written and name in WRITTEN_CASES:
                write_files(batch, prediction, work, written)


if __name__ == "__main__":
    main()
