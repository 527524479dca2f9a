"""Enumerations, shapes, and compute and program configs."""

import pytest
import ttnn


def test_enumerations_have_ttnns_names_and_values():
    assert [(member.name, member.value) for member in ttnn.DataType] == [
        ("BFLOAT16", 0),
        ("FLOAT32", 1),
        ("UINT32", 2),
        ("BFLOAT8_B", 3),
        ("BFLOAT4_B", 4),
        ("UINT8", 5),
        ("UINT16", 6),
        ("INT32", 7),
    ]
    assert str(ttnn.bfloat16) == "DataType.BFLOAT16" and ttnn.bfloat16 is ttnn.DataType.BFLOAT16
    assert str(ttnn.Layout.ROW_MAJOR) == "Layout.ROW_MAJOR" and str(ttnn.TILE_LAYOUT) == "Layout.TILE"
    assert str(ttnn.TensorMemoryLayout.INTERLEAVED) == "TensorMemoryLayout.INTERLEAVED"
    assert [strategy.value for strategy in (ttnn.ShardStrategy.HEIGHT, ttnn.ShardStrategy.WIDTH, ttnn.ShardStrategy.BLOCK)] == [1, 2, 3]
    assert {"LoFi", "HiFi2", "HiFi3", "HiFi4", "Invalid"} == {member.name for member in ttnn.MathFidelity}
    for name in "RELU SIGMOID SILU GELU EXP TANH SQRT NEG SQUARE".split():
        assert hasattr(ttnn.UnaryOpType, name)


def test_every_activation_names_an_operation():
    from tilefold.ttnn.operations.unary import activation_name

    for member in ttnn.UnaryOpType:
        assert hasattr(ttnn, activation_name(member, "test"))


def test_shapes():
    shape = ttnn.Shape([2, 3, 4])
    assert shape == [2, 3, 4] and shape == (2, 3, 4) and shape != (2, 3) and shape.rank == len(shape) == 3
    batch, rows, columns = shape
    assert (batch, rows, columns, shape[-1], shape[1:]) == (2, 3, 4, 4, (3, 4))
    assert str(shape) == "Shape([2, 3, 4])" and hash(shape) == hash(ttnn.Shape((2, 3, 4)))
    assert shape.volume() == 24 and shape.to_rank(4) == (1, 2, 3, 4)
    with pytest.raises(RuntimeError, match="rank 2"):
        shape.to_rank(2)


def test_compute_kernel_configs():
    config = ttnn.WormholeComputeKernelConfig(
        math_fidelity=ttnn.MathFidelity.HiFi4, math_approx_mode=False, fp32_dest_acc_en=True, packer_l1_acc=True
    )
    assert ttnn.types.WormholeComputeKernelConfig is ttnn.types.BlackholeComputeKernelConfig
    assert isinstance(config, ttnn.DeviceComputeKernelConfig)
    assert ttnn.DeviceComputeKernelConfig().math_fidelity is ttnn.MathFidelity.Invalid
    same = ttnn.init_device_compute_kernel_config(
        ttnn.Arch.WORMHOLE_B0,
        math_fidelity=ttnn.MathFidelity.HiFi4,
        math_approx_mode=False,
        fp32_dest_acc_en=True,
        packer_l1_acc=True,
    )
    assert same == config and hash(same) == hash(config) and "HiFi4" in str(config)
    assert ttnn.init_device_compute_kernel_config(ttnn.Arch.BLACKHOLE, config) is config
    assert ttnn.init_device_compute_kernel_config(ttnn.Arch.BLACKHOLE).math_fidelity is ttnn.MathFidelity.LoFi
    with pytest.raises(TypeError, match="unexpected keyword 'fp32'"):
        ttnn.DeviceComputeKernelConfig(fp32=True)
    with pytest.raises(TypeError, match="keyword arguments only"):
        ttnn.DeviceComputeKernelConfig(ttnn.MathFidelity.LoFi)
    with pytest.raises(TypeError, match="ttnn.MathFidelity"):
        ttnn.DeviceComputeKernelConfig(math_fidelity="HiFi4")
    with pytest.raises(TypeError, match="ttnn.Arch"):
        ttnn.init_device_compute_kernel_config("blackhole")


def test_program_configs():
    config = ttnn.SDPAProgramConfig(compute_with_storage_grid_size=(8, 8), q_chunk_size=64, k_chunk_size=128)
    assert config.compute_with_storage_grid_size == ttnn.CoreCoord(8, 8)
    assert config.max_cores_per_head_batch == 16 and config.exp_approx_mode is None
    assert config == ttnn.SDPAProgramConfig(
        compute_with_storage_grid_size=ttnn.CoreCoord(8, 8), q_chunk_size=64, k_chunk_size=128
    )
    with pytest.raises(TypeError, match="missing keyword 'q_chunk_size'"):
        ttnn.SDPAProgramConfig(compute_with_storage_grid_size=(8, 8), k_chunk_size=128)
    blocks = dict(in0_block_w=1, out_subblock_h=1, out_subblock_w=1, per_core_M=2, per_core_N=2, transpose_mcast=False)
    product = ttnn.MatmulMultiCoreReuseMultiCastProgramConfig(compute_with_storage_grid_size=(8, 8), **blocks)
    assert product.fuse_batch is True and product.fused_activation is None
    with pytest.raises(TypeError, match="pair"):
        ttnn.MatmulMultiCoreReuseMultiCastProgramConfig(compute_with_storage_grid_size=8, **blocks)


def test_dispatch_core_config():
    config = ttnn.DispatchCoreConfig(ttnn.DispatchCoreType.ETH, None)
    assert config.type is ttnn.DispatchCoreType.ETH and config.axis is None
    assert config == ttnn.DispatchCoreConfig(type=ttnn.DispatchCoreType.ETH) != ttnn.DispatchCoreConfig()
    assert ttnn.DispatchCoreConfig(None, None, ttnn.FabricTensixConfig.MUX).fabric_tensix_config
    with pytest.raises(TypeError, match="DispatchCoreAxis"):
        ttnn.DispatchCoreConfig(None, "ROW")
    with pytest.raises(TypeError, match="at most 3"):
        ttnn.DispatchCoreConfig(None, None, None, None)


def test_fabric_calls_check_their_arguments():
    ttnn.set_fabric_config(ttnn.FabricConfig.DISABLED)
    ttnn.set_fabric_config(
        ttnn.FabricConfig.FABRIC_1D, ttnn.FabricReliabilityMode.STRICT_INIT, None, ttnn.FabricTensixConfig.DISABLED
    )
    assert ttnn.using_distributed_env() is False
    with pytest.raises(TypeError, match="FabricConfig"):
        ttnn.set_fabric_config("FABRIC_1D")
    with pytest.raises(TypeError, match="FabricReliabilityMode"):
        ttnn.set_fabric_config(ttnn.FabricConfig.DISABLED, "STRICT")
