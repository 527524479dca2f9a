"""Tilefold: TTNN-style tensor programs and Boltz-2 on ordinary CPUs.

The native interface: tensors (`Tensor`, `from_array`), operations (`tilefold.ops`), compiled functions (`jit`).
`tilefold.ttnn` and `tilefold.ttnn_jit` are the packages that programs written for Tenstorrent's `ttnn` and `ttnn_jit`
import; `tilefold.torch` has compiled Boltz-2 modules for PyTorch models.
"""

from tilefold import errors
from tilefold._native import (
    DType,
    Precision,
    Tensor,
    active_isa,
    measure_peaks,
    num_threads,
    set_num_threads,
)

__version__ = "0.1.0"

from_array = Tensor.from_array

__all__ = [
    "DType",
    "Precision",
    "Tensor",
    "active_isa",
    "errors",
    "from_array",
    "measure_peaks",
    "num_threads",
    "set_num_threads",
]
