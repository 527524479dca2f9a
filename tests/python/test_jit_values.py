"""Jitted functions give what their operations give one by one, bit for bit."""

import pytest
import torch
import ttnn
import ttnn_jit
from support.jitting import assert_same, device, on_device, random_tensor, sharded


@pytest.fixture(autouse=True)
def _in_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def jit(function, **options):
    return ttnn_jit.jit(**{"enable_cache": True, **options})(function)


FLOATS = [ttnn.bfloat16, ttnn.float32, ttnn.bfloat8_b]
#: Operation -> bounds of its operand.
UNARY = {
    **dict.fromkeys(
        "abs exp neg cos erf erfc sign sin ceil floor tanh sigmoid hardsigmoid relu gelu silu logical_not".split()
    ),
    **dict.fromkeys("sqrt rsqrt log reciprocal".split(), (0.1, 4.0)),
    "tan": (-1.4, 1.4),
}


@pytest.mark.parametrize("name", UNARY)
def test_unary(name):
    low, high = UNARY[name] or (None, None)
    operation = getattr(ttnn, name)
    function = jit(lambda x: operation(x))
    for dtype in FLOATS:
        x = random_tensor(64, 96, dtype=dtype, low=low, high=high)
        assert_same(function(x), operation(x))


@pytest.mark.parametrize("name", "add subtract multiply divide div eq ne gt ge lt le maximum minimum pow".split())
def test_binary(name):
    operation = getattr(ttnn, name)
    function = jit(lambda x, y: operation(x, y))
    for dtype in FLOATS:
        x = random_tensor(64, 96, dtype=dtype, low=0.5, high=2.0)
        y = random_tensor(64, 96, dtype=dtype, seed=1, low=0.5, high=2.0)
        assert_same(function(x, y), operation(x, y))
        assert_same(jit(lambda x: operation(x, 2.0))(x), operation(x, 2.0))


@pytest.mark.parametrize("name", ["bitwise_and", "bitwise_or", "bitwise_xor", "add", "maximum", "eq"])
def test_integers(name):
    operation = getattr(ttnn, name)
    x, y = (random_tensor(64, 64, dtype=ttnn.int32, seed=seed) for seed in (0, 1))
    assert_same(jit(lambda x, y: operation(x, y))(x, y), operation(x, y))
    assert_same(jit(lambda x: ttnn.bitwise_not(x))(x), ttnn.bitwise_not(x))


def test_numbers_on_the_left():
    x = random_tensor(32, 64, low=0.5, high=2.0)
    full = on_device(torch.full((32, 64), 3.0), ttnn.bfloat16)
    for name in "add subtract multiply divide gt ge lt le eq pow maximum".split():
        operation = getattr(ttnn, name)
        assert_same(jit(lambda x: operation(3.0, x))(x), operation(full, x))


@pytest.mark.parametrize("dtype", FLOATS)
def test_broadcast(dtype):
    x = random_tensor(2, 64, 96, dtype=dtype)
    row, column = random_tensor(1, 96, dtype=dtype, seed=1), random_tensor(2, 64, 1, dtype=dtype, seed=2)
    function = jit(lambda x, row, column: ttnn.add(ttnn.multiply(x, row), column))
    # In float32 the product is not rounded before the sum: half a unit of it, and one of each result.
    bound = 2**-24 * (
        ttnn.multiply(ttnn.abs(x), ttnn.abs(row)).cpu().to_torch().abs() + 2 * abs_of(function.func(x, row, column))
    )
    assert_same(function(x, row, column), function.func(x, row, column), bound if dtype is ttnn.float32 else None)


