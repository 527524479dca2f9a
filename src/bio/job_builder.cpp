#include "bio/job_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
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

/// Names are cut to the length that the reference stores; they must differ nevertheless.
void check_chain_names(const InputItem& item, std::set<std::string>& seen, Diagnostics& diagnostics) {
  if (item.chains.empty()) throw ParseError(fmt::format("{}: no chain id; expected at least one", item.where));
  for (const std::string& name : item.chains) {
    if (name.empty()) throw ParseError(fmt::format("{}: a chain id is empty; expected a name", item.where));
    if (std::any_of(name.begin(), name.end(), [](char c) { return c <= 32 || c > 126; })) {
      throw ParseError(fmt::format("{}: chain id {} may only have printable ASCII characters and no spaces", item.where,
                                   in_quotes(name)));
    }
    const std::string stored = stored_chain_name(name);
    if (!seen.insert(stored).second) {
      throw ParseError(fmt::format("{}: chain id {} is used twice; ids must be unique in their first {} characters",
                                   item.where, in_quotes(stored), kMaxChainName));
    }
    if (stored.size() < name.size()) {
      diagnostics.warn(fmt::format("{}: chain id {} is written as {}: structure files hold {} characters", item.where,
                                   in_quotes(name), in_quotes(stored), kMaxChainName));
    }
  }
}

/// Letters are mapped as in the reference (unknown ones to the unknown residue); anything else is a mistake.
void check_sequence(const InputItem& item, Diagnostics& diagnostics) {
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
  diagnostics.warn(fmt::format("{}: letters {} are no {} residues and are read as the unknown residue {}{}", item.where,
                               in_quotes(unknown), chain_type_name(item.type),
                               residue_type_name(unknown_type(item.type)), lower ? " (codes are upper-case)" : ""));
}

/// Component codes are upper-case letters and digits; anything else cannot be one.
void check_component(const std::string& code, const std::string& where) {
  constexpr std::size_t kLongest = 32;  // the dictionary has at most 5, files of users may have more
  if (code.empty()) throw ParseError(fmt::format("{}: the component code is empty", where));
  if (code.size() > kLongest || std::any_of(code.begin(), code.end(), [](unsigned char c) {
        return std::isalnum(c) == 0 && c != '_' && c != '-';
      })) {
    throw ParseError(fmt::format("{}: {} is no component code; expected letters and digits such as 'SEP' or 'ATP'",
                                 where, in_quotes(code)));
  }
}

void check_modifications(const InputItem& item) {
  for (const Modification& modification : item.modifications) {
    const auto length = static_cast<std::int64_t>(item.sequence.size());
    if (modification.position < 1 || modification.position > length) {
      throw ParseError(fmt::format("{}: position {} is outside of the sequence; expected 1 to {}", modification.where,
                                   modification.position, length));
    }
    check_component(modification.component, modification.where);
  }
}

bool same_modifications(const InputItem& item, const Entity& entity) {
  return item.cyclic == entity.cyclic &&
         std::equal(item.modifications.begin(), item.modifications.end(), entity.modifications.begin(),
                    entity.modifications.end(), [](const Modification& a, const Modification& b) {
                      return a.position == b.position && a.component == b.component;
                    });
}

void check_ligand(const InputItem& item) {
  if (item.cyclic) throw ParseError(fmt::format("{}: a ligand cannot be 'cyclic'", item.where));
  if (item.components.empty() && item.smiles.empty()) {
    throw ParseError(fmt::format("{}: the ligand is empty; expected a component code or a SMILES", item.where));
  }
  for (const std::string& code : item.components) check_component(code, item.where);
}

void check_msa(const InputItem& item) {
  if (item.type != ChainType::protein || item.msa.empty() || item.msa == "empty") return;
  const std::string suffix = std::filesystem::path(item.msa).extension().string();
  if (suffix != ".a3m" && suffix != ".csv") {
    throw UnsupportedError(fmt::format("{}: MSA file {} has the suffix {}; expected .a3m or .csv, or the word 'empty'",
                                       item.where, in_quotes(item.msa), in_quotes(suffix)));
  }
}

MsaSource msa_of(const InputItem& item) {
  if (item.type != ChainType::protein || item.msa == "empty") return {};
  if (item.msa.empty()) return {.kind = MsaSource::Kind::search};
  return {.kind = MsaSource::Kind::file, .path = item.msa};
}

Entity make_entity(InputItem&& item) {
  Entity entity;
  entity.type = item.type;
  entity.msa = msa_of(item);
  entity.sequence = std::move(item.sequence);
  entity.components = std::move(item.components);
  entity.smiles = std::move(item.smiles);
  entity.chains = std::move(item.chains);
  entity.modifications = std::move(item.modifications);
  entity.cyclic = item.cyclic;
  entity.where = std::move(item.where);
  return entity;
}

