"""The text of the IR: what scripts that match it rely on."""

import re

import pytest
import torch
import ttnn
import ttnn_jit
from support.ir_text import check
from support.jitting import device, on_device, random_tensor, sharded
from ttnn_jit._src.ir_generator import generate_ir


@pytest.fixture(autouse=True)
def _in_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def ir(function, *tensors, memory_config=None, **kwargs):
    module, _ = generate_ir(function, False, memory_config, *tensors, **kwargs)
    return str(module)


X = dict(dtype=ttnn.bfloat16)


def x64(**options):
    return random_tensor(64, 64, **{**X, **options})


def exp(x):
    return ttnn.exp(x)


def test_whole_module_of_a_dram_input():
    # One core: the shard is the whole matrix.
    config = sharded((64, 64), ttnn.ShardStrategy.BLOCK)
    assert ir(exp, x64(), memory_config=config) == "\n".join(
        [
            "#dram = #ttnn.buffer_type<dram>",
            "#l1 = #ttnn.buffer_type<l1>",
            "#ttnn_layout = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<2x2x!ttcore.tile<32x32, bf16>, "
            "#dram>, <interleaved>>",
            "#ttnn_layout1 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<2x2x!ttcore.tile<32x32, bf16>, "
            "#l1>, <block_sharded>>",
            "module {",
            "  func.func @exp(%arg0: tensor<64x64xbf16, #ttnn_layout>) -> tensor<64x64xbf16, #ttnn_layout1> {",
            '    %0 = "ttir.exp"(%arg0) : (tensor<64x64xbf16, #ttnn_layout>) -> tensor<64x64xbf16>',
            "    %1 = ttir.empty() : tensor<64x64xbf16, #ttnn_layout1>",
            "    %2 = ttir.to_layout %0, %1 : tensor<64x64xbf16> into tensor<64x64xbf16, #ttnn_layout1> -> "
            "tensor<64x64xbf16, #ttnn_layout1>",
            "    return %2 : tensor<64x64xbf16, #ttnn_layout1>",
            "  }",
            "}",
        ]
    )


def test_equal_layouts_share_an_alias_in_order_of_use():
    config = sharded((64, 64), ttnn.ShardStrategy.BLOCK, (2, 2))
    text = ir(lambda a, b: ttnn.add(a, b), x64(memory_config=config), x64(seed=1, memory_config=config))
    check(
        text,
        "#l1 = #ttnn.buffer_type<l1>",
        "#ttnn_layout = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <2x2>, memref<1x1x!ttcore.tile<32x32, bf16>, #l1>, "
        "<block_sharded>>",
        "(%arg0: tensor<64x64xbf16, #ttnn_layout>, %arg1: tensor<64x64xbf16, #ttnn_layout>) -> "
        "tensor<64x64xbf16, #ttnn_layout> {",
        "NOT: ttnn_layout1",
    )


@pytest.mark.parametrize(
    "strategy, grid, text",
    [
        (ttnn.ShardStrategy.HEIGHT, (2, 1), "<2x1>, memref<1x2x!ttcore.tile<32x32, bf16>, #l1>, <height_sharded>>"),
        (ttnn.ShardStrategy.WIDTH, (2, 1), "<1x2>, memref<2x1x!ttcore.tile<32x32, bf16>, #l1>, <width_sharded>>"),
        (ttnn.ShardStrategy.BLOCK, (1, 2), "<2x1>, memref<1x2x!ttcore.tile<32x32, bf16>, #l1>, <block_sharded>>"),
    ],
)
def test_sharded_layouts(strategy, grid, text):
    check(ir(exp, x64(memory_config=sharded((64, 64), strategy, grid))), text, "func.func @exp(")


@pytest.mark.parametrize(
    "shape, affine",
    [
        ((64,), "(d0) -> (0, d0)"),
        ((2, 64, 96), "(d0, d1, d2) -> (d0 * 64 + d1, d2)"),
        ((2, 3, 64, 96), "(d0, d1, d2, d3) -> (d0 * 192 + d1 * 64 + d2, d3)"),
    ],
)
def test_ranks(shape, affine):
    sizes = "x".join(map(str, shape))
    check(
        ir(exp, random_tensor(*shape)),
        f"#ttnn.ttnn_layout<{affine}, <1x1>",
        f"%arg0: tensor<{sizes}xbf16, #ttnn_layout>",
    )


@pytest.mark.parametrize(
    "dtype, element",
    [(ttnn.float32, "f32"), (ttnn.int32, "i32"), (ttnn.bfloat8_b, "!ttcore.tile<32x32, bfp_bf8>")],
)
def test_element_types(dtype, element):
    check(ir(lambda x: ttnn.abs(x), x64(dtype=dtype)), f'"ttir.abs"(%arg0) : (tensor<64x64x{element}, #ttnn_layout>)')


