"""Random checkpoints of the whole reference model, at the released or at tiny dimensions."""

import copy

import torch
from boltz.model.models.boltz2 import Boltz2
from common import redraw_parameters

# Sampler constants of the reference's command line.
DIFFUSION_PROCESS = dict(
    gamma_0=0.8,
    gamma_min=1.0,
    noise_scale=1.003,
    rho=7,
    step_scale=1.5,
    sigma_min=0.0001,
    sigma_max=160.0,
    sigma_data=16.0,
    P_mean=-1.2,
    P_std=1.5,
    coordinate_augmentation=True,
    alignment_reverse_diff=True,
    synchronize_sigmas=True,
)

# Read only by the training code, but the constructor asks for them.
TRAINING = dict(
    training_args=dict(
        max_lr=1e-3,
        base_lr=0.0,
        diffusion_multiplicity=16,
        diffusion_samples=1,
        diffusion_loss_weight=4.0,
        distogram_loss_weight=0.03,
        confidence_loss_weight=1.0,
        bfactor_loss_weight=0.001,
        symmetry_correction=True,
        sampling_steps=20,
        recycling_steps=3,
        weight_decay=0.0,
    ),
    validation_args=dict(recycling_steps=3),
    diffusion_loss_args={},
)

FLAGS = dict(
    atom_feature_dim=388,
    confidence_prediction=True,
    token_level_confidence=True,
    alpha_pae=1.0,
    validate_structure=False,
    fix_sym_check=True,
    cyclic_pos_enc=True,
    bond_type_feature=True,
    use_templates=True,
    use_templates_v2=True,
    predict_bfactor=True,
    ema=False,
)

EMBEDDER_FLAGS = dict(
    add_method_conditioning=True,
    add_modified_flag=True,
    add_cyclic_flag=True,
    add_mol_type_feat=True,
)

CONFIDENCE_FLAGS = dict(
    num_dist_bins=64,
    max_dist=22,
    add_s_to_z_prod=True,
    add_s_input_to_s=True,
    add_z_input_to_z=True,
)


def full_hyper_parameters():
    """Hyper-parameters of the released structure model."""
    return dict(
        atom_s=128,
        atom_z=16,
        token_s=384,
        token_z=128,
        num_bins=64,
        embedder_args=dict(atom_encoder_depth=3, atom_encoder_heads=4, **EMBEDDER_FLAGS),
        msa_args=dict(
            msa_s=64,
            msa_blocks=4,
            msa_dropout=0.0,
            z_dropout=0.0,
            use_paired_feature=True,
            pairwise_head_width=32,
            pairwise_num_heads=4,
            activation_checkpointing=False,
        ),
        pairformer_args=dict(
            num_blocks=64,
            num_heads=16,
            dropout=0.0,
            post_layer_norm=False,
            activation_checkpointing=False,
            v2=True,
        ),
        score_model_args=dict(
            sigma_data=16,
            dim_fourier=256,
            atom_encoder_depth=3,
            atom_encoder_heads=4,
            token_transformer_depth=24,
            token_transformer_heads=16,
            atom_decoder_depth=3,
            atom_decoder_heads=4,
            conditioning_transition_layers=2,
            activation_checkpointing=False,
        ),
        diffusion_process_args=dict(DIFFUSION_PROCESS),
        confidence_model_args=dict(
            pairformer_args=dict(num_blocks=8, num_heads=16, dropout=0.0, activation_checkpointing=False, v2=True),
            confidence_args=dict(num_plddt_bins=50, num_pde_bins=64, num_pae_bins=64, use_separate_heads=True),
            **CONFIDENCE_FLAGS,
        ),
        template_args=dict(template_dim=64, template_blocks=2),
        **FLAGS,
        **copy.deepcopy(TRAINING),
    )


def tiny_hyper_parameters():
    """A model of the same structure whose dimensions all differ, so that no two can be confused."""
    tiny = full_hyper_parameters()
    tiny.update(atom_s=12, atom_z=6, token_s=16, token_z=14)
    tiny["embedder_args"].update(atom_encoder_depth=1, atom_encoder_heads=3)
    tiny["msa_args"].update(msa_s=10, msa_blocks=2, pairwise_head_width=7, pairwise_num_heads=2)
    tiny["pairformer_args"].update(num_blocks=2, num_heads=8, pairwise_head_width=6, pairwise_num_heads=3)
    tiny["score_model_args"].update(
        dim_fourier=18,
        atom_encoder_depth=2,
        atom_encoder_heads=2,
        token_transformer_depth=2,
        token_transformer_heads=4,
        atom_decoder_depth=2,
        atom_decoder_heads=1,
        conditioning_transition_layers=1,
    )
    confidence = tiny["confidence_model_args"]
    confidence["pairformer_args"].update(num_blocks=1, num_heads=2, pairwise_head_width=5, pairwise_num_heads=4)
    confidence["confidence_args"].update(num_plddt_bins=20, num_pde_bins=10, num_pae_bins=12)
    tiny["template_args"].update(template_dim=9, template_blocks=1, pairwise_head_width=3, pairwise_num_heads=5)
    return tiny


