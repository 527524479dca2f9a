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

/// A record while its lines are read.
struct Record {
  InputItem item;
  bool is_smiles = false;
};

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

void parse_type(std::string_view name, Record& record) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  record.is_smiles = lower == "smiles";
  if (lower == "protein") {
    record.item.type = ChainType::protein;
  } else if (lower == "dna") {
    record.item.type = ChainType::dna;
  } else if (lower == "rna") {
    record.item.type = ChainType::rna;
  } else if (lower == "ccd" || lower == "smiles") {
    record.item.type = ChainType::nonpolymer;
  } else {
    throw ParseError(fmt::format("{}: unknown type {}; expected protein, dna, rna, ccd or smiles", record.item.where,
                                 in_quotes(name)));
  }
}

/// A record from its header line without '>'. Only the first word counts, as in the reference's FASTA reader.
Record parse_header(std::string_view title, const std::string& place) {
  title = strip(title);
  const std::string_view id = title.substr(0, title.find_first_of(" \t\f\v"));
  Record record;
  InputItem& item = record.item;
  item.where = fmt::format("{}: record {}", place, in_quotes(id));
  const std::vector<std::string> parts = split(id, '|');
  if (parts.size() < 2) throw ParseError(fmt::format("{}: no type in the header; {}", item.where, kHeaderForm));
  if (parts[0].empty()) throw ParseError(fmt::format("{}: the chain id is empty; {}", item.where, kHeaderForm));
  if (parts[1].empty()) throw ParseError(fmt::format("{}: the type is empty; {}", item.where, kHeaderForm));
  item.chains = {parts[0]};
  parse_type(parts[1], record);
  // Reference quirk: the third field counts only when there are exactly three.
  if (parts.size() == 3 && !parts[2].empty()) {
    if (item.type != ChainType::protein) {
      throw ParseError(fmt::format("{}: an MSA is only allowed for proteins", item.where));
    }
    item.msa = parts[2];
  }
  return record;
}

/// The item of a record whose lines are all read.
InputItem finished(Record&& record) {
  if (record.item.type != ChainType::nonpolymer) return std::move(record.item);
  if (record.is_smiles) {
    record.item.smiles = std::exchange(record.item.sequence, {});
  } else {
    record.item.components = {std::exchange(record.item.sequence, {})};
  }
  return std::move(record.item);
}

}  // namespace

Job parse_fasta(std::string_view text, const std::filesystem::path& source, Diagnostics& diagnostics) {
  std::vector<Record> records;
  bool any_header = false;
  bool refused = false;  // the record whose lines follow
  LineReader lines(text);
  while (lines.next()) {
    const std::string_view line = lines.line();
    if (line.starts_with('>')) {
      any_header = true;
      refused = !diagnostics.attempt([&] {
        records.push_back(parse_header(line.substr(1), fmt::format("{}:{}", source.string(), lines.number())));
      });
    } else if (any_header && !refused) {
      std::copy_if(line.begin(), line.end(), std::back_inserter(records.back().item.sequence),
                   [](unsigned char c) { return !std::isspace(c); });
    } else if (!any_header && !strip(line).empty()) {
      diagnostics.warn(
          fmt::format("{}:{}: text before the first '>' header is ignored", source.string(), lines.number()));
    }
  }
  if (!any_header) throw ParseError(fmt::format("{}: no FASTA record; {}", source.string(), kHeaderForm));
  std::vector<InputItem> items;
  for (Record& record : records) items.push_back(finished(std::move(record)));
  return make_job(source, std::move(items), diagnostics);
}

}  // namespace tilefold::bio
