"""Options, errors, placement of results, memory analysis and artifacts of jitted functions."""

import os
import warnings

import pytest
import torch
import ttnn
import ttnn_jit
import ttnn_jit._src.utils
from support.jitting import assert_same, device, on_device, random_tensor, sharded
from ttnn_jit._src.ir_generator import generate_ir
from ttnn_jit._src.memory_analyzer import MemoryAnalyzer
from ttnn_jit._src.utils import get_maximal_block_sharding_grid


@pytest.fixture(autouse=True)
def _in_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def exp(x):
    return ttnn.exp(x)


def test_packages():
    assert ttnn_jit.__all__ == ["jit"]
    assert ttnn_jit.api.jit is ttnn_jit.jit
    from ttnn_jit._src import JitCache
    from ttnn_jit._src.jit import JitFunction

    function = ttnn_jit.jit(enable_cache=True)(exp)
    assert isinstance(function, JitFunction) and isinstance(function.cache, JitCache)
    assert function.func is exp and "ttnn.exp" in function.source_code
    assert os.path.isdir("generated/ttnn-jit/exp") and function.out_dir == os.path.join("generated", "ttnn-jit", "exp")
    assert not hasattr(function, "__name__")


def test_options_of_all_versions():
    x = random_tensor(64, 64)
    expected = ttnn.exp(x)
    for options in (
        {},
        dict(compile_only=False, debug=False, enable_cache=True, math_fidelity=ttnn.MathFidelity.LoFi),
        dict(max_grid=(7, 7), enable_cache=True, graph_capture=True),
        dict(max_grid=(0, 0), graph_capture=False),
        dict(extra_pipeline_options="test-buffer-size-policy=max"),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert_same(ttnn_jit.jit(**options)(exp)(x), expected)
    for options in (dict(frontend="ast"), dict(perf=True), dict(backend="ttnn")):
        with pytest.warns(DeprecationWarning) as caught:
            function = ttnn_jit.jit(**options)(exp)
        assert len(caught) == 1
        assert_same(function(x), expected)
    with pytest.warns(DeprecationWarning):
        assert ttnn_jit.jit(dump_flatbuffer=True)(exp).compile_only
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        ttnn_jit.jit(colour="red")
    with pytest.raises(TypeError, match="parentheses"):
        ttnn_jit.jit(exp)
    with pytest.raises(ValueError, match="max_grid"):
        ttnn_jit.jit(max_grid=(-1, 7))(exp)


def test_debug_sets_the_log_levels(monkeypatch):
    monkeypatch.delenv("TTRT_LOGGER_LEVEL", raising=False)
    monkeypatch.delenv("TTMLIR_RUNTIME_LOGGER_LEVEL", raising=False)
    ttnn_jit.jit()(exp)
    assert "TTRT_LOGGER_LEVEL" not in os.environ
    ttnn_jit.jit(debug=True)(exp)
    assert os.environ["TTRT_LOGGER_LEVEL"] == "DEBUG"
    assert os.environ["TTMLIR_RUNTIME_LOGGER_LEVEL"] == "TRACE"


def test_calls_print_one_line(capsys):
    function = ttnn_jit.jit(enable_cache=True)(exp)
    x = random_tensor(64, 64)
    function(x)
    assert "Inserting output layout conversion for memory_config: MemoryConfig(" in capsys.readouterr().out
    function(x)
    printed = capsys.readouterr().out
    assert printed.startswith("Running program:  exp  in runtime:  ") and printed.count("\n") == 1


def test_arguments_are_checked():
    function = ttnn_jit.jit(fallback=True)(exp)
    x = random_tensor(64, 64)
    with pytest.raises(AssertionError, match="Device is required"):
        function()
    with pytest.raises(AssertionError, match="Device is required"):
        function(ttnn.from_torch(torch.ones(32, 32), dtype=ttnn.bfloat16, layout=ttnn.TILE_LAYOUT))
    with pytest.raises(AttributeError):
        function(2.0)
    with pytest.raises(ValueError, match="Invalid arguments for function exp: "):
        function(x, x)
    with pytest.raises(ValueError, match="Invalid arguments for function exp: "):
        function(x, colour=1)
    freed = random_tensor(32, 32)
    freed.free()
    with pytest.raises(RuntimeError, match="not allocated"):
        ttnn_jit.jit()(exp)(freed)


def test_bound_methods_become_static():
    class Model:
        def forward(self, x):
            return ttnn.exp(x)

    assert isinstance(ttnn_jit.jit()(Model().forward), staticmethod)


def core_set(*corners):
    return ttnn.CoreRangeSet([ttnn.CoreRange(ttnn.CoreCoord(*a), ttnn.CoreCoord(*b)) for a, b in corners])


def config(layout, buffer_type, cores, shape, orientation=ttnn.ShardOrientation.ROW_MAJOR):
    return ttnn.MemoryConfig(layout, buffer_type, ttnn.ShardSpec(cores, shape, orientation))


BLOCK = ttnn.TensorMemoryLayout.BLOCK_SHARDED
HEIGHT = ttnn.TensorMemoryLayout.HEIGHT_SHARDED
ONE_CORE = core_set(((0, 0), (0, 0)))


@pytest.mark.parametrize(
    "options, text",
    [
        (dict(dtype=ttnn.bfloat4_b), "Unsupported TTNN dtype: DataType.BFLOAT4_B"),
        (
            dict(layout=ttnn.ROW_MAJOR_LAYOUT, dtype=ttnn.bfloat16),
            "Only Layout.Tile tensors are supported. Found layout: Layout.ROW_MAJOR",
        ),
        (
            dict(memory_config=config(BLOCK, ttnn.BufferType.DRAM, ONE_CORE, (64, 64))),
            "Sharded DRAM tensors are not supported.",
        ),
        (
            dict(memory_config=config(BLOCK, ttnn.BufferType.L1, ONE_CORE, (64, 64), ttnn.ShardOrientation.COL_MAJOR)),
            "Column major sharding is not supported.",
        ),
        (
            dict(
                shape=(2, 64, 64),
                memory_config=ttnn.MemoryConfig(
                    ttnn.BufferType.L1,
                    ttnn.NdShardSpec(
                        (1, 32, 32),
                        core_set(((0, 0), (1, 1))),
                        ttnn.ShardOrientation.ROW_MAJOR,
                        ttnn.ShardDistributionStrategy.GRID_2D,
                    ),
                ),
            ),
            "Grid2D distribution strategy is not supported.",
        ),
        (dict(memory_config=ttnn.L1_MEMORY_CONFIG), "Interleaved L1 tensors are not supported."),
        (
            dict(
                memory_config=config(HEIGHT, ttnn.BufferType.L1, core_set(((0, 0), (0, 0)), ((2, 2), (2, 2))), (32, 64))
            ),
            "Tensor grids with more than one CoreRange are not supported. Tensor grids must be rectangular.",
        ),
        (dict(dtype=ttnn.uint32), "Unsupported TTNN dtype string: DataType.UINT32"),
    ],
)
def test_unsupported_inputs(options, text, capsys):
    options = dict(options)
    shape = options.pop("shape", (64, 64))
    values = torch.ones(shape, dtype=torch.int32 if options.get("dtype") is ttnn.uint32 else torch.float32)
    tensor = on_device(values, **{"dtype": ttnn.bfloat16, **options})
    with pytest.raises(ValueError) as error:
        ttnn_jit.jit()(exp)(tensor)
    assert str(error.value) == text
    if options.get("dtype") is ttnn.bfloat16 or "memory_config" in options:
        function = ttnn_jit.jit(fallback=True, debug=True)(exp)
        assert_same(function(tensor), ttnn.exp(tensor))
        assert function.fallback_used
        assert "[ttnn-jit] JIT compilation/execution failed, falling back to eager mode: " in capsys.readouterr().out


@pytest.mark.parametrize("shape, cores", [((256, 256), (8, 8)), ((96, 576), (6, 3)), ((2, 64, 128), (4, 4))])
def test_a_block_sharded_spec_is_an_input(shape, cores):
    grid = core_set(((0, 0), (cores[0] - 1, cores[1] - 1)))
    spec = ttnn.TensorSpec(shape, ttnn.bfloat16, ttnn.TILE_LAYOUT, ttnn.BufferType.L1).block_sharded(grid)
    device = random_tensor(32, 32).device()
    x = ttnn.from_torch(torch.rand(shape, dtype=torch.bfloat16), spec=spec, device=device)
    assert x.memory_config().nd_shard_spec.shard_distribution_strategy is ttnn.ShardDistributionStrategy.GRID_2D
    result = ttnn_jit.jit(enable_cache=True)(exp)(x)
    assert_same(result, ttnn.exp(x))
    assert result.memory_config().shard_spec == x.memory_config().shard_spec


def test_fallback():
    with pytest.raises(ValueError, match="^fallback=True is incompatible with compile_only=True"):
        ttnn_jit.jit(fallback=True, compile_only=True)
    function = ttnn_jit.jit(fallback=True)(exp)
    x = random_tensor(64, 64)
    assert_same(function(x), ttnn.exp(x))
    assert not function.fallback_used
    l1 = random_tensor(64, 64, memory_config=ttnn.L1_MEMORY_CONFIG)
    assert_same(function(l1), ttnn.exp(l1))
    assert function.fallback_used
    function(x)
    assert not function.fallback_used


def test_maximal_grid():
    assert get_maximal_block_sharding_grid((96, 576), (7, 7)) == [5, 2]
    assert get_maximal_block_sharding_grid((), (7, 7)) == [0, 0]
    assert get_maximal_block_sharding_grid((512,), (7, 7)) == [7, 0]
    assert get_maximal_block_sharding_grid((2, 16, 64), (7, 7)) == [1, 0]
    assert get_maximal_block_sharding_grid((1024, 1024), (3, 1)) == [3, 1]
    assert get_maximal_block_sharding_grid((33 * 32, 32), (7, 7)) == [0, 2]


@pytest.mark.parametrize("shape", [(96, 576), (64, 64), (2, 64, 96), (2, 3, 32, 64), (1024,), (33, 50), (2, 33, 64)])
def test_result_placement(shape):
    x = random_tensor(*shape)
    result = ttnn_jit.jit()(exp)(x)
    assert_same(result, ttnn.exp(x))
    placed = result.memory_config()
    assert placed.memory_layout is BLOCK and placed.buffer_type is ttnn.BufferType.L1
    matrix = [1, *shape] if len(shape) == 1 else list(shape)
    columns, rows = (size + 1 for size in get_maximal_block_sharding_grid(matrix, (7, 7)))
    if shape not in ((33, 50),):
        assert placed == ttnn.create_sharded_memory_config(
            matrix, ttnn.CoreGrid(x=columns, y=rows), ttnn.ShardStrategy.BLOCK
        )
    else:  # the padded matrix of 2 x 2 tiles
        assert placed.shard_spec.shape == [32, 32] and placed.shard_spec.num_cores() == 4


@pytest.mark.parametrize("shape", [(1024,), (1, 64), (34, 64), (31, 31), (1, 1), (2, 16, 64)])
def test_results_that_are_not_whole_tiles_answer_questions(shape):
    x = random_tensor(*shape)
    result = ttnn_jit.jit()(exp)(x)
    spec, tiles = result.memory_config().shard_spec, -(-shape[-1] // 32)
    assert result.spec.memory_config == result.memory_config()
    assert result.buffer_num_pages() >= tiles and result.buffer_page_size() == 2048 and result.buffer_address() > 0
    taken = ttnn.device.get_memory_view(result.device(), ttnn.BufferType.L1).total_bytes_allocated_per_bank
    assert taken >= 2048 * -(-tiles // spec.grid.bounding_box().grid_size().x)
    again = ttnn.exp(result)
    assert_same(again, ttnn.exp(ttnn.exp(x)))
    if len(shape) < 3:  # the shards of the last one do not hold all of its tiles
        assert again.memory_config() == result.memory_config()
        assert_same(ttnn_jit.jit(debug=True)(exp)(again), ttnn.exp(again))


def test_max_grid_bounds_the_placement():
    result = ttnn_jit.jit(max_grid=(1, 0))(exp)(random_tensor(128, 128))
    assert result.memory_config() == sharded((128, 128), ttnn.ShardStrategy.BLOCK, (2, 1))


def test_memory_config_of_the_decorator():
    x = random_tensor(128, 128)
    for chosen in (
        ttnn.DRAM_MEMORY_CONFIG,
        sharded((128, 128), ttnn.ShardStrategy.HEIGHT, (4, 1)),
        sharded((128, 128), ttnn.ShardStrategy.WIDTH, (2, 1)),
    ):
        for function in (exp, lambda x: x):
            result = ttnn_jit.jit(memory_config=chosen)(function)(x)
            assert result.memory_config() == chosen
            assert_same(result, function(x))
    with pytest.raises(TypeError, match="memory_config"):
        ttnn_jit.jit(memory_config="L1")(exp)


@pytest.mark.parametrize(
    "chosen, text",
    [
        (ttnn.L1_BLOCK_SHARDED_MEMORY_CONFIG, "Shard spec must not be None for sharded tensors"),
        (config(BLOCK, ttnn.BufferType.L1, ONE_CORE, (32, 32)), "16 shards of shape .* do not fit on the 1 cores"),
        (config(HEIGHT, ttnn.BufferType.L1, ONE_CORE, (16, 128)), "Physical shard shape .* must be tile"),
    ],
)
def test_a_memory_config_that_no_result_can_have(chosen, text):
    x = random_tensor(128, 128)
    for options in ({}, dict(graph_capture=False), dict(compile_only=True)):
        with pytest.raises(RuntimeError, match=f"the memory_config of the jitted function 'exp': {text}"):
            ttnn_jit.jit(memory_config=chosen, **options)(exp)(x)
    function = ttnn_jit.jit(memory_config=chosen, fallback=True)(exp)
    assert_same(function(x), ttnn.exp(x))
    assert function.fallback_used


def test_identity_is_a_copy():
    x = random_tensor(32, 32)
    result = ttnn_jit.jit()(lambda x: x)(x)
    assert result is not x and result.native.address != x.native.address
    before = ttnn.to_torch(x).clone()
    ttnn.add_(x, 1.0)
    assert torch.equal(ttnn.to_torch(result), before)


def test_artifacts():
    module = ttnn_jit.jit(compile_only=True)(exp)(random_tensor(64, 64))
    assert module is not None
    files = sorted(os.listdir("generated/ttnn-jit/exp"))
    assert files == ["exp.lowered.mlir", "exp.program.txt", "exp.ttir.mlir"]
    text = open("generated/ttnn-jit/exp/exp.program.txt").read()
    assert "schedule exp" in text
    assert open("generated/ttnn-jit/exp/exp.ttir.mlir").read() == str(module) + "\n"


def test_debug_with_cache_prints_the_lowered_module_to_stderr(capsys):
    ttnn_jit.jit(debug=True, enable_cache=True)(exp)(random_tensor(64, 64))
    captured = capsys.readouterr()
    assert "---- IR Dump after TracingCompiler" in captured.out and "ttnn.generic" not in captured.out
    assert "ttnn.generic" in captured.err and "----" not in captured.err


def test_errors_in_the_function_are_printed_and_raised(capsys):
    def broken(x):
        raise KeyError("missing weight")

    with pytest.raises(KeyError, match="missing weight"):
        ttnn_jit.jit()(broken)(random_tensor(32, 32))
    printed = capsys.readouterr().out
    assert "Error executing the code: " in printed and "Traceback" in printed


class TestMemoryAnalyzer:
    def output(self, shape=(512, 512), memory_config=None):
        return generate_ir(exp, False, memory_config, random_tensor(*shape))[1]

    def test_ranges(self):
        analyzer = MemoryAnalyzer(device(), self.output())
        assert analyzer.enabled
        for start, end in (analyzer._l1_addr_range, analyzer._dram_addr_range, analyzer._output_addr_range):
            assert 0 < start < end
        assert analyzer._l1_addr_range[1] % 32 == 0 and analyzer._dram_addr_range[1] % 64 == 0
        start, end = analyzer._output_addr_range
        assert end - start == 512 * 512 * 2
        assert analyzer.get_l1_range_str() == " available-l1-addr-range={},{}".format(*analyzer._l1_addr_range)
        assert analyzer.get_dram_range_str().startswith(" not-implemented-dram-addr-range=")
        assert analyzer.get_output_range_str().startswith(" not-implemented-preallocated-output-tensor-addr-range=")

    def test_disabled(self):
        analyzer = MemoryAnalyzer(device(), self.output(), perform_memory_analysis=False)
        assert not analyzer.enabled
        assert analyzer._l1_addr_range == analyzer._dram_addr_range == analyzer._output_addr_range == (0, 0)
        assert analyzer.get_l1_range_str() == analyzer.get_dram_range_str() == analyzer.get_output_range_str() == ""

    def test_statistics(self, capsys):
        MemoryAnalyzer(device(), self.output((64, 64))).print_stats()
        printed = capsys.readouterr().out
        assert "[L1] Memory View:" in printed and "[DRAM] Memory View:" in printed
