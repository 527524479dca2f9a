"""Collectives in traced functions: what the spelling there allows, the checks, and the attributes in the IR."""

from tilefold.ttnn.collectives import check_cluster_axis, dimension_of, reduction_of

_MESH_RANK = 2


def mesh_shape(device):
    """Rows and columns of a device's mesh; a single device is 1x1."""
    shape = getattr(device, "shape", None)
    return (1, 1) if shape is None else (int(shape[0]), int(shape[1]))


def collective_arguments(name, tensor, args, kwargs):
    """The keywords for the eager collective, checked. Traced spelling: `dim` and `cluster_axis` may be positional, and
    the axis is 0 unless given. Raises ValueError for what the mesh or the tensor does not have."""
    args = list(args)
    keywords = {}
    if name != "all_reduce":
        keywords["dim"] = dimension_of(name, args.pop(0) if args else kwargs.get("dim"), len(tensor.shape))
    axis = args.pop(0) if args else kwargs.get("cluster_axis", 0)
    if axis is None:
        raise ValueError(f"{name} cluster_axis must be a non-negative integer, got None")
    check_cluster_axis(name, axis, _MESH_RANK)
    keywords["cluster_axis"] = axis
    if name == "reduce_scatter":
        keywords["reduce_type"] = reduction_of(kwargs.get("reduce_type", "sum"))
        size, count = tensor.shape[keywords["dim"]], mesh_shape(tensor.device())[axis]
        if size % count:
            raise ValueError(f"reduce_scatter dim {keywords['dim']} of size {size} is not divisible by {count} devices")
    return keywords


def collective_attributes(name, keywords):
    """The attributes of the IR operation."""
    attributes = {"cluster_axis": f"{keywords['cluster_axis']} : ui32"}
    if name == "all_gather":
        attributes["all_gather_dim"] = f"{keywords['dim']} : si32"
    else:
        attributes["reduce_type"] = f"#ttcore.reduce_type<{keywords.get('reduce_type', 'sum')}>"
    if name == "reduce_scatter":
        attributes["scatter_dim"] = f"{keywords['dim']} : si32"
    return attributes
