"""Module cases: atom encoders, trunk inputs, template module, diffusion and heads."""

import checkpoint
import synthetic
import torch
from boltz.model.modules import affinity, confidencev2, diffusionv2, encodersv2, transformersv2, trunkv2
from boltz.model.modules.diffusion_conditioning import DiffusionConditioning
from cases import (
    ATOM_FEATURES,
    ATOM_INPUTS,
    ATOM_S,
    ATOM_Z,
    CONTACT_INPUTS,
    PAIR_HEADS,
    PAIR_WIDTH,
    RELATIVE_INPUTS,
    TOKEN_S,
    TOKEN_Z,
    WINDOW,
    bias_of,
    case,
    features_of,
    mask_of,
    normal,
    to_keys_for,
    unbatch,
)
from common import boundary_margin, redraw_parameters

# ---- diffusion transformers ----


@case
def diffusion_transformer_layer(seed):
    module = redraw_parameters(transformersv2.DiffusionTransformerLayer(3, 2 * TOKEN_S), seed)
    a, s = normal(2, 10, 2 * TOKEN_S), normal(2, 10, 2 * TOKEN_S)
    bias, mask = normal(1, 10, 10, 3), mask_of(1, 10)
    y = module(a, s, bias, mask.expand(2, -1), None, 2)
    inputs = dict(a=a, s=s, bias=bias[0], mask=mask[0])
    return module, inputs, dict(a=y), dict(dim=2 * TOKEN_S, heads=3, samples=2)