@pytest.mark.parametrize("dtype", FLOATS)
def test_clamp(dtype):
    x, low = random_tensor(32, 96, dtype=dtype), random_tensor(32, 96, dtype=dtype, seed=1)
    for function in (
        lambda x, low: ttnn.clamp(x, min=-0.5, max=0.5),
        lambda x, low: ttnn.clamp(x, 0.25),
        lambda x, low: ttnn.clamp(x, max=0.0),
        lambda x, low: ttnn.clamp(x, min=low),
        lambda x, low: ttnn.clamp(x, float("-inf"), low),
    ):
        assert_same(jit(function)(x, low), function(x, low))


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min"])
@pytest.mark.parametrize("dim", [0, 1, -1, None])
def test_reductions(name, dim):
    operation = getattr(ttnn, name)
    function = jit(lambda x: operation(x, dim=dim, keepdim=True))
    for dtype in (ttnn.bfloat16, ttnn.float32):
        x = random_tensor(64, 96, dtype=dtype)
        assert_same(function(x), operation(x, dim=dim, keepdim=True))


def test_movement():
    x, y = random_tensor(2, 3, 32, 64), random_tensor(2, 3, 32, 64, seed=1)
    for traced, eager in (
        (lambda x, y: ttnn.permute(x, permutation=[0, 2, 1, 3]), lambda x, y: ttnn.permute(x, (0, 2, 1, 3))),
        (lambda x, y: ttnn.transpose(x, dim0=-2, dim1=-1), lambda x, y: ttnn.transpose(x, -2, -1)),
        (lambda x, y: ttnn.reshape(x, [6, -1]), lambda x, y: ttnn.reshape(x, (6, 2048))),
        (
            lambda x, y: ttnn.rearrange(x, "b h w c -> b c (h w)"),
            lambda x, y: ttnn.reshape(ttnn.permute(x, (0, 3, 1, 2)), (2, 64, 96)),
        ),
        (lambda x, y: ttnn.concat([x, y], dim=-1), lambda x, y: ttnn.concat([x, y], dim=-1)),
        (lambda x, y: ttnn.repeat(x, [1, 2, 1, 1]), lambda x, y: ttnn.repeat(x, (1, 2, 1, 1))),
    ):
        assert_same(jit(traced)(x, y), eager(x, y))


def test_embedding():
    indices = torch.tensor([[3, 1, 2, 0] * 8], dtype=torch.int32)
    weight = random_tensor(64, 96)
    result = jit(lambda i, w: ttnn.embedding(i, w))(on_device(indices, ttnn.int32), weight)
    assert torch.equal(ttnn.to_torch(result), ttnn.to_torch(weight)[indices.long()])


@pytest.mark.parametrize("dtype", FLOATS)
def test_matmul(dtype):
    a, b = random_tensor(64, 96, dtype=dtype), random_tensor(96, 128, dtype=dtype, seed=1)

    def body(a, b):
        return ttnn.abs(ttnn.matmul(ttnn.abs(a), b))

    assert_same(jit(body)(a, b), body(a, b))
    assert_same(jit(lambda a: ttnn.matmul(a, a, transpose_b=True))(a), ttnn.matmul(a, a, transpose_b=True))


def cosh(x):
    return ttnn.multiply(ttnn.add(ttnn.exp(x), ttnn.exp(ttnn.neg(x))), 0.5)


def long_chain(x):
    for operation in (ttnn.sin, ttnn.exp, ttnn.tanh, ttnn.abs, ttnn.sigmoid, ttnn.neg, ttnn.exp, ttnn.gelu, ttnn.cos):
        x = operation(x)
    return x


def abs_of(tensor):
    return ttnn.to_torch(tensor).abs()


def ladder(x):
    y = x
    for _ in range(4):
        y = ttnn.add(ttnn.multiply(y, 0.75), ttnn.sin(x))
    return y


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("function", [cosh, long_chain, ladder])
def test_composites(function, dtype):
    x = random_tensor(64, 96, dtype=dtype)
    # In float32 a fused product is not rounded before the sum. Each of the ladder's four steps adds at most three half
    # units of the largest value, and shrinks earlier differences by 3/4: twelve in all. The others have no such sums.
    contracted = function is ladder and dtype is ttnn.float32
    bound = 12 * 2**-24 * (abs_of(x).max() + 4) if contracted else None
    for options in ({}, {"enable_cache": False}, {"max_grid": (0, 0)}):
        assert_same(jit(function, **options)(x), function(x), bound)
    assert_same(jit(function, graph_capture=False)(x), function(x))


