"""Names and shapes of the parameters of the reference's modules (PyPI boltz 2.2.1), as dicts name -> shape."""

RESIDUE_TYPES = 33
AVERAGING_HEADS, AVERAGING_WIDTH, OUTER_PRODUCT_WIDTH = 8, 32, 32


def below(prefix, shapes):
    """The same parameters one level down."""
    return {f"{prefix}.{name}": shape for name, shape in shapes.items()}


def linear(inputs, outputs, bias=False):
    return {"weight": (outputs, inputs), **({"bias": (outputs,)} if bias else {})}


def norm(width):
    return {"weight": (width,), "bias": (width,)}


def norm_and_linear(inputs, outputs):
    return {**below("0", norm(inputs)), **below("1", linear(inputs, outputs))}


def transition(width, hidden):
    return {
        **below("norm", norm(width)),
        **below("fc1", linear(width, hidden)),
        **below("fc2", linear(width, hidden)),
        **below("fc3", linear(hidden, width)),
    }


def triangle_multiplication(width):
    return {
        **below("norm_in", norm(width)),
        **below("p_in", linear(width, 2 * width)),
        **below("g_in", linear(width, 2 * width)),
        **below("norm_out", norm(width)),
        **below("p_out", linear(width, width)),
        **below("g_out", linear(width, width)),
    }


def triangle_attention(width, head_width, heads):
    inner = head_width * heads
    projections = [below(f"mha.linear_{name}", linear(width, inner)) for name in "qkvg"]
    shapes = {**below("layer_norm", norm(width)), **below("linear", linear(width, heads))}
    for projection in projections:
        shapes.update(projection)
    return {**shapes, **below("mha.linear_o", linear(inner, width))}


def pair_stack(width, head_width, heads):
    return {
        **below("tri_mul_out", triangle_multiplication(width)),
        **below("tri_mul_in", triangle_multiplication(width)),
        **below("tri_att_start", triangle_attention(width, head_width, heads)),
        **below("tri_att_end", triangle_attention(width, head_width, heads)),
        **below("transition_z", transition(width, 4 * width)),
    }


def attention_pair_bias(width, pair_width=None, heads=None):
    shapes = below("proj_q", linear(width, width, bias=True))
    for name in "kvgo":
        shapes.update(below(f"proj_{name}", linear(width, width)))
    if pair_width is not None:
        shapes.update(below("proj_z", norm_and_linear(pair_width, heads)))
    return shapes


def pairformer_layer(token_s, token_z, heads, head_width, pair_heads, post_layer_norm=False):
    return {
        **below("pre_norm_s", norm(token_s)),
        **below("attention", attention_pair_bias(token_s, token_z, heads)),
        **pair_stack(token_z, head_width, pair_heads),
        **below("transition_s", transition(token_s, 4 * token_s)),
        **(below("s_post_norm", norm(token_s)) if post_layer_norm else {}),
    }


def msa_layer(msa_s, token_z, head_width, heads):
    inner = AVERAGING_HEADS * AVERAGING_WIDTH
    hidden = OUTER_PRODUCT_WIDTH
    averaging = {
        **below("norm_m", norm(msa_s)),
        **below("norm_z", norm(token_z)),
        **below("proj_m", linear(msa_s, inner)),
        **below("proj_g", linear(msa_s, inner)),
        **below("proj_z", linear(token_z, AVERAGING_HEADS)),
        **below("proj_o", linear(inner, msa_s)),
    }
    outer = {
        **below("norm", norm(msa_s)),
        **below("proj_a", linear(msa_s, hidden)),
        **below("proj_b", linear(msa_s, hidden)),
        **below("proj_o", linear(hidden * hidden, token_z, bias=True)),
    }
    return {
        **below("msa_transition", transition(msa_s, 4 * msa_s)),
        **below("pair_weighted_averaging", averaging),
        **below("pairformer_layer", pair_stack(token_z, head_width, heads)),
        **below("outer_product_mean", outer),
    }


def msa_module(msa_s, token_z, token_s, blocks, head_width, heads, paired):
    shapes = {
        **below("s_proj", linear(token_s, msa_s)),
        **below("msa_proj", linear(RESIDUE_TYPES + 2 + int(paired), msa_s)),
    }
    for block in range(blocks):
        shapes.update(below(f"layers.{block}", msa_layer(msa_s, token_z, head_width, heads)))
    return shapes


def adaptive_norm(width):
    return {
        "s_norm.weight": (width,),
        **below("s_scale", linear(width, width, bias=True)),
        **below("s_bias", linear(width, width)),
    }


def diffusion_transformer(width, depth):
    """The output projection of a layer has two names, which share one parameter."""
    gate = linear(width, width, bias=True)
    layer = {
        **below("adaln", adaptive_norm(width)),
        **below("pair_bias_attn", attention_pair_bias(width)),
        **below("output_projection_linear", gate),
        **below("output_projection.0", gate),
        **below("transition.adaln", adaptive_norm(width)),
        **below("transition.swish_gate.0", linear(width, 4 * width)),
        **below("transition.a_to_b", linear(width, 2 * width)),
        **below("transition.b_to_a", linear(2 * width, width)),
        **below("transition.output_projection.0", gate),
    }
    shapes = {}
    for index in range(depth):
        shapes.update(below(f"layers.{index}", layer))
    return shapes


def diffusion_module(token_s, atom_s, dim_fourier, encoder_depth, token_depth, decoder_depth, transitions):
    width = 2 * token_s
    single = {
        **below("norm_single", norm(width)),
        **below("single_embed", linear(width, width, bias=True)),
        **below("fourier_embed.proj", linear(1, dim_fourier, bias=True)),
        **below("norm_fourier", norm(dim_fourier)),
        **below("fourier_to_single", linear(dim_fourier, width)),
    }
    for index in range(transitions):
        single.update(below(f"transitions.{index}", transition(width, 2 * width)))
    encoder = {
        **below("r_to_q_trans", linear(3, atom_s)),
        **below("atom_encoder.diffusion_transformer", diffusion_transformer(atom_s, encoder_depth)),
        **below("atom_to_token_trans.0", linear(atom_s, width)),
    }
    decoder = {
        **below("a_to_q_trans", linear(width, atom_s)),
        **below("atom_decoder.diffusion_transformer", diffusion_transformer(atom_s, decoder_depth)),
        **below("atom_feat_to_atom_pos_update", norm_and_linear(atom_s, 3)),
    }
    return {
        **below("single_conditioner", single),
        **below("atom_attention_encoder", encoder),
        **below("s_to_a_linear", norm_and_linear(width, width)),
        **below("token_transformer", diffusion_transformer(width, token_depth)),
        **below("a_norm", norm(width)),
        **below("atom_attention_decoder", decoder),
    }
