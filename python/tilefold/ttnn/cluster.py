"""`ttnn.cluster`: the kind of system that is reported."""

from tilefold.ttnn.device import get_arch_name
from tilefold.ttnn.enums import ClusterType


def get_cluster_type():
    """N150 for a reported Wormhole, P150 for a Blackhole, however many virtual devices there are."""
    return ClusterType.P150 if get_arch_name() == "blackhole" else ClusterType.N150


__all__ = ["ClusterType", "get_cluster_type"]
