#include "bio/pairing.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "bio/constants.h"

namespace tilefold::bio {
namespace {

/// (chain, row) pairs that share a key.
struct Taxon {
  std::vector<std::pair<std::size_t, std::int32_t>> members;
  std::size_t num_chains() const {
    std::set<std::size_t> chains;
    for (const auto& member : members) chains.insert(member.first);
    return chains.size();
  }
};

/// May row 0 of the MSA stand for the sequence? Equal length, and every difference is either at an unknown residue of
/// the query, or all are methionine where the MSA has the unknown residue.
bool query_fits(const std::vector<std::int32_t>& query, const Msa& msa) {
  if (msa.columns != static_cast<std::int64_t>(query.size())) return false;
  bool all_unknown = true;
  bool all_methionine = true;
  for (std::size_t i = 0; i < query.size(); ++i) {
    const auto aligned = msa.residues[i];
    if (query[i] == aligned) continue;
    all_unknown = all_unknown && query[i] == kUnknownProteinType;
    all_methionine = all_methionine && query[i] == kMethionineType && aligned == kUnknownProteinType;
  }
  return all_unknown || all_methionine;
}

/// ", the first difference at residue 12"; empty when the lengths differ.
std::string first_difference(const std::vector<std::int32_t>& query, const Msa& msa) {
  if (msa.columns != static_cast<std::int64_t>(query.size())) return "";
  const auto differs = std::mismatch(query.begin(), query.end(), msa.residues.begin(),
                                     [](std::int32_t a, std::int8_t b) { return a == b; });
  return fmt::format(", the first difference is at residue {}", differs.first - query.begin() + 1);
}

/// Keys that occur more than once, those of most chains first, else in order of appearance.
std::vector<Taxon> collect_taxa(const std::vector<ChainAlignment>& chains) {
  std::vector<Taxon> taxa;
  std::unordered_map<std::int32_t, std::size_t> index;
  for (std::size_t chain = 0; chain < chains.size(); ++chain) {
    for (std::int32_t row = 0; row < chains[chain].num_rows(); ++row) {
      const std::int32_t key = chains[chain].taxonomy(row);
      if (key == -1) continue;
      const auto [position, is_new] = index.try_emplace(key, taxa.size());
      if (is_new) taxa.emplace_back();
      taxa[position->second].members.emplace_back(chain, row);
    }
  }
  // Several occurrences inside one chain count too.
  std::erase_if(taxa, [](const Taxon& taxon) { return taxon.members.size() < 2; });
  std::vector<std::pair<std::size_t, std::size_t>> ranked;  // (number of chains, position): a stable order
  for (std::size_t i = 0; i < taxa.size(); ++i) ranked.emplace_back(taxa[i].num_chains(), i);
  std::sort(ranked.begin(), ranked.end(),
            [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  std::vector<Taxon> sorted;
  for (const auto& entry : ranked) sorted.push_back(std::move(taxa[entry.second]));
  return sorted;
}

class Pairing {
 public:
  Pairing(const std::vector<ChainAlignment>& chains, std::int64_t max_rows) : max_rows_(max_rows) {
    result_.num_chains = chains.size();
    // Reference quirk: its table of used rows never matches, so paired rows appear a second time as unpaired ones.
    next_.assign(chains.size(), 1);
    for (const ChainAlignment& chain : chains) end_.push_back(chain.num_rows());
  }

  void add_query() {
    result_.rows.assign(result_.num_chains, 0);
    result_.is_paired.assign(result_.num_chains, 1);
  }

  /// Chains of the taxon cycle through their rows; absent ones take their next unused row.
  void add_taxon(const Taxon& taxon) {
    std::vector<std::vector<std::int32_t>> rows_of(result_.num_chains);
    std::size_t repeats = 0;
    for (const auto& [chain, row] : taxon.members) {
      rows_of[chain].push_back(row);
      repeats = std::max(repeats, rows_of[chain].size());
    }
    for (std::size_t i = 0; i < repeats && num_rows() < kMaxPairedRows; ++i) {
      for (std::size_t chain = 0; chain < result_.num_chains; ++chain) {
        const auto& rows = rows_of[chain];
        result_.rows.push_back(rows.empty() ? take(chain) : rows[i % rows.size()]);
        result_.is_paired.push_back(rows.empty() ? 0 : 1);
      }
    }
  }

  void add_unpaired() {
    std::int64_t left = 0;
    for (std::size_t chain = 0; chain < result_.num_chains; ++chain) {
      left = std::max<std::int64_t>(left, end_[chain] - next_[chain]);
    }
    left = std::min(left, kMaxTotalRows - num_rows());
    for (std::int64_t i = 0; i < left; ++i) {
      for (std::size_t chain = 0; chain < result_.num_chains; ++chain) {
        result_.rows.push_back(take(chain));
        result_.is_paired.push_back(0);
      }
    }
  }

  std::int64_t num_rows() const { return static_cast<std::int64_t>(result_.num_rows()); }

  PairedRows finish() && {
    const std::size_t kept = result_.num_chains * static_cast<std::size_t>(std::min(num_rows(), max_rows_));
    result_.rows.resize(kept);
    result_.is_paired.resize(kept);
    return std::move(result_);
  }

 private:
  /// The next unused row of a chain, or -1 (gaps) when there is none.
  std::int32_t take(std::size_t chain) { return next_[chain] < end_[chain] ? next_[chain]++ : -1; }

  std::int64_t max_rows_;
  PairedRows result_;
  std::vector<std::int32_t> next_;
  std::vector<std::int32_t> end_;
};

}  // namespace

ChainAlignment::ChainAlignment(const Structure& structure, const Chain& chain, const Msa* msa,
                               Diagnostics& diagnostics) {
  for (std::int32_t i = 0; i < chain.residue_count; ++i) {
    query_.push_back(structure.residues[chain.residue_start + i].type);
  }
  if (msa == nullptr) return;
  if (!query_fits(query_, *msa)) {
    diagnostics.warn(fmt::format(
        "the MSA does not match the sequence of chain {} (its first row has {} columns for {} residues{}); the "
        "chain runs in single-sequence mode",
        chain.name, msa->columns, query_.size(), first_difference(query_, *msa)));
    return;
  }
  msa_ = msa;
  // Reference quirk: a loop variable is overwritten by its own slice, which empties the table of insertions after the
  // first row. Only insertions in the query row itself, which proper alignments do not have, survive.
  const Msa::Row& first = msa->rows.front();
  if (first.deletion_end > first.deletion_start) query_deletions_.assign(query_.size(), 0);
  for (std::int64_t i = first.deletion_start; i < first.deletion_end; ++i) {
    query_deletions_[msa->deletions[i].column] = msa->deletions[i].count;
  }
}

std::vector<ChainAlignment> chain_alignments(const Complex& complex, Diagnostics& diagnostics) {
  std::vector<bool> is_used(complex.structure.chains.size(), false);
  for (const Token& token : complex.tokens) is_used[token.chain] = true;
  std::vector<ChainAlignment> chains;
  for (std::size_t i = 0; i < complex.structure.chains.size(); ++i) {
    const Msa* msa = is_used[i] ? complex.msas[i].get() : nullptr;
    chains.emplace_back(complex.structure, complex.structure.chains[i], msa, diagnostics);
  }
  return chains;
}

PairedRows pair_alignments(const std::vector<ChainAlignment>& chains, std::int64_t max_rows) {
  Pairing pairing(chains, max_rows);
  pairing.add_query();
  for (const Taxon& taxon : collect_taxa(chains)) {
    if (pairing.num_rows() >= kMaxPairedRows) break;
    pairing.add_taxon(taxon);
  }
  pairing.add_unpaired();
  return std::move(pairing).finish();
}

}  // namespace tilefold::bio
