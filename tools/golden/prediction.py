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
from boltz.model.layers.confidence_utils import compute_frame_pred
from boltz.model.modules import diffusionv2
from boltz.model.modules.utils import random_rotations
from common import boundary_margin, store_features, to_storable
from rdkit.Chem import AllChem

# With few steps the default step scale (1.5) overshoots so far that the coordinates end at hundreds of Angstroms,
# where fp32 rounding alone is 1e-3 and every distance falls into the last bin whatever the coordinates are.
STEP_SCALE = 1.1
# The particles of a sample start from noise that differs by this much (standard deviations), so that their weights are
# neither equal nor 0 and 1.
PARTICLE_SPREAD = 0.005
# A run with forces must not move further than this (Angstrom) when all weights change by one rounding: the forces jump
# where a distance or angle crosses its bound.
ALLOWED_MOTION = 1e-4
# Distances (and cosines of frames) must keep this far from a bin edge (or threshold), so that rounding does not decide.
REQUIRED_MARGIN = 2e-4
COLLINEAR_COSINE = 0.9063
NONPOLYMER = 3

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

    def steering(self):
        steering = BoltzSteeringParams()
        steering.fk_steering = steering.physical_guidance_update = self.potentials
        return asdict(steering)

    @property
    def particles(self):
        return BoltzSteeringParams().num_particles if self.potentials else 1

    @property
    def rows(self):
        """Coordinate sets that the sampler moves: the particles of all samples."""
        return self.samples * self.particles

    def metadata(self):
        return dict(
            recycling_steps=self.passes - 1,
            sampling_steps=self.steps,
            diffusion_samples=self.samples,
            step_scale=STEP_SCALE,
            steering="potentials" if self.potentials else "default of the reference's command line",
        )


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


# ---- random draws ----


def draw_noise(atoms, seed, settings):
    """Every random draw of the sampler, as the reference would make them but known in advance."""
    generator = torch.Generator().manual_seed(seed)
    shape = (settings.samples, atoms, 3)
    torch.manual_seed(seed)
    noise = dict(
        initial=torch.randn(shape, generator=generator),
        noise=torch.randn(settings.steps, *shape, generator=generator),
        rotation=torch.stack([random_rotations(settings.samples) for _ in range(settings.steps)]),
        translation=torch.randn(settings.steps, settings.samples, 3, generator=generator),
    )
    if settings.particles > 1:
        noise["initial"] = noise["initial"].repeat_interleave(settings.particles, dim=0)
        for name in ("noise", "rotation", "translation"):
            noise[name] = noise[name].repeat_interleave(settings.particles, dim=1)
        for name in ("initial", "noise"):
            noise[name] += PARTICLE_SPREAD * torch.randn(noise[name].shape, generator=generator)
    return noise


original_randperm = torch.randperm


class Draws:
    """Serves given draws in the order in which the reference asks for them.

    Particles and rows of the alignment are drawn when first asked for and then added to the given draws.
    """

    def __init__(self, noise):
        self.noise = noise
        self.normal = [noise["initial"], *noise["noise"]]
        self.frames = list(zip(noise["rotation"], noise["translation"]))
        self.permutations = 0
        self.weights = []  # those that the reference would have drawn the particles with

    def randn(self, shape, device=None):
        value = self.normal.pop(0)
        if tuple(shape) != tuple(value.shape):
            raise ValueError(f"the sampler asked for {tuple(shape)}, expected {tuple(value.shape)}")
        return value.clone()

    def augmentation(self, multiplicity, s_trans=1.0, device=None, dtype=torch.float32):
        rotation, translation = self.frames.pop(0)
        return rotation, translation[:, None]

    def multinomial(self, weights, count, replacement):
        event = len(self.weights)
        self.weights.append(weights)
        generator = torch.Generator().manual_seed(event)
        value = torch.randint(weights.shape[1], (len(weights), count), generator=generator)
        return self.noise.setdefault(f"resample.{event}", value.float()).long()

    def randperm(self, count):
        value = original_randperm(count, generator=torch.Generator().manual_seed(self.permutations))
        self.permutations += 1
        return self.noise.setdefault(f"msa_rows.{self.permutations - 1}", value.float()).long()

    def check_used_up(self):
        if self.normal or self.frames:
            raise ValueError("the reference used fewer random draws than expected")


@contextlib.contextmanager
def injected(noise):
    """Replaces the reference's random draws by the given ones."""
    draws = Draws(noise)
    with (
        mock.patch.object(diffusionv2, "compute_random_augmentation", draws.augmentation),
        mock.patch.multiple(torch, randn=draws.randn, multinomial=draws.multinomial, randperm=draws.randperm),
    ):
        yield draws
    draws.check_used_up()


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
        self.tensors["s_inputs"] = output[0]

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
    recorder = Recorder(model)
    try:
        with injected(noise) as draws:
            prediction = model.predict_step(batch, 0)
    finally:
        recorder.close()
    if draws.weights:
        recorder.tensors["guidance.weights"] = torch.stack(draws.weights)
    return recorder, prediction


