#include "chem/smiles_text.h"

#include <fmt/format.h>

#include <map>
#include <vector>

#include "tilefold/error.h"
#include "tilefold/text.h"

namespace tilefold::chem {

namespace {

constexpr std::string_view kSpace = " \t\n\r\f\v";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Walks over the notation and stops at its first mistake.
class SyntaxCheck {
 public:
  explicit SyntaxCheck(std::string_view smiles) : smiles_(smiles) {}

  std::string run() {
    while (at_ < smiles_.size() && error_.empty()) step();
    if (!error_.empty()) return error_;
    if (!branches_.empty()) return fmt::format("the '(' at position {} is not closed", branches_.back() + 1);
    if (!rings_.empty()) {
      return fmt::format("ring bond {} at position {} is not closed", rings_.begin()->first,
                         rings_.begin()->second + 1);
    }
    return "its notation cannot be read";
  }

 private:
  void step() {
    const char c = smiles_[at_];
    if (c == '[') return bracket_atom();
    if (c == '(') return open_branch();
    if (c == ')') return close_branch();
    if (c == '%' || is_digit(c)) return ring_bond();
    if (std::string_view("-=#$:/\\.~<>").find(c) != std::string_view::npos) {
      ++at_;
      return;
    }
    plain_atom();
  }

  void bracket_atom() {
    const auto end = smiles_.find(']', at_);
    const auto nested = smiles_.find('[', at_ + 1);
    if (end == std::string_view::npos || nested < end) {
      error_ = fmt::format("the '[' at position {} is not closed", at_ + 1);
    } else if (end == at_ + 1) {
      error_ = fmt::format("the brackets at position {} are empty", at_ + 1);
    }
    at_ = end + 1;
    has_atom_ = true;
  }

  void open_branch() {
    if (!has_atom_) error_ = fmt::format("the '(' at position {} follows no atom", at_ + 1);
    branches_.push_back(at_++);
  }

  void close_branch() {
    if (branches_.empty()) {
      error_ = fmt::format("the ')' at position {} closes nothing", at_ + 1);
      return;
    }
    branches_.pop_back();
    ++at_;
  }

  void ring_bond() {
    const auto start = at_;
    std::string_view number = smiles_.substr(at_, 1);
    if (number == "%") {
      const bool in_parentheses = smiles_.substr(at_ + 1, 1) == "(";
      const auto first = at_ + (in_parentheses ? 2 : 1);
      auto last = first;
      while (last < smiles_.size() && is_digit(smiles_[last]) && (in_parentheses || last < first + 2)) ++last;
      number = smiles_.substr(first, last - first);
      if (number.empty() || (in_parentheses && smiles_.substr(last, 1) != ")")) {
        error_ = fmt::format("the '%' at position {} has no ring number", at_ + 1);
        return;
      }
      at_ = last + (in_parentheses ? 1 : 0);
    } else {
      ++at_;
    }
    if (!has_atom_) error_ = fmt::format("ring bond {} at position {} follows no atom", number, start + 1);
    const auto [open, is_new] = rings_.try_emplace(std::string(number), start);
    if (!is_new) rings_.erase(open);
  }

  void plain_atom() {
    const auto pair = smiles_.substr(at_, 2);
    if (pair == "Cl" || pair == "Br") {
      at_ += 2;
    } else if (std::string_view("BCNOPSFIbcnops*").find(smiles_[at_]) != std::string_view::npos) {
      ++at_;
    } else {
      error_ = fmt::format(
          "unexpected {} at position {} (atoms other than B, C, N, O, P, S, F, Cl, Br and I are written in brackets)",
          in_quotes(smiles_.substr(at_, 1)), at_ + 1);
    }
    has_atom_ = true;
  }

  std::string_view smiles_;
  std::size_t at_ = 0;
  bool has_atom_ = false;
  std::vector<std::size_t> branches_;
  std::map<std::string, std::size_t> rings_;
  std::string error_;
};

}  // namespace

std::string smiles_of(std::string_view text) {
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) throw ParseError("expected a SMILES, found an empty text");
  text = text.substr(first, text.find_last_not_of(kSpace) - first + 1);
  if (text.size() > kMaxSmilesLength) {
    throw ParseError(fmt::format("SMILES {}: expected at most {} characters, found {}", in_quotes(text),
                                 kMaxSmilesLength, text.size()));
  }
  const auto end = text.find_first_of(kSpace);
  const auto smiles = text.substr(0, end);
  for (std::size_t i = 0; i < smiles.size(); ++i) {
    if (smiles[i] < 33 || smiles[i] > 126) {
      throw ParseError(fmt::format("SMILES {}: unexpected {} at position {}", in_quotes(text),
                                   in_quotes(smiles.substr(i, 1)), i + 1));
    }
  }
  if (end != std::string_view::npos && text.substr(text.find_first_not_of(kSpace, end)).starts_with('|')) {
    throw UnsupportedError(
        fmt::format("SMILES {}: extensions between '|' are not supported; leave them out", in_quotes(text)));
  }
  return std::string(smiles);
}

std::string syntax_error_of(std::string_view smiles) { return SyntaxCheck(smiles).run(); }

}  // namespace tilefold::chem
