"""The network of the diffusion module."""

import weakref

import torch

from tilefold import _native, errors
from tilefold.torch.base import CompiledModule, add_parameters, check_shape, from_engine, to_engine

CONDITIONING = ("q", "c", "atom_enc_bias", "atom_dec_bias", "token_trans_bias")
FEATURES = ("atom_pad_mask", "atom_to_token", "token_pad_mask")


class DiffusionModule(CompiledModule):
    """Compiled counterpart of `boltz.model.modules.diffusionv2.DiffusionModule`; float32 in every precision, as the
    reference computes it on GPUs (its autocast on CPUs does not)."""

    def __init__(
        self,
        token_s,
        atom_s,
        atoms_per_window_queries=32,
        atoms_per_window_keys=128,
        sigma_data=16,
        dim_fourier=256,
        atom_encoder_depth=3,
        atom_encoder_heads=4,
        token_transformer_depth=24,
        token_transformer_heads=8,
        atom_decoder_depth=3,
        atom_decoder_heads=4,
        conditioning_transition_layers=2,
        activation_checkpointing=False,
        transformer_post_ln=False,
        precision="mixed",
    ):
        super().__init__(precision)
        if transformer_post_ln:
            raise errors.UnsupportedError("DiffusionModule: transformer_post_ln is not supported")
        self.token_s, self.atom_s = token_s, atom_s
        self.atoms_per_window_queries, self.atoms_per_window_keys = atoms_per_window_queries, atoms_per_window_keys
        self.depths = (atom_encoder_depth, atom_decoder_depth, token_transformer_depth)
        self._forget()
        add_parameters(
            self,
            _native.score_model_parameters(
                token_s=token_s,
                atom_s=atom_s,
                dim_fourier=dim_fourier,
                atom_encoder_depth=atom_encoder_depth,
                token_transformer_depth=token_transformer_depth,
                atom_decoder_depth=atom_decoder_depth,
                conditioning_transition_layers=conditioning_transition_layers,
            ),
        )
        self.eval()

    def _adopt(self, module):
        encoder = module.atom_attention_encoder.atom_encoder.diffusion_transformer.layers
        decoder = module.atom_attention_decoder.atom_decoder.diffusion_transformer.layers
        token = module.token_transformer.layers
        if any(not isinstance(layer.post_lnorm, torch.nn.Identity) for layer in [*encoder, *decoder, *token]):
            raise errors.UnsupportedError("DiffusionModule: transformer_post_ln is not supported")
        self.token_s = module.a_norm.weight.shape[0] // 2
        self.atom_s = module.atom_attention_encoder.r_to_q_trans.weight.shape[0]
        self.atoms_per_window_queries = module.atoms_per_window_queries
        self.atoms_per_window_keys = module.atoms_per_window_keys
        self.depths = (len(encoder), len(decoder), len(token))
        self._forget()

    def _build(self, weights, precision):
        self._forget()
        return _native.ScoreModel(weights, precision)

    def _forget(self):
        self._conditioned, self._conditioned_key, self._watched = [], None, []

    def refresh(self):
        super().refresh()
        self._forget()

    def forward(self, s_inputs, s_trunk, r_noisy, times, feats, diffusion_conditioning, multiplicity=1):
        """Scaled positions r_noisy [B * multiplicity, M, 3] and noise levels times [B * multiplicity] -> r_update.

        s_inputs and s_trunk are [B, N, token_s]. What depends only on them, `feats` and `diffusion_conditioning` is
        computed in the first call and kept until a call with other tensors, or until they are freed. Tensors made in
        inference mode have no version counters, so changing one of them in place between calls goes unnoticed.
        """
        given = self._gather(s_inputs, s_trunk, feats, diffusion_conditioning)
        self._check_call(r_noisy=r_noisy, times=times, **given)
        self._check_shapes(given, r_noisy, times, multiplicity)
        self._prepare(self.engine(), given)
        updates = []
        for index, conditioned in enumerate(self._conditioned):
            samples = slice(index * multiplicity, (index + 1) * multiplicity)
            levels = times[samples].reshape(-1, 1)
            # Equal noise levels, as in the sampler, share their conditioning.
            if bool((levels == levels[0]).all()):
                levels = levels[:1]
            updates.append(from_engine(conditioned.run(to_engine(r_noisy[samples]), to_engine(levels))))
        return updates[0] if len(updates) == 1 else torch.cat(updates)

    def _gather(self, s_inputs, s_trunk, feats, conditioning):
        for owner, value, names in (("diffusion_conditioning", conditioning, CONDITIONING), ("feats", feats, FEATURES)):
            missing = [name for name in names if name not in value]
            if missing:
                raise errors.ValueError(f"DiffusionModule: {owner} lacks {', '.join(missing)}")
        return {
            "s_inputs": s_inputs,
            "s_trunk": s_trunk,
            **{name: conditioning[name] for name in CONDITIONING},
            **{name: feats[name] for name in FEATURES},
        }

    def _check_shapes(self, given, r_noisy, times, multiplicity):
        check_shape("s_trunk", given["s_trunk"], ("batch", "tokens", self.token_s))
        batch, tokens = given["s_trunk"].shape[:2]
        check_shape("s_inputs", given["s_inputs"], (batch, tokens, self.token_s))
        samples = batch * multiplicity
        check_shape("r_noisy", r_noisy, (samples, "atoms", 3))
        atoms = r_noisy.shape[1]
        check_shape("times", times, (samples,))
        queries, keys = self.atoms_per_window_queries, self.atoms_per_window_keys
        if atoms % queries:
            raise errors.TypeError(f"the number of atoms must be a multiple of {queries}, found {atoms}")
        for name in ("q", "c"):
            check_shape(name, given[name], (batch, atoms, self.atom_s))
        check_shape("atom_pad_mask", given["atom_pad_mask"], (batch, atoms))
        check_shape("atom_to_token", given["atom_to_token"], (batch, atoms, tokens))
        check_shape("token_pad_mask", given["token_pad_mask"], (batch, tokens))
        for name in ("atom_enc_bias", "atom_dec_bias"):
            check_shape(name, given[name], (batch, atoms // queries, queries, keys, "layers * heads"))
        check_shape("token_trans_bias", given["token_trans_bias"], (batch, tokens, tokens, "layers * heads"))

    def _prepare(self, engine, given):
        key = [(id(value), None if value.is_inference() else value._version) for value in given.values()]
        if self._conditioned and key == self._conditioned_key:
            return
        self._forget()
        batch = given["s_trunk"].shape[0]
        self._conditioned = [
            self._condition(engine, {name: value[index] for name, value in given.items()}) for index in range(batch)
        ]
        self._conditioned_key = key
        # An id may be used again once its tensor is gone.
        owner = weakref.ref(self)

        def forget(_):
            if owner() is not None:
                owner()._forget()

        self._watched = [weakref.ref(value, forget) for value in given.values()]

    def _condition(self, engine, given):
        encoder, decoder, token = self.depths
        return engine.condition(
            s_trunk=to_engine(given["s_trunk"]),
            s_inputs=to_engine(given["s_inputs"]),
            q=to_engine(given["q"]),
            c=to_engine(given["c"]),
            token_mask=to_engine(given["token_pad_mask"].unsqueeze(-1)),
            atom_mask=to_engine(given["atom_pad_mask"]),
            atom_to_token=to_engine(token_of_atoms(given["atom_to_token"]), torch.int32),
            encoder_biases=[to_engine(bias) for bias in biases_by_layer(given["atom_enc_bias"], encoder)],
            decoder_biases=[to_engine(bias) for bias in biases_by_layer(given["atom_dec_bias"], decoder)],
            token_biases=[to_engine(bias) for bias in biases_by_layer(given["token_trans_bias"].unsqueeze(0), token)],
            queries=self.atoms_per_window_queries,
            keys=self.atoms_per_window_keys,
        )


def biases_by_layer(bias, depth):
    """[W, Q, K, layers * H] -> per layer [W, H, Q, K]."""
    windows, queries, keys, channels = bias.shape
    if channels % depth:
        raise errors.TypeError(f"a bias of {depth} layers cannot have {channels} channels")
    return bias.reshape(windows, queries, keys, depth, channels // depth).permute(3, 0, 4, 1, 2).unbind(0)


def token_of_atoms(one_hot):
    """Token of each atom from rows [M, N] that are one-hot, or zero (-1) for padding. Raises ValueError otherwise."""
    total = one_hot.sum(-1)
    largest, token = one_hot.max(-1)
    if not bool(((total == 0) & (largest == 0) | (total == 1) & (largest == 1)).all()):
        raise errors.ValueError("feats['atom_to_token'] must have one-hot or zero rows")
    return torch.where(total > 0, token, torch.full_like(token, -1))
