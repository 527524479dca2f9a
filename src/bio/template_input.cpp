#include "bio/template_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <system_error>

#include "bio/place.h"
#include "bio/template_alignment.h"
#include "bio/template_assignment.h"
#include "bio/template_chain.h"
#include "bio/template_file.h"
#include "bio/text.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

/// A protein chain of the input.
struct QueryChain {
  std::string name;
  std::int32_t asym_id = 0;
  std::string_view sequence;  ///< as written in the input
};

std::vector<QueryChain> protein_queries(const Structure& structure, const Job& job) {
  std::vector<QueryChain> queries;
  for (const Chain& chain : structure.chains) {
    if (chain.type != ChainType::protein) continue;
    const Entity& entity = job.entities.at(static_cast<std::size_t>(chain.entity_id));
    // Chains have their names from the input here: those of the structure may be shortened.
    queries.push_back({entity.chains.at(static_cast<std::size_t>(chain.sym_id)), chain.asym_id, entity.sequence});
  }
  return queries;
}

/// "A, B, C", of many the first ten.
template <typename Chain>
std::string names_of(const std::vector<const Chain*>& chains) {
  constexpr std::size_t kMost = 10;
  std::string names;
  for (std::size_t i = 0; i < std::min(chains.size(), kMost); ++i) names += (i == 0 ? "" : ", ") + chains[i]->name;
  if (chains.size() > kMost) names += fmt::format(", ... ({} in all)", chains.size());
  return chains.empty() ? "none" : names;
}

/// Chains with the wanted names, all of them when none is named.
template <typename Chain>
std::vector<const Chain*> select_chains(const std::vector<Chain>& chains, const std::vector<std::string>& names,
                                        const std::string& owner) {
  std::vector<const Chain*> all;
  for (const Chain& chain : chains) all.push_back(&chain);
  if (names.empty()) return all;
  std::vector<const Chain*> selected;
  for (const std::string& name : names) {
    const auto found =
        std::find_if(chains.begin(), chains.end(), [&](const Chain& chain) { return chain.name == name; });
    if (found == chains.end()) {
      throw ValueError(
          fmt::format("{} has no protein chain {}; it has {}", owner, in_quotes(name), one_line(names_of(all))));
    }
    selected.push_back(&*found);
  }
  return selected;
}

/// A file as written, else relative to the folder of the input file.
std::filesystem::path find_template(const TemplateRequest& request, const Job& job) {
  std::error_code error;
  if (std::filesystem::exists(request.path, error)) return request.path;
  std::filesystem::path beside = job.source.parent_path() / request.path;
  if (std::filesystem::exists(beside, error)) return beside;
  throw IoError(
      fmt::format("{}: template file {} not found, neither in the working directory nor beside the input file",
                  request.where, in_quotes(request.path.string())));
}

/// Files without the sequences of their chains cannot be used by the reference. Here the observed residues are the
/// sequence.
void complete_sequences(std::vector<ProteinChain>& chains, const std::string& source, bool pdb,
                        Diagnostics& diagnostics) {
  std::vector<const ProteinChain*> incomplete;
  for (ProteinChain& chain : chains) {
    if (!chain.sequence.empty()) continue;
    for (const ObservedResidue& residue : chain.observed) chain.sequence.push_back(residue.name);
    incomplete.push_back(&chain);
  }
  if (incomplete.empty()) return;
  diagnostics.warn(fmt::format("{}: no sequence ({}) for chains {}; the residues with coordinates are taken for it",
                               source, pdb ? "SEQRES" : "_entity_poly_seq", one_line(names_of(incomplete))));
}

bool names_any(const std::vector<std::string>& chains, const std::vector<std::string>& others) {
  return std::any_of(chains.begin(), chains.end(), [&](const std::string& chain) {
    return std::find(others.begin(), others.end(), chain) != others.end();
  });
}

/// The work on one template.
class TemplateReader {
 public:
  TemplateReader(const TemplateRequest& request, const std::vector<QueryChain>& queries,
                 const ComponentLibrary& components, Diagnostics& diagnostics)
      : request_(request), queries_(queries), components_(components), diagnostics_(diagnostics) {}

