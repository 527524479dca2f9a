"""The MSA module."""

import torch

from tilefold import _native, errors
from tilefold.torch.base import CompiledModule, add_parameters, check_shape, to_engine
from tilefold.torch.pairformer import PAIR_STACK_MASKS, batched, check_pair, skip_dropout_draws


class MSAModule(CompiledModule):
    """Compiled counterpart of `boltz.model.modules.trunkv2.MSAModule`."""

    def __init__(
        self,
        msa_s,
        token_z,
        token_s,
        msa_blocks,
        msa_dropout=0.0,
        z_dropout=0.0,
        pairwise_head_width=32,
        pairwise_num_heads=4,
        activation_checkpointing=False,
        use_paired_feature=True,
        subsample_msa=False,
        num_subsampled_msa=1024,
        precision="mixed",
        **kwargs,
    ):
        super().__init__(precision)
        self.token_z, self.token_s, self.msa_blocks = token_z, token_s, msa_blocks
        self.use_paired_feature = use_paired_feature
        self.subsample_msa, self.num_subsampled_msa = subsample_msa, num_subsampled_msa
        add_parameters(
            self,
            _native.msa_module_parameters(
                msa_s=msa_s,
                token_s=token_s,
                token_z=token_z,
                msa_blocks=msa_blocks,
                pairwise_head_width=pairwise_head_width,
                pairwise_num_heads=pairwise_num_heads,
                use_paired_feature=use_paired_feature,
            ),
        )
        self.eval()

    def _adopt(self, module):
        self.msa_blocks = module.msa_blocks
        self.token_s = module.s_proj.weight.shape[1]
        self.token_z = module.layers[0].outer_product_mean.proj_o.weight.shape[0]
        self.use_paired_feature = module.use_paired_feature
        self.subsample_msa, self.num_subsampled_msa = module.subsample_msa, module.num_subsampled_msa

    def _build(self, weights, precision):
        return _native.MsaModule(weights, self.msa_blocks, precision)

    def forward(self, z, emb, feats, use_kernels=False):
        """z [B, N, N, token_z], emb [B, N, token_s] -> z in float32.

        Read from `feats`: msa (residue types), has_deletion, deletion_value, msa_paired, msa_mask [B, S, N] and
        token_pad_mask [B, N]. With `subsample_msa` rows are drawn as the reference draws them.
        """
        names = ["msa", "has_deletion", "deletion_value", "msa_mask"]
        names += ["msa_paired"] if self.use_paired_feature else []
        missing = [name for name in [*names, "token_pad_mask"] if name not in feats]
        if missing:
            raise errors.ValueError(f"MSAModule: feats lacks {', '.join(missing)}")
        self._check_call(z=z, emb=emb, **{name: feats[name] for name in [*names, "token_pad_mask"]})
        batch, tokens = check_pair(z, self.token_z)
        check_shape("emb", emb, (batch, tokens, self.token_s))
        rows = feats["msa"].shape[1] if feats["msa"].dim() == 3 else "rows"
        for name in names:
            check_shape(f"feats['{name}']", feats[name], (batch, rows, tokens))
        check_shape("feats['token_pad_mask']", feats["token_pad_mask"], (batch, tokens))
        low, high = int(feats["msa"].min()), int(feats["msa"].max())
        if low < 0 or high >= _native.RESIDUE_TYPES:
            raise errors.ValueError(
                f"feats['msa'] must hold residue types 0 to {_native.RESIDUE_TYPES - 1}, found {low} to {high}"
            )

        chosen = {name: feats[name] for name in names}
        if self.subsample_msa:
            indices = torch.randperm(rows)[: self.num_subsampled_msa]
            chosen = {name: value[:, indices] for name, value in chosen.items()}
        results = [self._run(z, emb, chosen, feats["token_pad_mask"], index) for index in range(batch)]
        per_block = batch * (chosen["msa"].shape[1] + PAIR_STACK_MASKS * tokens)
        skip_dropout_draws(self.msa_blocks * per_block)
        return batched(results)

    def _run(self, z, emb, feats, token_mask, index):
        def feature(name, dtype=torch.float32):
            return to_engine(feats[name][index].unsqueeze(-1), dtype)

        features = [feature("msa", torch.int32), feature("has_deletion"), feature("deletion_value")]
        if self.use_paired_feature:
            features.append(feature("msa_paired"))
        mask = token_mask[index].float()
        pair_mask = to_engine((mask[:, None] * mask[None, :]).unsqueeze(-1))
        return self.engine().run(to_engine(z[index]), to_engine(emb[index]), features, feature("msa_mask"), pair_mask)
