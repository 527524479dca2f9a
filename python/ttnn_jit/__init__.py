"""The package `ttnn_jit` is `tilefold.ttnn_jit`: the same module objects under the names that programs import."""

import tilefold.ttnn_jit
from tilefold._alias import alias_package

alias_package(__name__, tilefold.ttnn_jit)
