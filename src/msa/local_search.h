/// Alignments from a database on this machine, made by the program mmseqs as ColabFold runs it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "msa/alignment.h"
#include "net/interrupt.h"

namespace tilefold::msa {

struct LocalSearchOptions {
  std::filesystem::path database;              ///< UniRef-style: clusters, or plain sequences
  std::filesystem::path environment_database;  ///< searched with the profiles of the first; empty: none
  std::string mmseqs = "mmseqs";               ///< a name on PATH or a path
  /// Where temporary files go (they can be larger than the alignments by far); empty: the system's folder for such.
  std::filesystem::path work_folder{};
  std::filesystem::path log;           ///< what mmseqs prints
  std::filesystem::path cache_folder;  ///< alignments that were found before; empty: none
  int num_threads = 0;                 ///< 0: all cores
  double sensitivity = 8;              ///< mmseqs' -s
  bool pair = true;                    ///< chains by taxonomy, where the database has it
  std::string pairing_strategy = "greedy";
  net::InterruptCheck check{};
  std::function<void(const std::string& command, int done, int total)> progress{};
  std::function<void(const std::string& line)> note{};
};

struct LocalAlignments {
  std::vector<Alignment> alignments;  ///< by sequence
  bool paired = false;                ///< the alignments have rows of the same organisms
  std::vector<std::string> warnings;  ///< one line each
};

/// Searches all sequences (capital letters) that are not in the cache at once. Throws ValueError for sequences and
/// options that cannot be, IoError when mmseqs or a database is not there or a step fails (with the step, the reason
/// and the log), and passes on what `check` throws after mmseqs has been ended. Temporary files are removed in any
/// case.
LocalAlignments search_locally(const std::vector<std::string>& sequences, const LocalSearchOptions& options);

}  // namespace tilefold::msa
