/// Alignments from a ColabFold (MMseqs2) server, with a cache in front of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "msa/alignment.h"
#include "msa/alignment_store.h"
#include "msa/server_ticket.h"

namespace tilefold::msa {

/// What became of one input's sequences.
struct ServerAlignments {
  std::vector<AlignmentCsv> alignments;  ///< by sequence: the csv text as Boltz writes it
  std::int64_t asked = 0;                ///< searches of single sequences that the server made for this input
  std::int64_t cached = 0;               ///< sequences whose search was in the cache
  bool paired = false;                   ///< more than one sequence: the search for pairs counts, too
  bool paired_cached = false;
  std::vector<std::string> warnings;  ///< one line each, for example a sequence without any relative
};

/// One server for a whole run. Not for several threads at once.
class AlignmentServer {
 public:
  /// `options` as `complete_options` gives them. `cache_folder` holds results across inputs and runs; empty: off.
  AlignmentServer(ServerOptions options, const std::filesystem::path& cache_folder, ServerHooks hooks = {},
                  ServerTiming timing = {});

  /// The alignments of an input's protein sequences (in the order of its entities), as Boltz's `compute_msa` makes
  /// them: with more than one sequence a search for pairs, then single searches; each result is first looked for in the
  /// cache and then kept there. Throws ValueError for sequences that are not letters, IoError and ParseError as
  /// `search_on_server` does.
  ServerAlignments align(const std::vector<std::string>& sequences);

 private:
  std::vector<std::string> search(const std::vector<std::string>& sequences, Search kind);
  std::vector<std::string> find_unpaired(const std::vector<std::string>& once, ServerAlignments& report);
  std::vector<std::string> find_paired(const std::vector<std::string>& once, ServerAlignments& report);

  ServerOptions options_;
  std::string server_;  ///< for messages
  AlignmentStore store_;
  ServerHooks hooks_;
  ServerTiming timing_;
  bool has_asked_ = false;
};

}  // namespace tilefold::msa
