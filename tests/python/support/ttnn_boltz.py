"""The MSA module and the diffusion module of Boltz-2 as TTNN programs; the pairformer is an example.

Parameters come by Boltz's names from a dictionary of NumPy arrays. Tensors are bfloat16; letters in the shapes of
comments are: B samples, N atoms in K windows of 32, T tokens, M alignment rows, S tokens again, H heads.
"""

import math
import sys
from pathlib import Path

import numpy as np
import ttnn

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "examples"))

from ttnn_pairformer import AttentionPairBias, Module, PairformerLayer, Transition, gated  # noqa: E402

QUERIES, KEYS, ATOM_HEADS = 32, 128, 4
SILU = ttnn.UnaryOpType.SILU


class PairWeightedAveraging(Module):
    """Rows of the alignment mixed over tokens with weights from the pairs, one head after the other."""

    HEADS, WIDTH = 8, 32

    def __init__(self, parameters, device):
        super().__init__(parameters, device)
        self.norm_m, self.norm_z_in = self.norm("norm_m"), self.norm("norm_z")
        values, gates, weights, out = (parameters[f"proj_{name}.weight"].T for name in ("m", "g", "z", "o"))
        heads = [slice(head * self.WIDTH, (head + 1) * self.WIDTH) for head in range(self.HEADS)]
        self.values = [self.tensor(values[:, head]) for head in heads]
        self.gates = [self.tensor(gates[:, head]) for head in heads]
        self.outs = [self.tensor(out[head]) for head in heads]
        self.weights = self.tensor(weights)

    def __call__(self, m, z, key_mask):
        """m [M, S, 64], z [1, S, S, 128], key_mask [1, 1, 1, S]."""
        m, z = self.layer_norm(m, self.norm_m), self.layer_norm(z, self.norm_z_in)
        logits = ttnn.permute(self.linear(z, self.weights), (0, 3, 1, 2))
        ttnn.deallocate(z)
        logits = ttnn.add(logits, key_mask)
        result = None
        for head in range(self.HEADS):
            weights = ttnn.softmax(logits[:, head, :, :], dim=-1, compute_kernel_config=self.compute)
            update = self.head(m, weights, head)
            ttnn.deallocate(weights)
            if result is None:
                result = update
            else:
                result = ttnn.add_(result, update)
                ttnn.deallocate(update)
        ttnn.deallocate(m)
        return result

    def head(self, m, weights, head):
        values = self.linear(m, self.values[head])
        values = ttnn.permute(values, (0, 2, 1))
        mixed = ttnn.matmul(values, weights, transpose_b=True, compute_kernel_config=self.compute)
        ttnn.deallocate(values)
        mixed = gated(ttnn.permute(mixed, (0, 2, 1)), self.linear(m, self.gates[head]))
        update = self.linear(mixed, self.outs[head])
        ttnn.deallocate(mixed)
        return update


class OuterProductMean(Module):
    """Pairs from the products of all channels of two tokens, averaged over the alignment: one large product."""

    def __init__(self, parameters, device):
        super().__init__(parameters, device)
        self.norm_in = self.norm("norm")
        self.left, self.right, self.out = (self.matrix(f"proj_{name}.weight") for name in "abo")
        self.bias = self.vector("proj_o.bias")

    def __call__(self, m, row_mask, rows):
        """m [M, S, 64], row_mask [M, 1, 1] of `rows` real rows."""
        m = self.layer_norm(m, self.norm_in)
        left, right = (ttnn.multiply_(self.linear(m, weight), row_mask) for weight in (self.left, self.right))
        ttnn.deallocate(m)
        count, tokens, width = left.shape
        left = ttnn.reshape(ttnn.permute(left, (1, 2, 0)), (-1, count))  # (token i, channel c) x rows
        right = ttnn.reshape(ttnn.permute(right, (2, 1, 0)), (-1, count))  # (channel d, token j) x rows
        product = ttnn.matmul(left, right, transpose_b=True, compute_kernel_config=self.compute)
        ttnn.deallocate(left)
        ttnn.deallocate(right)
        product = ttnn.to_layout(product, ttnn.ROW_MAJOR_LAYOUT)
        product = ttnn.reshape(product, (tokens, width * width, tokens))
        product = ttnn.to_layout(product, ttnn.TILE_LAYOUT)
        product = ttnn.reallocate(ttnn.permute(product, (0, 2, 1)))
        product = ttnn.multiply_(product, 1 / rows)
        update = self.linear(ttnn.unsqueeze(product, 0), self.out, bias=self.bias)
        ttnn.deallocate(product)
        return update