UNARY = (
    "abs exp neg sqrt rsqrt log cos erf erfc sign sin ceil floor tanh tan sigmoid hardsigmoid relu reciprocal gelu "
    "silu logical_not"
).split()


@pytest.mark.parametrize("name", UNARY)
def test_unary(name):
    text = ir(lambda x: getattr(ttnn, name)(x), x64())
    check(
        text,
        f'%0 = "ttir.{name}"(%arg0) : (tensor<64x64xbf16, #ttnn_layout>) -> tensor<64x64xbf16>',
        "ttir.to_layout %0, %1 :",
    )


BINARY = "add subtract multiply eq ne gt ge lt le maximum minimum".split()


@pytest.mark.parametrize(
    "name, printed",
    [*((n, n) for n in BINARY), ("divide", "div"), ("div", "div"), ("pow", "pow"), ("pow_tensor", "pow")],
)
def test_binary(name, printed):
    text = ir(lambda x, y: getattr(ttnn, name)(x, y), x64(), x64(seed=1))
    check(
        text,
        f'%0 = "ttir.{printed}"(%arg0, %arg1) : (tensor<64x64xbf16, #ttnn_layout>, tensor<64x64xbf16, #ttnn_layout>)',
    )


@pytest.mark.parametrize("name", ["bitwise_and", "bitwise_or", "bitwise_xor"])
def test_bitwise(name):
    check(
        ir(lambda x, y: getattr(ttnn, name)(x, y), x64(dtype=ttnn.int32), x64(dtype=ttnn.int32, seed=1)),
        f'"ttir.{name}"(%arg0, %arg1)',
    )


def test_numbers_become_full_tensors():
    check(
        ir(lambda x: ttnn.add(x, 2.5), x64()),
        '%0 = "ttir.full"() <{fill_value = 2.500000e+00 : f32, shape = array<i32: 64, 64>}> : () -> tensor<64x64xbf16>',
        '%1 = "ttir.add"(%arg0, %0) :',
    )
    check(ir(lambda x: ttnn.subtract(3, x), x64()), "fill_value = 3 : i32", '"ttir.subtract"(%0, %arg0)')


def test_clamp():
    check(
        ir(lambda x: ttnn.clamp(x, min=-0.001, max=0.001), x64()),
        '"ttir.clamp_scalar"(%arg0) <{max = 1.000000e-03 : f32, min = -1.000000e-03 : f32}> :',
    )
    check(ir(lambda x: ttnn.clamp(x, 0.5), x64()), "max = 3.40282347E+38 : f32, min = 5.000000e-01 : f32")
    check(ir(lambda x: ttnn.clamp(x, 1, 5), x64(dtype=ttnn.int32)), "<{max = 5 : i32, min = 1 : i32}>")
    check(
        ir(lambda x, low, high: ttnn.clamp(x, low, high), x64(), x64(seed=1), x64(seed=2)),
        '"ttir.clamp_tensor"(%arg0, %arg1, %arg2) :',
    )
    check(
        ir(lambda x, low: ttnn.clamp(x, min=low), x64(), x64(seed=1)),
        '%0 = "ttir.full"()',
        '"ttir.clamp_tensor"(%arg0, %arg1, %0) :',
    )


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min"])
def test_reductions(name):
    operation = getattr(ttnn, name)
    check(
        ir(lambda x: operation(x, dim=0, keepdim=True), x64()),
        f'"ttir.{name}"(%arg0) <{{dim_arg = [0 : i32], keep_dim = true}}> :',
        "SAME: -> tensor<1x64xbf16>",
    )
    check(ir(lambda x: operation(x, dim=1), x64()), "dim_arg = [1 : i32], keep_dim = false", "SAME: -> tensor<64xbf16>")
    check(ir(lambda x: operation(x), x64()), f'"ttir.{name}"(%arg0) <{{keep_dim = false}}>', "SAME: -> tensor<bf16>")


def test_matmul():
    text = ir(lambda a, b: ttnn.matmul(a, b), random_tensor(64, 128), random_tensor(128, 256))
    check(
        text,
        "%arg1: tensor<128x256xbf16, #ttnn_layout1>",
        '"ttir.matmul"(%arg0, %arg1) <{transpose_a = false, transpose_b = false}> :',
        "SAME: -> tensor<64x256xbf16>",
    )
    text = ir(lambda a, b: ttnn.matmul(a, b, transpose_b=True), random_tensor(64, 128), random_tensor(256, 128))
    check(text, "transpose_a = false, transpose_b = true", "SAME: -> tensor<64x256xbf16>")