def test_composites_of_two():
    x, y = random_tensor(64, 96), random_tensor(64, 96, seed=1)
    for function in (
        lambda a, b: ttnn.add(ttnn.multiply(a, b), a),
        lambda a, b: ttnn.multiply(a, ttnn.sigmoid(b)),
        lambda a, b: ttnn.softmax(ttnn.add(a, b), dim=-1),
        lambda a, b: ttnn.sum(ttnn.multiply(a, b), dim=-1, keepdim=True),
        lambda a, b: ttnn.layer_norm(ttnn.add(a, b), epsilon=1e-5),
    ):
        assert_same(jit(function)(x, y), function(x, y))


def test_linear_with_activation():
    x, weight, bias = random_tensor(64, 96), random_tensor(96, 128, seed=1), random_tensor(1, 128, seed=2)

    def body(x, weight, bias):
        hidden = ttnn.linear(x, weight, bias=bias, activation="silu")
        return ttnn.multiply(hidden, 2.0)

    assert_same(jit(body)(x, weight, bias), body(x, weight, bias))


@pytest.mark.parametrize("shape", [(96,), (33, 50), (64, 96), (2, 32, 64), (2, 3, 32, 64)])
def test_ranks(shape):
    x = random_tensor(*shape)
    assert_same(jit(cosh)(x), cosh(x))


def nd(shard, cores=((0, 0), (1, 1))):
    grid = ttnn.CoreRangeSet([ttnn.CoreRange(ttnn.CoreCoord(*cores[0]), ttnn.CoreCoord(*cores[1]))])
    return ttnn.MemoryConfig(ttnn.BufferType.L1, ttnn.NdShardSpec(shard, grid))


def test_sharded_inputs():
    shape = (128, 128)
    x = random_tensor(*shape)
    expected = ttnn.to_torch(cosh(x))
    function = jit(cosh)
    for config in (
        sharded(shape, ttnn.ShardStrategy.HEIGHT, (4, 1)),
        sharded(shape, ttnn.ShardStrategy.WIDTH, (4, 1)),
        sharded(shape, ttnn.ShardStrategy.BLOCK, (2, 4)),
        nd((64, 64)),
        nd((32, 128)),
    ):
        assert torch.equal(ttnn.to_torch(function(random_tensor(*shape, memory_config=config))), expected)
    mixed = jit(lambda a, b: ttnn.add(a, b))
    left = random_tensor(*shape, memory_config=sharded(shape, ttnn.ShardStrategy.HEIGHT, (4, 1)))
    right = random_tensor(*shape, seed=1, memory_config=sharded(shape, ttnn.ShardStrategy.BLOCK, (2, 2)))
    assert torch.equal(ttnn.to_torch(mixed(left, right)), ttnn.to_torch(left) + ttnn.to_torch(right))


def test_interoperation():
    x, y = random_tensor(64, 64), random_tensor(64, 64, seed=1)
    first, last = jit(lambda x: ttnn.exp(x)), jit(lambda x, y: ttnn.add(x, y))
    result = last(ttnn.multiply(first(x), y), y)
    assert_same(result, ttnn.add(ttnn.multiply(ttnn.exp(x), y), y))
    kept = ttnn.neg(first(x))
    assert kept.memory_config() == first(x).memory_config()


def test_operators_aliases_and_helpers():
    import ttnn as tn

    def helper(a):
        return tn.relu(a)

    def body(a, b):
        c = helper(a * b + 1.0)
        return 2.0 * c - a

    x, y = random_tensor(64, 64), random_tensor(64, 64, seed=1)
    assert_same(jit(body)(x, y), body(x, y))


