"""Text of tensors: short, and never an error."""

import pytest
import torch
import ttnn


@pytest.fixture(scope="module")
def device():
    device = ttnn.open_device(device_id=0)
    yield device
    ttnn.close_device(device)


def test_small_tensors_show_every_element(device):
    tensor = ttnn.from_torch(torch.tensor([[1.5, -2.0], [0.25, 8.0]]), dtype=ttnn.bfloat16, layout=ttnn.TILE_LAYOUT)
    assert repr(tensor) == (
        "ttnn.Tensor([[1.50000, -2.00000],\n             [0.25000, 8.00000]], "
        "shape=Shape([2, 2]), dtype=DataType.BFLOAT16, layout=Layout.TILE)"
    )
    assert repr(ttnn.from_torch(torch.tensor(7, dtype=torch.int32))).startswith("ttnn.Tensor(7, shape=Shape([]), ")


def test_large_tensors_show_their_ends(device):
    tensor = ttnn.from_torch(torch.arange(4000, dtype=torch.int32).reshape(40, 100), device=device)
    lines = repr(tensor).splitlines()
    assert lines[0] == "ttnn.Tensor([[0, 1, 2, ..., 97, 98, 99],"
    assert lines[3].strip() == "...," and len(lines) == 7
    assert lines[6].strip().startswith("[3900, 3901, 3902, ..., 3997, 3998, 3999]], shape=Shape([40, 100])")
    assert len(repr(ttnn.from_torch(torch.zeros(2000, 2000)))) < 2000


@pytest.mark.parametrize("dtype", list(ttnn.DataType))
def test_every_dtype_prints(device, dtype):
    text = repr(ttnn.from_torch(torch.ones(3, 2), dtype=dtype, device=device))
    number = "1.00000" if "FLOAT" in dtype.name else "1"
    assert text.startswith(f"ttnn.Tensor([[{number}, {number}],") and f"dtype={dtype}" in text


def test_freed_empty_and_listed_tensors_print(device):
    tensor = ttnn.from_torch(torch.ones(2, 3), device=device)
    ttnn.deallocate(tensor)
    assert repr(tensor) == (
        "ttnn.Tensor(<buffer is not allocated>, shape=Shape([2, 3]), dtype=DataType.FLOAT32, layout=Layout.ROW_MAJOR)"
    )
    assert repr(ttnn.from_torch(torch.zeros(0, 4))).startswith("ttnn.Tensor([], shape=Shape([0, 4])")
    assert str([tensor]).startswith("[ttnn.Tensor(")


def test_traced_tensors_print(device):
    from tilefold import _native
    from tilefold.ttnn.tensor import Tensor

    texts = []

    def function(native):
        texts.append(repr(Tensor.wrap(native, ttnn.float32, ttnn.TILE_LAYOUT, device=device)))
        return (native,)

    _native.trace(function, [_native.Tensor.full([2, 2], 1.0)], name="identity", compile=False)
    assert texts == ["ttnn.Tensor(<traced>, shape=Shape([2, 2]), dtype=DataType.FLOAT32, layout=Layout.TILE)"]
