"""Helpers shared by the scripts that write golden tensors.

All golden files are safetensors with row-major tensors without the reference's batch axis: fp32 ("F32"),
integers ("I32"), and bf16 ("BF16") where the values used were bf16 values, so that nothing is lost. Features
that the reference holds as one-hot tensors are written as index tensors with the suffix ".index"; -1 stands for
an all-zero row (padding).
"""

import json
import re
from pathlib import Path

import torch

DTYPE_NAMES = {torch.float32: "F32", torch.bfloat16: "BF16", torch.int32: "I32"}

# Features that are one-hot along the last axis in the reference.
ONE_HOT_FEATURES = (
    "res_type",
    "ref_element",
    "ref_atom_name_chars",
    "atom_to_token",
    "token_to_rep_atom",
    "token_to_center_atom",
    "contact_conditioning",
    "template_restype",
    "atom_backbone_feat",
    "r_set_to_rep_atom",
)


def setup(seed):
    """Makes a script repeatable: one thread, fp32, fixed seed, no gradients."""
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    torch.manual_seed(seed)


def redraw_parameters(module, seed, gain=1.0):
    """Draws every parameter anew, so that no zero-initialised projection or gate hides an error.

    Matrices get a standard deviation of gain / sqrt(inputs), norm weights 1 + 0.2 N(0,1), embedding
    tables 0.5 N(0,1), all other vectors 0.3 N(0,1).
    """
    generator = torch.Generator().manual_seed(seed)
    seen = set()
    for owner in module.modules():
        is_table = isinstance(owner, torch.nn.Embedding)
        # A norm is recognised by its shape because the reference has two norm classes.
        is_norm = "norm" in type(owner).__name__.lower()
        for name, parameter in owner.named_parameters(recurse=False):
            if id(parameter) in seen:
                continue
            seen.add(id(parameter))
            values = torch.randn(parameter.shape, generator=generator)
            if is_table:
                values = 0.5 * values
            elif parameter.ndim > 1:
                values = values * (gain / parameter.shape[-1] ** 0.5)
            elif is_norm and name == "weight":
                values = 1 + 0.2 * values
            else:
                values = 0.3 * values
            parameter.data.copy_(values)
    module.eval()
    return module


def to_storable(tensor):
    """Contiguous fp32 or int32 copy of a tensor."""
    tensor = tensor.detach()
    tensor = tensor.float() if tensor.is_floating_point() else tensor.to(torch.int32)
    return tensor.contiguous().clone()


def one_hot_to_index(tensor):
    """Index of the set class along the last axis, -1 where none is set."""
    total = tensor.sum(dim=-1)
    if not bool(((total == 0) | (total == 1)).all()):
        raise ValueError("a feature is not one-hot")
    index = tensor.argmax(dim=-1)
    return torch.where(total > 0, index, torch.full_like(index, -1)).to(torch.int32)


def store_features(features, prefix, keep=None):
    """Maps a batched reference feature dict to storable tensors without the batch axis."""
    stored = {}
    for name, value in features.items():
        if keep is not None and name not in keep:
            continue
        value = value[0]
        if name in ONE_HOT_FEATURES:
            stored[f"{prefix}{name}.index"] = one_hot_to_index(value).contiguous()
        else:
            stored[f"{prefix}{name}"] = to_storable(value)
    return stored


def without(tensors, pattern):
    """The tensors whose names do not begin with the pattern."""
    return {name: tensor for name, tensor in tensors.items() if not re.match(pattern, name)}


def check_finite(tensors):
    for name, tensor in tensors.items():
        # Templates without force have no threshold, which the reference writes as infinity.
        if name.endswith("template_force_threshold"):
            continue
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise ValueError(f"{name} has values that are not finite")


def write(path, tensors, metadata):
    """Writes a safetensors file; metadata values that are not strings are written as JSON.

    The safetensors package orders metadata at random; here equal content gives equal bytes.
    """
    check_finite(tensors)
    text = {k: metadata[k] if isinstance(metadata[k], str) else json.dumps(metadata[k]) for k in sorted(metadata)}
    header, chunks, offset = {"__metadata__": text}, [], 0
    for name in sorted(tensors, key=lambda n: (-tensors[n].element_size(), n)):
        tensor = tensors[name].contiguous()
        # NumPy has no bf16.
        plain = tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor
        data = plain.numpy().tobytes()
        header[name] = {
            "dtype": DTYPE_NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + len(data)],
        }
        offset += len(data)
        chunks.append(data)
    head = json.dumps(header, separators=(",", ":")).encode()
    # The data starts at a multiple of 8 bytes; the format pads the header with spaces.
    head += b" " * (-len(head) % 8)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(head).to_bytes(8, "little") + head + b"".join(chunks))
    print(f"{path.stat().st_size / 1024:8.1f} KiB  {path}")


def write_json(path, sections):
    """Writes lists and objects of entries as JSON, one entry per line, so that a change of one shows as one line."""
    parts = []
    for key, entries in sections.items():
        if isinstance(entries, dict):
            lines = [f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items()]
            parts.append(f"{json.dumps(key)}: {{\n" + ",\n".join(lines) + "\n}")
        else:
            parts.append(f"{json.dumps(key)}: [\n" + ",\n".join(json.dumps(entry) for entry in entries) + "\n]")
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n")
    print(f"{path.stat().st_size / 1024:8.1f} KiB  {path}")


def write_module_case(directory, name, module, inputs, outputs, config, bfloat16_parameters=False):
    """Writes one module case: param.*, in.*, out.* and the metadata entry `config`."""
    tensors = {}
    for key, value in module.state_dict().items():
        value = to_storable(value)
        tensors[f"param.{key}"] = value.to(torch.bfloat16) if bfloat16_parameters else value
    for key, value in inputs.items():
        value = to_storable(value)
        # Large attention biases are drawn as bf16 values, so this loses nothing.
        exact = value.is_floating_point() and bool((value.to(torch.bfloat16).float() == value).all())
        tensors[f"in.{key}"] = value.to(torch.bfloat16) if exact and value.numel() > 4096 else value
    for key, value in outputs.items():
        value = to_storable(value)
        # An output that hardly varies would let errors pass; exact zeros are a fact worth testing.
        if value.is_floating_point() and value.numel() > 1 and 0 < float(value.abs().max()) < 1e-3:
            raise ValueError(f"{name}: output {key} is degenerate")
        tensors[f"out.{key}"] = value
    write(Path(directory) / f"{name}.safetensors", tensors, {"config": config})


def boundary_margin(values, boundaries):
    """Smallest distance of any value to any boundary; small margins make bins depend on rounding."""
    return float((values.double()[..., None] - boundaries.double()).abs().min())
