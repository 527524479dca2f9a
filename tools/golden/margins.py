"""Runs whose results do not hang on rounding: noise seeds are tried until nothing is near a bin edge or a bound."""

import contextlib

import torch
from boltz.model.layers.confidence_utils import compute_frame_pred
from common import boundary_margin
from draws import draw_noise
from prediction import run_model

# A run with forces must not move further than this (Angstrom) when all weights change by one rounding: the forces jump
# where a distance or angle crosses its bound.
ALLOWED_MOTION = 1e-4
# Distances (and cosines of frames) must keep this far from a bin edge (or threshold), so that rounding does not decide.
REQUIRED_MARGIN = 2e-4
COLLINEAR_COSINE = 0.9063
# The affinity is that of the sample with the largest iptm.
REQUIRED_LEAD = 2e-5
NONPOLYMER = 3


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


def lead(scores):
    """By how much the best sample is ahead of the second."""
    first, second = scores.topk(2).values
    return float(first - second)


def bin_edges(model):
    """Boundaries of all distance bins of the model."""
    names = ("confidence_module", "affinity_module1", "affinity_module2")
    return torch.cat([getattr(model, name).boundaries for name in names if hasattr(model, name)])


def run_with_margin(model, batch, name, settings):
    """Tries noise seeds until no distance is so near a bin edge that rounding would decide."""
    for seed in range(1000):
        noise = draw_noise(batch["ref_pos"].shape[1], seed, settings)
        recorder, prediction = run_model(model, batch, noise, settings)
        found = margin(batch, prediction["coords"], bin_edges(model))
        if found < REQUIRED_MARGIN or (settings.affinity and lead(recorder.output["iptm"]) < REQUIRED_LEAD):
            continue
        moved = motion(model, batch, noise, settings, prediction["coords"]) if settings.guided else 0.0
        if moved <= ALLOWED_MOTION:
            print(f"{name}: noise seed {seed}, bin margin {found:.1e}, motion {moved:.1e}")
            return noise, recorder, prediction
    raise SystemExit(f"{name}: no noise seed gives a result that rounding leaves alone")
