"""Random draws of the reference, made beforehand and served in the order in which it asks for them."""

import contextlib
from unittest import mock

import torch
from boltz.model.modules import diffusionv2
from boltz.model.modules.utils import random_rotations

# The particles of a sample start from noise that differs by this much (standard deviations), so that their weights are
# neither equal nor 0 and 1.
PARTICLE_SPREAD = 0.005


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
