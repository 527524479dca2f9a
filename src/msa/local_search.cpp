#include "msa/local_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>

#include "msa/alignment_store.h"
#include "msa/mmseqs.h"
#include "msa/pairing.h"
#include "msa/process.h"
#include "msa/sequences.h"
#include "net/url.h"
#include "tilefold/error.h"
#include "tilefold/output.h"

namespace tilefold::msa {
namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;

// As in the MSA servers' queries.
constexpr std::size_t kFirstQuery = 101;
constexpr std::uintmax_t kMaxAlignmentBytes = std::uintmax_t{2} << 30;

std::string query_name(std::size_t index) { return std::to_string(kFirstQuery + index); }

std::string read_alignment(const fs::path& path) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  if (error) throw IoError(fmt::format("mmseqs has written no alignment '{}'", path.filename().string()));
  if (size > kMaxAlignmentBytes) {
    throw IoError(fmt::format("the alignment '{}' has {} bytes, more than the allowed {}", path.filename().string(),
                              size, kMaxAlignmentBytes));
  }
  std::string text(size, '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file.read(text.data(), static_cast<std::streamsize>(size))) {
    throw IoError(fmt::format("'{}' cannot be read", path.string()));
  }
  std::erase(text, '\0');
  return text;
}

/// The text without its first row (header and sequence).
std::string_view without_query(std::string_view a3m) {
  for (int line = 0; line < 2; ++line) {
    const std::size_t end = a3m.find('\n');
    a3m.remove_prefix(end == std::string_view::npos ? a3m.size() : end + 1);
  }
  return a3m;
}

/// One search of all sequences. The commands and their numbers are those of ColabFold's own search.
class LocalSearch {
 public:
  explicit LocalSearch(const LocalSearchOptions& options)
      : options_(options),
        database_(open_database(options.database)),
        strategy_(parse_pairing_strategy(options.pairing_strategy)),
        folder_(options.work_folder),
        mmseqs_(mmseqs_options()) {
    if (!options.environment_database.empty()) environment_ = open_database(options.environment_database);
  }