def affinity_arguments(blocks, width, heads, head_width, bins=64, max_dist=22):
    """Arguments of one affinity module; those of a transformer that does not exist are stored all the same."""
    return dict(
        pairformer_args=dict(
            num_blocks=blocks,
            dropout=0.0,
            pairwise_head_width=width,
            pairwise_num_heads=heads,
            activation_checkpointing=False,
        ),
        transformer_args=dict(token_s=head_width, num_blocks=12, num_heads=8, activation_checkpointing=False),
        num_dist_bins=bins,
        max_dist=max_dist,
        use_cross_transformer=False,
        groups={0: 1, 1: 1},
    )


def tiny_affinity_hyper_parameters():
    """A tiny model with two affinity modules; its dimensions differ from each other and from the structure model's."""
    tiny = tiny_hyper_parameters()
    tiny.update(atom_s=8, atom_z=5, token_s=12, token_z=10)
    tiny["embedder_args"].update(atom_encoder_depth=1, atom_encoder_heads=2)
    tiny["msa_args"].update(msa_s=6, msa_blocks=1, pairwise_head_width=4, pairwise_num_heads=3)
    tiny["pairformer_args"].update(num_blocks=1, num_heads=3, pairwise_head_width=5, pairwise_num_heads=2)
    tiny["score_model_args"].update(
        dim_fourier=14,
        atom_encoder_depth=1,
        atom_encoder_heads=4,
        token_transformer_depth=1,
        token_transformer_heads=6,
        atom_decoder_depth=1,
        atom_decoder_heads=2,
    )
    confidence = tiny["confidence_model_args"]
    confidence["pairformer_args"].update(num_blocks=1, num_heads=4, pairwise_head_width=3, pairwise_num_heads=5)
    confidence["confidence_args"].update(num_plddt_bins=15, num_pde_bins=9, num_pae_bins=11)
    tiny["template_args"].update(template_dim=7, pairwise_head_width=2, pairwise_num_heads=4)
    tiny.update(
        affinity_prediction=True,
        affinity_ensemble=True,
        affinity_model_args1=affinity_arguments(blocks=2, width=3, heads=4, head_width=9),
        affinity_model_args2=affinity_arguments(blocks=1, width=6, heads=2, head_width=13, bins=40, max_dist=18),
    )
    return tiny


def random_model(hyper_parameters, seed=1, gain=0.7):
    """The reference model with every parameter drawn anew."""
    # The constructor writes into the dicts it is given.
    model = redraw_parameters(Boltz2(**copy.deepcopy(hyper_parameters)), seed, gain)
    # Sharper confidence logits, so that expected values and pTM scores are not those of a uniform histogram.
    for parameter in model.confidence_module.confidence_heads.parameters():
        parameter.data.mul_(4.0)
    # Affinities are means over many pairs: they must depend on single distances and inputs visibly all the same.
    for module in [getattr(model, name) for name in ("affinity_module1", "affinity_module2") if hasattr(model, name)]:
        module.dist_bin_pairwise_embed.weight.data.mul_(4.0)
        heads = module.affinity_heads
        scales = {heads.affinity_out_mlp: 3.0, heads.to_affinity_pred_value: 1.4, heads.to_affinity_pred_score: 1.4}
        for head, scale in scales.items():
            for parameter in head.parameters():
                parameter.data.mul_(scale)
    return model


def save_checkpoint(model, hyper_parameters, path):
    """Writes a checkpoint as the released one is: nested hyper-parameters are OmegaConf nodes."""
    from omegaconf import OmegaConf

    nodes = {k: OmegaConf.create(v) if isinstance(v, dict) else v for k, v in hyper_parameters.items()}
    state = model.state_dict()
    content = {
        "epoch": 0,
        "global_step": 0,
        "pytorch-lightning_version": "2.5.0",
        "state_dict": state,
        "hyper_parameters": nodes,
    }
    torch.save(content, path)
    print(f"{path}: {len(state)} tensors, {sum(p.numel() for p in model.parameters())} parameters")
