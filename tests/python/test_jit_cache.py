"""Keys, captured values, limits and threads of the program cache."""

import enum
import functools
import gc
import threading
import types
import weakref

import pytest
import torch
import ttnn
import ttnn_jit
from support.jitting import assert_same, device, random_tensor, same, sharded
from tilefold.jitting.cache import JitCache

SCALE = 2.0
WEIGHT = None


@pytest.fixture(autouse=True)
def _in_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def cached(function, **options):
    return ttnn_jit.jit(enable_cache=True, **options)(function)


def test_metadata_is_the_key():
    function = cached(lambda x: ttnn.exp(x))
    assert function.num_entries == 0 and function.cache is not None and bool(function.cache)
    x = random_tensor(64, 64)
    function(x)
    function(random_tensor(64, 64, seed=1))
    assert function.num_entries == 1
    function(random_tensor(64, 64, dtype=ttnn.float32))
    function(random_tensor(64, 96))
    function(random_tensor(64, 64, memory_config=sharded((64, 64), ttnn.ShardStrategy.BLOCK, (2, 2))))
    assert function.num_entries == 4
    function(x)
    assert function.num_entries == 4 and function.cache.hits == 2 and function.cache.misses == 4


def test_a_tensor_given_twice_is_two_inputs():
    def body(x, y):
        return ttnn.subtract(ttnn.multiply(x, 3.0), y)

    function = cached(body)
    x, y = random_tensor(64, 64), random_tensor(64, 64, seed=1)
    for pair in ((x, x), (x, y), (y, x), (y, y)):
        assert_same(function(*pair), body(*pair))
    assert function.num_entries == 1

    uncompiled = ttnn_jit.jit(enable_cache=True, graph_capture=False)(body)
    for pair in ((x, x), (x, y), (y, y)):
        assert_same(uncompiled(*pair), body(*pair))
    assert uncompiled.num_entries == 1

    # A keyword may still be one of them: the program knows.
    named = cached(lambda x, y, *, z: ttnn.add(ttnn.subtract(x, y), z))
    assert_same(named(x, x, z=x), x)
    assert_same(named(x, y, z=y), ttnn.add(ttnn.subtract(x, y), y))
    assert_same(named(x, y, z=x), ttnn.add(ttnn.subtract(x, y), x))


def test_caches_are_not_shared():
    def body(x):
        return ttnn.exp(x)

    first, second = cached(body), cached(body)
    first(random_tensor(32, 32))
    assert (first.num_entries, second.num_entries) == (1, 0)


def test_without_cache():
    function = ttnn_jit.jit()(lambda x: ttnn.exp(x))
    assert function.cache is None
    with pytest.raises(AssertionError, match="Cache is not enabled"):
        function.num_entries
    x = random_tensor(64, 64)
    assert_same(function(x), ttnn.exp(x))
    assert_same(function(x), ttnn.exp(x))


class Mode(enum.Enum):
    DOUBLE = 1
    TRIPLE = 2


def scaled(x, mode=1.0, *, flag=False):
    if isinstance(mode, str):
        return ttnn.exp(x) if mode == "exp" else ttnn.neg(x)
    if isinstance(mode, (list, tuple)):
        for factor in mode:
            x = ttnn.multiply(x, factor)
        return x
    if isinstance(mode, Mode):
        return ttnn.multiply(x, 2.0 if mode is Mode.DOUBLE else 3.0)
    if isinstance(mode, dict):
        return ttnn.multiply(x, mode["factor"])
    result = ttnn.multiply(x, mode)
    return ttnn.neg(result) if flag else result


@pytest.mark.parametrize(
    "calls",
    [
        [((), {}), ((2.0,), {}), ((), dict(mode=2.0)), ((2.0,), dict(flag=True))],
        [(("exp",), {}), (("neg",), {})],
        [((2,), {}), ((3,), {}), ((-0.0,), {}), ((0.0,), {})],
        [(([2.0, 3.0],), {}), (([3.0, 3.0],), {}), (((3.0, 3.0),), {})],
        [((Mode.DOUBLE,), {}), ((Mode.TRIPLE,), {})],
        [(({"factor": 2.0},), {}), (({"factor": 5.0},), {})],
    ],
)
def test_other_arguments_are_in_the_key(calls):
    function = cached(scaled)
    x = random_tensor(32, 64)
    for _ in range(2):
        for args, kwargs in calls:
            assert_same(function(x, *args, **kwargs), scaled(x, *args, **kwargs))
    assert function.num_entries == len(calls)