  std::vector<Alignment> run(const Strings& sequences, bool pair) {
    total_ = 1 + commands_of(database_) + (environment_ ? commands_of(*environment_) : 0) +
             (pair ? 2 + (database_.has_clusters ? 1 : 0) : 0);
    write_queries(sequences);
    const std::string profiles =
        search(database_, work("queries"), "first", {"--expand-filter-clusters", "1", "--max-seq-id", "0.95"});
    std::vector<Alignment> alignments(sequences.size());
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      alignments[i].unpaired = alignment_of(sequences[i], i, "first");
    }
    if (environment_) {
      search(*environment_, profiles, "second", {});
      for (std::size_t i = 0; i < sequences.size(); ++i) {
        alignments[i].unpaired += without_query(alignment_of(sequences[i], i, "second"));
      }
    }
    if (pair) add_pairs(sequences, alignments);
    if (options_.progress) options_.progress("done", total_, total_);
    return alignments;
  }

  bool has_taxonomy() const { return database_.has_taxonomy; }

  /// Everything but the sequences that decides what is found.
  std::string origin() const {
    return fmt::format("mmseqs {}\ndatabase {}\nenvironment {}\nsensitivity {}", mmseqs_.version(),
                       identity_of(database_), environment_ ? identity_of(*environment_) : "none",
                       options_.sensitivity);
  }

 private:
  /// search, align, filterresult, result2msa, unpackdb; and expandaln.
  static int commands_of(const SearchDatabase& database) { return database.has_clusters ? 6 : 5; }

  /// Another content means another size or time of the index of entries.
  static std::string identity_of(const SearchDatabase& database) {
    const fs::path index = database.path.string() + ".index";
    return fmt::format("{} {} {}", net::printable(fs::canonical(index).string(), 4096), fs::file_size(index),
                       fs::last_write_time(index).time_since_epoch().count());
  }

  Mmseqs::Options mmseqs_options() {
    Mmseqs::Options options;
    options.program = options_.mmseqs;
    options.log = options_.log.empty() ? folder_.path() / "log" : options_.log;
    options.folder = folder_.path();
    options.num_threads = options_.num_threads;
    options.check = options_.check;
    options.before_command = [this](const std::string& command) {
      if (options_.progress) options_.progress(command, done_, total_);
      ++done_;
    };
    return options;
  }

  std::string work(const std::string& name) const { return (folder_.path() / name).string(); }

  void write_queries(const Strings& sequences) const {
    std::string fasta;
    for (std::size_t i = 0; i < sequences.size(); ++i) fasta += fmt::format(">{}\n{}\n", query_name(i), sequences[i]);
    bio::write_file(work("queries.fasta"), fasta);
    mmseqs_.run({"createdb", work("queries.fasta"), work("queries"), "--shuffle", "0", "--dbtype", "1"});
  }

  /// Leaves an a3m file per query in the folder `prefix`; returns the profiles of the last iteration.
  std::string search(const SearchDatabase& database, const std::string& queries, const std::string& prefix,
                     Strings expansion) {
    const auto in = [&](const char* name) { return work(prefix + "_" + name); };
    const Strings load = {"--db-load-mode", database.load_mode()};
    const auto run = [&](Strings arguments, const Strings& more) {
      arguments.insert(arguments.end(), load.begin(), load.end());
      arguments.insert(arguments.end(), more.begin(), more.end());
      mmseqs_.run(std::move(arguments));
    };
    run({"search", queries, database.path.string(), in("hits"), in("tmp")},
        {"--num-iterations", "3", "-a", "-e", "0.1", "--max-seqs", "10000", "-s",
         fmt::format("{:.3f}", options_.sensitivity)});
    const std::string profiles = in("tmp") + "/latest/profile_1";
    std::string hits = in("hits");
    if (database.has_clusters) {
      expansion.insert(expansion.end(), {"--expansion-mode", "0", "-e", "inf"});
      run({"expandaln", queries, database.sequences(), hits, database.members(), in("members")}, expansion);
      hits = in("members");
    }
    run({"align", profiles, database.sequences(), hits, in("aligned")},
        {"-e", "10", "--max-accept", "100000", "--alt-ali", "10", "-a"});
    run({"filterresult", work("queries"), database.sequences(), in("aligned"), in("filtered")},
        {"--qid", "0", "--qsc", "0.8", "--diff", "0", "--max-seq-id", "1.0", "--filter-min-enable", "100"});
    run({"result2msa", work("queries"), database.sequences(), in("filtered"), in("msa")},
        {"--msa-format-mode", "6", "--filter-msa", "1", "--filter-min-enable", "1000", "--diff", "3000", "--qid",
         "0.0,0.2,0.4,0.6,0.8,1.0", "--qsc", "0", "--max-seq-id", "0.95"});
    fs::create_directory(folder_.path() / prefix);
    mmseqs_.run({"unpackdb", in("msa"), work(prefix), "--unpack-name-mode", "0", "--unpack-suffix", ".a3m"});
    return profiles;
  }

  std::string alignment_of(const std::string& sequence, std::size_t query, const std::string& prefix) const {
    const std::string text = read_alignment(folder_.path() / prefix / fmt::format("{}.a3m", query));
    const std::int64_t columns = count_columns(text);
    if (columns != static_cast<std::int64_t>(sequence.size())) {
      throw ParseError(fmt::format("mmseqs: expected an alignment of {} residues for sequence {}, found {}",
                                   sequence.size(), query + 1, columns));
    }
    // mmseqs knows 20 letters and X: what it writes of the query is not always the query.
    return fmt::format(">{}\n{}\n{}", query_name(query), sequence, without_query(text));
  }

  void add_pairs(const Strings& sequences, std::vector<Alignment>& alignments) {
    std::string hits = work("first_hits");
    if (database_.has_clusters) {
      mmseqs_.run({"expandaln", work("queries"), database_.sequences(), hits, database_.members(), work("all_members"),
                   "--db-load-mode", database_.load_mode(), "--expansion-mode", "0", "-e", "inf",
                   "--expand-filter-clusters", "0", "--max-seq-id", "0.95"});
      hits = work("all_members");
    }
    mmseqs_.run({"align", work("queries"), database_.sequences(), hits, work("pair_hits"), "--db-load-mode",
                 database_.load_mode(), "-e", "0.001", "--max-accept", "1000000", "-c", "0.5", "--cov-mode", "1",
                 "-a"});
    link_sequences();
    mmseqs_.run({"convertalis", work("queries"), work("target"), work("pair_hits"), work("hits.tsv"), "--format-output",
                 std::string(Pairing::kColumns)});
    std::vector<std::pair<std::string, std::string>> queries;
    for (std::size_t i = 0; i < sequences.size(); ++i) queries.emplace_back(query_name(i), sequences[i]);
    Pairing pairing(std::move(queries));
    std::ifstream table(work("hits.tsv"));
    for (std::string line; std::getline(table, line);) pairing.add(line);
    const Strings blocks = pairing.blocks(strategy_);
    for (std::size_t i = 0; i < sequences.size(); ++i) alignments[i].paired = blocks[i];
  }

  /// The taxa of clustered databases lie beside the clusters, but convertalis looks for them beside the sequences.
  void link_sequences() const {
    const fs::path sequences = database_.sequence_files();
    const std::string stem = sequences.filename().string();
    for (const auto& entry : fs::directory_iterator(sequences.parent_path())) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with(stem)) continue;
      const std::string suffix = name.substr(stem.size());
      const bool belongs = suffix.empty() || suffix[0] == '.' || suffix == "_h" || suffix.starts_with("_h.");
      if (belongs && !suffix.starts_with(".idx")) fs::create_symlink(entry.path(), work("target" + suffix));
    }
    fs::create_symlink(database_.path.string() + "_mapping", work("target_mapping"));
  }

  const LocalSearchOptions& options_;
  SearchDatabase database_;
  std::optional<SearchDatabase> environment_;
  PairingStrategy strategy_;
  WorkFolder folder_;
  Mmseqs mmseqs_;
  int done_ = 0;
  int total_ = 0;
};

