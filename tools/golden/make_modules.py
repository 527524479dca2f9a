"""Writes tests/golden/modules: one file per module of the reference, with parameters, inputs and outputs.

usage: make_modules.py OUT_DIR [CASE ...]
"""

import sys

import cases_layers  # noqa: F401  (importing registers the cases)
import cases_model  # noqa: F401
from cases import CASES
from common import setup, write_module_case


def main():
    directory, names = sys.argv[1], sys.argv[2:] or list(CASES)
    for name in names:
        # The seed depends on the name alone, so that adding a case leaves the others unchanged.
        seed = sum(ord(letter) * (position + 1) for position, letter in enumerate(name))
        setup(seed)
        module, inputs, outputs, config = CASES[name](seed)
        if name.startswith("full_"):
            config["parameter_dtype"] = "bfloat16"
        write_module_case(directory, name, module, inputs, outputs, config, name.startswith("full_"))


if __name__ == "__main__":
    main()
