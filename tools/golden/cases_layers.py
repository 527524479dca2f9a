"""Module cases: single layers, Pairformer and MSA blocks, and layers at the released dimensions."""

import synthetic
import torch
from boltz.model.layers.attentionv2 import AttentionPairBias
from boltz.model.layers.outer_product_mean import OuterProductMean
from boltz.model.layers.pair_averaging import PairWeightedAveraging
from boltz.model.layers.pairformer import PairformerLayer, PairformerModule, PairformerNoSeqLayer
from boltz.model.layers.transition import Transition
from boltz.model.layers.triangular_attention.attention import (
    TriangleAttentionEndingNode,
    TriangleAttentionStartingNode,
)
from boltz.model.layers.triangular_mult import (
    TriangleMultiplicationIncoming,
    TriangleMultiplicationOutgoing,
)
from boltz.model.modules import trunkv2
from cases import (
    MSA_INPUTS,
    MSA_S,
    PAIR_HEADS,
    PAIR_WIDTH,
    TOKEN_S,
    TOKEN_Z,
    case,
    features_of,
    mask_of,
    normal,
    unbatch,
)
from common import redraw_parameters

# ---- layers ----


@case
def layer_norm(seed):
    module = redraw_parameters(torch.nn.LayerNorm(TOKEN_S), seed)
    x = normal(7, TOKEN_S, scale=3.0)
    x[1] += 10.0
    x[2] = 0.0
    return module, dict(x=x), dict(y=module(x)), dict(dim=TOKEN_S, eps=1e-5)


@case
def transition(seed):
    module = redraw_parameters(Transition(TOKEN_Z, 4 * TOKEN_Z), seed)
    x = normal(1, 5, 6, TOKEN_Z, scale=2.0)
    return module, unbatch(x=x), unbatch(y=module(x)), dict(dim=TOKEN_Z, hidden=4 * TOKEN_Z)


def triangle_multiplication(kind, seed, dim=TOKEN_Z, tokens=9):
    module = redraw_parameters(kind(dim), seed)
    x, mask = normal(1, tokens, tokens, dim, scale=2.0), mask_of(1, tokens, tokens)
    return module, unbatch(x=x, mask=mask), unbatch(y=module(x, mask)), dict(dim=dim)


@case
def triangle_multiplication_outgoing(seed):
    return triangle_multiplication(TriangleMultiplicationOutgoing, seed)


@case
def triangle_multiplication_incoming(seed):
    return triangle_multiplication(TriangleMultiplicationIncoming, seed)


def triangle_attention(kind, seed, dim=TOKEN_Z, width=PAIR_WIDTH, heads=PAIR_HEADS, tokens=9):
    module = redraw_parameters(kind(dim, width, heads, inf=1e9), seed)
    x, mask = normal(1, tokens, tokens, dim, scale=2.0), mask_of(1, tokens, tokens)
    # The ending node masks along the first index: keep its first row open as well.
    mask[:, 0] = 1.0
    config = dict(dim=dim, head_width=width, heads=heads)
    return module, unbatch(x=x, mask=mask), unbatch(y=module(x, mask)), config


@case
def triangle_attention_starting(seed):
    return triangle_attention(TriangleAttentionStartingNode, seed)


@case
def triangle_attention_ending(seed):
    return triangle_attention(TriangleAttentionEndingNode, seed)


@case
def attention_pair_bias(seed):
    module = redraw_parameters(AttentionPairBias(TOKEN_S, TOKEN_Z, 3), seed)
    s, z, mask = normal(1, 10, TOKEN_S), normal(1, 10, 10, TOKEN_Z), mask_of(1, 10)
    y = module(s=s, z=z, mask=mask, k_in=s)
    config = dict(c_s=TOKEN_S, c_z=TOKEN_Z, num_heads=3)
    return module, unbatch(s=s, z=z, mask=mask), unbatch(y=y), config


@case
def pair_weighted_averaging(seed):
    module = redraw_parameters(PairWeightedAveraging(MSA_S, TOKEN_Z, 7, 5), seed)
    m, z, mask = normal(1, 4, 10, MSA_S), normal(1, 10, 10, TOKEN_Z), mask_of(1, 10, 10)
    config = dict(c_m=MSA_S, c_z=TOKEN_Z, c_h=7, num_heads=5)
    return module, unbatch(m=m, z=z, mask=mask), unbatch(y=module(m, z, mask, False)), config


@case
def outer_product_mean(seed):
    module = redraw_parameters(OuterProductMean(MSA_S, 5, TOKEN_Z), seed)
    m, mask = normal(1, 6, 10, MSA_S), (torch.rand(1, 6, 10) > 0.4).float()
    mask[:, :, 3] = 0.0  # a column without any row: the divisor is held at 1
    config = dict(c_in=MSA_S, c_hidden=5, c_out=TOKEN_Z)
    return module, unbatch(m=m, mask=mask), unbatch(y=module(m, mask)), config


# ---- blocks ----


def pair_config(**more):
    return dict(token_z=TOKEN_Z, pairwise_head_width=PAIR_WIDTH, pairwise_num_heads=PAIR_HEADS, **more)


