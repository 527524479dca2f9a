/// Typed errors. Every message says what was expected, what was found, and where.
#pragma once

#include <stdexcept>
#include <string>

namespace tilefold {

/// Base of every error that Tilefold raises on purpose.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Shapes, ranks, dtypes, layouts or memory configs do not fit an operation.
class TypeError : public Error {
 public:
  using Error::Error;
};

/// A value (index, attribute, option) is outside of what is allowed.
class ValueError : public Error {
 public:
  using Error::Error;
};

/// A file cannot be read or written. The message names the path.
class IoError : public Error {
 public:
  using Error::Error;
};

/// Untrusted input (YAML, FASTA, a3m, csv, mmCIF, checkpoint, cache entry) is malformed.
class ParseError : public Error {
 public:
  using Error::Error;
};

/// The input is well-formed but asks for something that is not supported. The message names it.
class UnsupportedError : public Error {
 public:
  using Error::Error;
};

/// A checkpoint lacks tensors, has unexpected ones, or their shapes differ from the model's.
class WeightError : public Error {
 public:
  using Error::Error;
};

/// Code generation or linking failed.
class CompileError : public Error {
 public:
  using Error::Error;
};

}  // namespace tilefold
