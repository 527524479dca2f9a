"""The package `ttnn` is `tilefold.ttnn`: the same module objects under the names that TTNN programs import."""

import sys as _sys

import tilefold.ttnn as _implementation

for _name, _module in list(_sys.modules.items()):
    if _name.startswith("tilefold.ttnn."):
        _sys.modules[_name.replace("tilefold.ttnn", "ttnn", 1)] = _module
_sys.modules[__name__] = _implementation