class MsaModule(Module):
    """Blocks that exchange information between an alignment and the pairs."""

    def __init__(self, parameters, device):
        super().__init__(parameters, device)
        self.embed_row, self.embed_token = self.matrix("msa_proj.weight"), self.matrix("s_proj.weight")
        count = 1 + max(int(name.split(".")[1]) for name in parameters if name.startswith("layers."))
        layers = [self.within(f"layers.{index}") for index in range(count)]
        self.layers = [Module(layer, device) for layer in layers]
        for layer in self.layers:
            layer.averaging = PairWeightedAveraging(layer.within("pair_weighted_averaging"), device)
            layer.transition = Transition(layer.within("msa_transition"), device)
            layer.outer_product = OuterProductMean(layer.within("outer_product_mean"), device)
            layer.pairs = PairformerLayer(layer.within("pairformer_layer"), device)

    def __call__(self, z, embedding, features, row_mask, rows, pair_mask, key_mask):
        """z [1, S, S, 128], embedding [1, S, 384], features [M, S, 36]."""
        m = ttnn.add(self.linear(features, self.embed_row), self.linear(embedding, self.embed_token))
        for layer in self.layers:
            m = layer.pairs.residual(m, layer.averaging(m, z, key_mask))
            m = layer.pairs.residual(m, layer.transition(m))
            z = layer.pairs.residual(z, layer.outer_product(m, row_mask, rows))
            _, z = layer.pairs(None, z, pair_mask, key_mask)
        return z


class AdaptiveNorm(Module):
    """Layer norm with scale and bias from a conditioning tensor."""

    def __init__(self, parameters, device):
        super().__init__(parameters, device)
        self.norm_weight = self.vector("s_norm.weight")
        self.scale, self.scale_bias = self.matrix("s_scale.weight"), self.vector("s_scale.bias")
        self.bias = self.matrix("s_bias.weight")

    def __call__(self, a, s):
        a = self.layer_norm(a)
        s = self.layer_norm(s, (self.norm_weight, None))
        a = gated(a, self.linear(s, self.scale, bias=self.scale_bias))
        bias = self.linear(s, self.bias)
        ttnn.deallocate(s)
        a = ttnn.add_(a, bias)
        ttnn.deallocate(bias)
        return a


class ConditionedTransition(Module):
    def __init__(self, parameters, device):
        super().__init__(parameters, device)
        self.norm_in = AdaptiveNorm(self.within("adaln"), device)
        self.swish, self.widen, self.narrow = (
            self.matrix(name + ".weight") for name in ("swish_gate.0", "a_to_b", "b_to_a")
        )
        self.out, self.out_bias = self.matrix("output_projection.0.weight"), self.vector("output_projection.0.bias")

    def __call__(self, a, s):
        a = self.norm_in(a, s)
        value, gate = ttnn.chunk(self.linear(a, self.swish), chunks=2, dim=-1)
        gate = ttnn.multiply_(gate, value, input_tensor_a_activations=[SILU])
        ttnn.deallocate(value)
        wide = self.linear(a, self.widen)
        gate = ttnn.multiply_(gate, wide)
        ttnn.deallocate(wide)
        ttnn.deallocate(a)
        result = self.linear(gate, self.narrow)
        ttnn.deallocate(gate)
        return gated(result, self.linear(s, self.out, bias=self.out_bias))


