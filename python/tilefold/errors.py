"""Exceptions of Tilefold. Every message says what was expected, what was found, and where."""

import builtins


class Error(RuntimeError):
    """Base of every error that Tilefold raises on purpose."""


class TypeError(Error, builtins.TypeError):
    """Shapes, ranks, dtypes, layouts or memory configs do not fit an operation."""


class ValueError(Error, builtins.ValueError):
    """A value (index, attribute, option) is outside of what is allowed."""


class IoError(Error, OSError):
    """A file cannot be read or written; the message names the path."""


class ParseError(Error, builtins.ValueError):
    """Untrusted input is malformed."""


class UnsupportedError(Error, NotImplementedError):
    """The input is well-formed but asks for something that is not supported; the message names it."""


class WeightError(Error, builtins.ValueError):
    """Weights are missing, unexpected or have other shapes than the model's."""


class CompileError(Error):
    """Code generation or linking failed."""
