"""Run by ./test with an installed wheel and nothing but NumPy: the packages import and compute without torch."""

import sys
from pathlib import Path

import numpy

import tilefold
import ttnn
import ttnn_jit

assert "torch" not in sys.modules, "importing the packages imported torch"
device = ttnn.open_device(device_id=0)
values = numpy.linspace(-3, 3, 32 * 64, dtype=numpy.float32).reshape(32, 64)
tensor = ttnn.from_torch(values, layout=ttnn.TILE_LAYOUT, device=device)


def twice_of_relu(x):
    return ttnn.add(ttnn.relu(x), ttnn.relu(x))


expected = 2 * numpy.maximum(values, 0)
for function in (twice_of_relu, ttnn_jit.jit(enable_cache=True)(twice_of_relu)):
    numpy.testing.assert_array_equal(function(tensor).to_numpy(), expected)
assert ttnn.add is tilefold.ttnn.add
# The component table lies beside the library, which looks for it there.
folder = Path(tilefold.__file__).parent
assert (folder / "components.tfc").stat().st_size > 1e7 and list(folder.glob("libtilefold.so*"))
assert (folder / "libtilefold_chemistry.so").exists()
print(f"tilefold {tilefold.__version__} on {tilefold.active_isa()}: ok")