def test_one_and_true_and_one_point_zero_are_different():
    function = cached(lambda x, n=None: ttnn.add(x, 1.0 if n is True else 2.0 if isinstance(n, float) else 3.0))
    x = random_tensor(32, 32)
    results = [ttnn.to_torch(function(x, n=n)) for n in (1, True, 1.0)]
    assert function.num_entries == 3
    assert not torch.equal(results[0], results[1]) and not torch.equal(results[1], results[2])


def helper(x):
    return ttnn.multiply(x, SCALE)


def uses_global(x):
    return helper(ttnn.exp(x))


def uses_global_tensor(x):
    return ttnn.add(x, WEIGHT)


def test_globals_of_helpers_are_in_the_key(monkeypatch):
    function = cached(uses_global)
    x = random_tensor(32, 32)
    assert_same(function(x), uses_global(x))
    monkeypatch.setitem(globals(), "SCALE", 5.0)
    assert_same(function(x), uses_global(x))
    assert function.num_entries == 2
    monkeypatch.setitem(globals(), "helper", lambda x: ttnn.neg(x))
    assert_same(function(x), ttnn.neg(ttnn.exp(x)))
    assert function.num_entries == 3


def test_global_tensors_are_inputs(monkeypatch):
    function = cached(uses_global_tensor)
    x = random_tensor(32, 32)
    for seed in (1, 2):
        monkeypatch.setitem(globals(), "WEIGHT", random_tensor(32, 32, seed=seed))
        assert_same(function(x), uses_global_tensor(x))
    assert function.num_entries == 1
    ttnn.add_(WEIGHT, 1.0)  # in place: a new version of the same tensor
    assert_same(function(x), uses_global_tensor(x))
    monkeypatch.setitem(globals(), "WEIGHT", random_tensor(1, 32, seed=3))
    assert_same(function(x), uses_global_tensor(x))
    assert function.num_entries == 2


def test_closures():
    factor = 2.0
    weight = random_tensor(32, 32, seed=1)
    weights = {"bias": random_tensor(32, 32, seed=2)}

    def body(x):
        return ttnn.add(ttnn.multiply(ttnn.add(x, weight), factor), weights["bias"])

    function = cached(body)
    x = random_tensor(32, 32)
    assert_same(function(x), body(x))
    factor = 3.0
    assert_same(function(x), body(x))
    weight = random_tensor(32, 32, seed=7)
    weights["bias"] = random_tensor(32, 32, seed=8)
    assert_same(function(x), body(x))
    assert function.num_entries == 2


class Block:
    def __init__(self):
        self.weight = random_tensor(32, 32, seed=3)
        self.scale = 2.0

    def apply(self, x):
        return ttnn.multiply(ttnn.add(x, self.weight), self.scale)


def test_objects():
    block = Block()

    def body(x):
        return block.apply(x)

    function = cached(body)
    x = random_tensor(32, 32)
    assert_same(function(x), body(x))
    block.scale = 4.0
    assert_same(function(x), body(x))
    block.weight = random_tensor(32, 32, seed=9)
    assert_same(function(x), body(x))
    assert function.num_entries == 2
    # Bound methods are functions of their object.
    method = cached(types.MethodType(Block.apply, block))
    assert method is not None


def test_modules_and_classes(monkeypatch):
    settings = types.ModuleType("settings")
    settings.FACTOR = 2.0

    class Config:
        offset = 1.0

    def body(x):
        return ttnn.add(ttnn.multiply(x, settings.FACTOR), Config.offset)

    function = cached(body)
    x = random_tensor(32, 32)
    assert_same(function(x), body(x))
    settings.FACTOR = 3.0
    assert_same(function(x), body(x))
    Config.offset = 5.0
    assert_same(function(x), body(x))
    assert function.num_entries == 3


