"""`ttnn.types`: types and constants under the module name that programs import."""

from tilefold.ttnn.compute_configs import *  # noqa: F403
from tilefold.ttnn.device import Device, MeshDevice
from tilefold.ttnn.enums import *  # noqa: F403
from tilefold.ttnn.grids import *  # noqa: F403
from tilefold.ttnn.memory_config import *  # noqa: F403
from tilefold.ttnn.mesh_shape import MeshCoordinate, MeshShape
from tilefold.ttnn.shape import Shape
from tilefold.ttnn.tensor import Tensor
from tilefold.ttnn.tensor_spec import TensorSpec, Tile