@case
def pairformer_no_seq_layer(seed):
    module = PairformerNoSeqLayer(TOKEN_Z, 0.0, PAIR_WIDTH, PAIR_HEADS)
    redraw_parameters(module, seed)
    z, mask = normal(1, 9, 9, TOKEN_Z), mask_of(1, 9, 9)
    mask[:, 0] = 1.0
    return module, unbatch(z=z, pair_mask=mask), unbatch(z=module(z, mask)), pair_config()


def sequence_inputs(tokens=9):
    mask = torch.ones(1, tokens)
    mask[:, -2:] = 0.0
    pair_mask = mask[:, :, None] * mask[:, None, :]
    return normal(1, tokens, TOKEN_S), normal(1, tokens, tokens, TOKEN_Z), mask, pair_mask


@case
def pairformer_layer(seed):
    module = PairformerLayer(TOKEN_S, TOKEN_Z, 6, 0.0, PAIR_WIDTH, PAIR_HEADS, v2=True)
    redraw_parameters(module, seed)
    s, z, mask, pair_mask = sequence_inputs()
    s_out, z_out = module(s, z, mask, pair_mask)
    inputs = unbatch(s=s, z=z, mask=mask, pair_mask=pair_mask)
    return module, inputs, unbatch(s=s_out, z=z_out), pair_config(token_s=TOKEN_S, num_heads=6)


@case
def pairformer_module(seed):
    module = PairformerModule(TOKEN_S, TOKEN_Z, 2, 3, 0.0, PAIR_WIDTH, PAIR_HEADS, v2=True)
    redraw_parameters(module, seed, gain=0.7)
    s, z, mask, pair_mask = sequence_inputs()
    s_out, z_out = module(s, z, mask, pair_mask)
    inputs = unbatch(s=s, z=z, mask=mask, pair_mask=pair_mask)
    return module, inputs, unbatch(s=s_out, z=z_out), pair_config(token_s=TOKEN_S, num_heads=3, num_blocks=2)


@case
def msa_layer(seed):
    module = trunkv2.MSALayer(MSA_S, TOKEN_Z, 0.0, 0.0, PAIR_WIDTH, PAIR_HEADS)
    redraw_parameters(module, seed)
    z, m = normal(1, 8, 8, TOKEN_Z), normal(1, 5, 8, MSA_S)
    token_mask = sequence_inputs(8)[3]
    msa_mask = (torch.rand(1, 5, 8) > 0.3).float()
    z_out, m_out = module(z, m, token_mask, msa_mask)
    inputs = unbatch(z=z, m=m, pair_mask=token_mask, msa_mask=msa_mask)
    return module, inputs, unbatch(z=z_out, m=m_out), pair_config(msa_s=MSA_S)


@case
def msa_module(seed):
    module = trunkv2.MSAModule(MSA_S, TOKEN_Z, TOKEN_S, 2, 0.0, 0.0, PAIR_WIDTH, PAIR_HEADS)
    redraw_parameters(module, seed, gain=0.7)
    features = synthetic.make_features(seed)
    features["token_pad_mask"][:, -1] = 0.0
    features["msa_mask"] = (torch.rand(features["msa"].shape) > 0.2).long()
    tokens = features["msa"].shape[2]
    z, s_inputs = normal(1, tokens, tokens, TOKEN_Z), normal(1, tokens, TOKEN_S)
    inputs = unbatch(z=z, s_inputs=s_inputs) | features_of(features, MSA_INPUTS)
    config = pair_config(msa_s=MSA_S, token_s=TOKEN_S, msa_blocks=2, use_paired_feature=True)
    return module, inputs, unbatch(z=module(z, s_inputs, features)), config


# ---- released dimensions; parameters are bf16 values so that the files stay small ----


def with_bfloat16_parameters(module):
    for parameter in module.parameters():
        parameter.data.copy_(parameter.data.to(torch.bfloat16).float())
    return module


@case
def full_triangle_multiplication_outgoing(seed):
    module, _, _, config = triangle_multiplication(TriangleMultiplicationOutgoing, seed, dim=128, tokens=5)
    with_bfloat16_parameters(module)
    x, mask = normal(1, 5, 5, 128, scale=2.0), mask_of(1, 5, 5)
    return module, unbatch(x=x, mask=mask), unbatch(y=module(x, mask)), config


@case
def full_triangle_attention_starting(seed):
    module, _, _, config = triangle_attention(TriangleAttentionStartingNode, seed, 128, 32, 4, tokens=5)
    with_bfloat16_parameters(module)
    x, mask = normal(1, 5, 5, 128, scale=2.0), mask_of(1, 5, 5)
    return module, unbatch(x=x, mask=mask), unbatch(y=module(x, mask)), config


@case
def full_pair_weighted_averaging(seed):
    module = with_bfloat16_parameters(redraw_parameters(PairWeightedAveraging(64, 128, 32, 8), seed))
    m, z, mask = normal(1, 3, 6, 64), normal(1, 6, 6, 128), mask_of(1, 6, 6)
    config = dict(c_m=64, c_z=128, c_h=32, num_heads=8)
    return module, unbatch(m=m, z=z, mask=mask), unbatch(y=module(m, z, mask, False)), config
