"""The package `ttnn` is `tilefold.ttnn`: the same module objects under the names that TTNN programs import."""

import tilefold.ttnn
from tilefold._alias import alias_package

alias_package(__name__, tilefold.ttnn)
