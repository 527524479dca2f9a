"""`ttnn_jit` on CPUs: functions of ttnn operations, traced once, compiled and cached.

@ttnn_jit.jit(max_grid=(7, 7), enable_cache=True)
def gate(x, y):
    return ttnn.multiply(x, ttnn.sigmoid(y))
"""

from tilefold.ttnn_jit import _src as _src
from tilefold.ttnn_jit import api as api
from tilefold.ttnn_jit.api import jit

__all__ = ["jit"]
