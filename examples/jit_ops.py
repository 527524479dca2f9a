"""Jitted operations of a model: activations, a residual connection with a norm, and a choice made in Python.

Run: python examples/jit_ops.py (with the package installed, or build/release/python on PYTHONPATH)
"""

import numpy as np
import ttnn
import ttnn_jit


# Simple activation with JIT
@ttnn_jit.jit(max_grid=(7, 7), enable_cache=True, graph_capture=True)
def jit_gelu(x: ttnn.Tensor) -> ttnn.Tensor:
    """JIT-compiled GELU activation."""
    return ttnn.gelu(x)


# Composite operation with JIT
@ttnn_jit.jit(max_grid=(7, 7), enable_cache=True, graph_capture=True)
def jit_residual_norm(
    x: ttnn.Tensor,
    residual: ttnn.Tensor,
    weight: ttnn.Tensor,
    bias: ttnn.Tensor,
) -> ttnn.Tensor:
    """JIT-compiled residual connection with layer norm."""
    x = ttnn.add(x, residual)
    x = ttnn.layer_norm(x, weight=weight, bias=bias, epsilon=1e-5)
    return x


# Conditional operation with JIT
@ttnn_jit.jit(max_grid=(7, 7), enable_cache=True, graph_capture=True)
def jit_conditional_activation(
    x: ttnn.Tensor,
    activation_type: str = "relu",
) -> ttnn.Tensor:
    """JIT-compiled conditional activation."""
    if activation_type == "relu":
        return ttnn.relu(x)
    elif activation_type == "gelu":
        return ttnn.gelu(x)
    else:
        return ttnn.silu(x)


def device_tensor(device, *shape):
    values = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    return ttnn.from_torch(values, dtype=ttnn.bfloat16, layout=ttnn.TILE_LAYOUT, device=device)


def main():
    device = ttnn.open_device(device_id=0)
    x, residual = device_tensor(device, 64, 128), device_tensor(device, 64, 128)
    weight, bias = device_tensor(device, 1, 128), device_tensor(device, 1, 128)
    print(jit_gelu(x))
    print(jit_residual_norm(x, residual, weight, bias))
    for kind in ("relu", "gelu", "silu", "relu"):
        jit_conditional_activation(x, kind)
    print("programs:", jit_gelu.num_entries, jit_residual_norm.num_entries, jit_conditional_activation.num_entries)
    ttnn.close_device(device)


if __name__ == "__main__":
    main()
