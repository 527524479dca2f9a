#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <system_error>

#include "cli/application.h"
#include "cli/interrupt.h"
#include "cli/option_checks.h"
#include "msa/local_search.h"
#include "msa/protein_fasta.h"
#include "tilefold/bio.h"
#include "tilefold/error.h"
#include "tilefold/output.h"

namespace tilefold::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMaxInputBytes = std::uintmax_t{64} << 20;

struct MsaArguments {
  std::string input;
  std::string out;
  std::string database;
  std::string environment_database;
  std::string mmseqs = "mmseqs";
  std::string pairing_strategy = "greedy";
  std::string work_folder;
  double sensitivity = 8;
  int num_threads = 0;
  bool no_pairing = false;
};

/// A sequence to search, and the name of its file.
struct Query {
  std::string name;
  std::string chains;  ///< for the report
  std::string sequence;
};

bool is_yaml(const fs::path& path) {
  const std::string suffix = path.extension().string();
  return suffix == ".yaml" || suffix == ".yml" || suffix == ".YAML" || suffix == ".YML";
}

/// Whether a header of the text gives the type of a chain, as Tilefold's own FASTA files do (">A|protein").
bool has_chain_types(std::string_view text) {
  for (const char* type : {"|protein", "|dna", "|rna", "|ccd", "|smiles"}) {
    for (std::size_t at = text.find(type); at != std::string_view::npos; at = text.find(type, at + 1)) {
      const std::size_t end = std::min(text.find_first_of("|\r\n \t", at + 1), text.size());
      const std::size_t begin = text.rfind('\n', at) + 1;  // 0 without a line before
      const std::string_view header = text.substr(begin, at - begin);
      if (header.starts_with('>') && header.find('|') == std::string_view::npos && text.substr(at, end - at) == type) {
        return true;
      }
    }
  }
  return false;
}

std::string read_input(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) throw IoError(fmt::format("'{}' is not a file", path.string()));
  if (fs::file_size(path, error) > kMaxInputBytes) {
    throw IoError(fmt::format("'{}' is larger than the allowed {} bytes", path.string(), kMaxInputBytes));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) throw IoError(fmt::format("'{}' cannot be read", path.string()));
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The proteins of an input that name no alignment, named as Boltz names automatic alignments.
std::vector<Query> read_job(const fs::path& path) {
  Diagnostics diagnostics;  // its warnings are about predictions
  const bio::Job job = bio::parse_input(path, diagnostics);
  diagnostics.throw_if_refused();
  std::vector<Query> queries;
  for (std::size_t entity = 0; entity < job.entities.size(); ++entity) {
    const bio::Entity& e = job.entities[entity];
    if (e.msa.kind != bio::MsaSource::Kind::search) continue;
    queries.push_back({fmt::format("{}_{}", job.id, entity), fmt::format("{}", fmt::join(e.chains, ", ")), e.sequence});
  }
  if (queries.empty()) {
    throw ValueError(
        fmt::format("{}: expected proteins without an 'msa' (also not 'empty'), found none", path.string()));
  }
  return queries;
}

std::vector<Query> read_queries(const fs::path& path) {
  if (is_yaml(path)) return read_job(path);
  const std::string text = read_input(path);
  if (has_chain_types(text)) return read_job(path);
  std::vector<Query> queries;
  for (msa::Protein& protein : msa::parse_protein_fasta(text, path.string())) {
    queries.push_back({protein.name, protein.name, std::move(protein.sequence)});
  }
  return queries;
}

/// Writes an alignment and says what is in it.
void write_alignment(const Query& query, const msa::Alignment& alignment, bool paired, const fs::path& folder) {
  const fs::path file = folder / (query.name + (paired ? ".csv" : ".a3m"));
  if (paired) {
    const msa::AlignmentCsv csv = msa::to_csv(alignment, file.string());
    bio::write_file(file, csv.text + "\n");
    fmt::print("{}: {} ({} paired rows, {} others)\n", query.chains, file.string(), csv.paired_rows, csv.unpaired_rows);
    return;
  }
  // The query's own name in place of its number.
  const std::string text = fmt::format(">{}{}", query.name, alignment.unpaired.substr(alignment.unpaired.find('\n')));
  bio::write_file(file, text);
  fmt::print("{}: {} ({} rows)\n", query.chains, file.string(), std::count(text.begin(), text.end(), '>'));
}

