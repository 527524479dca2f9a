"""Collective operations over the devices of a mesh, computed on the parts of mesh tensors."""

from tilefold import _native
from tilefold.ttnn.dispatch import cast_shards, engine_operation, execute, finish, operation, require_tensor
from tilefold.ttnn.enums import DataType, ReduceType
from tilefold.ttnn.mesh_mapping import shards_of_devices
from tilefold.ttnn.mesh_shape import groups_along

#: Names of reductions and the engine operation that combines two parts.
_COMBINE = {"sum": "add", "max": "maximum", "min": "minimum"}


class NeedsWholeMesh(RuntimeError):
    """A traced function moves data between devices: its trace must see the tensors of all of them."""


def check_cluster_axis(name, cluster_axis, rank):
    """Raises ValueError unless the axis is None or one of the mesh's."""
    if cluster_axis is None:
        return
    if isinstance(cluster_axis, bool) or not isinstance(cluster_axis, int) or cluster_axis < 0:
        raise ValueError(f"{name} cluster_axis must be a non-negative integer, got {cluster_axis!r}")
    if cluster_axis >= rank:
        raise ValueError(f"{name} cluster_axis {cluster_axis} must be < mesh rank {rank}")


def dimension_of(name, dim, rank):
    """`dim`, counted from the front. Raises ValueError when it is missing or outside of the rank."""
    if dim is None:
        raise ValueError(f"{name} requires dim (positional or keyword)")
    if not -rank <= dim < rank:
        raise ValueError(f"{name} dim {dim} is outside of rank {rank}")
    return dim % rank


def _parts(name, tensor, cluster_axis):
    """Per device, the parts of its line along the axis; and its place in the line."""
    require_tensor(tensor, name)
    mesh = tensor.device().shape
    check_cluster_axis(name, cluster_axis, len(mesh))
    groups = groups_along(mesh, cluster_axis)
    if tensor.shards[0].is_traced and len(groups[0]) > 1 and len(tensor.shards) != mesh.mesh_size():
        raise NeedsWholeMesh(f"ttnn.{name}: this program sees the data of one of {len(groups[0])} devices only")
    shards = shards_of_devices(tensor, f"ttnn.{name}")
    return [[shards[member] for member in group] for group in groups], [group.index(i) for i, group in enumerate(groups)]


def _each(handle_of, parts):
    """Runs one operation per device on that device's own operands."""
    return tuple(execute(handle_of(device), *((part,) for part in operands))[0] for device, operands in enumerate(parts))


def _combined(parts, dtype, combine):
    """The sum (maximum, minimum) of each device's line, in the order of the line; sums in float32."""
    handle = engine_operation(_COMBINE[combine])
    wide = combine == "sum" and dtype not in (DataType.INT32, DataType.UINT32, DataType.UINT16, DataType.UINT8)
    results = []
    for line in parts:
        terms = [cast_shards((part,), dtype, DataType.FLOAT32) if wide else (part,) for part in line]
        total = terms[0]
        for term in terms[1:]:
            total = execute(handle, total, term)
        results.append(total[0])
    return tuple(results)


@operation("all_gather")
def all_gather(
    input_tensor,
    dim=None,
    *,
    cluster_axis=None,
    mesh_device=None,
    memory_config=None,
    num_links=None,
    topology=None,
    output_tensor=None,
    **hints,
):
    """On every device, the parts of its line of the mesh one after the other along `dim`: of a column with
    cluster_axis=0, of a row with 1, of the whole mesh without. Raises ValueError for a missing or wrong dim or axis."""
    parts, _ = _parts("all_gather", input_tensor, cluster_axis)
    axis = dimension_of("all_gather", dim, len(input_tensor.shape))
    if len(parts[0]) == 1:
        return finish(tuple(line[0] for line in parts), input_tensor, memory_config=memory_config, layout=input_tensor.layout)
    handle = engine_operation("concat", dim=axis)
    return finish(_each(lambda _: handle, parts), input_tensor, memory_config=memory_config, layout=input_tensor.layout)


@operation("all_reduce")
def all_reduce(
    input_tensor,
    *,
    cluster_axis=None,
    mesh_device=None,
    memory_config=None,
    num_links=None,
    topology=None,
    **hints,
):
    """On every device, the sum of the parts of its line of the mesh (see all_gather); accumulated in float32."""
    parts, _ = _parts("all_reduce", input_tensor, cluster_axis)
    return finish(
        _combined(parts, input_tensor.dtype, "sum"), input_tensor, memory_config=memory_config, layout=input_tensor.layout
    )


def reduction_of(reduce_type):
    """"sum", "max" or "min". Raises ValueError for anything else."""
    if isinstance(reduce_type, ReduceType):
        reduce_type = reduce_type.name.lower()
    if reduce_type not in _COMBINE:
        raise ValueError(f"reduce_scatter reduce_type must be one of {', '.join(_COMBINE)}, got {reduce_type!r}")
    return reduce_type


@operation("reduce_scatter")
def reduce_scatter(
    input_tensor,
    dim=None,
    *,
    cluster_axis=None,
    mesh_device=None,
    memory_config=None,
    reduce_type="sum",
    num_links=None,
    topology=None,
    **hints,
):
    """The sum (or "max", "min") of the parts of a line of the mesh, divided along `dim` among its devices in order.
    Raises ValueError when `dim` does not divide equally."""
    combine = reduction_of(reduce_type)
    parts, places = _parts("reduce_scatter", input_tensor, cluster_axis)
    axis = dimension_of("reduce_scatter", dim, len(input_tensor.shape))
    count, size = len(parts[0]), input_tensor.shape[axis]
    if size % count:
        raise ValueError(f"reduce_scatter dim {axis} of size {size} is not divisible by {count} devices")
    totals = _combined(parts, input_tensor.dtype, combine)
    if count > 1:
        length = size // count

        def own_part(device):
            start = places[device] * length
            return engine_operation(
                "slice", dim=axis, start=_native.Dim(start), end=_native.Dim(start + length), step=1
            )

        totals = _each(own_part, [(total,) for total in totals])
    return finish(totals, input_tensor, memory_config=memory_config, layout=input_tensor.layout)