class WindowAttention(Module):
    """Atoms of a window attend to the 128 atoms around it, which a 0/1 matrix gathers. [B, K, 32, 128] to the same."""

    def __init__(self, parameters, device, heads):
        super().__init__(parameters, device)
        self.heads = heads
        self.query, self.query_bias = self.matrix("proj_q.weight"), self.vector("proj_q.bias")
        pair = [parameters[f"proj_{name}.weight"].T for name in "kv"]
        self.key_value = self.tensor(np.concatenate(pair, axis=1))
        self.gate, self.out = self.matrix("proj_g.weight"), self.matrix("proj_o.weight")

    def __call__(self, x, bias, keys_of):
        """`bias` is [1, K heads, 32, 128], `keys_of` the 0/1 matrix [2K, 8K] over half windows."""
        samples, windows, queries, channels = x.shape
        width = channels // self.heads
        around = self.gathered(x, keys_of)
        q = self.linear(x, self.query, bias=self.query_bias)
        q = ttnn.reshape(q, (samples * windows, 1, queries, channels))
        q = ttnn.permute(ttnn.reshape(q, (samples * windows, queries, self.heads, width)), (0, 2, 1, 3))
        key_value = ttnn.reshape(self.linear(around, self.key_value), (samples * windows, KEYS, 2, self.heads, width))
        ttnn.deallocate(around)
        key_value = ttnn.permute(key_value, (2, 0, 3, 1, 4))
        all_heads = windows * self.heads
        k, v = (ttnn.reshape(part, (samples, all_heads, KEYS, width)) for part in ttnn.chunk(key_value, 2, dim=0))
        q = ttnn.reshape(q, (samples, all_heads, queries, width))
        out = ttnn.transformer.scaled_dot_product_attention(
            q, k, v, attn_mask=bias, is_causal=False, scale=width**-0.5
        )
        for tensor in (q, k, v, key_value):
            ttnn.deallocate(tensor)
        out = ttnn.reshape(out, (samples * windows, self.heads, queries, width))
        out = ttnn.reshape(ttnn.experimental.nlp_concat_heads(out), (samples, windows, queries, channels))
        return self.linear(gated(out, self.linear(x, self.gate)), self.out)

    def gathered(self, x, keys_of):
        samples, windows, _, channels = x.shape
        halves = ttnn.reshape(x, (samples, 2 * windows, QUERIES // 2, channels))
        halves = ttnn.permute(halves, (0, 2, 3, 1))
        around = ttnn.matmul(halves, keys_of, compute_kernel_config=self.compute)
        ttnn.deallocate(halves)
        around = ttnn.permute(around, (0, 3, 1, 2))
        return ttnn.reshape(around, (samples, windows, KEYS, channels))


class DiffusionLayer(Module):
    """Attention and conditioned transition; over windows of atoms when there is a matrix of their keys."""

    def __init__(self, parameters, device, heads, windows):
        super().__init__(parameters, device)
        self.norm_in = AdaptiveNorm(self.within("adaln"), device)
        attention = self.within("pair_bias_attn")
        self.attention = (WindowAttention if windows else AttentionPairBias)(attention, device, heads)
        self.out = self.matrix("output_projection_linear.weight")
        self.out_bias = self.vector("output_projection_linear.bias")
        self.transition = ConditionedTransition(self.within("transition"), device)

    def __call__(self, a, s, bias, *keys_of):
        update = self.attention(self.norm_in(a, s), bias, *keys_of)
        update = gated(update, self.linear(s, self.out, bias=self.out_bias))
        a = ttnn.add(a, update)
        ttnn.deallocate(update)
        update = self.transition(a, s)
        a = ttnn.add_(a, update)
        ttnn.deallocate(update)
        return a


class DiffusionTransformer(Module):
    """Layers that take their bias from consecutive heads of one tensor [1 or K, heads of all layers, rows, keys]."""

    def __init__(self, parameters, device, heads, windows=False):
        super().__init__(parameters, device)
        self.heads = heads
        count = 1 + max(int(name.split(".")[1]) for name in parameters)
        layers = [self.within(f"layers.{index}") for index in range(count)]
        self.layers = [DiffusionLayer(layer, device, heads, windows) for layer in layers]

    def __call__(self, a, s, bias, *keys_of):
        for index, layer in enumerate(self.layers):
            part = bias[:, index * self.heads : (index + 1) * self.heads, :, :]
            if keys_of:
                part = ttnn.reshape(part, (1, -1, QUERIES, KEYS))
            a = layer(a, s, part, *keys_of)
            ttnn.deallocate(part)
        return a


class DiffusionModule(Module):
    """The score model: from noisy atoms to their update, with one evaluation of the conditioning."""

    def __init__(self, parameters, device, token_heads=16):
        super().__init__(parameters, device)
        self.norm_single = self.norm("single_conditioner.norm_single")
        self.embed_single = self.matrix("single_conditioner.single_embed.weight")
        self.embed_single_bias = self.vector("single_conditioner.single_embed.bias")
        self.frequencies = self.matrix("single_conditioner.fourier_embed.proj.weight")
        self.phases = self.vector("single_conditioner.fourier_embed.proj.bias")
        self.norm_fourier = self.norm("single_conditioner.norm_fourier")
        self.from_fourier = self.matrix("single_conditioner.fourier_to_single.weight")
        names = sorted({name.rsplit(".", 2)[0] for name in parameters if "single_conditioner.transitions" in name})
        self.transitions = [Transition(self.within(name), device) for name in names]
        self.from_position = self.matrix("atom_attention_encoder.r_to_q_trans.weight")
        self.to_token = self.matrix("atom_attention_encoder.atom_to_token_trans.0.weight")
        self.norm_s, self.s_to_a = self.norm("s_to_a_linear.0"), self.matrix("s_to_a_linear.1.weight")
        self.norm_a, self.to_atom = self.norm("a_norm"), self.matrix("atom_attention_decoder.a_to_q_trans.weight")
        self.norm_out = self.norm("atom_attention_decoder.atom_feat_to_atom_pos_update.0")
        self.to_position = self.matrix("atom_attention_decoder.atom_feat_to_atom_pos_update.1.weight")
        encoder = self.within("atom_attention_encoder.atom_encoder.diffusion_transformer")
        decoder = self.within("atom_attention_decoder.atom_decoder.diffusion_transformer")
        self.encoder, self.decoder = (
            DiffusionTransformer(part, device, ATOM_HEADS, windows=True) for part in (encoder, decoder)
        )
        self.token_transformer = DiffusionTransformer(self.within("token_transformer"), device, token_heads)

    def __call__(self, r, times, s, q, c, encoder_bias, decoder_bias, token_bias, atom_to_token, keys_of):
        """r [B, N, 3], times [B, 1], s [1, T, 768], q and c [1, N, 128], atom biases [K, H, 32, 128] and token bias
        [1, H, T, T] with masks added, atom_to_token [1, N, T], keys_of [2K, 8K] in bfloat4_b."""
        s = self.conditioning(times, s)
        q = ttnn.add(self.linear(r, self.from_position), q)
        samples, atoms, channels = q.shape
        in_windows = (samples, atoms // QUERIES, QUERIES, channels)
        q = ttnn.reshape(q, in_windows)
        c = ttnn.reshape(c, (1, *in_windows[1:]))
        if samples > 1:
            c = ttnn.concat([c] * samples, dim=0)
        q = self.encoder(q, c, encoder_bias, keys_of)
        a = self.tokens_of(ttnn.reshape(q, (samples, atoms, channels)), atom_to_token)
        normed = self.layer_norm(s, self.norm_s)
        a = ttnn.add_(a, self.linear(normed, self.s_to_a))
        a = self.token_transformer(a, s, token_bias)
        a = self.linear(self.layer_norm(a, self.norm_a), self.to_atom)
        to_q = ttnn.matmul(ttnn.permute(a, (0, 2, 1)), atom_to_token, transpose_b=True)
        to_q = ttnn.reshape(ttnn.permute(to_q, (0, 2, 1)), in_windows)
        q = self.decoder(ttnn.add(q, to_q), c, decoder_bias, keys_of)
        return ttnn.reshape(self.linear(self.layer_norm(q, self.norm_out), self.to_position), (samples, atoms, 3))

    def conditioning(self, times, s):
        s = self.linear(self.layer_norm(s, self.norm_single), self.embed_single, bias=self.embed_single_bias)
        angles = ttnn.add(ttnn.matmul(times, self.frequencies), self.phases)
        fourier = self.layer_norm(ttnn.cos(ttnn.multiply(angles, 2 * math.pi)), self.norm_fourier)
        s = ttnn.add(s, ttnn.unsqueeze(self.linear(fourier, self.from_fourier), 1))
        for transition in self.transitions:
            update = transition(s)
            s = ttnn.add_(s, update)
            ttnn.deallocate(update)
        return s

    def tokens_of(self, q, atom_to_token):
        """The means over the atoms of every token, [B, T, 768]."""
        wide = self.linear(q, self.to_token, activation="relu")
        mean = ttnn.multiply(atom_to_token, ttnn.reciprocal(ttnn.sum(atom_to_token, dim=1, keepdim=True) + 1e-6))
        a = ttnn.matmul(wide, mean, transpose_a=True, compute_kernel_config=self.compute)
        ttnn.deallocate(wide)
        return ttnn.permute(a, (0, 2, 1))
