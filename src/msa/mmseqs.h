/// The program mmseqs and its databases.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "net/interrupt.h"

namespace tilefold::msa {

/// What the files beside a database say about it.
struct SearchDatabase {
  std::filesystem::path path;
  bool has_clusters = false;  ///< its entries stand for clusters: `_seq` and `_aln` hold the members
  bool has_index = false;     ///< a precomputed index (`.idx`)
  bool has_taxonomy = false;  ///< a taxon for every sequence (`_mapping`)

  /// What hits are aligned with, and what tells the members of a cluster, as arguments for mmseqs.
  std::string sequences() const;
  std::string members() const;
  /// Without the index: always real files.
  std::filesystem::path sequence_files() const;
  std::string load_mode() const { return has_index ? "2" : "0"; }
};

/// Looks at a protein database made by `mmseqs createdb` or ColabFold. Throws IoError when it is none, and says how to
/// make one of a FASTA file.
SearchDatabase open_database(const std::filesystem::path& path);

/// Runs commands of mmseqs, one after the other.
class Mmseqs {
 public:
  struct Options {
    std::string program = "mmseqs";  ///< a name on PATH or a path
    std::filesystem::path log;       ///< everything that is printed
    std::filesystem::path folder;    ///< where it works; named when the disk is full
    int num_threads = 0;             ///< 0: all cores
    net::InterruptCheck check{};
    std::function<void(const std::string& command)> before_command{};
  };
  /// Throws IoError that says how to install the program when it is not there.
  explicit Mmseqs(Options options);

  /// The command and its arguments; threads and verbosity are added where the command knows them. Throws IoError with
  /// the command, how it ended, the last line it printed, and where the log is.
  void run(std::vector<std::string> arguments) const;
  /// As the program tells it.
  std::string version() const;

 private:
  [[noreturn]] void fail(const std::string& command, const std::string& end) const;

  Options options_;
  std::string program_;
};

}  // namespace tilefold::msa
