"""Calls about the connections between cards; there are none here, so they check their arguments and do nothing."""

from tilefold.ttnn.enums import FabricConfig, FabricReliabilityMode, FabricTensixConfig


def set_fabric_config(config, reliability_mode=None, num_planes=None, tensix_config=None, **_hints):
    """Accepts a fabric configuration. TypeError for values of other kinds."""
    for value, kind, name in (
        (config, FabricConfig, "config"),
        (reliability_mode, FabricReliabilityMode, "reliability_mode"),
        (tensix_config, FabricTensixConfig, "tensix_config"),
    ):
        if not (isinstance(value, kind) or (value is None and name != "config")):
            raise TypeError(f"ttnn.set_fabric_config: {name} expects a ttnn.{kind.__name__}, got {value!r}")


def using_distributed_env():
    """Whether several hosts work together: never."""
    return False


__all__ = ["set_fabric_config", "using_distributed_env"]
