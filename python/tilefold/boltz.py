"""The command line of PyPI `boltz` with compiled modules.

    python -m tilefold.boltz predict INPUT.yaml --accelerator cpu --out_dir RESULTS
    python -m tilefold.boltz --tilefold-precision fp32 predict INPUT.yaml --accelerator cpu

All other options are those of `boltz`. The same seed draws the same random numbers as without compiled modules.

  --tilefold-precision mixed|fp32   mixed (default): compiled modules take bfloat16 operands where the model was trained
                                    with them, and the diffusion network stays float32. fp32: everything is float32,
                                    also what is not compiled.
  --tilefold-modules NAME,NAME      which modules to compile; default: all
  --tilefold-profile FILE           writes a Chrome trace of the compiled steps and prints where their time went
"""

import contextlib
import sys

from tilefold import errors
from tilefold.profiling import profile
from tilefold.swapping import DEFAULT_MODULES, accelerate
from tilefold.torch.base import precision_of

OPTIONS = ("precision", "modules", "profile")


def parse(arguments):
    """Splits our options, which come first or anywhere, from those of `boltz`: (options, remaining arguments)."""
    options = {"precision": "mixed", "modules": None, "profile": None}
    remaining = []
    position = 0
    while position < len(arguments):
        argument = arguments[position]
        position += 1
        if not argument.startswith("--tilefold-"):
            remaining.append(argument)
            continue
        name, equals, value = argument[len("--tilefold-") :].partition("=")
        if name not in OPTIONS:
            raise errors.ValueError(f"unknown option {argument}; there are --tilefold-{', --tilefold-'.join(OPTIONS)}")
        if not equals:
            if position == len(arguments):
                raise errors.ValueError(f"option {argument} needs a value")
            value = arguments[position]
            position += 1
        options[name] = value
    precision_of(options["precision"])
    if options["modules"] is not None:
        options["modules"] = tuple(name for name in options["modules"].split(",") if name)
    return options, remaining


@contextlib.contextmanager
def compiled_models(precision="mixed", modules=None):
    """Inside, every Boltz-2 model that `boltz` loads from a checkpoint has compiled modules. With "fp32" the autocast
    that its command line asks for is off."""
    import boltz.main
    from boltz.model.models.boltz2 import Boltz2

    original_load, original_trainer = Boltz2.__dict__.get("load_from_checkpoint"), boltz.main.Trainer
    inherited_load = Boltz2.load_from_checkpoint

    def load(*arguments, **keywords):
        model = inherited_load(*arguments, **keywords)
        chosen = modules
        if chosen is None:
            affinity = [name for name in ("affinity_module1", "affinity_module2", "affinity_module")]
            chosen = [name for name in (*DEFAULT_MODULES, *affinity) if getattr(model, name, None) is not None]
        return accelerate(model, chosen, precision)

    def trainer(*arguments, **keywords):
        return original_trainer(*arguments, **{**keywords, "precision": 32})

    Boltz2.load_from_checkpoint = staticmethod(load)
    if precision == "fp32":
        boltz.main.Trainer = trainer
    try:
        yield
    finally:
        boltz.main.Trainer = original_trainer
        if original_load is None:
            del Boltz2.load_from_checkpoint
        else:
            Boltz2.load_from_checkpoint = original_load


def main(arguments=None):
    """Runs the command line; `arguments` default to those of the process."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        options, remaining = parse(arguments)
    except errors.ValueError as error:
        sys.exit(f"error: {error}")
    from boltz.main import cli

    with contextlib.ExitStack() as stack:
        stack.enter_context(compiled_models(options["precision"], options["modules"]))
        report = stack.enter_context(profile()) if options["profile"] else None
        cli.main(args=remaining, prog_name="python -m tilefold.boltz", standalone_mode=False)
    if report is not None:
        print(report)
        report.save_chrome_trace(options["profile"])


if __name__ == "__main__":
    main()
