/// Dimensions, static or symbolic, and shapes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tilefold {

/// Values given to symbols when a compiled program runs: symbol id -> size.
using SymbolBindings = std::map<int, std::int64_t>;

/// One dimension: a polynomial with integer coefficients over symbols. A static dimension is a constant polynomial.
///
/// Sequence-like dimensions (tokens, atoms, MSA rows, samples) are symbols in compiled programs, so that one program
/// serves every length; channel dimensions are constants.
class Dim {
 public:
  /// A static dimension.
  Dim(std::int64_t size = 0);  // NOLINT(google-explicit-constructor): sizes are written as numbers everywhere
  /// The symbol with this id (printed as N0, N1, ...).
  static Dim symbol(int id);

  bool is_static() const;
  /// The size of a static dimension. Throws TypeError when the dimension is symbolic.
  std::int64_t value() const;
  /// The size under `bindings`. Throws ValueError when a symbol has no binding.
  std::int64_t evaluate(const SymbolBindings& bindings) const;
  /// Ids of the symbols that occur, ascending.
  std::vector<int> symbols() const;
  /// "128", "N0", "2*N0*N1 + 3".
  std::string to_string() const;
  /// Inverse of `to_string`. Throws ParseError.
  static Dim parse(const std::string& text);

  /// Exact quotient, or nothing when `divisor` does not divide this polynomial term by term (it must be one term).
  std::optional<Dim> divided_by(const Dim& divisor) const;

  friend Dim operator+(const Dim& a, const Dim& b);
  friend Dim operator-(const Dim& a, const Dim& b);
  friend Dim operator*(const Dim& a, const Dim& b);
  /// Structural equality: equal for every binding.
  friend bool operator==(const Dim& a, const Dim& b);

 private:
  /// A product of symbols, sorted by id with repetition -> its coefficient (never zero). The empty product is 1.
  std::map<std::vector<int>, std::int64_t> terms_;
};

/// The dimensions of a tensor, outermost first. Rank 0 is a scalar.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<Dim> dims) : dims_(dims) {}
  explicit Shape(std::vector<Dim> dims) : dims_(std::move(dims)) {}
  explicit Shape(const std::vector<std::int64_t>& sizes) : dims_(sizes.begin(), sizes.end()) {}

  int rank() const { return static_cast<int>(dims_.size()); }
  /// The dimension at `axis`; negative axes count from the end. Throws ValueError when out of range.
  const Dim& dim(int axis) const;
  /// The static size at `axis`. Throws TypeError when it is symbolic.
  std::int64_t operator[](int axis) const { return dim(axis).value(); }
  /// `axis` counted from the front. Throws ValueError when out of range.
  int normalized_axis(int axis) const;
  void set(int axis, Dim dim);

  bool is_static() const;
  const std::vector<Dim>& dims() const { return dims_; }
  /// All sizes. Throws TypeError when a dimension is symbolic.
  std::vector<std::int64_t> sizes() const;
  /// Product of all dimensions; 1 for a scalar.
  Dim volume() const;
  /// This shape with symbols replaced by their bindings.
  Shape evaluate(const SymbolBindings& bindings) const;
  /// "[N0, 128]".
  std::string to_string() const;

  friend bool operator==(const Shape&, const Shape&) = default;

 private:
  std::vector<Dim> dims_;
};

}  // namespace tilefold
