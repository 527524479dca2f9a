#include "msa/pairing.h"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <charconv>
#include <optional>

#include "net/url.h"
#include "tilefold/error.h"

namespace tilefold::msa {
namespace {

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The hit in the columns of a query of `length` residues, insertions in lower case. `begin` is 0-based. Empty when the
/// alignment does not fit the query.
std::string aligned_row(std::string_view query, std::string_view target, std::size_t begin, std::size_t length) {
  std::string row(begin, '-');
  std::size_t columns = begin;
  if (query.size() != target.size()) return {};
  for (std::size_t i = 0; i < query.size(); ++i) {
    const auto letter = static_cast<unsigned char>(target[i]);
    if (letter != '-' && std::isalpha(letter) == 0) return {};
    if (query[i] == '-') {
      if (letter == '-') return {};
      row += static_cast<char>(std::tolower(letter));
    } else {
      row += static_cast<char>(std::toupper(letter));
      ++columns;
    }
  }
  if (columns > length) return {};
  return row + std::string(length - columns, '-');
}

}  // namespace

PairingStrategy parse_pairing_strategy(const std::string& name) {
  if (name == "greedy") return PairingStrategy::greedy;
  if (name == "complete") return PairingStrategy::complete;
  throw ValueError(fmt::format("pairing strategy: expected greedy or complete, found '{}'", net::printable(name)));
}

Pairing::Pairing(std::vector<std::pair<std::string, std::string>> queries) {
  for (auto& [name, sequence] : queries) {
    index_.emplace(name, queries_.size());
    queries_.push_back({std::move(name), std::move(sequence), {}});
  }
}

void Pairing::add(std::string_view line) {
  const auto fail = [&]() {
    return ParseError(fmt::format("hit table: expected the columns {}, found '{}'", kColumns, net::printable(line)));
  };
  std::array<std::string_view, 6> fields;
  std::string_view rest = line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::size_t end = i + 1 < fields.size() ? rest.find('\t') : rest.size();
    if (end == std::string_view::npos) throw fail();
    fields[i] = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const auto query = index_.find(fields[0]);
  const std::optional<std::int64_t> taxon = parse_number(fields[1]);
  const std::optional<std::int64_t> begin = parse_number(fields[2]);
  const std::optional<std::int64_t> end = parse_number(fields[3]);
  if (query == index_.end() || !taxon || !begin || !end) throw fail();
  Query& found = queries_[query->second];
  const auto length = static_cast<std::int64_t>(found.sequence.size());
  if (*begin < 1 || *begin > *end || *end > length) throw fail();
  if (*taxon <= 0 || found.best.count(*taxon) != 0) return;
  std::string row = aligned_row(fields[4], fields[5], static_cast<std::size_t>(*begin - 1), found.sequence.size());
  if (row.empty()) throw fail();
  found.best.emplace(*taxon, std::move(row));
}

std::vector<std::string> Pairing::blocks(PairingStrategy strategy) const {
  std::map<std::int64_t, std::size_t> chains;
  for (const Query& query : queries_) {
    for (const auto& [taxon, row] : query.best) ++chains[taxon];
  }
  const std::size_t needed = strategy == PairingStrategy::greedy ? 2 : std::max<std::size_t>(2, queries_.size());
  std::vector<std::string> blocks;
  for (const Query& query : queries_) {
    std::string text = fmt::format(">{}\n{}\n", query.name, query.sequence);
    for (const auto& [taxon, count] : chains) {
      if (count < needed) continue;
      const auto hit = query.best.find(taxon);
      text += fmt::format(">taxon {}\n{}\n", taxon,
                          hit == query.best.end() ? std::string(query.sequence.size(), '-') : hit->second);
    }
    blocks.push_back(std::move(text));
  }
  return blocks;
}

}  // namespace tilefold::msa
