"""What all compiled modules share: parameters by the reference's names, checks, tensors in and out."""

import torch

from tilefold import errors
from tilefold._native import Precision, Tensor, alias_of_parameter

PRECISIONS = {"mixed": Precision.mixed, "fp32": Precision.float32}


def precision_of(name):
    """The engine's precision for "mixed" or "fp32". Raises ValueError for another name."""
    if name not in PRECISIONS:
        raise errors.ValueError(f"precision must be one of {', '.join(map(repr, PRECISIONS))}, found {name!r}")
    return PRECISIONS[name]


class Branch(torch.nn.Module):
    """A level of parameter names; it has no `forward`."""


def draw_parameter(name, shape):
    """A parameter as the reference would start it: unit norms, zero biases, scaled normal matrices. Not trainable."""
    if len(shape) > 1:
        value = torch.randn(shape) / shape[-1] ** 0.5
    elif name.endswith(".bias"):
        value = torch.zeros(shape)
    else:
        value = torch.ones(shape)
    return torch.nn.Parameter(value, requires_grad=False)


def add_parameters(root, shapes):
    """Registers parameters with these dotted names below `root`, and under the other name of those that have two."""
    for name, shape in shapes.items():
        parameter = draw_parameter(name, shape)
        for known_as in filter(None, (name, alias_of_parameter(name))):
            *path, leaf = known_as.split(".")
            branch = root
            for part in path:
                if part not in branch._modules:
                    branch.add_module(part, Branch())
                branch = branch._modules[part]
            branch.register_parameter(leaf, parameter)


def to_engine(tensor, dtype=torch.float32):
    """An engine tensor over the memory of a torch tensor, which is only copied when its dtype or order differ."""
    return Tensor.from_array(tensor.detach().to(dtype).contiguous())


def from_engine(tensor):
    """A torch tensor over the memory of an engine tensor."""
    return torch.from_dlpack(tensor.array())


def check_shape(name, tensor, expected):
    """Raises TypeError unless the shape is `expected`: a tuple of sizes, with strings where any size will do."""
    shape = tuple(tensor.shape)
    fits = len(shape) == len(expected) and all(
        isinstance(want, str) or have == want for have, want in zip(shape, expected)
    )
    if not fits:
        raise errors.TypeError(f"{name} must have shape ({', '.join(map(str, expected))}), found {shape}")


class CompiledModule(torch.nn.Module):
    """Base of the compiled modules.

    Weights are read where they lie. In-place changes and `load_state_dict` are noticed through PyTorch's version
    counters; after a change that bypasses them (`parameter.data`), call `refresh()`.
    """

    def __init__(self, precision):
        super().__init__()
        self.precision = precision
        precision_of(precision)
        self._engine = None
        self._engine_state = None
        self._tracked = None
        self._reference = ()

    @classmethod
    def from_reference(cls, module, precision="mixed"):
        """A compiled module over the parameters of a module of `boltz`, which are shared, not copied."""
        compiled = cls.__new__(cls)
        CompiledModule.__init__(compiled, precision)
        compiled._adopt(module)
        for name, child in module._modules.items():
            compiled.add_module(name, child)
        # In a tuple, so that it is not registered as a child.
        compiled._reference = (module,)
        compiled.train(module.training)
        return compiled

    @property
    def reference(self):
        """The module of `boltz` that this one replaces, or None."""
        return self._reference[0] if self._reference else None

    def _adopt(self, module):
        """Takes the sizes and options of the reference's module. Raises UnsupportedError for options that are not
        supported."""
        raise NotImplementedError

    def _build(self, weights, precision):
        """Makes the engine's module from name -> engine tensor."""
        raise NotImplementedError

    def _weights(self):
        """name -> parameter, aliases included."""
        return dict(self.named_parameters(remove_duplicate=False))

    def refresh(self):
        """Forgets everything that was derived from the weights."""
        self._engine = self._engine_state = self._tracked = None

    def engine(self):
        """The engine's module for the present weights."""
        if self._tracked is None:
            self._tracked = list(self._weights().values())
        state = [(parameter.data_ptr(), parameter._version) for parameter in self._tracked]
        if self._engine is None or state != self._engine_state:
            weights = {}
            for name, parameter in self._weights().items():
                self._check_device(name, parameter)
                weights[name] = to_engine(parameter)
            self._engine = self._build(weights, precision_of(self.precision))
            self._engine_state = state
        return self._engine

    def _apply(self, function, recurse=True):
        self.refresh()
        return super()._apply(function, recurse)

    def _load_from_state_dict(self, *arguments, **keywords):
        self.refresh()
        return super()._load_from_state_dict(*arguments, **keywords)

    def load_state_dict(self, state_dict, strict=True, assign=False):
        """Loads weights by the reference's names. With `strict`, raises WeightError that lists what is missing,
        unexpected or of another shape."""
        if strict:
            self._check_state(state_dict)
        result = super().load_state_dict(state_dict, strict=strict, assign=assign)
        self.refresh()
        return result

    def _check_state(self, state_dict):
        own = self.state_dict()
        missing = [name for name in own if name not in state_dict]
        unexpected = [name for name in state_dict if name not in own]
        shapes = [
            f"{name} {tuple(state_dict[name].shape)} instead of {tuple(value.shape)}"
            for name, value in own.items()
            if name in state_dict and state_dict[name].shape != value.shape
        ]
        problems = [
            f"{kind}: {', '.join(names)}"
            for kind, names in (("missing", missing), ("unexpected", unexpected), ("other shapes", shapes))
            if names
        ]
        if problems:
            raise errors.WeightError(f"{type(self).__name__}: weights do not fit; {'; '.join(problems)}")

    def _check_device(self, name, tensor):
        if tensor.device.type != "cpu":
            raise errors.TypeError(f"{type(self).__name__}: {name} must be on the CPU, found {tensor.device}")

    def _check_call(self, **tensors):
        """Raises before a call that asks for training or gradients, or has tensors elsewhere."""
        kind = type(self).__name__
        if self.training:
            raise errors.UnsupportedError(f"{kind} computes inference only; call .eval() first")
        for name, tensor in tensors.items():
            if not isinstance(tensor, torch.Tensor):
                raise errors.TypeError(f"{kind}: {name} must be a torch.Tensor, found {type(tensor).__name__}")
            self._check_device(name, tensor)
            if torch.is_grad_enabled() and tensor.requires_grad:
                raise errors.UnsupportedError(
                    f"{kind} computes no gradients, and {name} asks for them; call it under torch.no_grad()"
                )

    def __tilefold_ab__(self):
        """The two sides of `tilefold.ab`: this module and the reference's."""
        if self.reference is None:
            raise errors.UnsupportedError(
                f"{type(self).__name__} replaces no module; make it with from_reference() or tilefold.accelerate()"
            )
        return self, self.reference

    def extra_repr(self):
        return f"precision={self.precision!r}"
