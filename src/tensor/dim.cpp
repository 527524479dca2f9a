#include <algorithm>
#include <charconv>

#include "tilefold/error.h"
#include "tilefold/shape.h"

namespace tilefold {
namespace {

std::int64_t checked_product(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) throw ValueError("dimension overflows 64 bits");
  return product;
}

std::int64_t checked_sum(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) throw ValueError("dimension overflows 64 bits");
  return sum;
}

/// A cursor over the text of a dimension.
struct DimParser {
  const std::string& text;
  std::size_t position = 0;

  void skip_blanks() {
    while (position < text.size() && text[position] == ' ') ++position;
  }
  bool take(char expected) {
    skip_blanks();
    if (position >= text.size() || text[position] != expected) return false;
    ++position;
    return true;
  }
  std::int64_t number() {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data() + position, text.data() + text.size(), value);
    if (error != std::errc()) throw ParseError("expected a number in dimension '" + text + "'");
    position = static_cast<std::size_t>(end - text.data());
    return value;
  }
  Dim factor() {
    skip_blanks();
    if (take('N')) {
      const std::int64_t id = number();
      if (id < 0 || id > 1'000'000) throw ParseError("symbol number out of range in dimension '" + text + "'");
      return Dim::symbol(static_cast<int>(id));
    }
    return Dim(number());
  }
  Dim term() {
    Dim product = factor();
    while (take('*')) product = product * factor();
    return product;
  }
  Dim sum() {
    Dim total = term();
    while (true) {
      if (take('+')) {
        total = total + term();
      } else if (take('-')) {
        total = total - term();
      } else {
        return total;
      }
    }
  }
};

}  // namespace

Dim::Dim(std::int64_t size) {
  if (size != 0) terms_[{}] = size;
}

Dim Dim::symbol(int id) {
  Dim dim;
  dim.terms_[{id}] = 1;
  return dim;
}

bool Dim::is_static() const { return terms_.empty() || (terms_.size() == 1 && terms_.begin()->first.empty()); }

std::int64_t Dim::value() const {
  if (!is_static()) throw TypeError("dimension " + to_string() + " is symbolic; its size is known only at run time");
  return terms_.empty() ? 0 : terms_.begin()->second;
}

std::int64_t Dim::evaluate(const SymbolBindings& bindings) const {
  std::int64_t total = 0;
  for (const auto& [monomial, coefficient] : terms_) {
    std::int64_t product = coefficient;
    for (const int id : monomial) {
      const auto binding = bindings.find(id);
      if (binding == bindings.end()) throw ValueError("symbol N" + std::to_string(id) + " has no size");
      product = checked_product(product, binding->second);
    }
    total = checked_sum(total, product);
  }
  return total;
}

std::vector<int> Dim::symbols() const {
  std::vector<int> ids;
  for (const auto& [monomial, coefficient] : terms_) ids.insert(ids.end(), monomial.begin(), monomial.end());
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

std::string Dim::to_string() const {
  if (is_static()) return std::to_string(terms_.empty() ? 0 : terms_.begin()->second);
  std::string text;
  for (auto term = terms_.rbegin(); term != terms_.rend(); ++term) {  // constants last
    const auto& [monomial, coefficient] = *term;
    const bool negative = coefficient < 0 && !text.empty();
    if (!text.empty()) text += negative ? " - " : " + ";
    const std::int64_t magnitude = negative ? -coefficient : coefficient;
    std::string product;
    if (magnitude != 1 || monomial.empty()) product = std::to_string(magnitude);
    for (const int id : monomial) product += (product.empty() ? "N" : "*N") + std::to_string(id);
    text += product;
  }
  return text;
}

Dim Dim::parse(const std::string& text) {
  DimParser parser{text};
  Dim dim = parser.sum();
  parser.skip_blanks();
  if (parser.position != text.size()) throw ParseError("unexpected character in dimension '" + text + "'");
  return dim;
}

std::optional<Dim> Dim::divided_by(const Dim& divisor) const {
  if (divisor.terms_.size() != 1) return std::nullopt;
  const auto& [divisor_monomial, divisor_coefficient] = *divisor.terms_.begin();
  Dim quotient;
  for (const auto& [monomial, coefficient] : terms_) {
    std::vector<int> rest;
    std::set_difference(monomial.begin(), monomial.end(), divisor_monomial.begin(), divisor_monomial.end(),
                        std::back_inserter(rest));
    if (rest.size() + divisor_monomial.size() != monomial.size() || coefficient % divisor_coefficient != 0) {
      return std::nullopt;
    }
    quotient.terms_[rest] = coefficient / divisor_coefficient;
  }
  return quotient;
}

Dim operator+(const Dim& a, const Dim& b) {
  Dim sum = a;
  for (const auto& [monomial, coefficient] : b.terms_) {
    std::int64_t& total = sum.terms_[monomial];
    total = checked_sum(total, coefficient);
    if (total == 0) sum.terms_.erase(monomial);
  }
  return sum;
}

Dim operator-(const Dim& a, const Dim& b) { return a + b * Dim(-1); }

Dim operator*(const Dim& a, const Dim& b) {
  Dim product;
  for (const auto& [left, left_coefficient] : a.terms_) {
    for (const auto& [right, right_coefficient] : b.terms_) {
      std::vector<int> monomial;
      std::merge(left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(monomial));
      Dim term;
      term.terms_[monomial] = checked_product(left_coefficient, right_coefficient);
      product = product + term;
    }
  }
  return product;
}

bool operator==(const Dim& a, const Dim& b) { return a.terms_ == b.terms_; }

}  // namespace tilefold
