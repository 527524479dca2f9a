"""A pairformer layer of Boltz-2 as a TTNN program: eager operations on bfloat16 tensors, freed as soon as possible.

The modules take their parameters by Boltz's names from a dictionary of arrays (NumPy or torch, stored out x in), so
they run on a checkpoint as well as on random numbers. Tokens are padded to a multiple of 64; masks hide the padding.

Run: python examples/ttnn_pairformer.py [tokens] (with the package installed, or build/release/python on PYTHONPATH)
"""

import sys
import time

import numpy as np
import ttnn

CHANNELS_PER_CHUNK = 32  # of a triangle multiplication
ROWS_PER_CHUNK = 16  # of a transition of pairs
HIDDEN = -1e9  # added to the logits of keys that must not be seen


class Module:
    """What every module has: parameters under a prefix, a device, and how products are to be computed."""

    def __init__(self, parameters, device):
        self.parameters = parameters
        self.device = device
        self.compute = ttnn.init_device_compute_kernel_config(
            device.arch(),
            math_fidelity=ttnn.MathFidelity.HiFi4,
            math_approx_mode=False,
            fp32_dest_acc_en=True,
            packer_l1_acc=True,
        )

    def within(self, prefix):
        """The parameters whose names start with a prefix, without it."""
        prefix += "."
        return {name[len(prefix) :]: array for name, array in self.parameters.items() if name.startswith(prefix)}

    def tensor(self, array, dtype=ttnn.bfloat16):
        return ttnn.from_torch(array, dtype=dtype, layout=ttnn.TILE_LAYOUT, device=self.device)

    def matrix(self, name):
        """A weight as the right operand of a product: in x out."""
        return self.tensor(self.parameters[name].T)

    def vector(self, name):
        return self.tensor(self.parameters[name])

    def linear(self, x, weight, **options):
        return ttnn.linear(x, weight, compute_kernel_config=self.compute, **options)

    def layer_norm(self, x, norm=(None, None)):
        weight, bias = norm
        return ttnn.layer_norm(x, weight=weight, bias=bias, epsilon=1e-5, compute_kernel_config=self.compute)

    def norm(self, name):
        """Weight and bias of a norm."""
        return self.vector(name + ".weight"), self.vector(name + ".bias")


def gated(x, gate):
    """x * sigmoid(gate) in the memory of x; the gate is freed."""
    x = ttnn.multiply_(x, gate, input_tensor_b_activations=[ttnn.UnaryOpType.SIGMOID])
    ttnn.deallocate(gate)
    return x


def attention(qkv, bias, heads, width):
    """Attention over the rows of [batch, S, 3 heads padded width], which is freed: [batch, heads, S, padded width]. `width`
    are a head's channels without padding; the bias is added to the logits."""
    q, k, v = ttnn.experimental.nlp_create_qkv_heads(
        ttnn.unsqueeze(qkv, 1), num_heads=heads, num_kv_heads=heads, transpose_k_heads=False
    )
    ttnn.deallocate(qkv)
    out = ttnn.transformer.scaled_dot_product_attention(q, k, v, attn_mask=bias, is_causal=False, scale=width**-0.5)
    for tensor in (q, k, v):
        ttnn.deallocate(tensor)
    return out