def test_movement():
    check(
        ir(lambda x: ttnn.permute(x, permutation=[1, 0]), random_tensor(64, 96)),
        "permutation = array<i64: 1, 0>",
        "SAME: -> tensor<96x64xbf16>",
    )
    check(ir(lambda x: ttnn.permute(x, (1, 0)), random_tensor(64, 96)), "permutation = array<i64: 1, 0>")
    check(
        ir(lambda x: ttnn.transpose(x, dim0=-2, dim1=-1), random_tensor(64, 96)),
        "dim0 = -2 : si32, dim1 = -1 : si32",
        "SAME: -> tensor<96x64xbf16>",
    )
    check(ir(lambda x: ttnn.transpose(x), random_tensor(64, 96)), "dim0 = 0 : si32, dim1 = 1 : si32")
    check(ir(lambda x: ttnn.reshape(x, shape=[4096]), x64()), "shape = [4096 : i32]", "SAME: -> tensor<4096xbf16>")
    check(ir(lambda x: ttnn.reshape(x, [1, -1, 64]), x64()), "shape = [1 : i32, 64 : i32, 64 : i32]")
    check(
        ir(lambda x, y: ttnn.concat([x, y], dim=0), x64(), x64(seed=1)),
        '"ttir.concat"(%arg0, %arg1) <{dim = 0 : si32}>',
        "SAME: -> tensor<128x64xbf16>",
    )
    check(
        ir(lambda x: ttnn.repeat(x, [2, 1]), x64()),
        "repeat_dimensions = array<i64: 2, 1>",
        "SAME: -> tensor<128x64xbf16>",
    )
    check(
        ir(lambda x: ttnn.rearrange(x, pattern="b h w c -> b (h w) c"), random_tensor(2, 3, 32, 32)),
        '"ttir.rearrange"(%arg0) <{pattern = "b h w c -> b (h w) c"}>',
        "SAME: -> tensor<2x96x32xbf16>",
    )
    check(
        ir(lambda x: ttnn.rearrange(x, "b h w c -> b c h w"), random_tensor(2, 3, 32, 64)),
        'pattern = "b h w c -> b c h w"',
        "SAME: -> tensor<2x64x3x32xbf16>",
    )


def test_embedding():
    indices = on_device(torch.arange(32, dtype=torch.int32).reshape(1, 32), ttnn.int32)
    check(
        ir(lambda i, w: ttnn.embedding(i, w), indices, random_tensor(64, 128)),
        '"ttir.embedding"(%arg0, %arg1) : (',
        "SAME: -> tensor<1x32x128xbf16>",
    )


def test_collectives_on_one_device():
    check(
        ir(lambda x: ttnn.all_gather(x, dim=0, cluster_axis=0), x64()),
        '"ttir.all_gather"(%arg0)',
        "SAME: all_gather_dim = 0",
        "SAME: cluster_axis = 0",
        re.compile(r"return %2 : tensor<64x64xbf16, #ttnn_layout\d>"),
    )
    check(ir(lambda x: ttnn.all_reduce(x, cluster_axis=0), x64()), '"ttir.all_reduce"(%arg0)', "SAME: cluster_axis = 0")
    text = ir(lambda x: ttnn.reduce_scatter(x, dim=1, cluster_axis=0, reduce_type="max"), x64())
    check(text, '"ttir.reduce_scatter"(%arg0)', "SAME: cluster_axis = 0", "SAME: scatter_dim = 1")


def loop(x, count=3):
    for _ in range(count):
        x = ttnn.exp(x)
    return x


def test_control_flow_is_unrolled():
    check(
        ir(loop, x64()),
        '"ttir.exp"(%arg0)',
        '"ttir.exp"(%0)',
        '"ttir.exp"(%1)',
        "ttir.to_layout %2, %3",
        'NOT: "ttir.exp"',
    )
    check(ir(loop, x64(), count=1), '"ttir.exp"(%arg0)', 'NOT: "ttir.exp"', "return")

    def branches(x, mode=None):
        if mode == "exp":
            return ttnn.exp(x)
        if mode == "cos":
            return ttnn.cos(x)
        return x

    check(ir(branches, x64(), mode="cos"), '"ttir.cos"(%arg0)', "NOT: ttir.exp")
    check(ir(branches, x64()), "NOT: ttir.exp", "NOT: ttir.cos", "ttir.to_layout %arg0, %0", "return %1")


def test_operations_outside_of_the_table():
    text = ir(lambda x, w: ttnn.mul(ttnn.layer_norm(x, weight=w, epsilon=1e-5), x), x64(), random_tensor(64, seed=3))
    check(text, '"ttir.layer_norm"(%arg0, %arg1)', '"ttir.mul"(%0, %arg0)')


def test_keyword_and_captured_tensors_are_arguments():
    weight = x64(seed=5)
    text = ir(lambda x, y=None: ttnn.add(ttnn.multiply(x, weight), y), x64(), y=x64(seed=4))
    check(text, "%arg2: tensor<64x64xbf16, #ttnn_layout>", '"ttir.multiply"(%arg0, %arg2)', '"ttir.add"(%0, %arg1)')


