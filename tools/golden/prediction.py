"""Runs of the reference on one input file: features, injected draws, recorded tensors, files of its writer."""

import contextlib
import shutil
from dataclasses import asdict, dataclass
from unittest import mock

import torch
from boltz.data.module.inferencev2 import PredictionDataset, collate
from boltz.data.types import Manifest
from boltz.data.write.writer import BoltzWriter
from boltz.main import BoltzSteeringParams, process_inputs
from boltz.model.modules import diffusionv2
from common import store_features, to_storable
from draws import injected
from rdkit.Chem import AllChem

# With few steps the default step scale (1.5) overshoots so far that the coordinates end at hundreds of Angstroms,
# where fp32 rounding alone is 1e-3 and every distance falls into the last bin whatever the coordinates are.
STEP_SCALE = 1.1

TRUNK_FEATURES = """
token_index residue_index asym_id entity_id sym_id mol_type res_type token_bonds type_bonds token_pad_mask
token_resolved_mask token_disto_mask contact_conditioning contact_threshold method_feature modified cyclic_period
affinity_token_mask msa msa_paired deletion_value has_deletion msa_mask profile deletion_mean
template_restype template_frame_rot template_frame_t template_cb template_ca template_mask_cb template_mask_frame
template_mask query_to_template visibility_ids
ref_pos ref_charge ref_element ref_atom_name_chars ref_chirality ref_space_uid atom_pad_mask atom_resolved_mask
atom_to_token token_to_rep_atom token_to_center_atom frames_idx frame_resolved_mask
""".split()
# Features that the first cases were written without.
FURTHER_FEATURES = """
atom_backbone_feat r_set_to_rep_atom template_force template_force_threshold
contact_pair_index contact_union_index contact_negation_mask contact_thresholds
""".split()
POTENTIAL_FEATURES = """
rdkit_bounds_index rdkit_bounds_bond_mask rdkit_bounds_angle_mask rdkit_lower_bounds rdkit_upper_bounds
chiral_atom_index chiral_reference_mask chiral_atom_orientations
stereo_bond_index stereo_bond_orientations planar_bond_index planar_ring_5_index planar_ring_6_index
connected_chain_index connected_atom_index symmetric_chain_index
""".split()


@dataclass(frozen=True)
class Settings:
    """How one prediction runs."""

    passes: int = 2
    steps: int = 5
    samples: int = 2
    guided: bool = False  # something is forced, or the potentials are on
    potentials: bool = False  # the reference's --use_potentials
    subsampled: int = 0  # rows of the alignment that each pass takes, 0 = all: the reference's --subsample_msa
    affinity: bool = False  # the run of the affinity model, which has no steering at all

    def steering(self):
        steering = BoltzSteeringParams()
        steering.fk_steering = steering.physical_guidance_update = self.potentials
        steering.contact_guidance_update = not self.affinity
        return asdict(steering)

    @property
    def particles(self):
        return BoltzSteeringParams().num_particles if self.potentials else 1

    @property
    def rows(self):
        """Coordinate sets that the sampler moves: the particles of all samples."""
        return self.samples * self.particles

    def metadata(self):
        entries = dict(
            recycling_steps=self.passes - 1,
            sampling_steps=self.steps,
            diffusion_samples=self.samples,
            step_scale=STEP_SCALE,
            steering="default of the reference's command line",
        )
        if self.potentials or self.affinity:
            entries["steering"] = "potentials" if self.potentials else "none"
        if self.subsampled:
            entries["num_subsampled_msa"] = self.subsampled
        return entries


# ---- features ----


@contextlib.contextmanager
def first_conformers():
    """Embeds every SMILES as the reference does the first one of a process, whatever was embedded before."""
    make_parameters = AllChem.ETKDGv3

    def seeded_parameters():
        parameters = make_parameters()
        parameters.randomSeed = 42
        return parameters

    with mock.patch.object(AllChem, "ETKDGv3", seeded_parameters):
        yield


def make_features(path, cache, work):
    """Runs the reference's own input pipeline on one file; returns the batch its data loader would give."""
    with first_conformers():
        process_inputs(
            data=[path],
            out_dir=work,
            ccd_path=cache / "ccd.pkl",
            mol_dir=cache / "mols",
            msa_server_url="",
            msa_pairing_strategy="greedy",
            boltz2=True,
        )
    return load_features(cache, work)


def load_features(cache, work, targets=None, **options):
    """The batch that the reference's data loader gives for what `make_features` has processed in `work`."""
    processed = work / "processed"
    dataset = PredictionDataset(
        manifest=Manifest.load(processed / "manifest.json"),
        target_dir=targets or processed / "structures",
        msa_dir=processed / "msa",
        mol_dir=cache / "mols",
        constraints_dir=processed / "constraints",
        template_dir=processed / "templates",
        extra_mols_dir=processed / "mols",
        **options,
    )
    if len(dataset) != 1:
        raise SystemExit(f"the reference refused the input of {work.name}")
    return collate([dataset[0]])


# ---- runs ----