class TriangleMultiplication(Module):
    """Updates pair (i, j) from the pairs of both with every third token k, 32 channels at a time."""

    def __init__(self, parameters, device, ending):
        super().__init__(parameters, device)
        # Rows i of the left factor against rows j of the right one; the ending node takes columns instead.
        self.left, self.right = ((0, 3, 2, 1), (0, 3, 1, 2)) if ending else ((0, 3, 1, 2), (0, 3, 2, 1))
        self.norm_in, self.norm_out = self.norm("norm_in"), self.norm("norm_out")
        self.projections = [self.tensor(part) for part in self.chunked_projections()]
        self.gate, self.out = self.matrix("g_out.weight"), self.matrix("p_out.weight")

    def chunked_projections(self):
        """Per chunk of channels: left and right factor, and their gates, side by side."""
        values, gates = self.parameters["p_in.weight"].T, self.parameters["g_in.weight"].T
        channels = values.shape[0]
        for start in range(0, channels, CHANNELS_PER_CHUNK):
            columns = [slice(half + start, half + start + CHANNELS_PER_CHUNK) for half in (0, channels)]
            parts = [array[:, part] for array in (values, gates) for part in columns]
            yield np.concatenate(parts, axis=1)

    def __call__(self, x, mask=None):
        normed = self.layer_norm(x, self.norm_in)
        result = None
        for weight in self.projections:
            chunk = self.product(ttnn.experimental.minimal_matmul(normed, weight), mask)
            if result is None:
                result = chunk
            else:
                longer = ttnn.concat([result, chunk], dim=-1)
                ttnn.deallocate(result)
                ttnn.deallocate(chunk)
                result = longer
        result_normed = self.layer_norm(result, self.norm_out)
        ttnn.deallocate(result)
        result = self.linear(result_normed, self.out)
        ttnn.deallocate(result_normed)
        gate = self.linear(normed, self.gate)
        ttnn.deallocate(normed)
        return gated(result, gate)

    def product(self, projected, mask):
        left, right, left_gate, right_gate = ttnn.chunk(projected, 4, dim=-1)
        ttnn.deallocate(projected)
        factors = []
        for factor, gate, order in ((left, left_gate, self.left), (right, right_gate, self.right)):
            factor = gated(factor, gate)
            if mask is not None:
                factor = ttnn.multiply_(factor, mask)
            factors.append(ttnn.permute(factor, order, memory_config=ttnn.L1_MEMORY_CONFIG))
            ttnn.deallocate(factor)
        product = ttnn.matmul(*factors, compute_kernel_config=self.compute)
        for factor in factors:
            ttnn.deallocate(factor)
        chunk = ttnn.permute(product, (0, 2, 3, 1))
        ttnn.deallocate(product)
        return chunk


class TriangleAttention(Module):
    """Attention along the rows of the pairs (columns for the ending node); every row is an entry of the batch."""

    HEADS, WIDTH = 4, 32

    def __init__(self, parameters, device, ending):
        super().__init__(parameters, device)
        self.ending = ending
        self.layer_norm_in = self.norm("layer_norm")
        self.bias = self.matrix("linear.weight")
        names = ("mha.linear_q.weight", "mha.linear_k.weight", "mha.linear_v.weight")
        self.qkv = self.tensor(np.concatenate([parameters[name].T for name in names], axis=1))
        self.gate, self.out = self.matrix("mha.linear_g.weight"), self.matrix("mha.linear_o.weight")

    def __call__(self, x, mask=None):
        """`mask` is added to the logits: [1, 1, 1, keys], or [rows, 1, 1, keys]."""
        if self.ending:
            x = ttnn.permute(x, (0, 2, 1, 3))
        tokens = x.shape[1]
        x = ttnn.reshape(x, (tokens, tokens, x.shape[-1]))
        x = self.layer_norm(x, self.layer_norm_in)
        bias = self.linear(ttnn.unsqueeze(x, 0), self.bias)
        bias = ttnn.permute(bias, (0, 3, 1, 2))
        if mask is not None:
            bias = ttnn.add(bias, mask)
        qkv = ttnn.experimental.minimal_matmul(x, self.qkv, compute_kernel_config=self.compute)
        heads = attention(qkv, bias, self.HEADS, self.WIDTH)
        ttnn.deallocate(bias)
        out = ttnn.squeeze(ttnn.experimental.nlp_concat_heads(heads), 1)
        ttnn.deallocate(heads)
        gate = self.linear(x, self.gate)
        ttnn.deallocate(x)
        out = gated(out, gate)
        x = ttnn.unsqueeze(self.linear(out, self.out), 0)
        ttnn.deallocate(out)
        return ttnn.permute(x, (0, 2, 1, 3)) if self.ending else x


