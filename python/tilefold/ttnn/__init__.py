"""TTNN's Python interface on CPUs: tensors, placements, devices and operations by TTNN's names and meanings."""

from tilefold.ttnn import _ttnn as _ttnn
from tilefold.ttnn import cluster as cluster
from tilefold.ttnn import collectives as _collectives
from tilefold.ttnn import device as device
from tilefold.ttnn import experimental as experimental
from tilefold.ttnn import tensor_methods as _tensor_methods
from tilefold.ttnn import transformer as transformer
from tilefold.ttnn import types as types
from tilefold.ttnn.comparison import pearson_correlation_coefficient
from tilefold.ttnn.compute_configs import *  # noqa: F403
from tilefold.ttnn.conversion import from_torch, to_torch
from tilefold.ttnn.device import *  # noqa: F403
from tilefold.ttnn.dispatch import OPERATIONS as _OPERATIONS
from tilefold.ttnn.enums import *  # noqa: F403
from tilefold.ttnn.fabric import *  # noqa: F403
from tilefold.ttnn.grids import *  # noqa: F403
from tilefold.ttnn.memory_config import *  # noqa: F403
from tilefold.ttnn.mesh_mapping import *  # noqa: F403
from tilefold.ttnn.mesh_shape import MeshCoordinate, MeshShape
from tilefold.ttnn.operations import attention as _attention
from tilefold.ttnn.operations import binary as _binary
from tilefold.ttnn.operations import clamp as _clamp
from tilefold.ttnn.operations import creation as _creation
from tilefold.ttnn.operations import manipulation as _manipulation
from tilefold.ttnn.operations import matmul as _matmul
from tilefold.ttnn.operations import movement as _movement
from tilefold.ttnn.operations import normalization as _normalization
from tilefold.ttnn.operations import reductions as _reductions
from tilefold.ttnn.operations import unary as _unary
from tilefold.ttnn.operations.unary import UnaryWithParam
from tilefold.ttnn.profiler import *  # noqa: F403
from tilefold.ttnn.shape import Shape
from tilefold.ttnn.tensor import Tensor
from tilefold.ttnn.tensor_spec import TensorSpec, Tile
from tilefold.ttnn.trace_capture import *  # noqa: F403

# Every registered operation is an attribute: ttnn.add, ttnn.exp, ...
globals().update({_name: _function for _name, _function in _OPERATIONS.items() if "." not in _name})


def __getattr__(name):
    """Operations that exist only in functions that are being traced by ttnn_jit, such as `ttnn.rearrange`."""
    from tilefold.ttnn.dispatch import state

    if state.recorder is not None:
        from tilefold.ttnn_jit._src.supported_ops import TRACED_ONLY

        if name in TRACED_ONLY:
            return lambda *args, **kwargs: state.recorder.call(name, None, args, kwargs)
    raise AttributeError(f"module 'ttnn' has no attribute '{name}'")
