"""Makes the checkpoint files under tests/weights/data and the fuzz corpora of the checkpoint readers.

    python tools/make_weight_fixtures.py        (needs torch, omegaconf, safetensors)

Every `<name>.ckpt` that loads has a `<name>.expected.safetensors` beside it: the tensors as the engine must see them
(names without wrappers' prefixes, both names of an aliased projection) and the hyper-parameters as JSON metadata.
"""

import collections
import json
import os
import pathlib
import pickle
import shutil
import sys
import zipfile

import torch
from omegaconf import OmegaConf
from safetensors.torch import save_file

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT / "tests" / "weights" / "data"
CORPUS = ROOT / "tests" / "fuzz" / "corpus"

HYPER_PARAMETERS = {
    "token_s": 64,
    "sigma_min": 1e-4,
    "no_value": None,
    "flag": True,
    "name": "Größe",
    "embedder_args": {"depth": 1, "nested": {"list": [1, 2.5, "three", None, False], "empty": {}}},
    "negative": -(2**40),
}

ENGINE_DTYPES = {
    torch.float64: torch.float32,
    torch.float16: torch.float32,
    torch.int64: torch.int32,
    torch.int16: torch.int32,
    torch.int8: torch.int32,
    torch.bool: torch.uint8,
}


def as_omegaconf(values):
    """Nested containers become OmegaConf nodes, as a Hydra-driven training script leaves them."""
    return {k: OmegaConf.create(v) if isinstance(v, (dict, list)) else v for k, v in values.items()}


def state_dict():
    base = torch.arange(48, dtype=torch.float32).reshape(6, 8) * 0.25 - 3
    shared = torch.linspace(-1, 1, 12)
    layer = "token_transformer.layers.0."
    weight, bias = torch.full((3, 3), 0.5) + torch.eye(3), torch.tensor([1.0, -2.0, 3.5])
    return collections.OrderedDict(
        [
            ("model.plain.weight", base),
            ("_orig_mod.compiled.weight", base + 1),
            ("model._orig_mod.both.bias", torch.tensor([float("inf"), float("-inf"), float("nan"), -0.0, 1e-42])),
            ("transposed", base.t()),
            ("columns", base[:, 2:7:2]),
            ("offset", base[3]),
            ("permuted", torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1)),
            ("expanded", torch.tensor([[1.0], [2.0]]).expand(2, 5)),
            ("first_name", shared),
            ("second_name", shared),
            ("window", shared[4:10].view(2, 3)),
            ("scalar", torch.tensor(2.5)),
            ("empty", torch.zeros(0, 4)),
            ("parameter", torch.nn.Parameter(base[0].clone())),
            ("float64", torch.tensor([1 / 3, -1e300, 1e-300], dtype=torch.float64)),
            ("float16", torch.tensor([1 / 3, 65504.0, 6e-8, -6.1e-5, float("inf"), -0.0], dtype=torch.float16)),
            ("float16_t", torch.arange(6, dtype=torch.float16).reshape(2, 3).t()),
            ("bfloat16", torch.tensor([1 / 3, 3e38, -1e-40], dtype=torch.bfloat16)),
            ("int64", torch.tensor([2**31 - 1, -(2**31), 0], dtype=torch.int64)),
            ("int32", torch.tensor([2**31 - 1, -(2**31), 7], dtype=torch.int32)),
            ("int16", torch.tensor([-32768, 32767], dtype=torch.int16)),
            ("int8", torch.tensor([-128, 127], dtype=torch.int8)),
            ("uint8", torch.tensor([0, 255], dtype=torch.uint8)),
            ("bool", torch.tensor([True, False, True])),
            (layer + "output_projection_linear.weight", weight),
            (layer + "output_projection_linear.bias", bias),
            (layer + "output_projection.0.weight", weight.clone()),
            (layer + "output_projection.0.bias", bias),
            (layer + "transition.output_projection.0.weight", weight + 1),
        ]
    )


def expected(state):
    result = {}
    for name, tensor in state.items():
        name = name.replace("_orig_mod.", "").removeprefix("model.")
        dtype = ENGINE_DTYPES.get(tensor.dtype, tensor.dtype)
        result[name] = tensor.detach().to(dtype).contiguous().clone()
    return result


def lightning(state, hyper_parameters):
    return {
        "epoch": 3,
        "global_step": 1000,
        "pytorch-lightning_version": "2.5.0",
        "state_dict": state,
        "loops": {"fit_loop": {"state": {}, "done": {1, 2}}},
        "optimizer_states": [{"state": {0: {"exp_avg": torch.zeros(3)}}, "param_groups": [{"lr": 1e-3}]}],
        "hyper_parameters": hyper_parameters,
    }


def save_expected(name, tensors, hyper_parameters):
    save_file(tensors, DATA / f"{name}.expected.safetensors", {"hyper_parameters": json.dumps(hyper_parameters)})


