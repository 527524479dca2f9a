#include "cli/alignment_search.h"

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <vector>

#include "cli/checkpoint_choice.h"
#include "cli/interrupt.h"
#include "msa/local_search.h"
#include "msa/server.h"
#include "tilefold/error.h"
#include "tilefold/output.h"

namespace tilefold::cli {
namespace {

/// Where results of searches are kept; nowhere when there is no place for the weights either.
std::filesystem::path cache_folder(const std::optional<std::string>& cache) {
  try {
    return weights_folder(cache) / "msa";
  } catch (const IoError&) {
    return {};
  }
}

void say(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }

}  // namespace

class AlignmentSearch::Source {
 public:
  virtual ~Source() = default;
  /// The text of a csv file per sequence.
  virtual std::vector<std::string> search(const std::vector<std::string>& sequences, const std::string& id,
                                          const std::filesystem::path& folder, Diagnostics& diagnostics) = 0;
};

class AlignmentSearch::ServerSource : public Source {
 public:
  ServerSource(const MsaArguments& arguments, const std::filesystem::path& cache)
      : server_(msa::complete_options({.url = arguments.server_url,
                                       .pairing_strategy = arguments.pairing_strategy,
                                       .username = arguments.username,
                                       .password = arguments.password,
                                       .api_key_header = arguments.api_key_header,
                                       .api_key_value = arguments.api_key_value}),
                cache,
                {.check = throw_if_interrupted,
                 .before_first_request = say,
                 .status =
                     [](const std::string& status, std::chrono::seconds elapsed) {
                       say(fmt::format("MSA server: {} ({} s)", status, elapsed.count()));
                     },
                 .note = say}) {}

  std::vector<std::string> search(const std::vector<std::string>& sequences, const std::string&,
                                  const std::filesystem::path&, Diagnostics& diagnostics) override {
    msa::ServerAlignments found = server_.align(sequences);
    for (std::string& warning : found.warnings) diagnostics.warn(std::move(warning));
    std::vector<std::string> texts;
    for (msa::AlignmentCsv& csv : found.alignments) texts.push_back(std::move(csv.text));
    return texts;
  }

 private:
  msa::AlignmentServer server_;
};

class AlignmentSearch::DatabaseSource : public Source {
 public:
  DatabaseSource(const MsaArguments& arguments, const std::filesystem::path& cache, int threads) {
    options_.database = *arguments.database;
    options_.mmseqs = arguments.mmseqs;
    options_.pairing_strategy = arguments.pairing_strategy;
    options_.cache_folder = cache;
    options_.num_threads = threads;
    options_.check = throw_if_interrupted;
    options_.note = say;
    options_.progress = [](const std::string& command, int done, int total) {
      if (done < total) say(fmt::format("mmseqs {} ({} of {})", command, done + 1, total));
    };
  }

  std::vector<std::string> search(const std::vector<std::string>& sequences, const std::string& id,
                                  const std::filesystem::path& folder, Diagnostics& diagnostics) override {
    options_.work_folder = folder;
    options_.log = folder / (id + "_mmseqs.log");
    msa::LocalAlignments found = msa::search_locally(sequences, options_);
    for (std::string& warning : found.warnings) diagnostics.warn(std::move(warning));
    std::vector<std::string> texts;
    for (const msa::Alignment& alignment : found.alignments) texts.push_back(msa::to_csv(alignment, id).text);
    std::error_code ignored;
    std::filesystem::remove(options_.log, ignored);  // of interest only when something fails
    return texts;
  }

 private:
  msa::LocalSearchOptions options_;
};

AlignmentSearch::AlignmentSearch(const MsaArguments& arguments, const std::optional<std::string>& cache, int threads) {
  if (arguments.use_server) {
    source_ = std::make_unique<ServerSource>(arguments, cache_folder(cache));
  } else if (arguments.database) {
    source_ = std::make_unique<DatabaseSource>(arguments, cache_folder(cache), threads);
  }
}

AlignmentSearch::~AlignmentSearch() = default;

void AlignmentSearch::find(bio::Job& job, const std::filesystem::path& folder, Diagnostics& diagnostics) {
  std::vector<std::size_t> entities;
  std::vector<std::string> sequences;
  for (std::size_t i = 0; i < job.entities.size(); ++i) {
    if (job.entities[i].msa.kind != bio::MsaSource::Kind::search) continue;
    entities.push_back(i);
    sequences.push_back(job.entities[i].sequence);
  }
  if (entities.empty() || !source_) return;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw IoError(fmt::format("cannot create folder '{}': {}", folder.string(), error.message()));
  const std::vector<std::string> texts = source_->search(sequences, job.id, folder, diagnostics);
  for (std::size_t i = 0; i < entities.size(); ++i) {
    const std::filesystem::path file = folder / fmt::format("{}_{}.csv", job.id, entities[i]);
    bio::write_file(file, texts[i]);
    job.entities[entities[i]].msa = {.kind = bio::MsaSource::Kind::file, .path = file};
  }
}

}  // namespace tilefold::cli
