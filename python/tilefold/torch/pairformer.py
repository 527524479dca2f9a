"""The Pairformer with and without a sequence track."""

import torch

from tilefold import _native, errors
from tilefold.torch.base import CompiledModule, add_parameters, check_shape, from_engine, to_engine


def skip_dropout_draws(count):
    """Draws what the reference draws for its dropout masks, which are all ones at inference, so that the random numbers
    of the sampler after it stay the same."""
    torch.rand(count)


PAIR_STACK_MASKS = 4
OTHER_ATTENTION = "PairformerModule: v2=False is the attention of Boltz-1; only Boltz-2's is built"


class PairformerModule(CompiledModule):
    """Compiled counterpart of `boltz.model.layers.pairformer.PairformerModule` (with `v2=True`, as Boltz-2 has it)."""

    def __init__(
        self,
        token_s,
        token_z,
        num_blocks,
        num_heads=16,
        dropout=0.25,
        pairwise_head_width=32,
        pairwise_num_heads=4,
        post_layer_norm=False,
        activation_checkpointing=False,
        v2=True,
        precision="mixed",
        **kwargs,
    ):
        super().__init__(precision)
        if not v2:
            raise errors.UnsupportedError(OTHER_ATTENTION)
        if token_s % num_heads:
            raise errors.ValueError(f"token_s must be a multiple of num_heads, found {token_s} and {num_heads}")
        self.token_s, self.token_z, self.num_blocks = token_s, token_z, num_blocks
        add_parameters(
            self,
            _native.pairformer_parameters(
                token_s=token_s,
                token_z=token_z,
                num_blocks=num_blocks,
                num_heads=num_heads,
                pairwise_head_width=pairwise_head_width,
                pairwise_num_heads=pairwise_num_heads,
                post_layer_norm=post_layer_norm,
            ),
        )
        self.eval()

    def _adopt(self, module):
        self.token_z, self.num_blocks = module.token_z, len(module.layers)
        self.token_s = module.layers[0].pre_norm_s.weight.shape[0]
        if hasattr(module.layers[0].attention, "initial_norm"):
            raise errors.UnsupportedError(OTHER_ATTENTION)

    def _build(self, weights, precision):
        return _native.PairformerStack(weights, self.num_blocks, precision)

    def forward(self, s, z, mask, pair_mask, use_kernels=False):
        """s [B, N, token_s], z [B, N, N, token_z], mask [B, N], pair_mask [B, N, N] -> s, z in float32.

        `use_kernels` is accepted and has no meaning here; the same holds for chunk sizes, which bound the reference's
        memory.
        """
        self._check_call(s=s, z=z, mask=mask, pair_mask=pair_mask)
        batch, tokens = check_pair(z, self.token_z)
        check_shape("s", s, (batch, tokens, self.token_s))
        check_shape("mask", mask, (batch, tokens))
        check_shape("pair_mask", pair_mask, (batch, tokens, tokens))
        engine = self.engine()
        results = [
            engine.run(
                to_engine(s[index]),
                to_engine(z[index]),
                to_engine(mask[index].unsqueeze(-1)),
                to_engine(pair_mask[index].unsqueeze(-1)),
            )
            for index in range(batch)
        ]
        skip_dropout_draws(self.num_blocks * PAIR_STACK_MASKS * batch * tokens)
        return batched([s for s, _ in results]), batched([z for _, z in results])


class PairformerNoSeqModule(CompiledModule):
    """Compiled counterpart of `boltz.model.layers.pairformer.PairformerNoSeqModule`: templates and affinity."""

    def __init__(
        self,
        token_z,
        num_blocks,
        dropout=0.25,
        pairwise_head_width=32,
        pairwise_num_heads=4,
        post_layer_norm=False,
        activation_checkpointing=False,
        precision="mixed",
        **kwargs,
    ):
        super().__init__(precision)
        self.token_z, self.num_blocks = token_z, num_blocks
        add_parameters(
            self,
            _native.pair_stack_parameters(
                token_z=token_z,
                num_blocks=num_blocks,
                pairwise_head_width=pairwise_head_width,
                pairwise_num_heads=pairwise_num_heads,
            ),
        )
        self.eval()

    def _adopt(self, module):
        self.token_z, self.num_blocks = module.token_z, len(module.layers)

    def _build(self, weights, precision):
        return _native.PairStack(weights, self.num_blocks, precision)

    def forward(self, z, pair_mask, use_kernels=False):
        """z [B, N, N, token_z], pair_mask [B, N, N] -> z in float32. `use_kernels` has no meaning here."""
        self._check_call(z=z, pair_mask=pair_mask)
        batch, tokens = check_pair(z, self.token_z)
        check_shape("pair_mask", pair_mask, (batch, tokens, tokens))
        engine = self.engine()
        results = [
            engine.run(to_engine(z[index]), to_engine(pair_mask[index].unsqueeze(-1))) for index in range(batch)
        ]
        skip_dropout_draws(self.num_blocks * PAIR_STACK_MASKS * batch * tokens)
        return batched(results)


def check_pair(z, channels):
    """Batch size and number of tokens of a pair representation. Raises TypeError for another shape."""
    check_shape("z", z, ("batch", "tokens", "tokens", channels))
    check_shape("z", z, (z.shape[0], z.shape[1], z.shape[1], channels))
    if z.shape[0] == 0 or z.shape[1] == 0:
        raise errors.TypeError(f"z must have at least one batch element and one token, found {tuple(z.shape)}")
    return z.shape[0], z.shape[1]


def batched(results):
    """Engine tensors with the reference's batch axis; a single one is not copied."""
    tensors = [from_engine(result) for result in results]
    return tensors[0].unsqueeze(0) if len(tensors) == 1 else torch.stack(tensors)
