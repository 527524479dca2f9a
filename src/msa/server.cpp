#include "msa/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "msa/sequences.h"
#include "net/url.h"
#include "tilefold/error.h"

namespace tilefold::msa {

AlignmentServer::AlignmentServer(ServerOptions options, const std::filesystem::path& cache_folder, ServerHooks hooks,
                                 ServerTiming timing)
    : options_(std::move(options)),
      server_(fmt::format("MSA server {}", net::display_url(options_.url))),
      store_(ResultCache(cache_folder), fmt::format("server {}", net::display_url(options_.url)), hooks.note),
      hooks_(std::move(hooks)),
      timing_(timing) {}

std::vector<std::string> AlignmentServer::search(const std::vector<std::string>& sequences, Search kind) {
  if (!has_asked_ && hooks_.before_first_request) hooks_.before_first_request(notice(options_));
  has_asked_ = true;
  std::vector<std::string> alignments = search_on_server(sequences, kind, options_, timing_, hooks_);
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const std::int64_t columns = count_columns(alignments[i]);
    if (columns == static_cast<std::int64_t>(sequences[i].size())) continue;
    throw ParseError(fmt::format("{}: expected an alignment of {} residues for sequence {}, found {}", server_,
                                 sequences[i].size(), i + 1, columns));
  }
  return alignments;
}

std::vector<std::string> AlignmentServer::find_unpaired(const std::vector<std::string>& once,
                                                        ServerAlignments& report) {
  const std::string mode = mode_of(Search::unpaired, options_);
  std::vector<std::string> results(once.size());
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < once.size(); ++i) {
    std::optional<std::string> known = store_.load(mode, once[i]);
    if (known) results[i] = *std::move(known);
    if (results[i].empty()) missing.push_back(once[i]);
  }
  report.asked = static_cast<std::int64_t>(missing.size());
  report.cached = static_cast<std::int64_t>(once.size() - missing.size());
  if (missing.empty()) return results;
  std::vector<std::string> found = search(missing, Search::unpaired);
  for (std::size_t i = 0; i < missing.size(); ++i) {
    store_.keep(mode, missing[i], {}, found[i]);
    results[position_of(missing[i], once)] = std::move(found[i]);
  }
  return results;
}

std::vector<std::string> AlignmentServer::find_paired(const std::vector<std::string>& once, ServerAlignments& report) {
  const std::string mode = mode_of(Search::paired, options_);
  std::vector<std::string> results;
  for (const std::string& sequence : once) {
    const std::optional<std::string> known = store_.load(mode, sequence, once);
    if (!known) break;
    results.push_back(*known);
  }
  report.paired = true;
  report.paired_cached = results.size() == once.size();
  if (report.paired_cached) return results;
  results = search(once, Search::paired);
  for (std::size_t i = 0; i < once.size(); ++i) store_.keep(mode, once[i], once, results[i]);
  return results;
}

ServerAlignments AlignmentServer::align(const std::vector<std::string>& sequences) {
  check_sequences(sequences);
  ServerAlignments report;
  if (sequences.empty()) return report;
  const std::vector<std::string> once = distinct(sequences);
  std::vector<std::string> paired(once.size());
  if (sequences.size() > 1) paired = find_paired(once, report);
  const std::vector<std::string> unpaired = find_unpaired(once, report);
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const std::size_t position = position_of(sequences[i], once);
    const std::string source = fmt::format("{}: sequence {}", server_, i + 1);
    report.alignments.push_back(to_csv({unpaired[position], paired[position]}, source));
    const AlignmentCsv& csv = report.alignments.back();
    if (csv.paired_rows + csv.unpaired_rows <= 1) {
      report.warnings.push_back(fmt::format("{} has no relatives: its alignment is the sequence alone", source));
    }
  }
  return report;
}

}  // namespace tilefold::msa