/// Finds the alignments of distinct sequences in the cache or by a search.
std::vector<Alignment> find_alignments(const Strings& sequences, LocalSearch& search, bool pair,
                                       const LocalSearchOptions& options) {
  const std::string single = "unpaired";
  const std::string paired = "paired " + options.pairing_strategy;
  const bool cached = !options.cache_folder.empty();
  AlignmentStore store(ResultCache(options.cache_folder), cached ? search.origin() : "", options.note);
  std::vector<Alignment> alignments(sequences.size());
  Strings missing;
  bool all_pairs = true;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    alignments[i].unpaired = store.load(single, sequences[i]).value_or("");
    if (pair) alignments[i].paired = store.load(paired, sequences[i], sequences).value_or("");
    all_pairs = all_pairs && !(pair && alignments[i].paired.empty());
    if (alignments[i].unpaired.empty()) missing.push_back(sequences[i]);
  }
  if (!all_pairs) missing = sequences;
  if (missing.empty()) return alignments;
  const std::vector<Alignment> found = search.run(missing, !all_pairs);
  for (std::size_t i = 0; i < missing.size(); ++i) {
    Alignment& alignment = alignments[position_of(missing[i], sequences)];
    alignment.unpaired = found[i].unpaired;
    store.keep(single, missing[i], {}, found[i].unpaired);
    if (all_pairs) continue;
    alignment.paired = found[i].paired;
    store.keep(paired, missing[i], sequences, found[i].paired);
  }
  return alignments;
}

}  // namespace

LocalAlignments search_locally(const Strings& sequences, const LocalSearchOptions& options) {
  check_sequences(sequences);
  if (!(options.sensitivity >= 1 && options.sensitivity <= 20)) {
    throw ValueError(fmt::format("sensitivity: expected a number from 1 to 20, found {}", options.sensitivity));
  }
  LocalAlignments result;
  if (sequences.empty()) return result;
  const Strings once = distinct(sequences);
  const auto warn = [&](std::string line) { result.warnings.push_back(std::move(line)); };
  try {
    LocalSearch search(options);
    const bool wanted = options.pair && once.size() > 1;
    result.paired = wanted && search.has_taxonomy();
    if (wanted && !result.paired) {
      warn(fmt::format("'{}' has no taxonomy ({}_mapping): the alignments of the chains are not paired",
                       options.database.string(), options.database.filename().string()));
    }
    const std::vector<Alignment> found = find_alignments(once, search, result.paired, options);
    for (const std::string& sequence : sequences) result.alignments.push_back(found[position_of(sequence, once)]);
  } catch (const fs::filesystem_error& error) {
    throw IoError(fmt::format("'{}': {}", error.path1().string(), error.code().message()));
  }
  for (std::size_t i = 0; i < result.alignments.size(); ++i) {
    if (!without_query(result.alignments[i].unpaired).empty()) continue;
    warn(fmt::format("sequence {} has no relatives in '{}': its alignment is the sequence alone", i + 1,
                     options.database.string()));
  }
  return result;
}

}  // namespace tilefold::msa