def test_defaults_and_code():
    def body(x, factor=2.0):
        return ttnn.multiply(x, factor)

    function = cached(body)
    x = random_tensor(32, 32)
    assert_same(function(x), ttnn.multiply(x, 2.0))
    body.__defaults__ = (3.0,)
    assert_same(function(x), ttnn.multiply(x, 3.0))

    def other(x, factor=2.0):
        return ttnn.add(x, factor)

    body.__code__ = other.__code__
    assert_same(function(x), ttnn.add(x, 3.0))
    assert function.num_entries == 3


def test_functions_as_arguments_and_in_lists():
    def apply_all(x, functions=()):
        for function in functions:
            x = function(x)
        return x

    factor = 2.0

    def scale(x):
        return ttnn.multiply(x, factor)

    function = cached(apply_all)
    x = random_tensor(32, 32)
    assert_same(function(x, functions=[ttnn.exp, scale]), apply_all(x, [ttnn.exp, scale]))
    factor = 3.0
    assert_same(function(x, functions=[ttnn.exp, scale]), apply_all(x, [ttnn.exp, scale]))
    assert_same(function(x, functions=[scale, ttnn.exp]), apply_all(x, [scale, ttnn.exp]))


def test_the_same_tensor_for_two_parameters():
    function = cached(lambda a, b: ttnn.subtract(a, ttnn.multiply(b, 2.0)))
    x, y = random_tensor(32, 32), random_tensor(32, 32, seed=1)
    for a, b in ((x, x), (x, y), (y, y), (y, x)):
        assert_same(function(a, b), function.func(a, b))


def test_tensors_in_containers_are_inputs():
    function = cached(lambda x, rest=None: ttnn.add(ttnn.add(x, rest["a"]), rest["more"][0]))
    x = random_tensor(32, 32)
    for seed in (1, 2):
        rest = {"a": random_tensor(32, 32, seed=seed), "more": [random_tensor(32, 32, seed=seed + 5)]}
        assert_same(function(x, rest=rest), function.func(x, rest))
    assert function.num_entries == 1


def test_tensors_that_no_key_sees_are_not_cached():
    holder = [random_tensor(32, 32, seed=1)]

    class Opaque:
        __slots__ = ()

        def __call__(self):
            return holder[0]

    source = Opaque()
    hidden = (lambda: source)()

    def body(x, get=hidden):
        return ttnn.add(x, get())

    function = cached(body)
    x = random_tensor(32, 32)
    with pytest.warns(RuntimeWarning, match="cache key cannot see"):
        assert_same(function(x), body(x))
    holder[0] = random_tensor(32, 32, seed=2)
    with pytest.warns(RuntimeWarning):
        assert_same(function(x), body(x))
    assert function.num_entries == 0


def test_program_cache_counters():
    functions = [cached(f) for f in (lambda x: ttnn.abs(x), lambda x: ttnn.exp(x), lambda x: ttnn.neg(x))]
    x = random_tensor(32, 32)
    card = device()
    card.enable_program_cache()
    card.clear_program_cache()
    assert card.num_program_cache_entries() == 0
    for _ in range(5):
        for function in functions:
            function(x)
    assert card.num_program_cache_entries() == 3
    for _ in range(5):
        for eager in (ttnn.abs, ttnn.exp, ttnn.neg):
            eager(x)
        for function in functions:
            function(x)
    assert card.num_program_cache_entries() == 6
    uncached = ttnn_jit.jit()(lambda x: ttnn.sin(x))
    uncached(x)
    uncached(x)
    assert card.num_program_cache_entries() == 7


def test_bounded():
    cache = JitCache(limit=2)
    made = []
    for key in (1, 2, 1, 3, 1, 2):
        assert cache.find_or_make(key, lambda: made.append(key) or key) == key
    assert made == [1, 2, 3, 2] and cache.num_entries == 2 and cache.evictions == 2
    with pytest.raises(ValueError):
        JitCache(limit=0)
    cache.clear()
    assert cache.num_entries == 0


