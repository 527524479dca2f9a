// FASTA input: `>CHAIN|TYPE|MSA` headers, as the reference reads them.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "bio/job_builder.h"
#include "bio/text.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

constexpr std::string_view kHeaderForm = "expected '>CHAIN|TYPE' or '>CHAIN|protein|MSA'";

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

ChainType parse_type(std::string_view name, const std::string& where) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower == "protein") return ChainType::protein;
  if (lower == "dna") return ChainType::dna;
  if (lower == "rna") return ChainType::rna;
  if (lower == "ccd" || lower == "smiles") {
    throw UnsupportedError(fmt::format("{}: ligands (type '{}') are not supported yet", where, lower));
  }
  throw ParseError(fmt::format("{}: unknown type {}; expected protein, dna or rna", where, in_quotes(name)));
}

/// A record from its header line without '>'. Only the first word counts, as in the reference's FASTA reader.
InputItem parse_header(std::string_view title, const std::string& place) {
  title = strip(title);
  const std::string_view id = title.substr(0, title.find_first_of(" \t\f\v"));
  InputItem item;
  item.where = fmt::format("{}: record {}", place, in_quotes(id));
  const std::vector<std::string> parts = split(id, '|');
  if (parts.size() < 2) throw ParseError(fmt::format("{}: no type in the header; {}", item.where, kHeaderForm));
  if (parts[0].empty()) throw ParseError(fmt::format("{}: the chain id is empty; {}", item.where, kHeaderForm));
  if (parts[1].empty()) throw ParseError(fmt::format("{}: the type is empty; {}", item.where, kHeaderForm));
  item.type = parse_type(parts[1], item.where);
  item.chains = {parts[0]};
  // Reference quirk: the third field counts only when there are exactly three.
  if (parts.size() == 3 && !parts[2].empty()) {
    if (item.type != ChainType::protein) {
      throw ParseError(fmt::format("{}: an MSA is only allowed for proteins", item.where));
    }
    item.msa = parts[2];
  }
  return item;
}

}  // namespace

Job parse_fasta(std::string_view text, const std::filesystem::path& source) {
  std::vector<InputItem> items;
  std::vector<std::string> warnings;
  LineReader lines(text);
  while (lines.next()) {
    const std::string_view line = lines.line();
    if (line.starts_with('>')) {
      items.push_back(parse_header(line.substr(1), fmt::format("{}:{}", source.string(), lines.number())));
    } else if (!items.empty()) {
      std::copy_if(line.begin(), line.end(), std::back_inserter(items.back().sequence),
                   [](unsigned char c) { return !std::isspace(c); });
    } else if (!strip(line).empty()) {
      warnings.push_back(
          fmt::format("{}:{}: text before the first '>' header is ignored", source.string(), lines.number()));
    }
  }
  if (items.empty()) throw ParseError(fmt::format("{}: no FASTA record; {}", source.string(), kHeaderForm));
  return make_job(source, std::move(items), std::move(warnings));
}

}  // namespace tilefold::bio
