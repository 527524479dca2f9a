"""Writes tests/golden/model/potential_terms.safetensors: energies and gradients of the nine potentials.

usage: make_potentials.py INPUT_DIR OUT_DIR

The features are those of the case `potentials` (see make_model.py), whose file holds the index tensors.
"""

import argparse
import contextlib
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from unittest import mock

import components
import make_model
import torch
from boltz.main import BoltzSteeringParams
from boltz.model.potentials.potentials import FlatBottomPotential, get_potentials
from common import boundary_margin, setup, write
from prediction import make_features

TIMES = (1.0, 0.7, 0.5, 0.3, 0.1)
NAMES = """
SymmetricChainCOM VDWOverlap Connections PoseBusters ChiralAtom StereoBond PlanarBond Contact TemplateReference
""".split()
# The gradients of the others do not depend on the time.
CHANGING = ("SymmetricChainCOM", "Contact")
BINDER = 3
# No value may be this near to a bound, where the gradient jumps, and no dihedral to 0 or pi, where it changes sign.
REQUIRED_MARGIN = 2e-4


def make_coordinates(batch, seed):
    """Coordinates [4,M,3]: conformers laid out side by side, a loose cloud, a dense one, and one chain far away."""
    generator = torch.Generator().manual_seed(seed)
    chain = batch["asym_id"][0][batch["atom_to_token"][0].argmax(dim=-1)]
    atoms = len(chain)

    def normal(scale):
        return scale * torch.randn(atoms, 3, generator=generator)

    places = 2.0 * torch.randn(int(batch["ref_space_uid"].max()) + 1, 3, generator=generator)
    conformers = batch["ref_pos"][0] + places[batch["ref_space_uid"][0]]
    far = normal(4.0)
    # The binder of the forced pocket: later than time 0.7 exp(-lambda energy) is 0 in fp32 for all pairs of a union.
    far[chain == BINDER] += torch.tensor([72.0, 0.0, 0.0])
    dense = normal(1.8) + torch.tensor([10.0, -5.0, 3.0])
    return torch.stack([conformers + normal(0.15), normal(5.0), dense, far])


@contextlib.contextmanager
def watched_margins():
    """Collects how near the values of all potentials come to their bounds, and dihedrals to 0 and pi."""
    margins, original = [], FlatBottomPotential.compute_function

    def watch(self, value, k, lower, upper, *rest, **more):
        for bound in (lower, upper):
            if bound is not None:
                margins.append(lowest((value - bound).abs()))
        if type(self).__name__.startswith(("Chiral", "Stereo", "Planar")):
            margins.append(boundary_margin(value.abs(), torch.tensor([0.0, torch.pi])))
        return original(self, value, k, lower, upper, *rest, **more)

    with mock.patch.object(FlatBottomPotential, "compute_function", watch):
        yield margins


def lowest(distance):
    finite = distance[torch.isfinite(distance)]
    return float(finite.min()) if len(finite) else float("inf")


def evaluate(batch, coords):
    """Energies, gradients and weights of all potentials, and the smallest margin of any of their values."""
    steering = asdict(BoltzSteeringParams()) | dict(fk_steering=True, physical_guidance_update=True)
    tensors = {"pot.coords": coords}
    with watched_margins() as margins:
        for name, potential in zip(NAMES, get_potentials(steering, boltz2=True), strict=True):
            for time in TIMES:
                parameters = potential.compute_parameters(time)
                prefix = f"pot.{name}.{time}"
                tensors[f"{prefix}.energy"] = potential.compute(coords, batch, parameters)
                gradient = potential.compute_gradient(coords, batch, parameters)
                if time == 1.0 or name in CHANGING:
                    tensors[f"{prefix}.gradient"] = gradient.contiguous()
                weights = [parameters["guidance_weight"], parameters["resampling_weight"]]
                tensors[f"{prefix}.weights"] = torch.tensor(weights)
    return tensors, min(margins)


def evaluate_with_margin(batch):
    for seed in range(1000):
        tensors, margin = evaluate(batch, make_coordinates(batch, seed))
        if margin >= REQUIRED_MARGIN:
            print(f"coordinate seed {seed}, margin {margin:.1e}")
            return tensors
    raise SystemExit("no seed keeps all values away from their bounds")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs", type=make_model.resolved)
    parser.add_argument("out", type=make_model.resolved)
    arguments = parser.parse_args()

    setup(0)
    case = next(case for case in make_model.CASES if case.name == "potentials")
    with tempfile.TemporaryDirectory() as scratch:
        cache = Path(scratch) / "cache"
        components.write_components(cache / "mols", case.components)
        os.chdir(arguments.inputs)
        batch = make_features(case.file_of(arguments.inputs), cache, Path(scratch) / case.name)
    write(arguments.out / "potential_terms.safetensors", evaluate_with_margin(batch), {})


if __name__ == "__main__":
    main()