class Recorder:
    """Collects intermediate tensors of one model call through forward hooks."""

    def __init__(self, model):
        self.tensors, self.noisy, self.denoised, self.guided, self.output = {}, [], [], [], None
        self.passes, self.handles = 0, []
        self.hook(model.input_embedder, self.on_input)
        self.hook(model.template_module, self.on_template)
        self.hook(model.msa_module, self.on_msa)
        self.hook(model.pairformer_module, self.on_pairformer)
        self.hook(model.diffusion_conditioning, self.on_conditioning)
        self.hook(model, self.on_model)
        self.structure = model.structure_module
        self.forward = self.structure.preconditioned_network_forward
        self.structure.preconditioned_network_forward = self.on_denoise
        self.align = diffusionv2.weighted_rigid_align
        diffusionv2.weighted_rigid_align = self.on_align

    def hook(self, module, function):
        self.handles.append(module.register_forward_hook(function))

    def close(self):
        for handle in self.handles:
            handle.remove()
        del self.structure.preconditioned_network_forward
        diffusionv2.weighted_rigid_align = self.align

    def on_input(self, module, inputs, output):
        # The affinity model embeds its inputs once more, with another profile.
        name = "s_inputs_affinity" if "s_inputs" in self.tensors else "s_inputs"
        self.tensors[name] = output[0]

    def on_template(self, module, inputs, output):
        self.tensors[f"trunk.{self.passes}.template"] = output[0]

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

    def on_align(self, noisy, denoised, *masks):
        # The sampler aligns once per step, after guidance and resampling.
        self.guided.append(denoised.clone())
        return self.align(noisy, denoised, *masks)

    def on_model(self, module, inputs, output):
        self.output = output

    def guided_tensors(self):
        """Estimates after guidance and resampling; the last one apart when fewer rows are left by then."""
        whole = [step for step in self.guided if len(step) == len(self.guided[0])]
        tensors = {"sampler.guided": torch.stack(whole)}
        if len(whole) < len(self.guided):
            tensors["sampler.guided_last"] = self.guided[-1]
        return tensors


def run_model(model, batch, noise, settings):
    """One prediction with injected noise; returns the recorder and the reference's prediction dict."""
    model.predict_args = dict(
        recycling_steps=settings.passes - 1,
        sampling_steps=settings.steps,
        diffusion_samples=settings.samples,
        max_parallel_samples=settings.rows,
    )
    model.structure_module.step_scale = STEP_SCALE
    model.steering_args = settings.steering()
    model.msa_module.subsample_msa, model.msa_module.num_subsampled_msa = settings.subsampled > 0, settings.subsampled
    recorder = Recorder(model)
    try:
        with injected(noise) as draws:
            prediction = model.predict_step(batch, 0)
    finally:
        recorder.close()
    if draws.weights:
        recorder.tensors["guidance.weights"] = torch.stack(draws.weights)
    return recorder, prediction


# ---- what is kept ----


def chain_table(pairs):
    """pair_chains_iptm as {first: {second: [one value per sample]}} with text keys, as in the JSON files."""
    return {str(i): {str(j): value.tolist() for j, value in row.items()} for i, row in pairs.items()}


def collect(batch, noise, recorder, prediction, features):
    """All tensors of a prediction; `features` names the features among them."""
    tensors = store_features(batch, "feats.", features)
    tensors |= {f"noise.{key}": to_storable(value) for key, value in noise.items()}
    tensors["noise.ref_pos"] = to_storable(batch["ref_pos"][0])
    tensors |= {key: to_storable(value) for key, value in recorder.tensors.items()}
    tensors["sampler.noisy"] = torch.stack(recorder.noisy)
    tensors["sampler.denoised"] = torch.stack(recorder.denoised)
    tensors |= recorder.guided_tensors()
    output = recorder.output
    tensors["out.pdistogram"], tensors["out.pbfactor"] = output["pdistogram"][0], output["pbfactor"][0]
    stacked = "sample_atom_coords plddt_logits pae_logits pde_logits resolved_logits plddt pae pde"
    stacked += " ptm iptm ligand_iptm protein_iptm complex_plddt complex_iplddt complex_pde complex_ipde"
    for key in stacked.split():
        tensors[f"out.{key}"] = to_storable(output[key])
    tensors["out.confidence_score"] = to_storable(prediction["confidence_score"])
    tensors |= {f"out.{key}": to_storable(value) for key, value in output.items() if key.startswith("affinity_")}
    return tensors


def write_prediction(batch, prediction, work, kind, embeddings=False):
    """Runs the reference's writer; returns the folder that holds a folder per input."""
    folder = work / f"written_{kind}"
    writer = BoltzWriter(
        data_dir=work / "processed" / "structures",
        output_dir=folder,
        output_format=kind,
        boltz2=True,
        write_embeddings=embeddings,
    )
    writer.write_on_batch_end(None, None, prediction, None, batch, 0, 0)
    return folder


def write_files(batch, prediction, work, target_folder, embeddings=False):
    """Stores what the reference's writer makes of a prediction, as mmCIF and as PDB."""
    for kind in ("mmcif", "pdb"):
        folder = write_prediction(batch, prediction, work, kind, embeddings and kind == "mmcif")
        for source in sorted(folder.rglob("*")):
            # The structure files of the lower ranks show nothing that those of rank 0 do not.
            if source.is_file() and not (source.suffix in (".cif", ".pdb") and "model_0" not in source.stem):
                target = target_folder / source.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
                print(f"{target.stat().st_size / 1024:8.1f} KiB  {target}")
