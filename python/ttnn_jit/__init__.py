"""The package `ttnn_jit` is `tilefold.ttnn_jit`: the same module objects under the names that programs import."""

import sys as _sys

import tilefold.ttnn_jit as _implementation

for _name, _module in list(_sys.modules.items()):
    if _name.startswith("tilefold.ttnn_jit."):
        _sys.modules[_name.replace("tilefold.ttnn_jit", "ttnn_jit", 1)] = _module
_sys.modules[__name__] = _implementation
