"""Compute and program configs: hints of TTNN programs, checked for their keywords and kept, but without effect here.

Products always accumulate in fp32 and functions are always accurate; the schedule is the compiler's.
"""

from tilefold.ttnn.enums import Arch, DispatchCoreAxis, DispatchCoreType, FabricTensixConfig, MathFidelity
from tilefold.ttnn.grids import CoreRangeSet, core_coord

REQUIRED = object()


class _Config:
    """Keyword records that compare by value. A subclass lists its fields with their defaults in FIELDS; REQUIRED marks
    those without one. Unknown keywords and missing fields are TypeErrors that name them."""

    FIELDS = {}
    POSITIONAL = False

    def __init__(self, *args, **kwargs):
        name = type(self).__name__
        if args and not self.POSITIONAL:
            raise TypeError(f"{name}: takes keyword arguments only")
        if len(args) > len(self.FIELDS):
            raise TypeError(f"{name}: takes at most {len(self.FIELDS)} arguments, got {len(args)}")
        for field, value in zip(self.FIELDS, args):
            if field in kwargs:
                raise TypeError(f"{name}: got several values for '{field}'")
            kwargs[field] = value
        unknown = sorted(set(kwargs) - set(self.FIELDS))
        if unknown:
            raise TypeError(f"{name}: unexpected keyword '{unknown[0]}'; expected {', '.join(self.FIELDS)}")
        for field, default in self.FIELDS.items():
            value = kwargs.get(field, default)
            if value is REQUIRED:
                raise TypeError(f"{name}: missing keyword '{field}'")
            setattr(self, field, self._checked(field, value))

    def _checked(self, field, value):
        """The value to keep for a field; raises TypeError or RuntimeError for a wrong one."""
        return value

    def _values(self):
        return tuple(getattr(self, field) for field in self.FIELDS)

    def __eq__(self, other):
        return type(self) is type(other) and self._values() == other._values()

    def __hash__(self):
        return hash((type(self), self._values()))

    def __repr__(self):
        fields = ", ".join(f"{field}={value}" for field, value in zip(self.FIELDS, self._values()))
        return f"{type(self).__name__}({fields})"


def _enumerated(config, field, value, kind):
    if not isinstance(value, kind):
        raise TypeError(f"{type(config).__name__}: {field} expects a ttnn.{kind.__name__}, got {value!r}")
    return value


class DeviceComputeKernelConfig(_Config):
    """How a card would compute: fidelity of its products, approximate functions, fp32 accumulation."""

    FIELDS = {
        "math_fidelity": MathFidelity.Invalid,
        "math_approx_mode": True,
        "fp32_dest_acc_en": False,
        "packer_l1_acc": False,
        "dst_full_sync_en": False,
        "throttle_level": None,
    }

    def _checked(self, field, value):
        if field == "math_fidelity":
            return _enumerated(self, field, value, MathFidelity)
        return value if field == "throttle_level" else bool(value)


WormholeComputeKernelConfig = DeviceComputeKernelConfig
BlackholeComputeKernelConfig = DeviceComputeKernelConfig
GrayskullComputeKernelConfig = DeviceComputeKernelConfig


def init_device_compute_kernel_config(
    arch,
    device_kernel_config=None,
    *,
    math_fidelity=MathFidelity.LoFi,
    math_approx_mode=True,
    fp32_dest_acc_en=False,
    packer_l1_acc=False,
    dst_full_sync_en=False,
    throttle_level=None,
):
    """`device_kernel_config` if there is one, else a config of the keywords. `arch`: a ttnn.Arch."""
    if not isinstance(arch, Arch):
        raise TypeError(f"init_device_compute_kernel_config: expected a ttnn.Arch, got {arch!r}")
    if device_kernel_config is not None:
        if not isinstance(device_kernel_config, DeviceComputeKernelConfig):
            raise TypeError(
                "init_device_compute_kernel_config: expected a ttnn.DeviceComputeKernelConfig, got "
                f"{type(device_kernel_config).__name__}"
            )
        return device_kernel_config
    return DeviceComputeKernelConfig(
        math_fidelity=math_fidelity,
        math_approx_mode=math_approx_mode,
        fp32_dest_acc_en=fp32_dest_acc_en,
        packer_l1_acc=packer_l1_acc,
        dst_full_sync_en=dst_full_sync_en,
        throttle_level=throttle_level,
    )


class _GridConfig(_Config):
    def _checked(self, field, value):
        if field == "compute_with_storage_grid_size":
            return core_coord(value)
        if field == "sub_core_grids" and value is not None and not isinstance(value, CoreRangeSet):
            raise TypeError(f"{type(self).__name__}: sub_core_grids expects a ttnn.CoreRangeSet, got {value!r}")
        return value


class SDPAProgramConfig(_GridConfig):
    """Block sizes that a card's attention would use."""

    FIELDS = {
        "compute_with_storage_grid_size": REQUIRED,
        "sub_core_grids": None,
        "q_chunk_size": REQUIRED,
        "k_chunk_size": REQUIRED,
        "exp_approx_mode": None,
        "max_cores_per_head_batch": 16,
    }


class MatmulMultiCoreReuseMultiCastProgramConfig(_GridConfig):
    """Block sizes that a card's 2-D product would use; a plain (x, y) is taken as the grid."""

    FIELDS = {
        "compute_with_storage_grid_size": REQUIRED,
        "in0_block_w": REQUIRED,
        "out_subblock_h": REQUIRED,
        "out_subblock_w": REQUIRED,
        "out_block_h": None,
        "out_block_w": None,
        "per_core_M": REQUIRED,
        "per_core_N": REQUIRED,
        "transpose_mcast": REQUIRED,
        "fused_activation": None,
        "fuse_batch": True,
    }


class MatmulMultiCoreReuseProgramConfig(_GridConfig):
    """Block sizes that a card's batched product would use."""

    FIELDS = {
        "compute_with_storage_grid_size": REQUIRED,
        "in0_block_w": REQUIRED,
        "out_subblock_h": REQUIRED,
        "out_subblock_w": REQUIRED,
        "per_core_M": REQUIRED,
        "per_core_N": REQUIRED,
    }


class DispatchCoreConfig(_Config):
    """Which cores of a card would dispatch work."""

    FIELDS = {"type": None, "axis": None, "fabric_tensix_config": None}
    POSITIONAL = True

    def _checked(self, field, value):
        kind = {"type": DispatchCoreType, "axis": DispatchCoreAxis, "fabric_tensix_config": FabricTensixConfig}[field]
        return None if value is None else _enumerated(self, field, value, kind)


__all__ = [
    "BlackholeComputeKernelConfig",
    "DeviceComputeKernelConfig",
    "DispatchCoreConfig",
    "GrayskullComputeKernelConfig",
    "MatmulMultiCoreReuseMultiCastProgramConfig",
    "MatmulMultiCoreReuseProgramConfig",
    "SDPAProgramConfig",
    "WormholeComputeKernelConfig",
    "init_device_compute_kernel_config",
]