# ---- margins ----


def predicted_frames(batch, coords):
    """Atoms of every token's frame [samples,N,3] and whether the frame is valid [samples,N], as in the confidence."""
    frames, mask = compute_frame_pred(coords, batch["frames_idx"], batch, len(coords), inference=True)
    return frames[0], mask[0]


def frame_margin(batch, coords):
    """Smallest distance of a frame's cosine to the limit of collinearity."""
    frames, _ = predicted_frames(batch, coords)
    points = [torch.stack([xyz[index[:, k]] for xyz, index in zip(coords.double(), frames)]) for k in range(3)]
    cosine = torch.nn.functional.cosine_similarity(points[0] - points[1], points[2] - points[1], dim=-1).abs()
    return boundary_margin(cosine, torch.tensor([COLLINEAR_COSINE]))


def neighbour_margin(batch, coords):
    """Smallest gap between the distances to an atom's first three neighbours in a ligand chain."""
    token = batch["atom_to_token"][0].argmax(dim=-1)
    real = batch["atom_pad_mask"][0].bool()
    margin = float("inf")
    for chain in batch["asym_id"][0].unique():
        atoms = real & (batch["asym_id"][0][token] == chain) & (batch["mol_type"][0][token] == NONPOLYMER)
        if atoms.sum() >= 3:
            points = coords.double()[:, atoms]
            nearest = torch.cdist(points, points).sort(dim=-1).values[..., :4]
            margin = min(margin, float(nearest.diff(dim=-1).min()))
    return margin


def margin(batch, coords, boundaries):
    """Distance of the nearest token pair to a bin edge or the contact threshold, or of a frame to another choice."""
    selection = batch["token_to_rep_atom"].double().expand(len(coords), -1, -1)
    points = torch.bmm(selection, coords.double())
    pairs = torch.triu_indices(points.shape[1], points.shape[1], offset=1)
    distance = torch.cdist(points, points)[:, pairs[0], pairs[1]]
    pair_margin = boundary_margin(distance, torch.cat([boundaries, torch.tensor([8.0])]))
    return min(pair_margin, frame_margin(batch, coords), neighbour_margin(batch, coords))


@contextlib.contextmanager
def rounded_weights(model, seed):
    """Moves every weight by one fp32 rounding, up or down."""
    generator = torch.Generator().manual_seed(seed)
    saved = [parameter.data.clone() for parameter in model.parameters()]
    for parameter in model.parameters():
        sign = torch.randint(0, 2, parameter.shape, generator=generator) * 2.0 - 1.0
        parameter.data.mul_(1.0 + sign * torch.finfo(torch.float32).eps)
    try:
        yield
    finally:
        for parameter, value in zip(model.parameters(), saved):
            parameter.data.copy_(value)


def motion(model, batch, noise, settings, coords):
    """How far an atom moves at most when all weights change by one rounding."""
    largest = 0.0
    for seed in range(4):
        with rounded_weights(model, seed):
            moved = run_model(model, batch, noise, settings)[1]["coords"]
        largest = max(largest, float((moved - coords).abs().max()))
    return largest


def run_with_margin(model, batch, name, settings):
    """Tries noise seeds until no distance is so near a bin edge that rounding would decide."""
    for seed in range(1000):
        noise = draw_noise(batch["ref_pos"].shape[1], seed, settings)
        recorder, prediction = run_model(model, batch, noise, settings)
        found = margin(batch, prediction["coords"], model.confidence_module.boundaries)
        if found < REQUIRED_MARGIN:
            continue
        moved = motion(model, batch, noise, settings, prediction["coords"]) if settings.guided else 0.0
        if moved <= ALLOWED_MOTION:
            print(f"{name}: noise seed {seed}, bin margin {found:.1e}, motion {moved:.1e}")
            return noise, recorder, prediction
    raise SystemExit(f"{name}: no noise seed gives a result that rounding leaves alone")


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
    return tensors


def write_files(batch, prediction, work, folder, embeddings=False):
    """Stores what the reference's writer makes of a prediction, as mmCIF and as PDB."""
    for kind in ("mmcif", "pdb"):
        writer = BoltzWriter(
            data_dir=work / "processed" / "structures",
            output_dir=work / f"written_{kind}",
            output_format=kind,
            boltz2=True,
            write_embeddings=embeddings and kind == "mmcif",
        )
        writer.write_on_batch_end(None, None, prediction, None, batch, 0, 0)
        for source in sorted((work / f"written_{kind}").rglob("*")):
            # The structure files of the lower ranks show nothing that those of rank 0 do not.
            if source.is_file() and not (source.suffix in (".cif", ".pdb") and "model_0" not in source.stem):
                target = folder / source.relative_to(work / f"written_{kind}")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
                print(f"{target.stat().st_size / 1024:8.1f} KiB  {target}")
