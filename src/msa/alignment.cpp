#include "msa/alignment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <vector>

#include "net/url.h"
#include "tilefold/error.h"

namespace tilefold::msa {
namespace {

using net::printable;

// Boltz's limits.
constexpr std::size_t kMaxPairedRows = 8192;
constexpr std::size_t kMaxRows = 16384;

/// Lines without their ends ("\n" or "\r\n").
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  bool next() {
    if (rest_.empty()) return false;
    const std::size_t end = rest_.find('\n');
    line_ = rest_.substr(0, end);
    if (line_.ends_with('\r')) line_.remove_suffix(1);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    ++number_;
    return true;
  }
  std::string_view line() const { return line_; }
  std::int64_t number() const { return number_; }

 private:
  std::string_view rest_;
  std::string_view line_;
  std::int64_t number_ = 0;
};

/// Without white space at both ends.
std::string_view strip(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\r\f\v";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// Letters and gaps; a comma, quote or space would break the csv line.
bool is_row(std::string_view line) {
  const auto allowed = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '*'; };
  return std::all_of(line.begin(), line.end(), allowed);
}

/// The first `limit` sequences of an a3m text.
std::vector<std::string_view> rows_of(std::string_view a3m, std::size_t limit, const std::string& source) {
  std::vector<std::string_view> rows;
  Lines lines(strip(a3m));
  while (rows.size() < limit && lines.next()) {
    const auto fail = [&](std::string_view expected) {
      throw ParseError(fmt::format("{}: line {} of an alignment: expected {}, found '{}'", source, lines.number(),
                                   expected, printable(lines.line(), 60)));
    };
    if (!lines.line().starts_with('>')) fail("a header");
    if (!lines.next()) {
      throw ParseError(fmt::format("{}: an alignment ends with a header (line {})", source, lines.number()));
    }
    if (!is_row(lines.line())) fail("an aligned sequence");
    rows.push_back(lines.line());
  }
  return rows;
}

bool is_gaps(std::string_view row) { return row.find_first_not_of('-') == std::string_view::npos; }

}  // namespace

AlignmentCsv to_csv(const Alignment& alignment, const std::string& source) {
  AlignmentCsv csv{.text = "key,sequence"};
  const std::vector<std::string_view> paired = rows_of(alignment.paired, kMaxPairedRows, source);
  for (std::size_t row = 0; row < paired.size(); ++row) {
    if (is_gaps(paired[row])) continue;
    csv.text += fmt::format("\n{},{}", row, paired[row]);
    ++csv.paired_rows;
  }
  const std::size_t room = kMaxRows - static_cast<std::size_t>(csv.paired_rows);
  const std::vector<std::string_view> unpaired = rows_of(alignment.unpaired, room, source);
  // The query is the first of the paired rows already.
  for (std::size_t row = csv.paired_rows == 0 ? 0 : 1; row < unpaired.size(); ++row) {
    csv.text += fmt::format("\n-1,{}", unpaired[row]);
    ++csv.unpaired_rows;
  }
  return csv;
}

std::map<std::int64_t, std::string> split_blocks(std::string_view text, const std::string& source) {
  std::map<std::int64_t, std::string> blocks;
  std::string* block = nullptr;
  bool at_begin = true;
  Lines lines(text);
  while (lines.next()) {
    std::string line(lines.line());
    if (line.find('\0') != std::string::npos) {
      std::erase(line, '\0');
      at_begin = true;
    }
    if (at_begin && line.starts_with('>')) {
      const std::string_view number = strip(std::string_view(line).substr(1));
      std::int64_t query = 0;
      const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), query);
      if (error != std::errc() || end != number.data() + number.size()) {
        throw ParseError(fmt::format("{}:{}: expected the number of a query, found '{}'", source, lines.number(),
                                     printable(line, 60)));
      }
      block = &blocks[query];
      at_begin = false;
    }
    if (line.empty()) continue;
    if (block == nullptr) {
      throw ParseError(fmt::format("{}:{}: expected '>' and the number of a query, found '{}'", source, lines.number(),
                                   printable(line, 60)));
    }
    *block += line;
    *block += '\n';
  }
  return blocks;
}

std::int64_t count_columns(std::string_view a3m) {
  Lines lines(strip(a3m));
  if (!lines.next() || !lines.next()) return 0;
  const std::string_view row = lines.line();
  return std::count_if(row.begin(), row.end(), [](char c) { return c < 'a' || c > 'z'; });
}

}  // namespace tilefold::msa
