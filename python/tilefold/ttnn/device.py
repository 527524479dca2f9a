"""Device objects: what programs ask of a card, or of a mesh of cards, answered by this machine.

The reported architecture and grid are those of a Wormhole with an 8x8 grid unless TILEFOLD_TTNN_ARCH (`wormhole_b0` or
`blackhole`) and TILEFOLD_TTNN_GRID (`8x8`) say otherwise; TILEFOLD_TTNN_DEVICES (8) is how many devices there are.
"""

import contextlib
import os
import threading

from tilefold.ttnn.enums import Arch, BufferType
from tilefold.ttnn.grids import CoreCoord, CoreGrid
from tilefold.ttnn.memory_view import DRAM_BANKS, DeviceMemory, MemoryView
from tilefold.ttnn.mesh_shape import MeshShape
from tilefold.ttnn.program_cache import ProgramCache

_ARCHITECTURES = {"wormhole_b0": Arch.WORMHOLE_B0, "blackhole": Arch.BLACKHOLE}


def get_arch_name():
    """The reported architecture, "wormhole_b0" or "blackhole"; opens no device."""
    name = os.environ.get("TILEFOLD_TTNN_ARCH") or "wormhole_b0"
    if name not in _ARCHITECTURES:
        raise RuntimeError(f"TILEFOLD_TTNN_ARCH: expected one of {', '.join(_ARCHITECTURES)}, found '{name}'")
    return name


def is_blackhole(device=None):
    """Whether the device (the reported architecture, without one) is a Blackhole."""
    arch = _ARCHITECTURES[get_arch_name()] if device is None else device.arch()
    return arch is Arch.BLACKHOLE


def is_wormhole_b0(device=None):
    """Whether the device (the reported architecture, without one) is a Wormhole."""
    return not is_blackhole(device)


def _reported_grid():
    text = os.environ.get("TILEFOLD_TTNN_GRID") or "8x8"
    x, separator, y = text.partition("x")
    if not (separator and x.isdigit() and y.isdigit() and int(x) > 0 and int(y) > 0):
        raise RuntimeError(f"TILEFOLD_TTNN_GRID: expected COLUMNSxROWS such as 8x8, found '{text}'")
    return CoreCoord(int(x), int(y))


def get_num_devices():
    """How many virtual devices there are."""
    text = os.environ.get("TILEFOLD_TTNN_DEVICES") or "8"
    if not (text.isdigit() and 0 < int(text) <= 64):
        raise RuntimeError(f"TILEFOLD_TTNN_DEVICES: expected a number from 1 to 64, found '{text}'")
    return int(text)