def test_nested_jitted_functions():
    inner = jit(lambda x: ttnn.exp(x))

    def body(x):
        return ttnn.neg(inner(x))

    x = random_tensor(32, 32)
    assert_same(jit(body)(x), ttnn.neg(ttnn.exp(x)))
    assert inner.num_entries == 0


def test_several_results():
    x = random_tensor(32, 64)

    def body(x):
        y = ttnn.exp(x)
        return {"exp": y, "again": [y, ttnn.neg(y)], "input": x, "number": 3}

    result = jit(body)(x)
    assert result["number"] == 3
    assert_same(result["exp"], ttnn.exp(x))
    assert_same(result["again"][0], ttnn.exp(x))
    assert_same(result["again"][1], ttnn.neg(ttnn.exp(x)))
    assert_same(result["input"], x)
    first, second = jit(lambda x: (x, ttnn.abs(x)))(x)
    assert_same(first, x)
    assert_same(second, ttnn.abs(x))


def test_chunks():
    x = random_tensor(64, 128)

    def body(x):
        a, b = ttnn.chunk(x, 2, -1)
        return ttnn.multiply(a, ttnn.sigmoid(b))

    assert_same(jit(body)(x), body(x))


def test_in_place_operations():
    x, y = random_tensor(32, 32), random_tensor(32, 32, seed=1)
    before = ttnn.to_torch(x).clone()

    def on_intermediate(x, y):
        z = ttnn.exp(x)
        ttnn.add_(z, y)
        return ttnn.multiply(z, 2.0)

    for options in ({}, {"graph_capture": False}):
        assert_same(jit(on_intermediate, **options)(x, y), ttnn.multiply(ttnn.add(ttnn.exp(x), y), 2.0))
        with pytest.raises(RuntimeError, match="ttnn.add_ would change a tensor that a jitted function was given"):
            jit(lambda x, y: ttnn.add_(x, y), **options)(x, y)
    weight = random_tensor(32, 32, seed=3)
    with pytest.raises(RuntimeError, match="would change a tensor"):
        jit(lambda x: ttnn.multiply_(weight, x))(x)
    assert torch.equal(ttnn.to_torch(x), before)


def test_escaped_tensors_are_recognised():
    escaped = []

    def body(x):
        y = ttnn.exp(x)
        escaped.append(y)
        return y

    x = random_tensor(32, 32)
    function = ttnn_jit.jit()(body)
    function(x)
    with pytest.raises(Exception, match="traced tensor is used after its trace has ended"):
        ttnn.neg(escaped[0])
    with pytest.raises(Exception, match="traced tensor is used after its trace has ended"):
        ttnn_jit.jit()(lambda x: ttnn.add(x, escaped[0]))(x)


def test_deallocation_inside():
    def body(x):
        y = ttnn.exp(x)
        z = ttnn.neg(y)
        ttnn.deallocate(y)
        return z

    x = random_tensor(32, 32)
    for options in ({}, {"graph_capture": False}):
        assert_same(jit(body, **options)(x), ttnn.neg(ttnn.exp(x)))
    assert x.is_allocated()


@pytest.fixture
def mesh():
    opened = ttnn.open_mesh_device(ttnn.MeshShape(2, 4))
    yield opened
    ttnn.close_mesh_device(opened)


def parts_of(result):
    return [ttnn.to_torch(part) for part in ttnn.get_device_tensors(result.cpu())]