std::string described(const MsaSource& msa) {
  if (msa.kind == MsaSource::Kind::file) return in_quotes(msa.path.string());
  return msa.kind == MsaSource::Kind::empty ? "'empty'" : "to be searched";
}

/// A further item with the type and sequence of `entity`: its chains join, everything else must agree or is ignored.
void join_entity(Entity& entity, const InputItem& item, Diagnostics& diagnostics) {
  if (const MsaSource msa = msa_of(item); msa != entity.msa) {
    throw ParseError(
        fmt::format("{}: MSA {} differs from {} of an earlier item; all proteins with the same sequence "
                    "must share the same MSA",
                    item.where, described(msa), described(entity.msa)));
  }
  // Reference quirk: identical sequences form one entity with the modifications and cyclic flag of the first item.
  if (!same_modifications(item, entity)) {
    diagnostics.warn(
        fmt::format("{}: same sequence as an earlier item; its modifications and cyclic flag are used for all copies, "
                    "those given here are ignored",
                    item.where));
  }
  entity.chains.insert(entity.chains.end(), item.chains.begin(), item.chains.end());
}

/// What makes two items copies of one entity. Reference quirk: one code and a list of that code are different entities.
std::string identity(const InputItem& item) {
  if (item.type != ChainType::nonpolymer) return item.sequence;
  if (!item.smiles.empty()) return "smiles " + item.smiles;
  std::string text = item.component_list ? "list" : "code";
  for (const std::string& code : item.components) text += " " + code;
  return text;
}

void check_item(const InputItem& item, Diagnostics& diagnostics) {
  if (item.type == ChainType::nonpolymer) {
    check_ligand(item);
    return;
  }
  check_sequence(item, diagnostics);
  check_modifications(item);
  check_msa(item);
}

/// Given alignments and searched ones cannot be mixed, as in the reference; `msa: empty` goes with both.
void check_msa_sources(const Job& job) {
  const Entity* given = nullptr;
  const Entity* searched = nullptr;
  for (const Entity& entity : job.entities) {
    if (entity.msa.kind == MsaSource::Kind::file) given = &entity;
    if (entity.msa.kind == MsaSource::Kind::search) searched = &entity;
  }
  if (given == nullptr || searched == nullptr) return;
  throw ParseError(
      fmt::format("{}: no MSA given, while another protein has the MSA file {}; name a file for each protein (or 'msa: "
                  "empty'), or none at all",
                  searched->where, in_quotes(given->msa.path.string())));
}

void warn_single_sequences(const Job& job, Diagnostics& diagnostics) {
  const bool any = std::any_of(job.entities.begin(), job.entities.end(), [](const Entity& entity) {
    return entity.type == ChainType::protein && entity.msa.kind == MsaSource::Kind::empty;
  });
  if (!any) return;
  diagnostics.warn(
      fmt::format("{}: some proteins have an empty MSA and run in single-sequence mode; predictions "
                  "are less accurate without an MSA",
                  job.source.string()));
}

}  // namespace

Job make_job(const std::filesystem::path& source, std::vector<InputItem> items, Diagnostics& diagnostics) {
  Job job;
  job.id = source.stem().string();
  job.source = source;
  std::set<std::string> names;
  std::map<std::pair<ChainType, std::string>, std::size_t> groups;
  std::size_t residues = 0;
  for (InputItem& item : items) {
    bool accepted = diagnostics.attempt([&] { check_chain_names(item, names, diagnostics); });
    accepted = diagnostics.attempt([&] { check_item(item, diagnostics); }) && accepted;
    residues += (item.sequence.size() + item.components.size()) * item.chains.size();
    if (names.size() > kMaxChains || residues > kMaxResidues) {
      throw ParseError(fmt::format("{}: more than {} chains or {} residues", item.where, kMaxChains, kMaxResidues));
    }
    if (!accepted) {
      job.refused_chains.insert(job.refused_chains.end(), item.chains.begin(), item.chains.end());
      continue;
    }
    const auto [group, is_new] = groups.try_emplace({item.type, identity(item)}, job.entities.size());
    if (is_new) {
      job.entities.push_back(make_entity(std::move(item)));
    } else {
      diagnostics.attempt([&] { join_entity(job.entities[group->second], item, diagnostics); });
    }
  }
  if (job.entities.empty() && !diagnostics.refused()) {
    throw ParseError(fmt::format("{}: no sequences; expected at least one", source.string()));
  }
  diagnostics.attempt([&] { check_msa_sources(job); });
  warn_single_sequences(job, diagnostics);
  return job;
}

}  // namespace tilefold::bio