def test_the_same_tensor_twice():
    x = x64()
    signature = "(%arg0: tensor<64x64xbf16, #ttnn_layout>, %arg1: tensor<64x64xbf16, #ttnn_layout>)"
    check(ir(lambda a, b: ttnn.add(a, b), x, x), signature, '"ttir.add"(%arg0, %arg0)')
    compiled = ttnn_jit.jit(compile_only=True)(lambda a, b: ttnn.add(a, b))
    check(str(compiled(x, x)), signature, '"ttir.add"(%arg0, %arg0)')


def test_output_type_is_that_before_the_conversion():
    module, output = generate_ir(lambda x: ttnn.exp(x), False, None, x64())
    assert (output.shape, output.element_type, output.encoding) == ([64, 64], "bf16", None)
    assert module.verify()


def test_generate_ir_takes_interleaved_l1_and_prints(capsys):
    _, output = generate_ir(exp, True, None, x64(memory_config=ttnn.L1_MEMORY_CONFIG), _tensor_args={"x": None})
    assert output.shape == [64, 64]
    printed = capsys.readouterr().out
    check(
        printed,
        "Inserting output layout conversion for memory_config: MemoryConfig(",
        "---- IR Dump after TracingCompiler (Tracing-based) ----\n",
        "func.func @exp(",
    )


@pytest.mark.parametrize("fidelity", ["HiFi4", "HiFi3", "HiFi2", "LoFi"])
def test_both_dumps(fidelity, capsys):
    function = ttnn_jit.jit(compile_only=True, math_fidelity=getattr(ttnn.MathFidelity, fidelity))(exp)
    module = function(x64())
    assert "func.func @exp(" in str(module)
    check(
        capsys.readouterr().out,
        "---- IR Dump after TracingCompiler (Tracing-based) ----\n",
        "func.func @exp(",
        "[L1] Memory View:",
        "[DRAM] Memory View:",
        "---- IR Dump after ttnn_to_ttmetal_pipeline ----\n",
        "func.func @exp(",
        '"ttnn.generic"',
        f"SAME: math_fidelity = {fidelity.lower()}",
    )


@pytest.mark.parametrize(
    "function, error, text",
    [
        (lambda x: ttnn.abs(2.0), ValueError, "abs requires a tensor operand, got scalar: 2.0"),
        (lambda x: ttnn.exp(), ValueError, "exp requires at least 1 argument"),
        (lambda x: ttnn.add(1, 2), ValueError, "add requires at least one tensor operand"),
        (lambda x: ttnn.add(x, None), ValueError, "Argument at index 1 is None"),
        (lambda x: ttnn.clamp(x), ValueError, "clamp requires at least one of 'min' or 'max' arguments"),
        (lambda x: ttnn.permute(x), ValueError, "permute requires 'permutation' keyword argument"),
        (lambda x: ttnn.reshape(x, [-1, -1]), ValueError, "Only one dimension can be -1 in reshape"),
        (lambda x: ttnn.transpose(x, dim0=0, dim1=2), AssertionError, "transpose dimension 2"),
        (lambda x: ttnn.repeat(x, [2]), ValueError, "repeat_dimensions length 1"),
        (lambda x: ttnn.repeat(x, [2, 0]), ValueError, "Repeat dimension at index 1"),
        (
            lambda x: ttnn.rearrange(x, "(a b) c -> a b c"),
            ValueError,
            r"Splitting dimensions \(parentheses in input pattern\) is not supported #6339",
        ),
        (lambda x: ttnn.rearrange(x, "a b -> a x"), ValueError, "Unknown dimension 'x' in output pattern"),
        (lambda x: ttnn.all_gather(x), ValueError, r"all_gather requires dim \(positional or keyword\)"),
        (lambda x: ttnn.all_gather(x, 0, cluster_axis=-1), ValueError, "cluster_axis must be a non-negative integer"),
        (lambda x: ttnn.all_reduce(x, cluster_axis=2), ValueError, "cluster_axis 2 must be < mesh rank 2"),
        (
            lambda x: ttnn.reduce_scatter(x, 0, reduce_type="prod"),
            ValueError,
            "reduce_scatter reduce_type must be one of",
        ),
        (lambda x: ttnn.embedding(x), ValueError, "embedding requires indices and a weight"),
        (lambda x: None, TypeError, "returned no tensor"),
    ],
)
def test_errors_of_traced_calls(function, error, text):
    with pytest.raises(error, match=text):
        ir(function, x64())


def test_spellings_of_traced_functions_are_not_there_elsewhere():
    assert device() is not None
    assert not hasattr(ttnn, "rearrange")
    assert not hasattr(ttnn, "pow_tensor")