def test_mesh_tensors(mesh):
    values = torch.randn(64, 128, generator=torch.Generator().manual_seed(0))
    for mapper in (
        ttnn.ReplicateTensorToMesh(mesh),
        ttnn.ShardTensorToMesh(mesh, dim=0),
        ttnn.ShardTensor2dMesh(mesh, mesh_shape=(2, 4), dims=(0, 1)),
    ):
        x = ttnn.from_torch(values, dtype=ttnn.float32, layout=ttnn.TILE_LAYOUT, device=mesh, mesh_mapper=mapper)
        shapes = []

        def body(x):
            shapes.append(list(x.shape))
            return ttnn.multiply(ttnn.exp(x), 0.5)

        function = jit(body, memory_config=ttnn.DRAM_MEMORY_CONFIG)
        result = function(x)
        assert shapes == [list(x.shape)] and function.num_entries == 1
        expected = parts_of(ttnn.multiply(ttnn.exp(x), 0.5))
        assert len(expected) == 8
        assert all(torch.equal(a, b) for a, b in zip(parts_of(result), expected))


def test_collectives_inside_of_programs(mesh):
    values = torch.randn(64, 128, generator=torch.Generator().manual_seed(0))
    mapper = ttnn.ShardTensor2dMesh(mesh, mesh_shape=(2, 4), dims=(0, 1))
    x = ttnn.from_torch(values, dtype=ttnn.float32, layout=ttnn.TILE_LAYOUT, device=mesh, mesh_mapper=mapper)
    for body in (
        lambda x: ttnn.all_gather(ttnn.exp(x), 0, cluster_axis=0),
        lambda x: ttnn.all_gather(x, dim=-1, cluster_axis=1),
        lambda x: ttnn.neg(ttnn.all_reduce(x, cluster_axis=1)),
        lambda x: ttnn.reduce_scatter(x, 1, cluster_axis=1, reduce_type="max"),
        lambda x: ttnn.reduce_scatter(x, 0, cluster_axis=0),
    ):
        for graph_capture in (True, False):
            result, expected = jit(body, graph_capture=graph_capture)(x), body(x)
            assert list(result.shape) == list(expected.shape)
            assert all(torch.equal(a, b) for a, b in zip(parts_of(result), parts_of(expected)))


def test_collectives_of_replicated_tensors_inside_of_programs(mesh):
    values = torch.randn(32, 64, generator=torch.Generator().manual_seed(0))
    x = ttnn.from_torch(
        values,
        dtype=ttnn.float32,
        layout=ttnn.TILE_LAYOUT,
        device=mesh,
        mesh_mapper=ttnn.ReplicateTensorToMesh(mesh),
    )
    total, untouched = jit(lambda x: (ttnn.all_reduce(ttnn.neg(x), cluster_axis=1), ttnn.ones_like(x)))(x)
    assert len(parts_of(total)) == 8 and all(torch.equal(part, -4 * values) for part in parts_of(total))
    assert all(torch.equal(part, torch.ones(32, 64)) for part in parts_of(untouched))


def test_collectives_that_do_not_fit_are_refused(mesh):
    odd = ttnn.from_torch(
        torch.ones(6, 4),
        dtype=ttnn.float32,
        layout=ttnn.TILE_LAYOUT,
        device=mesh,
        mesh_mapper=ttnn.ReplicateTensorToMesh(mesh),
    )
    with pytest.raises(ValueError, match="not divisible"):
        jit(lambda x: ttnn.reduce_scatter(x, 0, cluster_axis=1))(odd)


def test_captured_traces_replay_jitted_functions():
    card = device()
    x = random_tensor(32, 32)
    function = jit(lambda x: ttnn.exp(ttnn.neg(x)))
    function(x)
    trace = ttnn.begin_trace_capture(card, cq_id=0)
    y = ttnn.multiply(function(x), 2.0)
    ttnn.end_trace_capture(card, trace, cq_id=0)
    new = ttnn.from_torch(torch.ones(32, 32), dtype=ttnn.bfloat16, layout=ttnn.TILE_LAYOUT)
    ttnn.copy_host_to_device_tensor(new, x)
    ttnn.execute_trace(card, trace, cq_id=0, blocking=True)
    assert_same(y, ttnn.multiply(ttnn.exp(ttnn.neg(x)), 2.0))
    ttnn.release_trace(card, trace)
