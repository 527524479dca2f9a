"""What counts as a program, and that known calls are told apart by everything that matters."""

import pytest
import torch
import ttnn
from support.operations import device, random, tensor


@pytest.fixture(autouse=True)
def empty_cache():
    device().enable_program_cache()
    device().clear_program_cache()
    yield
    device().clear_program_cache()


def entries():
    return device().num_program_cache_entries()


def test_one_entry_per_operation_attributes_and_types():
    assert entries() == 0
    x, y = tensor(random((32, 32)))[0], tensor(random((32, 32), 1))[0]
    assert entries() == 0
    for count, call in enumerate(
        (
            lambda: ttnn.exp(x),
            lambda: ttnn.add(x, y),
            lambda: ttnn.add(x, 1.0),
            lambda: ttnn.add(x, 2.0),
            lambda: ttnn.sum(x, dim=0),
            lambda: ttnn.sum(x, dim=0, keepdim=True),
            lambda: ttnn.add(x, y, memory_config=ttnn.L1_MEMORY_CONFIG),
            lambda: ttnn.exp(tensor(random((32, 64)))[0]),
            lambda: ttnn.exp(tensor(random((32, 32)), ttnn.bfloat16)[0]),
            lambda: ttnn.multiply_(tensor(random((32, 32)))[0], y),
        ),
        start=1,
    ):
        for _ in range(3):
            call()
        assert entries() == count


def test_data_addresses_hints_and_transfers_do_not_count():
    for seed in range(5):
        x = tensor(random((32, 32), seed))[0]
        ttnn.add(x, x)
        ttnn.add(x, tensor(random((32, 32)))[0], queue_id=seed)
        ttnn.deallocate(ttnn.to_layout(ttnn.reshape(x, (16, 64)), ttnn.ROW_MAJOR_LAYOUT))
        ttnn.to_torch(ttnn.from_device(x))
    assert entries() == 1


def test_misses_can_be_errors():
    x = tensor(random((32, 32)))[0]
    ttnn.exp(x)
    device().set_program_cache_misses_allowed(False)
    try:
        ttnn.exp(x)
        with pytest.raises(RuntimeError, match="program cache miss"):
            ttnn.neg(x)
    finally:
        device().set_program_cache_misses_allowed(True)


def test_the_same_tensor_twice_is_not_mistaken_for_two():
    x, y = tensor(random((2, 3)))[0], tensor(random((2, 3), 1))[0]
    assert torch.equal(ttnn.to_torch(ttnn.subtract(x, x)), torch.zeros(2, 3))
    assert torch.equal(ttnn.to_torch(ttnn.subtract(x, y)), random((2, 3)) - random((2, 3), 1))
    assert torch.equal(ttnn.to_torch(ttnn.concat([x, x])), torch.cat([random((2, 3))] * 2))
    assert torch.equal(ttnn.to_torch(ttnn.concat([x, y])), torch.cat([random((2, 3)), random((2, 3), 1)]))
    assert torch.equal(ttnn.to_torch(ttnn.concat([y, x])), torch.cat([random((2, 3), 1), random((2, 3))]))


def test_equal_numbers_of_other_kinds():
    x = tensor(torch.tensor([3], dtype=torch.int32))[0]
    assert ttnn.multiply(x, 1).to_list() == [3] and ttnn.multiply(x, 1.0).to_list() == [3]
    assert ttnn.multiply(x, True).to_list() == [3] and ttnn.add(x, False).to_list() == [3]
    nan = tensor(torch.tensor([1.0]))[0]
    assert [ttnn.add(nan, float("nan")).item() != 0.0 for _ in range(2)] == [True, True]
