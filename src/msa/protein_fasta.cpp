#include "msa/protein_fasta.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "net/url.h"
#include "tilefold/error.h"

namespace tilefold::msa {
namespace {

constexpr std::size_t kLongestName = 80;

std::string name_of(std::string_view header, std::set<std::string>& taken) {
  const std::size_t begin = std::min(header.find_first_not_of(" \t"), header.size());
  header.remove_prefix(begin);
  std::string name;
  for (const char c : header.substr(0, std::min(header.find_first_of(" \t"), kLongestName))) {
    const auto byte = static_cast<unsigned char>(c);
    name += std::isalnum(byte) != 0 || c == '-' || c == '.' ? c : '_';
  }
  // A name that begins with a dot would be hidden.
  if (name.empty() || name[0] == '.') name.insert(0, "protein");
  std::string unique = name;
  for (int copy = 2; !taken.insert(unique).second; ++copy) unique = fmt::format("{}_{}", name, copy);
  return unique;
}

void append_residues(std::string& sequence, std::string_view line, const std::string& where) {
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isspace(byte) != 0) continue;
    const bool ends = sequence.ends_with('*');
    if (ends || (std::isalpha(byte) == 0 && c != '*')) {
      throw ParseError(fmt::format("{}: expected a protein's letters, found '{}'", where,
                                   net::printable({ends ? &sequence.back() : &c, 1})));
    }
    sequence += static_cast<char>(std::toupper(byte));
  }
}

}  // namespace

std::vector<Protein> parse_protein_fasta(std::string_view text, const std::string& source) {
  std::vector<Protein> proteins;
  std::set<std::string> taken;
  int number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::string where = fmt::format("{}:{}", source, ++number);
    if (line.starts_with('>')) {
      proteins.push_back({name_of(line.substr(1, line.find_last_not_of("\r")), taken), {}});
    } else if (!proteins.empty()) {
      append_residues(proteins.back().sequence, line, where);
    } else if (line.find_first_not_of(" \t\r") != std::string_view::npos) {
      throw ParseError(
          fmt::format("{}: expected a FASTA header ('>NAME'), found '{}'", where, net::printable(line, 60)));
    }
  }
  if (proteins.empty()) throw ParseError(fmt::format("{}: expected FASTA records, found none", source));
  for (Protein& protein : proteins) {
    if (protein.sequence.ends_with('*')) protein.sequence.pop_back();
    if (protein.sequence.empty()) throw ParseError(fmt::format("{}: {} has no sequence", source, protein.name));
  }
  return proteins;
}

}  // namespace tilefold::msa
