"""Makes a cache folder with which the command line of PyPI boltz==2.2.1 runs without downloads.

usage: make_boltz_cache.py OUT [--codes SEP,PSU] [--no-checkpoint | --tiny]

OUT/mols/<code>.pkl    components with their ideal conformer, from the dictionary inside biotite==1.6.0
OUT/boltz2_conf.ckpt   random, non-degenerate weights (about 2 GB; small with --tiny)

The reference's command line accepts the full-size checkpoint only, because it overrides dimensions of the MSA module and
the Pairformer. Run it as: boltz predict INPUT --cache OUT --accelerator cpu --no_kernels --out_dir RESULTS
"""

import argparse
from pathlib import Path

import checkpoint
import components
from common import setup


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--codes", default="", help="further component codes, comma separated")
    parser.add_argument("--no-checkpoint", action="store_true")
    parser.add_argument("--tiny", action="store_true", help="tiny dimensions (for calls from Python)")
    arguments = parser.parse_args()

    components.write_components(arguments.out / "mols", [c for c in arguments.codes.split(",") if c])
    # The reference looks for these two before it would download anything.
    (arguments.out / "mols.tar").touch()
    (arguments.out / "boltz2_aff.ckpt").touch()
    if arguments.no_checkpoint:
        return
    setup(0)
    values = checkpoint.tiny_hyper_parameters() if arguments.tiny else checkpoint.full_hyper_parameters()
    checkpoint.save_checkpoint(checkpoint.random_model(values), values, arguments.out / "boltz2_conf.ckpt")


if __name__ == "__main__":
    main()
