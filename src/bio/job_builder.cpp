#include "bio/job_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "bio/constants.h"
#include "bio/text.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

// Far above what can be folded; they only keep hostile files from filling the memory.
constexpr std::size_t kMaxChains = 10000;
constexpr std::size_t kMaxResidues = 1000000;
constexpr std::size_t kMaxChainName = 5;  // the reference stores five characters

void check_chain_name(const std::string& name, const InputItem& item, std::set<std::string>& seen) {
  if (name.empty()) throw ParseError(fmt::format("{}: a chain id is empty; expected a name", item.where));
  if (name.size() > kMaxChainName) {
    throw ParseError(fmt::format("{}: chain id {} has {} characters; at most {} are allowed", item.where,
                                 in_quotes(name), name.size(), kMaxChainName));
  }
  if (std::any_of(name.begin(), name.end(), [](char c) { return c <= 32 || c > 126; })) {
    throw ParseError(fmt::format("{}: chain id {} may only have printable ASCII characters and no spaces", item.where,
                                 in_quotes(name)));
  }
  if (!seen.insert(name).second) {
    throw ParseError(fmt::format("{}: chain id {} is used twice; ids must be unique", item.where, in_quotes(name)));
  }
}

/// Letters are mapped as in the reference (unknown ones to the unknown residue); anything else is a mistake.
void check_sequence(const InputItem& item, std::vector<std::string>& warnings) {
  if (item.sequence.empty()) throw ParseError(fmt::format("{}: the sequence is empty", item.where));
  std::string unknown;
  for (std::size_t i = 0; i < item.sequence.size(); ++i) {
    const char letter = item.sequence[i];
    const bool is_letter = (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z');
    if (!is_letter) {
      throw ParseError(fmt::format("{}: residue {} of the {} sequence is {}; expected a one-letter code", item.where,
                                   i + 1, chain_type_name(item.type), in_quotes(std::string_view(&letter, 1))));
    }
    if (!residue_of_letter(item.type, letter) && unknown.find(letter) == std::string::npos) unknown += letter;
  }
  if (unknown.empty()) return;
  const bool lower = std::any_of(unknown.begin(), unknown.end(), [](char c) { return c >= 'a'; });
  warnings.push_back(fmt::format("{}: letters {} are no {} residues and are read as the unknown residue {}{}",
                                 item.where, in_quotes(unknown), chain_type_name(item.type),
                                 residue_type_name(unknown_type(item.type)), lower ? " (codes are upper-case)" : ""));
}

void check_modifications(const InputItem& item) {
  for (const Modification& modification : item.modifications) {
    const auto length = static_cast<std::int64_t>(item.sequence.size());
    if (modification.position < 1 || modification.position > length) {
      throw ParseError(fmt::format("{}: position {} is outside of the sequence; expected 1 to {}", modification.where,
                                   modification.position, length));
    }
    if (modification.component.empty()) {
      throw ParseError(fmt::format("{}: the component code is empty", modification.where));
    }
  }
}

bool same_modifications(const InputItem& item, const Entity& entity) {
  return item.cyclic == entity.cyclic &&
         std::equal(item.modifications.begin(), item.modifications.end(), entity.modifications.begin(),
                    entity.modifications.end(), [](const Modification& a, const Modification& b) {
                      return a.position == b.position && a.component == b.component;
                    });
}

void check_msa(const InputItem& item) {
  if (item.type != ChainType::protein) return;
  if (item.msa.empty()) {
    throw UnsupportedError(
        fmt::format("{}: no MSA given, and fetching one from an MSA server is not supported; name an .a3m or .csv file "
                    "with 'msa', or ask for single-sequence mode with 'msa: empty' (in FASTA: '>A|protein|empty')",
                    item.where));
  }
  if (item.msa == "empty") return;
  const std::string suffix = std::filesystem::path(item.msa).extension().string();
  if (suffix != ".a3m" && suffix != ".csv") {
    throw UnsupportedError(fmt::format("{}: MSA file {} has the suffix {}; expected .a3m or .csv, or the word 'empty'",
                                       item.where, in_quotes(item.msa), in_quotes(suffix)));
  }
}

Entity make_entity(InputItem&& item) {
  Entity entity;
  entity.type = item.type;
  entity.sequence = std::move(item.sequence);
  entity.chains = std::move(item.chains);
  if (item.type == ChainType::protein && item.msa != "empty") entity.msa_path = item.msa;
  entity.modifications = std::move(item.modifications);
  entity.cyclic = item.cyclic;
  entity.where = std::move(item.where);
  return entity;
}

/// A further item with the type and sequence of `entity`: its chains join, everything else must agree or is ignored.
void join_entity(Entity& entity, const InputItem& item, std::vector<std::string>& warnings) {
  const std::string msa = entity.msa_path ? entity.msa_path->string() : "empty";
  if (item.type == ChainType::protein && item.msa != msa) {
    throw ParseError(
        fmt::format("{}: MSA {} differs from {} of an earlier item; all proteins with the same sequence "
                    "must share the same MSA",
                    item.where, in_quotes(item.msa), in_quotes(msa)));
  }
  // Reference quirk: identical sequences form one entity with the modifications and cyclic flag of the first item.
  if (!same_modifications(item, entity)) {
    warnings.push_back(
        fmt::format("{}: same sequence as an earlier item; its modifications and cyclic flag are used for all copies, "
                    "those given here are ignored",
                    item.where));
  }
  entity.chains.insert(entity.chains.end(), item.chains.begin(), item.chains.end());
}

}  // namespace

Job make_job(const std::filesystem::path& source, std::vector<InputItem> items, std::vector<std::string> warnings) {
  Job job;
  job.id = source.stem().string();
  job.source = source;
  std::set<std::string> names;
  std::map<std::pair<ChainType, std::string>, std::size_t> groups;
  std::size_t residues = 0;
  bool single_sequence = false;
  for (InputItem& item : items) {
    if (item.chains.empty()) throw ParseError(fmt::format("{}: no chain id; expected at least one", item.where));
    for (const std::string& name : item.chains) check_chain_name(name, item, names);
    check_sequence(item, warnings);
    check_modifications(item);
    check_msa(item);
    single_sequence = single_sequence || item.msa == "empty";
    residues += item.sequence.size() * item.chains.size();
    if (names.size() > kMaxChains || residues > kMaxResidues) {
      throw ParseError(fmt::format("{}: more than {} chains or {} residues", item.where, kMaxChains, kMaxResidues));
    }
    const auto [group, is_new] = groups.try_emplace({item.type, item.sequence}, job.entities.size());
    if (is_new) {
      job.entities.push_back(make_entity(std::move(item)));
    } else {
      join_entity(job.entities[group->second], item, warnings);
    }
  }
  if (job.entities.empty()) throw ParseError(fmt::format("{}: no sequences; expected at least one", source.string()));
  if (single_sequence) {
    warnings.push_back(
        fmt::format("{}: some proteins have an empty MSA and run in single-sequence mode; predictions "
                    "are less accurate without an MSA",
                    source.string()));
  }
  job.warnings = std::move(warnings);
  return job;
}

}  // namespace tilefold::bio
