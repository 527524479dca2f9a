"""Tilefold: TTNN-style tensor programs and Boltz-2 on ordinary CPUs.

The native interface: tensors (`Tensor`, `from_array`), operations (`tilefold.ops`), compiled functions (`jit`).
`tilefold.ttnn` and `tilefold.ttnn_jit` are the packages that programs written for Tenstorrent's `ttnn` and `ttnn_jit`
import; `tilefold.torch` has compiled Boltz-2 modules for PyTorch models.
"""

import importlib

from tilefold import _native, errors, ops
from tilefold._native import (
    DType,
    Precision,
    Tensor,
    active_isa,
    measure_peaks,
    num_threads,
    set_num_threads,
)

from tilefold.native_jit import jit

# Attributes that are imported when they are first used: name -> module and name in it.
_LAZY = {
    "accelerate": ("tilefold.swapping", "accelerate"),
    "restore": ("tilefold.swapping", "restore"),
    "profile": ("tilefold.profiling", "profile"),
    "ab": ("tilefold.comparison", "ab"),
    "torch": ("tilefold.torch", None),
    "ttnn": ("tilefold.ttnn", None),
    "ttnn_jit": ("tilefold.ttnn_jit", None),
}


def __getattr__(name):
    if name not in _LAZY:
        raise AttributeError(f"module 'tilefold' has no attribute {name!r}")
    module_name, attribute = _LAZY[name]
    module = importlib.import_module(module_name)
    value = module if attribute is None else getattr(module, attribute)
    globals()[name] = value
    return value


__version__ = _native.__version__

from_array = Tensor.from_array

__all__ = [
    "DType",
    "Precision",
    "Tensor",
    "ab",
    "accelerate",
    "active_isa",
    "errors",
    "from_array",
    "jit",
    "measure_peaks",
    "num_threads",
    "profile",
    "restore",
    "ops",
    "set_num_threads",
]