  TemplateRow read(const std::filesystem::path& path) {
    source_ = path.string();
    chains_ = at_place(request_.where, [&] { return read_template_file(path, request_.pdb, diagnostics_); });
    complete_sequences(chains_, source_, request_.pdb, diagnostics_);
    const auto queries = select_chains(queries_, request_.chains, request_.where + ": the input");
    const auto chains =
        select_chains(chains_, request_.file_chains, fmt::format("{}: template file {}", request_.where, source_));
    for (const ProteinChain* chain : chains) letters_.try_emplace(chain, sequence_letters(chain->sequence));
    for (const QueryChain* query : queries) check_letters(*query);
    TemplateRow row;
    row.name = request_.path.stem().string();
    if (request_.force_threshold) row.force_threshold = static_cast<float>(*request_.force_threshold);
    for (const auto& [query, chain] : pairs(queries, chains)) add_records(*query, *chain, row);
    if (row.records.empty()) {
      diagnostics_.warn(fmt::format("{}: template file {} {} and has no effect", request_.where, source_,
                                    chains_.empty() ? "has no protein chain" : "matches no chain"));
    }
    return row;
  }

 private:
  using Pair = std::pair<const QueryChain*, const ProteinChain*>;

  void check_letters(const QueryChain& query) const {
    if (const char letter = unscored_letter(query.sequence)) {
      throw ValueError(fmt::format("{}: chain {} has the letter {}; a sequence with it cannot be aligned to templates",
                                   request_.where, in_quotes(query.name), in_quotes(std::string(1, letter))));
    }
  }

  /// As named one by one; else the assignment with the best alignments over whole sequences.
  std::vector<Pair> pairs(const std::vector<const QueryChain*>& queries,
                          const std::vector<const ProteinChain*>& chains) const {
    std::vector<Pair> result;
    if (!request_.chains.empty() && !request_.file_chains.empty()) {
      if (queries.size() != chains.size()) {
        throw ValueError(fmt::format("{}: {} chains and {} template chains are named; expected as many of both",
                                     request_.where, queries.size(), chains.size()));
      }
      for (std::size_t i = 0; i < queries.size(); ++i) result.emplace_back(queries[i], chains[i]);
      return result;
    }
    std::map<std::pair<std::string_view, std::string_view>, std::int64_t> known;  // homomers repeat themselves
    std::vector<std::vector<std::int64_t>> scores;
    for (const QueryChain* query : queries) {
      scores.emplace_back();
      for (const ProteinChain* chain : chains) {
        const std::string_view letters = letters_.at(chain);
        const auto [found, is_new] = known.try_emplace({query->sequence, letters}, 0);
        if (is_new) found->second = global_score(query->sequence, letters);
        scores.back().push_back(found->second);
      }
    }
    for (const auto& [row, column] : best_assignment(scores)) result.emplace_back(queries[row], chains[column]);
    return result;
  }

  void add_records(const QueryChain& query, const ProteinChain& chain, TemplateRow& row) {
    const std::vector<AlignedSegment> segments = local_segments(query.sequence, letters_.at(&chain));
    if (segments.empty()) return;
    auto [residues, is_new] = residues_.try_emplace(&chain);
    if (is_new) residues->second = template_residues(chain, components_, source_, diagnostics_);
    for (const AlignedSegment& segment : segments) {
      row.records.push_back(
          {query.asym_id, chain.name, segment.query_start, segment.target_start, segment.length, residues->second});
    }
  }

  const TemplateRequest& request_;
  const std::vector<QueryChain>& queries_;
  const ComponentLibrary& components_;
  Diagnostics& diagnostics_;
  std::string source_;
  std::vector<ProteinChain> chains_;
  std::map<const ProteinChain*, std::string> letters_;
  std::map<const ProteinChain*, std::shared_ptr<const std::vector<TemplateResidue>>> residues_;
};

}  // namespace

std::vector<TemplateRow> read_templates(const Job& job, const Structure& structure, const ComponentLibrary& components,
                                        Diagnostics& diagnostics) {
  const std::vector<QueryChain> queries = protein_queries(structure, job);
  std::vector<TemplateRow> rows;
  std::set<std::string> names;
  for (const TemplateRequest& request : job.templates) {
    diagnostics.attempt([&] {
      // The reference mixes up templates of one name.
      if (!names.insert(request.path.stem().string()).second) {
        throw ValueError(fmt::format("{}: a second template with the name {}; expected files with different names",
                                     request.where, in_quotes(request.path.stem().string())));
      }
      // Of chains that have been refused nothing more is said.
      if (names_any(request.chains, job.refused_chains)) return;
      if (queries.empty() && !job.refused_chains.empty()) return;
      if (queries.empty()) throw ValueError(fmt::format("{}: templates need a protein chain", request.where));
      TemplateReader reader(request, queries, components, diagnostics);
      TemplateRow row = reader.read(find_template(request, job));
      if (!row.records.empty()) rows.push_back(std::move(row));
    });
  }
  return rows;
}

}  // namespace tilefold::bio