class Transition(Module):
    """W3 (silu(W1 x) * W2 x) of the normed input; pairs in chunks of rows, so that the wide values stay small."""

    def __init__(self, parameters, device):
        super().__init__(parameters, device)
        self.norm_in = self.norm("norm")
        self.first, self.second, self.third = (self.matrix(name + ".weight") for name in ("fc1", "fc2", "fc3"))

    def __call__(self, x):
        if len(x.shape) < 4:
            return self.transition(x)
        chunks = ttnn.chunk(x, -(-x.shape[1] // ROWS_PER_CHUNK), dim=1)
        results = []
        for chunk in chunks:
            results.append(self.transition(chunk))
            ttnn.deallocate(chunk)
        joined = ttnn.concat(results, dim=1)
        for result in results:
            ttnn.deallocate(result)
        return joined

    def transition(self, x):
        normed = self.layer_norm(x, self.norm_in)
        gate = self.linear(normed, self.first, activation="silu", memory_config=ttnn.L1_MEMORY_CONFIG)
        value = self.linear(normed, self.second, memory_config=ttnn.L1_MEMORY_CONFIG)
        ttnn.deallocate(normed)
        gate = ttnn.multiply_(gate, value)
        ttnn.deallocate(value)
        result = self.linear(gate, self.third)
        ttnn.deallocate(gate)
        return result


class AttentionPairBias(Module):
    """Attention over tokens with a bias per pair. Heads are padded to multiples of 32 channels."""

    def __init__(self, parameters, device, heads):
        super().__init__(parameters, device)
        self.heads = heads
        self.channels = parameters["proj_o.weight"].shape[0]
        self.width = self.channels // heads
        self.padded_width = -(-self.width // 32) * 32
        padded = [self.padded(parameters[f"proj_{name}.weight"].T) for name in "qkv"]
        self.qkv = self.tensor(np.concatenate(padded, axis=1))
        bias = self.padded(parameters["proj_q.bias"].reshape(1, -1))
        self.qkv_bias = self.tensor(np.concatenate([bias, np.zeros_like(bias), np.zeros_like(bias)], axis=1))
        self.gate, self.out = self.matrix("proj_g.weight"), self.matrix("proj_o.weight")
        self.has_bias = "proj_z.1.weight" in parameters
        if self.has_bias:
            self.norm_z, self.bias = self.norm("proj_z.0"), self.matrix("proj_z.1.weight")

    def padded(self, array):
        """Columns of every head, with zeros up to the padded width."""
        heads = np.asarray(array).reshape(-1, self.heads, self.width)
        wide = np.zeros((heads.shape[0], self.heads, self.padded_width), np.float32)
        wide[:, :, : self.width] = heads
        return wide.reshape(heads.shape[0], -1)

    def __call__(self, s, z, mask=None):
        """`z` are pairs [1, S, S, channels], or without parameters for them the bias [1, heads, S, S]."""
        bias = z
        if self.has_bias:
            normed = self.layer_norm(z, self.norm_z)
            bias = ttnn.permute(self.linear(normed, self.bias), (0, 3, 1, 2))
            ttnn.deallocate(normed)
        if mask is not None:
            bias = ttnn.add(bias, mask)
        qkv = self.linear(s, self.qkv, bias=self.qkv_bias)
        out = attention(qkv, bias, self.heads, self.width)
        out = ttnn.permute(out[:, :, :, : self.width], (0, 2, 1, 3))
        out = ttnn.reshape(out, (out.shape[0], -1, self.channels))
        return self.linear(gated(out, self.linear(s, self.gate)), self.out)


class PairformerLayer(Module):
    """The stack of pair updates, then, with parameters for it, the update of the tokens."""

    def __init__(self, parameters, device, heads=16):
        super().__init__(parameters, device)
        self.multiplications = [
            TriangleMultiplication(self.within(name), device, ending)
            for name, ending in (("tri_mul_out", False), ("tri_mul_in", True))
        ]
        self.attentions = [
            TriangleAttention(self.within(name), device, ending)
            for name, ending in (("tri_att_start", False), ("tri_att_end", True))
        ]
        self.transition_z = Transition(self.within("transition_z"), device)
        self.has_tokens = "pre_norm_s.weight" in parameters
        if self.has_tokens:
            self.norm_s = self.norm("pre_norm_s")
            self.attention = AttentionPairBias(self.within("attention"), device, heads)
            self.transition_s = Transition(self.within("transition_s"), device)

    def __call__(self, s, z, pair_mask=None, key_mask=None, row_masks=(None, None)):
        """`key_mask` hides tokens from all, `row_masks` pairs from the attention along rows and along columns."""
        for multiplication in self.multiplications:
            z = self.residual(z, multiplication(z, pair_mask))
        for attention, mask in zip(self.attentions, row_masks):
            z = self.residual(z, attention(z, key_mask if mask is None else mask))
        z = self.residual(z, self.transition_z(z))
        if self.has_tokens:
            s = self.residual(s, self.attention(self.layer_norm(s, self.norm_s), z, key_mask))
            s = self.residual(s, self.transition_s(s))
        return s, z

    def residual(self, x, update):
        x = ttnn.add_(x, update)
        ttnn.deallocate(update)
        return x


def random_parameters(channels=128, token_channels=384, heads=16, seed=0):
    """Numbers in the shapes of a pairformer layer of Boltz-2."""
    generator = np.random.default_rng(seed)
    parameters = {}

    def add(prefix, norms=(), **matrices):
        for name, width in norms:
            parameters[f"{prefix}{name}.weight"] = np.ones(width, np.float32)
            parameters[f"{prefix}{name}.bias"] = np.zeros(width, np.float32)
        for name, (outputs, inputs) in matrices.items():
            values = generator.standard_normal((outputs, inputs), np.float32) / np.sqrt(inputs, dtype=np.float32)
            parameters[f"{prefix}{name.replace('__', '.')}.weight"] = values

    c, s, inner = channels, token_channels, TriangleAttention.HEADS * TriangleAttention.WIDTH
    for name in ("tri_mul_out.", "tri_mul_in."):
        square = {"p_out": (c, c), "g_out": (c, c)}
        add(name, [("norm_in", c), ("norm_out", c)], p_in=(2 * c, c), g_in=(2 * c, c), **square)
    for name in ("tri_att_start.", "tri_att_end."):
        projections = {f"mha__linear_{letter}": (inner, c) for letter in "qkvg"}
        add(name, [("layer_norm", c)], linear=(4, c), mha__linear_o=(c, inner), **projections)
    for name, width in (("transition_z.", c), ("transition_s.", s)):
        add(name, [("norm", width)], fc1=(4 * width, width), fc2=(4 * width, width), fc3=(width, 4 * width))
    add("", [("pre_norm_s", s)])
    add("attention.", [("proj_z.0", c)], proj_z__1=(heads, c), **{f"proj_{letter}": (s, s) for letter in "qkvgo"})
    parameters["attention.proj_q.bias"] = np.zeros(s, np.float32)
    return parameters


def padded(array, axes, multiple=64):
    """Zeros after the end of some axes."""
    widths = [(0, -size % multiple if axis in axes else 0) for axis, size in enumerate(array.shape)]
    return np.pad(np.asarray(array), widths)


def token_masks(tokens):
    """The mask of pairs [1, S, S, 1] and the one of keys [1, 1, 1, S], for tokens padded to S."""
    real = padded(np.ones(tokens, np.float32), [0])
    return (real[:, None] * real[None, :])[None, :, :, None], (HIDDEN * (1 - real))[None, None, None, :]


def main():
    tokens = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    device = ttnn.open_device(device_id=0)
    device.enable_program_cache()
    layer = PairformerLayer(random_parameters(), device)
    generator = np.random.default_rng(1)
    s = padded(generator.standard_normal((1, tokens, 384), np.float32), [1])
    z = padded(generator.standard_normal((1, tokens, tokens, 128), np.float32), [1, 2])
    pair_mask, key_mask = (layer.tensor(mask) for mask in token_masks(tokens))
    for attempt in ("first", "second"):
        start = time.perf_counter()
        s_out, z_out = layer(layer.tensor(s), layer.tensor(z), pair_mask, key_mask)
        print(f"{attempt} run of {tokens} tokens: {time.perf_counter() - start:.2f} s")
    print("tokens", s_out)
    print("pairs", z_out)
    print("programs:", device.num_program_cache_entries())
    ttnn.close_device(device)


if __name__ == "__main__":
    main()