/// The log is of interest only when something has failed.
msa::LocalAlignments search_and_keep_log_of_failures(const std::vector<std::string>& sequences,
                                                     const msa::LocalSearchOptions& options) {
  std::error_code ignored;
  fs::remove(options.log, ignored);
  try {
    msa::LocalAlignments found = msa::search_locally(sequences, options);
    fs::remove(options.log, ignored);
    return found;
  } catch (const Interrupted&) {
    fs::remove(options.log, ignored);
    throw;
  }
}

void search(const MsaArguments& arguments) {
  const std::vector<Query> queries = read_queries(arguments.input);
  const fs::path stem = fs::path(arguments.input).stem();
  const fs::path folder = arguments.out.empty() ? fs::path("msa_" + stem.string()) : fs::path(arguments.out);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw IoError(fmt::format("cannot create '{}': {}", folder.string(), error.message()));
  std::vector<std::string> sequences;
  for (const Query& query : queries) sequences.push_back(query.sequence);

  msa::LocalSearchOptions options;
  options.database = arguments.database;
  options.environment_database = arguments.environment_database;
  options.mmseqs = arguments.mmseqs;
  options.work_folder = arguments.work_folder.empty() ? folder : fs::path(arguments.work_folder);
  options.log = folder / "mmseqs.log";
  options.num_threads = arguments.num_threads;
  options.sensitivity = arguments.sensitivity;
  options.pair = !arguments.no_pairing;
  options.pairing_strategy = arguments.pairing_strategy;
  options.check = throw_if_interrupted;
  options.progress = [](const std::string& command, int done, int total) {
    if (done < total) std::fprintf(stderr, "tilefold: mmseqs %s (%d of %d)\n", command.c_str(), done + 1, total);
  };
  const msa::LocalAlignments found = search_and_keep_log_of_failures(sequences, options);
  for (const std::string& warning : found.warnings) std::fprintf(stderr, "tilefold: warning: %s\n", warning.c_str());
  for (std::size_t i = 0; i < queries.size(); ++i) {
    write_alignment(queries[i], found.alignments[i], found.paired, folder);
  }
}

}  // namespace

void add_msa_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<MsaArguments>();
  CLI::App* command = app.add_subcommand("msa", "Search alignments in a database on this machine, with mmseqs");
  MsaArguments& a = *arguments;
  command->option_defaults()->always_capture_default();
  command->add_option("input", a.input, "A YAML or FASTA input, or any FASTA file of proteins")
      ->required()
      ->default_str("");
  command->add_option("--db", a.database, "MMseqs2 database: UniRef30 of ColabFold, or made by 'mmseqs createdb'")
      ->required()
      ->default_str("");
  command->add_option("--env_db", a.environment_database, "A second database, searched with the profiles of the first")
      ->default_str("");
  command->add_option("--out", a.out, "Folder for the .a3m or .csv files (default: msa_<input>)")->default_str("");
  command->add_option("--mmseqs", a.mmseqs, "The program, by name or path");
  command->add_option("--sensitivity", a.sensitivity, "1 (fast) to 8 (as the MSA servers) and more");
  command->add_option("--pairing_strategy", a.pairing_strategy, "Pair organisms that two chains have, or all")
      ->check(CLI::IsMember({"greedy", "complete"}));
  command->add_flag("--no_pairing", a.no_pairing, "Also with a taxonomy in the database");
  command->add_option("--num_threads", a.num_threads, "0: all cores")->check(whole_number());
  command->add_option("--work_dir", a.work_folder, "Place for large temporary files (default: the folder of --out)")
      ->default_str("");
  command->callback([arguments, &exit_code] {
    try {
      search(*arguments);
    } catch (const InputError& error) {
      for (const std::string& message : error.messages()) {
        std::fprintf(stderr, "tilefold: error: %s\n", message.c_str());
      }
      exit_code = kFailure;
    } catch (const Interrupted&) {
      std::fprintf(stderr, "tilefold: interrupted; no alignment was written\n");
      exit_code = kInterrupted;
    }
  });
}

}  // namespace tilefold::cli
