"""Compiled Boltz-2 modules for PyTorch models.

Each class has the constructor arguments, parameter names and `forward` of the class with the same name in PyPI `boltz`,
and returns the same results at inference; `precision="fp32"` computes everything in float32, `precision="mixed"` takes
bfloat16 operands in the products that the reference runs under autocast (residuals, norms, softmax and the whole
diffusion network stay float32). Tensors must be on the CPU; they are passed without a copy where they are contiguous
float32.

    module = tilefold.torch.PairformerModule(384, 128, num_blocks=64, precision="mixed")
    module.load_state_dict(reference.state_dict())      # WeightError lists what is missing or unexpected
    s, z = module(s, z, mask, pair_mask)

`from_reference(module)` makes one over the parameters of a module of `boltz`; `tilefold.accelerate` does that for a
whole model. As in any attention with additive masks, rows of masked tokens hold no meaningful numbers.
"""

from tilefold.torch.base import CompiledModule
from tilefold.torch.diffusion import DiffusionModule
from tilefold.torch.msa import MSAModule
from tilefold.torch.pairformer import PairformerModule, PairformerNoSeqModule

__all__ = ["CompiledModule", "DiffusionModule", "MSAModule", "PairformerModule", "PairformerNoSeqModule"]
