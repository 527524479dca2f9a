"""A cache folder with which the command line of PyPI boltz runs offline in seconds."""

import copy
import functools

from support.boltz_reference import GAIN, checkpoint, components

# Its command line overrides these in every checkpoint, so the sizes of the blocks are the released ones.
PAIRFORMER_BLOCKS, MSA_BLOCKS = 2, 1


def write_cache(folder):
    """Components of the standard residues and a checkpoint with few small blocks."""
    components.write_components(folder / "mols", change=components.without_hydrogens)
    # The reference looks for these two before it would download anything.
    (folder / "mols.tar").touch()
    (folder / "boltz2_aff.ckpt").touch()

    values = copy.deepcopy(checkpoint.tiny_hyper_parameters())
    full = checkpoint.full_hyper_parameters()
    values["pairformer_args"] = {**full["pairformer_args"], "num_blocks": PAIRFORMER_BLOCKS}
    values["msa_args"] = {**full["msa_args"], "msa_blocks": MSA_BLOCKS}
    model = checkpoint.random_model(values, gain=GAIN)
    checkpoint.save_checkpoint(model, values, folder / "boltz2_conf.ckpt")


def shorten(monkeypatch):
    """Makes the command line ask for as many blocks as the checkpoint of `write_cache` has."""
    import boltz.main

    for name, blocks in (
        ("PairformerArgsV2", {"num_blocks": PAIRFORMER_BLOCKS}),
        ("MSAModuleArgs", {"msa_blocks": MSA_BLOCKS}),
    ):
        monkeypatch.setattr(boltz.main, name, functools.partial(getattr(boltz.main, name), **blocks))