def test_failures_leave_no_entry():
    cache = JitCache()
    with pytest.raises(ZeroDivisionError):
        cache.find_or_make("key", lambda: 1 / 0)
    assert cache.num_entries == 0 and cache.find_or_make("key", lambda: 5) == 5


def run_threads(work, count=8):
    errors = []
    start = threading.Barrier(count)

    def run(index):
        try:
            start.wait()
            work(index)
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_threads_share_one_compilation_per_key():
    traces = []

    def body(x, factor):
        traces.append(factor)
        return ttnn.exp(ttnn.multiply(x, factor))

    function = cached(body)
    others = [cached(lambda x, index=index: ttnn.add(ttnn.sin(x), float(index))) for index in range(2)]
    x = random_tensor(64, 64)
    expected = {factor: ttnn.exp(ttnn.multiply(x, factor)) for factor in (0.5, 1.5)}
    sums = [ttnn.add(ttnn.sin(x), float(index)) for index in range(2)]
    wrong = []

    def work(index):
        for turn in range(20):
            factor = (0.5, 1.5)[(index + turn) % 2]
            if not same(function(x, factor), expected[factor]):
                wrong.append(factor)
            if not same(others[index % 2](x), sums[index % 2]):
                wrong.append(index)

    run_threads(work)
    assert not wrong
    assert sorted(traces) == [0.5, 1.5] and function.num_entries == 2
    assert [other.num_entries for other in others] == [1, 1]


def test_one_key_compiles_while_another_proceeds():
    cache = JitCache()
    entered, release = threading.Event(), threading.Event()

    def slow():
        entered.set()
        assert release.wait(30)
        return "slow"

    results = []
    thread = threading.Thread(target=lambda: results.append(cache.find_or_make("slow", slow)))
    thread.start()
    assert entered.wait(30)
    assert cache.find_or_make("fast", lambda: "fast") == "fast"
    release.set()
    thread.join()
    assert results == ["slow"] and cache.num_entries == 2


def test_what_partial_functions_and_callable_objects_hold_is_an_input(recwarn):
    x, weight = random_tensor(32, 32), random_tensor(32, 32, seed=1)
    partial = cached(functools.partial(lambda a, b, scale: ttnn.multiply(ttnn.add(a, b), scale), weight, scale=2.0))
    assert_same(partial(x), ttnn.multiply(ttnn.add(weight, x), 2.0))
    ttnn.add_(weight, 1.0)
    assert_same(partial(x), ttnn.multiply(ttnn.add(weight, x), 2.0))
    assert partial.num_entries == 1

    class Layer:
        def __init__(self):
            self.weight = weight
            self.scale = 2.0

        def __call__(self, x):
            return ttnn.multiply(ttnn.add(x, self.weight), self.scale)

    layer = Layer()
    function = cached(layer)
    for scale, entries in ((2.0, 1), (3.0, 2), (2.0, 2)):
        layer.scale = scale
        assert_same(function(x), layer(x))
        assert function.num_entries == entries
    layer.weight = random_tensor(32, 32, seed=2)
    assert_same(function(x), layer(x))
    assert function.num_entries == 2 and not recwarn.list


@pytest.mark.parametrize("form", ["closure", "partial", "function in an argument"])
def test_nothing_outlives_a_jitted_function(form):
    x, big = random_tensor(32, 32), random_tensor(64, 64)
    alive = weakref.ref(big)

    def captured(a, held=big):
        return ttnn.add(a, ttnn.sum(held))

    if form == "closure":
        cached(lambda a: captured(a))(x)
    elif form == "partial":
        ttnn_jit.jit()(functools.partial(captured, held=big))(x)
    else:
        ttnn_jit.jit()(lambda a, functions: functions[0](a))(x, [captured])
    entries = device().num_program_cache_entries()
    del big, captured
    gc.collect()
    assert alive() is None
    assert device().num_program_cache_entries() == entries
