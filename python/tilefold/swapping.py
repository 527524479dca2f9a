"""Compiled modules inside a Boltz model: `accelerate` puts them in, `restore` takes them out."""

from tilefold import errors

# Names of the model's modules -> where in them the compiled part is.
PARTS = {
    "pairformer_module": "pairformer_module",
    "msa_module": "msa_module",
    "template_module": "template_module.pairformer",
    "structure_module": "structure_module.score_model",
    "confidence_module": "confidence_module.pairformer_stack",
    "affinity_module": "affinity_module.pairformer_stack",
    "affinity_module1": "affinity_module1.pairformer_stack",
    "affinity_module2": "affinity_module2.pairformer_stack",
}
DEFAULT_MODULES = ("template_module", "msa_module", "pairformer_module", "structure_module", "confidence_module")

# Classes of PyPI boltz 2.2.1 -> names in tilefold.torch.
COUNTERPARTS = {
    "boltz.model.layers.pairformer.PairformerModule": "PairformerModule",
    "boltz.model.layers.pairformer.PairformerNoSeqModule": "PairformerNoSeqModule",
    "boltz.model.modules.trunkv2.MSAModule": "MSAModule",
    "boltz.model.modules.diffusionv2.DiffusionModule": "DiffusionModule",
}


def accelerate(model, modules=None, precision="mixed"):
    """Replaces modules of a `boltz.model.models.boltz2.Boltz2` by compiled ones, in place, and returns the model.

    `modules` are names out of "template_module", "msa_module", "pairformer_module", "structure_module" (its network;
    the sampler stays), "confidence_module", "affinity_module", "affinity_module1", "affinity_module2", or the dotted
    path of a Pairformer, MSA module or diffusion network anywhere in `model`. Without it, the first five are taken as
    far as the model has them. The parameters are shared, so names and checkpoints of the model stay the same.

    Calling it again changes nothing but the precision; `restore` undoes it. Raises ValueError that names a module which
    is not there, UnsupportedError for one that has no compiled counterpart. On an error the model is unchanged.
    """
    from tilefold import torch as compiled
    from tilefold.torch.base import precision_of

    precision_of(precision)
    if isinstance(modules, str):
        modules = (modules,)
    paths = _default_paths(model) if modules is None else [PARTS.get(name, name) for name in modules]
    replacements = []
    for path in dict.fromkeys(paths):
        module = _module_at(model, path)
        if isinstance(module, compiled.CompiledModule):
            if module.reference is None:
                continue
            if module.precision == precision:
                continue
            module = module.reference
        replacements.append((path, _counterpart(compiled, path, module).from_reference(module, precision)))
    for path, replacement in replacements:
        _put(model, path, replacement)
    return model


def restore(model, modules=None):
    """Puts the modules back which `accelerate` replaced (all, or those named), and returns the model."""
    from tilefold import torch as compiled

    if isinstance(modules, str):
        modules = (modules,)
    if modules is None:
        paths = [path for path, module in model.named_modules() if isinstance(module, compiled.CompiledModule)]
    else:
        paths = [PARTS.get(name, name) for name in modules]
    found = [(path, _module_at(model, path)) for path in paths]
    for path, module in found:
        if isinstance(module, compiled.CompiledModule) and module.reference is not None:
            module.reference.train(module.training)
            _put(model, path, module.reference)
    return model


def _default_paths(model):
    paths = [PARTS[name] for name in DEFAULT_MODULES if getattr(model, name, None) is not None]
    if not paths:
        raise errors.ValueError(
            f"{type(model).__name__} has none of the modules {', '.join(DEFAULT_MODULES)}; is it a Boltz-2 model?"
        )
    return paths


def _module_at(model, path):
    module = model
    walked = []
    for name in path.split("."):
        if hasattr(module, "_orig_mod"):
            raise errors.UnsupportedError(
                f"{'.'.join(walked)} was compiled by torch.compile; build the model without compile_* options"
            )
        walked.append(name)
        module = module._modules.get(name)
        if module is None:
            known = ", ".join(name for name, part in PARTS.items() if _has(model, part))
            raise errors.ValueError(
                f"{type(model).__name__} has no module {'.'.join(walked)!r}; modules that can be accelerated: "
                f"{known or 'none'}"
            )
    return module


def _has(model, path):
    module = model
    for name in path.split("."):
        module = module._modules.get(name) if module is not None else None
    return module is not None


def _counterpart(compiled, path, module):
    if hasattr(module, "_orig_mod"):
        raise errors.UnsupportedError(
            f"{path} was compiled by torch.compile; build the model without compile_* options"
        )
    for kind in type(module).__mro__:
        name = COUNTERPARTS.get(f"{kind.__module__}.{kind.__qualname__}")
        if name is not None:
            return getattr(compiled, name)
    raise errors.UnsupportedError(
        f"{path} is a {type(module).__module__}.{type(module).__qualname__}, which has no compiled counterpart; those "
        f"that have one: {', '.join(COUNTERPARTS)}"
    )


def _put(model, path, replacement):
    *parents, name = path.split(".")
    owner = model
    for parent in parents:
        owner = owner._modules[parent]
    owner._modules[name] = replacement
