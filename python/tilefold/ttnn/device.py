"""Device objects: what programs ask of a card, answered by this machine.

The reported architecture and grid are those of a Wormhole with an 8x8 grid unless TILEFOLD_TTNN_ARCH (`wormhole_b0` or
`blackhole`) and TILEFOLD_TTNN_GRID (`8x8`) say otherwise; TILEFOLD_TTNN_DEVICES (8) is how many devices a mesh may have.
"""

import os
import threading

from tilefold.ttnn.enums import Arch
from tilefold.ttnn.grids import CoreCoord, CoreGrid

_ARCHITECTURES = {"wormhole_b0": Arch.WORMHOLE_B0, "blackhole": Arch.BLACKHOLE}


def get_arch_name():
    """The reported architecture, "wormhole_b0" or "blackhole"; opens no device."""
    name = os.environ.get("TILEFOLD_TTNN_ARCH") or "wormhole_b0"
    if name not in _ARCHITECTURES:
        raise RuntimeError(f"TILEFOLD_TTNN_ARCH: expected one of {', '.join(_ARCHITECTURES)}, found '{name}'")
    return name


def _reported_grid():
    text = os.environ.get("TILEFOLD_TTNN_GRID") or "8x8"
    x, separator, y = text.partition("x")
    if not (separator and x.isdigit() and y.isdigit() and int(x) > 0 and int(y) > 0):
        raise RuntimeError(f"TILEFOLD_TTNN_GRID: expected COLUMNSxROWS such as 8x8, found '{text}'")
    return CoreCoord(int(x), int(y))


class ProgramCache:
    """Which programs a device has seen: one key per distinct jitted program and per distinct eager operation with its
    attributes and operand specs. Data and addresses are never part of a key."""

    LIMIT = 1 << 16

    def __init__(self):
        self._keys = {}
        self._lock = threading.Lock()
        self.enabled = True
        self.misses_allowed = True

    def note(self, key):
        """Counts a program that runs. Raises RuntimeError for a new one when misses are not allowed."""
        if key in self._keys or not self.enabled:
            return
        if not self.misses_allowed:
            raise RuntimeError(f"program cache miss while misses are not allowed: {key}")
        with self._lock:
            if len(self._keys) >= self.LIMIT:
                self._keys.pop(next(iter(self._keys)))
            self._keys[key] = True

    def clear(self):
        with self._lock:
            self._keys = {}

    def __len__(self):
        return len(self._keys)


class Device:
    """One virtual device (a 1x1 mesh)."""

    def __init__(self, device_id=0):
        self._id = device_id
        self._arch = _ARCHITECTURES[get_arch_name()]
        self._grid = _reported_grid()
        self.program_cache = ProgramCache()
        self.is_open = True

    @property
    def core_grid(self):
        return CoreGrid(x=self._grid.x, y=self._grid.y)

    def compute_with_storage_grid_size(self):
        return self._grid

    def arch(self):
        return self._arch

    def id(self):
        return self._id

    def get_num_devices(self):
        return 1

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

    def __repr__(self):
        return f"Device(id={self._id}, arch={self._arch.name}, grid={self._grid.x}x{self._grid.y})"


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
    """The device with this id; the one that is already open, if any."""
    with _lock:
        if device_id not in _open_devices:
            _open_devices[device_id] = Device(device_id)
        return _open_devices[device_id]


def close_device(device):
    """Closes a device; tensors on it stay readable."""
    with _lock:
        if _open_devices.get(device.id()) is device:
            del _open_devices[device.id()]
        device.is_open = False


def synchronize_device(device, cq_id=None, sub_device_ids=()):
    """Returns when all work is done: operations run to their end before they return, so at once."""