class Attack:
    """An object whose unpickling would run a function."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


def rezip(source, target, change):
    """Writes the archive again; `change(name, data)` gives new data and compression, or None to leave a member out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            changed = change(info.filename, old.read(info))
            if changed is not None:
                fresh = zipfile.ZipInfo(info.filename, (1980, 1, 1, 0, 0, 0))
                new.writestr(fresh, changed[0], changed[1])


def deflate_pickle(name, data):
    return data, zipfile.ZIP_DEFLATED if name.endswith("data.pkl") else zipfile.ZIP_STORED


def deflate_all(_, data):
    return data, zipfile.ZIP_DEFLATED


def make_checkpoints():
    state = state_dict()
    torch.save(lightning(state, as_omegaconf(HYPER_PARAMETERS)), DATA / "mixed.ckpt")
    save_expected("mixed", expected(state), HYPER_PARAMETERS)
    torch.save(lightning(state, as_omegaconf(HYPER_PARAMETERS)), DATA / "protocol5.ckpt", pickle_protocol=5)

    small = collections.OrderedDict(w=torch.arange(4.0), m=torch.arange(6.0).reshape(2, 3))
    torch.save(lightning(small, {"a": 1}), DATA / "small.ckpt")
    save_expected("small", small, {"a": 1})
    torch.save(small, DATA / "bare_state_dict.ckpt")
    torch.save(lightning(small, {"a": 1}), DATA / "legacy.ckpt", _use_new_zipfile_serialization=False)
    rezip(DATA / "small.ckpt", DATA / "deflated_pickle.ckpt", deflate_pickle)
    rezip(DATA / "small.ckpt", DATA / "deflated_data.ckpt", deflate_all)
    rezip(DATA / "small.ckpt", DATA / "no_storage.ckpt", lambda n, d: None if n.endswith("data/1") else (d, 0))
    rezip(DATA / "small.ckpt", DATA / "big_endian.ckpt", lambda n, d: (b"big" if n.endswith("byteorder") else d, 0))

    layer = "layers.0."
    different = {layer + "output_projection_linear.bias": torch.ones(3), layer + "output_projection.0.bias": torch.zeros(3)}
    torch.save(lightning(different, {}), DATA / "aliases_differ.ckpt")
    torch.save(lightning({"big": torch.tensor([2**40])}, {}), DATA / "int64_overflow.ckpt")
    torch.save(lightning({"c": torch.zeros(2, dtype=torch.complex64)}, {}), DATA / "complex.ckpt")
    torch.save(lightning({"w": torch.ones(2), "_extra_state": "text"}, {}), DATA / "not_a_tensor.ckpt")

    torch.save(lightning({"w": Attack(os.system, "touch tilefold_was_attacked")}, {}), DATA / "attack_system.ckpt")
    torch.save(lightning(small, {"a": Attack(eval, "1+1")}), DATA / "attack_eval.ckpt")


def make_corpora():
    checkpoints = CORPUS / "checkpoint"
    safetensors = CORPUS / "safetensors"
    for folder in (checkpoints, safetensors):
        folder.mkdir(parents=True, exist_ok=True)
    for name in ("mixed", "small", "bare_state_dict", "deflated_pickle", "aliases_differ", "complex", "attack_system"):
        shutil.copy(DATA / f"{name}.ckpt", checkpoints / f"{name}.ckpt")
    for protocol in (2, 4, 5):
        values = {**as_omegaconf(HYPER_PARAMETERS), "set": {1, 2}, "bytes": b"\x00\xff", "big": 2**100, "size": torch.Size((2, 3))}
        (checkpoints / f"protocol{protocol}.pkl").write_bytes(pickle.dumps(values, protocol))
    shutil.copy(DATA / "mixed.expected.safetensors", safetensors / "mixed.safetensors")
    shutil.copy(DATA / "small.expected.safetensors", safetensors / "small.safetensors")
    save_file(
        {"f64": torch.tensor([0.1], dtype=torch.float64), "b": torch.tensor([True]), "i": torch.tensor([[3]]),
         "h": torch.tensor([0.5], dtype=torch.float16), "none": torch.zeros(0, 3)},
        DATA / "types.safetensors", {"tilefold_sampler": '{"gamma_0": 0}'})
    shutil.copy(DATA / "types.safetensors", safetensors / "types.safetensors")


def main():
    DATA.mkdir(parents=True, exist_ok=True)
    make_checkpoints()
    make_corpora()
    for folder in (DATA, CORPUS / "checkpoint", CORPUS / "safetensors"):
        for file in folder.iterdir():
            file.chmod(0o644)
    files = sorted([*DATA.iterdir(), *(CORPUS / "checkpoint").iterdir(), *(CORPUS / "safetensors").iterdir()])
    print(f"{len(files)} files, {sum(f.stat().st_size for f in files)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