def system_mesh_shape():
    """The mesh of all virtual devices: two rows of an even number of at least four, else one row."""
    count = get_num_devices()
    return MeshShape(2, count // 2) if count >= 4 and count % 2 == 0 else MeshShape(1, count)


def get_device_ids():
    """Ids of all virtual devices."""
    return list(range(get_num_devices()))


get_pcie_device_ids = get_device_ids


class Device:
    """A virtual device, or a mesh of them: operations run on each device's part of a tensor, one after the other."""

    def __init__(self, ids=(0,), mesh_shape=None, parent=None):
        self._ids = tuple(ids)
        self._mesh_shape = MeshShape(1, len(self._ids)) if mesh_shape is None else mesh_shape
        self._arch = _ARCHITECTURES[get_arch_name()]
        self._grid = _reported_grid()
        self._parent = parent
        self._parts = None
        self._submeshes = []
        self.program_cache = ProgramCache()
        self.memory = DeviceMemory(self)
        #: Traces by id, of begin_trace_capture.
        self.traces = {}
        self.is_open = True

    @property
    def core_grid(self):
        return CoreGrid(x=self._grid.x, y=self._grid.y)

    @property
    def shape(self):
        """Rows and columns of the mesh."""
        return self._mesh_shape

    def compute_with_storage_grid_size(self):
        return self._grid

    def dram_grid_size(self):
        return CoreCoord(DRAM_BANKS[self._arch], 1)

    def num_dram_channels(self):
        return DRAM_BANKS[self._arch]

    def arch(self):
        return self._arch

    def id(self):
        """The id of the (first) device."""
        return self._ids[0]

    def get_device_ids(self):
        return list(self._ids)

    def get_device_id(self, coordinate):
        """The id of the device at (row, column)."""
        row, column = coordinate
        rows, columns = self._mesh_shape
        if not (0 <= row < rows and 0 <= column < columns):
            raise RuntimeError(f"({row}, {column}) lies outside of {self._mesh_shape}")
        return self._ids[row * columns + column]

    def get_num_devices(self):
        return len(self._ids)

    def get_devices(self):
        """The devices of a mesh in row-major order, each as a device of its own; a single device itself."""
        if len(self._ids) == 1:
            return [self]
        if self._parts is None:
            self._parts = [Device((number,), parent=self) for number in self._ids]
        return list(self._parts)

    def reshape(self, mesh_shape):
        """Arranges the same devices as another mesh."""
        mesh_shape = MeshShape(mesh_shape)
        if mesh_shape.mesh_size() != len(self._ids):
            raise RuntimeError(f"a mesh of {len(self._ids)} devices cannot be reshaped to {mesh_shape}")
        self._mesh_shape = mesh_shape

    def create_submesh(self, submesh_shape, offset=None):
        """The devices of a rectangle whose first corner is at `offset`, as a mesh of their own."""
        shape = MeshShape(submesh_shape)
        row, column = (0, 0) if offset is None else offset
        rows, columns = self._mesh_shape
        if row < 0 or column < 0 or row + shape[0] > rows or column + shape[1] > columns:
            raise RuntimeError(f"a submesh {shape} at ({row}, {column}) does not fit in {self._mesh_shape}")
        ids = [self._ids[(row + r) * columns + column + c] for r in range(shape[0]) for c in range(shape[1])]
        submesh = Device(ids, shape, parent=self)
        self._submeshes.append(submesh)
        return submesh

    def create_submeshes(self, submesh_shape):
        """The mesh cut into submeshes of one shape."""
        shape = MeshShape(submesh_shape)
        rows, columns = self._mesh_shape
        if rows % shape[0] or columns % shape[1]:
            raise RuntimeError(f"{self._mesh_shape} cannot be cut into submeshes of {shape}")
        corners = [(row, column) for row in range(0, rows, shape[0]) for column in range(0, columns, shape[1])]
        return [self.create_submesh(shape, corner) for corner in corners]

    def get_submeshes(self):
        return list(self._submeshes)

    def enable_program_cache(self):
        self.program_cache.enabled = True

    def disable_and_clear_program_cache(self):
        self.program_cache.enabled = False
        self.program_cache.clear()

    def clear_program_cache(self):
        self.program_cache.clear()

    def num_program_cache_entries(self):
        return len(self.program_cache)

    def set_program_cache_misses_allowed(self, allowed):
        """False turns every program that was not seen before into an error."""
        self.program_cache.misses_allowed = bool(allowed)

    def require_open(self, where):
        """Raises RuntimeError when the device was closed."""
        if not self.is_open:
            raise RuntimeError(f"{where}: {self!r} is closed")

    def close(self):
        """Marks the device closed and drops its traces and submeshes; tensors on it stay readable."""
        self.is_open = False
        self.traces.clear()
        for submesh in self._submeshes:
            submesh.close()

    def __repr__(self):
        about = f"arch={self._arch.name}, grid={self._grid.x}x{self._grid.y}"
        if len(self._ids) == 1:
            return f"Device(id={self._ids[0]}, {about})"
        return f"MeshDevice({'x'.join(map(str, self._mesh_shape))}, {about})"


MeshDevice = Device

_open_devices = {}
_lock = threading.Lock()


def open_device(
    *,
    device_id,
    l1_small_size=0,
    trace_region_size=0,
    num_command_queues=1,
    dispatch_core_config=None,
    worker_l1_size=0,
):
    """The device with this id; the one that is already open, if any. The sizes are hints."""
    if not isinstance(device_id, int) or not 0 <= device_id < get_num_devices():
        raise RuntimeError(f"ttnn.open_device: device_id {device_id!r} is not one of 0 to {get_num_devices() - 1}")
    with _lock:
        if device_id not in _open_devices:
            _open_devices[device_id] = Device((device_id,))
        return _open_devices[device_id]


def close_device(device):
    """Closes a device; tensors on it stay readable."""
    with _lock:
        if _open_devices.get(device.id()) is device:
            del _open_devices[device.id()]
    device.close()


def open_mesh_device(
    mesh_shape=None,
    l1_small_size=0,
    trace_region_size=0,
    num_command_queues=1,
    dispatch_core_config=None,
    offset=None,
    physical_device_ids=(),
    worker_l1_size=0,
):
    """A mesh of virtual devices, the whole system's without `mesh_shape`. `physical_device_ids` chooses devices,
    `offset` (row, column) where in the system's mesh to start. Raises RuntimeError when there are not enough devices."""
    system = system_mesh_shape()
    shape = system if mesh_shape is None else MeshShape(mesh_shape)
    if shape.dims() != 2:
        raise RuntimeError(f"ttnn.open_mesh_device: expected rows and columns, got {shape}")
    if shape.mesh_size() > system.mesh_size():
        raise RuntimeError(
            f"ttnn.open_mesh_device: {shape} needs {shape.mesh_size()} devices, there are {system.mesh_size()} "
            "(TILEFOLD_TTNN_DEVICES)"
        )
    ids = list(physical_device_ids)
    if ids:
        if len(set(ids)) != shape.mesh_size() or not set(ids) <= set(get_device_ids()):
            raise RuntimeError(f"ttnn.open_mesh_device: physical_device_ids {ids} do not fit {shape}")
    elif offset is not None or (shape[0] <= system[0] and shape[1] <= system[1]):
        return Device(Device(get_device_ids(), system).create_submesh(shape, offset).get_device_ids(), shape)
    else:
        ids = get_device_ids()[: shape.mesh_size()]
    return Device(ids, shape)


def close_mesh_device(mesh_device):
    """Closes a mesh; tensors on it stay readable."""
    mesh_device.close()


@contextlib.contextmanager
def manage_device(device_id):
    """A device that is closed at the end of the `with` block."""
    device = open_device(device_id=device_id)
    try:
        yield device
    finally:
        close_device(device)


@contextlib.contextmanager
def create_mesh_device(mesh_shape=None, **options):
    """A mesh that is closed at the end of the `with` block; options as for open_mesh_device."""
    mesh = open_mesh_device(mesh_shape, **options)
    try:
        yield mesh
    finally:
        close_mesh_device(mesh)


def synchronize_device(device, cq_id=None, sub_device_ids=()):
    """Returns when all work is done: operations run to their end before they return, so at once."""


def get_memory_view(device, buffer_type):
    """What a card's allocator would report about DRAM or L1 (a memory_view.MemoryView), from the tensors that are alive."""
    if not isinstance(buffer_type, BufferType):
        raise TypeError(f"ttnn.device.get_memory_view: expected a ttnn.BufferType, got {buffer_type!r}")
    return device.memory.view(buffer_type)


__all__ = [
    "Device",
    "MemoryView",
    "MeshDevice",
    "close_device",
    "close_mesh_device",
    "create_mesh_device",
    "get_arch_name",
    "get_device_ids",
    "get_num_devices",
    "get_pcie_device_ids",
    "manage_device",
    "open_device",
    "open_mesh_device",
    "synchronize_device",
]