@case
def atom_transformer(seed):
    depth, heads, atoms, samples = 2, 2, 128, 2
    module = transformersv2.AtomTransformer(32, 128, dim=ATOM_S, dim_single_cond=ATOM_S, depth=depth, heads=heads)
    redraw_parameters(module, seed)
    q, c = normal(samples, atoms, ATOM_S), normal(1, atoms, ATOM_S)
    bias, mask = bias_of(1, atoms // 32, 32, 128, depth * heads), torch.ones(1, atoms)
    mask[:, 117:] = 0.0
    y = module(
        q=q,
        c=c.expand(samples, -1, -1).contiguous(),
        bias=bias,
        to_keys=to_keys_for(atoms),
        mask=mask.expand(samples, -1).contiguous(),
        multiplicity=samples,
    )
    inputs = dict(q=q, c=c[0], bias=bias[0], mask=mask[0])
    config = dict(dim=ATOM_S, depth=depth, heads=heads, samples=samples, **WINDOW)
    return module, inputs, dict(q=y), config


# ---- atom encoders ----


def atom_encoder_module(structure):
    return encodersv2.AtomEncoder(
        ATOM_S, ATOM_Z, TOKEN_S, TOKEN_Z, 32, 128, ATOM_FEATURES, structure_prediction=structure
    )


def atom_config(**more):
    return dict(
        atom_s=ATOM_S,
        atom_z=ATOM_Z,
        token_s=TOKEN_S,
        token_z=TOKEN_Z,
        atom_feature_dim=ATOM_FEATURES,
        **WINDOW,
        **more,
    )


@case
def atom_encoder(seed):
    module = redraw_parameters(atom_encoder_module(False), seed)
    features = synthetic.make_features(seed)
    q, c, p, _ = module(features)
    return module, features_of(features, ATOM_INPUTS), unbatch(q=q, c=c, p=p), atom_config()


@case
def atom_encoder_structure(seed):
    module = redraw_parameters(atom_encoder_module(True), seed)
    features = synthetic.make_features(seed)
    tokens = features["asym_id"].shape[1]
    s, z = normal(1, tokens, TOKEN_S), normal(1, tokens, tokens, TOKEN_Z)
    q, c, p, _ = module(features, s, z)
    inputs = unbatch(s_trunk=s, z=z) | features_of(features, ATOM_INPUTS)
    return module, inputs, unbatch(q=q, c=c, p=p), atom_config()


def atom_attention_encoder_case(seed, structure):
    depth, heads, samples = 1, 2, 2 if structure else 1
    module = encodersv2.AtomAttentionEncoder(
        ATOM_S, TOKEN_S, 32, 128, atom_encoder_depth=depth, atom_encoder_heads=heads, structure_prediction=structure
    )
    redraw_parameters(module, seed)
    features = synthetic.make_features(seed)
    atoms = features["ref_pos"].shape[1]
    q, c = normal(1, atoms, ATOM_S), normal(1, atoms, ATOM_S)
    bias = bias_of(1, atoms // 32, 32, 128, depth * heads)
    r = normal(samples, atoms, 3) if structure else None
    a, q_skip, _, _ = module(features, q, c, bias, to_keys_for(atoms), r=r, multiplicity=samples)
    inputs = unbatch(q=q, c=c, atom_enc_bias=bias) | features_of(features, ("atom_pad_mask", "atom_to_token"))
    config = dict(
        atom_s=ATOM_S, token_s=TOKEN_S, atom_encoder_depth=depth, atom_encoder_heads=heads, samples=samples, **WINDOW
    )
    if structure:
        return module, inputs | dict(r=r), dict(a=a, q=q_skip), config
    return module, inputs, unbatch(a=a, q=q_skip), config


@case
def atom_attention_encoder(seed):
    return atom_attention_encoder_case(seed, structure=False)


@case
def atom_attention_encoder_structure(seed):
    return atom_attention_encoder_case(seed, structure=True)


@case
def atom_attention_decoder(seed):
    depth, heads, samples = 1, 2, 2
    module = encodersv2.AtomAttentionDecoder(
        ATOM_S, TOKEN_S, 32, 128, atom_decoder_depth=depth, atom_decoder_heads=heads
    )
    redraw_parameters(module, seed)
    features = synthetic.make_features(seed)
    atoms, tokens = features["ref_pos"].shape[1], features["asym_id"].shape[1]
    a, q = normal(samples, tokens, 2 * TOKEN_S), normal(samples, atoms, ATOM_S)
    c, bias = normal(1, atoms, ATOM_S), bias_of(1, atoms // 32, 32, 128, depth * heads)
    r_update = module(a, q, c.expand(samples, -1, -1).contiguous(), bias, features, to_keys_for(atoms), samples)
    inputs = dict(a=a, q=q, c=c[0], atom_dec_bias=bias[0])
    inputs |= features_of(features, ("atom_pad_mask", "atom_to_token"))
    config = dict(
        atom_s=ATOM_S, token_s=TOKEN_S, atom_decoder_depth=depth, atom_decoder_heads=heads, samples=samples, **WINDOW
    )
    return module, inputs, dict(r_update=r_update), config


@case
def input_embedder(seed):
    flags = dict(
        add_method_conditioning=True, add_modified_flag=True, add_cyclic_flag=True, add_mol_type_feat=True
    )
    module = trunkv2.InputEmbedder(
        ATOM_S, ATOM_Z, TOKEN_S, TOKEN_Z, 32, 128, ATOM_FEATURES, atom_encoder_depth=2, atom_encoder_heads=4, **flags
    )
    redraw_parameters(module, seed)
    features = synthetic.make_features(seed)
    names = ("res_type", "profile", "deletion_mean", "method_feature", "modified", "cyclic_period", "mol_type")
    config = atom_config(atom_encoder_depth=2, atom_encoder_heads=4, **flags)
    return module, features_of(features, ATOM_INPUTS + names), unbatch(s_inputs=module(features)), config


# ---- trunk inputs ----


@case
def relative_position_encoder(seed):
    module = encodersv2.RelativePositionEncoder(TOKEN_Z, fix_sym_check=True, cyclic_pos_enc=True)
    redraw_parameters(module, seed)
    features = synthetic.make_features(seed)
    # Distances beyond r_max and s_max, in both directions, must be clipped.
    features["residue_index"] = features["residue_index"] * 13
    features["token_index"] = features["token_index"] * 15
    features["sym_id"][0, 4:8] = 4
    # Half a period is rounded to even; the period belongs to the second token.
    features["cyclic_period"] = torch.where(features["cyclic_period"] > 0, 26.0, 0.0)
    config = dict(token_z=TOKEN_Z, r_max=32, s_max=2, fix_sym_check=True, cyclic_pos_enc=True)
    return module, features_of(features, RELATIVE_INPUTS), unbatch(p=module(features)), config


def contact_case(seed, constrained):
    module = trunkv2.ContactConditioning(TOKEN_Z, 4.0, 20.0)
    redraw_parameters(module, seed)
    features = {k: v[None] for k, v in synthetic.contact_features(16, constrained).items()}
    config = dict(token_z=TOKEN_Z, cutoff_min=4.0, cutoff_max=20.0)
    return module, features_of(features, CONTACT_INPUTS), unbatch(p=module(features)), config


@case
def contact_conditioning(seed):
    return contact_case(seed, constrained=False)


@case
def contact_conditioning_constrained(seed):
    return contact_case(seed, constrained=True)


def template_case(seed, dummy):
    args = dict(template_dim=11, template_blocks=1 if dummy else 2)
    args |= dict(pairwise_head_width=PAIR_WIDTH, pairwise_num_heads=PAIR_HEADS)
    module = trunkv2.TemplateV2Module(TOKEN_Z, dropout=0.0, **args)
    redraw_parameters(module, seed, gain=0.7)
    features = synthetic.make_features(seed)
    if dummy:
        synthetic.add_dummy_template(features)
    else:
        synthetic.add_templates(features, seed)
        distance = torch.cdist(features["template_cb"].double(), features["template_cb"].double())
        if boundary_margin(distance, torch.linspace(3.25, 50.75, 37)) < 1e-4:
            raise ValueError("a template distance is too near a bin edge")
    tokens = features["asym_id"].shape[1]
    z, mask = normal(1, tokens, tokens, TOKEN_Z), torch.ones(1, tokens)
    mask[:, -1] = 0.0
    pair_mask = mask[:, :, None] * mask[:, None, :]
    names = [name for name in features if name.startswith("template_")] + ["visibility_ids", "asym_id"]
    inputs = unbatch(z=z, pair_mask=pair_mask) | features_of(features, names)
    config = dict(token_z=TOKEN_Z, min_dist=3.25, max_dist=50.75, num_bins=38, **args)
    return module, inputs, module(z, features, pair_mask), config


@case
def template_module_dummy(seed):
    module, inputs, z, config = template_case(seed, dummy=True)
    return module, inputs, unbatch(z=z), config


@case
def template_module(seed):
    module, inputs, z, config = template_case(seed, dummy=False)
    return module, inputs, unbatch(z=z), config


# ---- diffusion ----


@case
def single_conditioning(seed):
    module = encodersv2.SingleConditioning(16.0, TOKEN_S, 22, 2)
    redraw_parameters(module, seed)
    s_trunk, s_inputs = normal(1, 10, TOKEN_S), normal(1, 10, TOKEN_S)
    times = torch.tensor([1.27, -0.69, -2.3])
    s, fourier = module(times, s_trunk.expand(3, -1, -1), s_inputs.expand(3, -1, -1))
    inputs = unbatch(s_trunk=s_trunk, s_inputs=s_inputs) | dict(times=times)
    config = dict(sigma_data=16.0, token_s=TOKEN_S, dim_fourier=22, num_transitions=2, samples=3)
    return module, inputs, dict(s=s, normed_fourier=fourier), config


@case
def pairwise_conditioning(seed):
    module = redraw_parameters(encodersv2.PairwiseConditioning(TOKEN_Z, TOKEN_Z, 2), seed)
    z, rel = normal(1, 9, 9, TOKEN_Z), normal(1, 9, 9, TOKEN_Z)
    config = dict(token_z=TOKEN_Z, dim_token_rel_pos_feats=TOKEN_Z, num_transitions=2)
    inputs = unbatch(z_trunk=z, relative_position_encoding=rel)
    return module, inputs, unbatch(z=module(z, rel)), config


@case
def diffusion_conditioning(seed):
    args = dict(
        atom_encoder_depth=1,
        atom_encoder_heads=2,
        token_transformer_depth=2,
        token_transformer_heads=3,
        atom_decoder_depth=2,
        atom_decoder_heads=1,
        conditioning_transition_layers=2,
    )
    module = DiffusionConditioning(
        TOKEN_S, TOKEN_Z, ATOM_S, ATOM_Z, 32, 128, atom_feature_dim=ATOM_FEATURES, **args
    )
    redraw_parameters(module, seed)
    features = synthetic.make_features(seed)
    tokens = features["asym_id"].shape[1]
    s, z, rel = normal(1, tokens, TOKEN_S), normal(1, tokens, tokens, TOKEN_Z), normal(1, tokens, tokens, TOKEN_Z)
    q, c, _, enc, dec, token = module(s, z, rel, features)
    inputs = unbatch(s_trunk=s, z_trunk=z, relative_position_encoding=rel) | features_of(features, ATOM_INPUTS)
    outputs = unbatch(q=q, c=c, atom_enc_bias=enc, atom_dec_bias=dec, token_trans_bias=token)
    return module, inputs, outputs, atom_config(**args)


@case
def score_model(seed):
    token_s = 10  # the largest parameters grow with its square
    args = dict(
        sigma_data=16,
        dim_fourier=22,
        atom_encoder_depth=1,
        atom_encoder_heads=2,
        token_transformer_depth=2,
        token_transformer_heads=4,
        atom_decoder_depth=1,
        atom_decoder_heads=2,
        conditioning_transition_layers=1,
    )
    module = diffusionv2.AtomDiffusion(
        dict(token_s=token_s, atom_s=ATOM_S, **WINDOW, **args), sigma_min=1e-4, sigma_data=16.0
    )
    redraw_parameters(module, seed)
    features = synthetic.make_features(seed)
    atoms, tokens = features["ref_pos"].shape[1], features["asym_id"].shape[1]
    windows = atoms // 32
    conditioning = dict(
        q=normal(1, atoms, ATOM_S),
        c=normal(1, atoms, ATOM_S),
        atom_enc_bias=bias_of(1, windows, 32, 128, 2),
        atom_dec_bias=bias_of(1, windows, 32, 128, 2),
        token_trans_bias=normal(1, tokens, tokens, 8),
    )
    s_trunk, s_inputs = normal(1, tokens, token_s), normal(1, tokens, token_s)
    sigmas = torch.tensor([2560.0, 45.8, 1.0, 0.01])
    coords = sigmas[:, None, None] * normal(4, atoms, 3) + 10.0 * normal(1, atoms, 3)
    keywords = dict(
        s_inputs=s_inputs,
        s_trunk=s_trunk,
        feats=features,
        diffusion_conditioning=dict(conditioning, to_keys=to_keys_for(atoms)),
        multiplicity=4,
    )
    denoised = module.preconditioned_network_forward(coords, sigmas, keywords)
    r_update = module.score_model(
        r_noisy=module.c_in(sigmas[:, None, None]) * coords, times=module.c_noise(sigmas), **keywords
    )
    inputs = unbatch(s_trunk=s_trunk, s_inputs=s_inputs, **conditioning) | dict(coords=coords, sigmas=sigmas)
    inputs |= features_of(features, ("atom_pad_mask", "atom_to_token", "token_pad_mask"))
    config = dict(atom_s=ATOM_S, token_s=token_s, samples=4, **WINDOW, **args)
    return module.score_model, inputs, dict(r_update=r_update, denoised=denoised), config


# ---- heads ----


@case
def distogram(seed):
    module = redraw_parameters(trunkv2.DistogramModule(TOKEN_Z, 64), seed)
    z = normal(1, 7, 7, TOKEN_Z)
    return module, unbatch(z=z), unbatch(pdistogram=module(z)), dict(token_z=TOKEN_Z, num_bins=64)


@case
def b_factor(seed):
    module = redraw_parameters(trunkv2.BFactorModule(TOKEN_S, 64), seed)
    s = normal(1, 7, TOKEN_S)
    return module, unbatch(s=s), unbatch(pbfactor=module(s)), dict(token_s=TOKEN_S, num_bins=64)


@case
def confidence_module(seed):
    pairformer = dict(
        num_blocks=2, num_heads=3, dropout=0.0, pairwise_head_width=PAIR_WIDTH, pairwise_num_heads=PAIR_HEADS
    )
    bins = dict(num_plddt_bins=14, num_pde_bins=10, num_pae_bins=12, use_separate_heads=True)
    flags = dict(add_s_to_z_prod=True, add_s_input_to_s=True, add_z_input_to_z=True, bond_type_feature=True)
    flags |= dict(fix_sym_check=True, cyclic_pos_enc=True, conditioning_cutoff_min=4.0, conditioning_cutoff_max=20.0)
    module = confidencev2.ConfidenceModule(
        TOKEN_S, TOKEN_Z, pairformer, 64, max_dist=22, confidence_args=bins, **flags
    )
    redraw_parameters(module, seed, gain=0.7)
    features = synthetic.make_features(seed)
    features.update({k: v[None] for k, v in synthetic.contact_features(16, True).items()})
    tokens, atoms, samples = features["asym_id"].shape[1], features["ref_pos"].shape[1], 2
    x_pred = 6.0 * normal(samples, atoms, 3)
    representative = features["token_to_rep_atom"][0].double() @ x_pred.double()
    distance = torch.cdist(representative, representative)
    edges = torch.cat([module.boundaries, torch.tensor([8.0])])
    if boundary_margin(distance, edges) < 1e-4:
        raise ValueError("a token distance is too near a bin edge")
    s_inputs, s, z = normal(1, tokens, TOKEN_S), normal(1, tokens, TOKEN_S), normal(1, tokens, tokens, TOKEN_Z)
    logits = normal(1, tokens, tokens, 64, scale=2.0)
    out = module(s_inputs, s, z, x_pred, features, logits, samples, run_sequentially=True)
    pair_iptm = out.pop("pair_chains_iptm")
    chains = sorted(pair_iptm)
    out["pair_chains_iptm"] = torch.stack(
        [torch.stack([pair_iptm[i][j] for j in chains], dim=-1) for i in chains], dim=-2
    )
    names = RELATIVE_INPUTS + CONTACT_INPUTS
    names += ("token_bonds", "type_bonds", "mol_type", "token_pad_mask", "atom_pad_mask", "frames_idx")
    names += ("atom_to_token", "token_to_rep_atom")
    inputs = unbatch(s_inputs=s_inputs, s=s, z=z, pred_distogram_logits=logits) | dict(x_pred=x_pred)
    inputs |= features_of(features, names)
    pairformer.pop("v2", None)
    config = dict(
        token_s=TOKEN_S, token_z=TOKEN_Z, num_dist_bins=64, max_dist=22, samples=samples,
        pairformer_args=pairformer, confidence_args=bins, **flags,
    )  # fmt: skip
    return module, inputs, out, config


@case
def affinity_module(seed):
    module = affinity.AffinityModule(
        TOKEN_S, TOKEN_Z, **checkpoint.affinity_arguments(blocks=1, width=PAIR_WIDTH, heads=PAIR_HEADS, head_width=11)
    )
    redraw_parameters(module, seed)
    features = synthetic.make_features(seed)
    features["affinity_token_mask"] = (features["mol_type"] == synthetic.NONPOLYMER).float()
    features["token_pad_mask"][:, 1] = 0.0
    tokens, atoms = features["asym_id"].shape[1], features["ref_pos"].shape[1]
    x_pred = 6.0 * normal(1, atoms, 3)
    representative = features["token_to_rep_atom"][0].double() @ x_pred.double()
    if boundary_margin(torch.cdist(representative, representative), module.boundaries) < 1e-4:
        raise ValueError("a token distance is too near a bin edge")
    s_inputs, z = normal(1, tokens, TOKEN_S), normal(1, tokens, tokens, TOKEN_Z)
    outputs = module(s_inputs, z, x_pred, features)
    names = ("token_to_rep_atom", "token_pad_mask", "mol_type", "affinity_token_mask")
    inputs = unbatch(s_inputs=s_inputs, z=z, x_pred=x_pred) | features_of(features, names)
    config = dict(token_s=TOKEN_S, token_z=TOKEN_Z, num_dist_bins=64, max_dist=22, num_blocks=1, head_width=11)
    config |= dict(pairwise_head_width=PAIR_WIDTH, pairwise_num_heads=PAIR_HEADS)
    return module, inputs, unbatch(**outputs), config
