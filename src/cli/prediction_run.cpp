#include "cli/prediction_run.h"

#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <random>

#include "cli/application.h"
#include "cli/checkpoint_choice.h"
#include "cli/interrupt.h"
#include "tilefold/error.h"
#include "tilefold/output.h"

namespace tilefold::cli {
namespace {

void report_error(const std::string& message) { std::fprintf(stderr, "tilefold: error: %s\n", message.c_str()); }

/// Prints each warning of an input as it comes.
Diagnostics printing_diagnostics(const std::string& id) {
  return Diagnostics(
      [id](const std::string& warning) { std::fprintf(stderr, "%s: note: %s\n", id.c_str(), warning.c_str()); });
}

/// The user's file, the component files of a Boltz cache where there are any, and the table built with the program.
bio::ComponentSources component_sources(const PredictArguments& arguments) {
  bio::ComponentSources sources;
  sources.user_file = arguments.components;
  sources.table = bio::component_table_path();
  try {
    const std::filesystem::path molecules = weights_folder(arguments.cache) / "mols";
    std::error_code error;
    if (std::filesystem::is_directory(molecules, error)) sources.molecules = molecules;
  } catch (const IoError&) {
    // Nothing says where a cache would be: then there is none.
  }
  return sources;
}

void forget_searches(bio::Job& job) {
  for (bio::Entity& entity : job.entities) {
    if (entity.msa.kind == bio::MsaSource::Kind::search) entity.msa.kind = bio::MsaSource::Kind::empty;
  }
}

}  // namespace

PredictionRun::PredictionRun(const PredictArguments& arguments)
    : arguments_(arguments),
      groups_(list_groups(arguments.inputs)),
      components_(component_sources(arguments)),
      alignments_(arguments.msa, arguments.cache, arguments.num_threads),
      seed_(arguments.seed ? *arguments.seed : std::random_device{}()) {
  if (!arguments.seed) std::fprintf(stderr, "seed %llu\n", static_cast<unsigned long long>(seed_));
}

std::vector<PredictionRun::InputGroup> PredictionRun::list_groups(const std::vector<std::string>& arguments) {
  std::vector<InputGroup> groups;
  std::map<std::filesystem::path, std::filesystem::path> places;
  for (const std::string& argument : arguments) {
    groups.push_back({argument, bio::list_inputs(argument)});
    for (const std::filesystem::path& file : groups.back().files) {
      const auto [other, is_new] = places.emplace(std::filesystem::path(results_name(argument)) / file.stem(), file);
      if (!is_new) {
        throw ValueError(fmt::format("inputs '{}' and '{}' would both write {}; rename one of them",
                                     other->second.string(), file.string(), other->first.string()));
      }
    }
  }
  return groups;
}

int PredictionRun::run() {
  run_structures();
  if (!affinities_.empty()) run_affinities();
  std::fprintf(stderr, "%d predicted, %d skipped, %d failed\n", predicted_, skipped_, failed_);
  return failed_ == 0 ? kSuccess : kFailure;
}

void PredictionRun::guarded(const std::filesystem::path& file, const std::function<void()>& work) {
  try {
    throw_if_interrupted();
    work();
    return;
  } catch (const Interrupted&) {
    throw;
  } catch (const InputError& error) {
    for (const std::string& message : error.messages()) report_error(message);
  } catch (const Error& error) {
    report_error(error.what());
  } catch (const std::bad_alloc&) {
    report_error(fmt::format("'{}': out of memory", file.string()));
  } catch (const std::exception& error) {
    report_error(fmt::format("'{}': {}", file.string(), error.what()));
  }
  ++failed_;
}

void PredictionRun::run_structures() {
  const ChosenCheckpoint chosen = choose_checkpoint(arguments_.checkpoint, arguments_.cache);
  const boltz::Model model = load_model(chosen.checkpoint);
  if (model.has_affinity()) {
    throw WeightError(
        fmt::format("{}: this is an affinity model; name it with --affinity_checkpoint", chosen.checkpoint.path));
  }
  if (chosen.is_demo) {
    std::fprintf(stderr,
                 "note: the demo weights fold only the five proteins they were trained on; other sequences give "
                 "meaningless structures\n");
  }
  const FoldSettings settings{model, chosen.checkpoint.path, sampler_of(arguments_, chosen.checkpoint), seed_,
                              chosen.is_demo};
  for (const InputGroup& group : groups_) {
    const ResultsFolder& results = folders_.emplace_back(arguments_.out_dir, group.argument);
    for (const std::filesystem::path& file : group.files)
      guarded(file, [&] { predict_structure(settings, file, results); });
  }
}

void PredictionRun::predict_structure(const FoldSettings& settings, const std::filesystem::path& file,
                                      const ResultsFolder& results) {
  const std::string id = file.stem().string();
  Diagnostics diagnostics = printing_diagnostics(id);
  RunReport report(arguments_, seed_);
  report.clock().enter("input");
  bio::Job job = bio::parse_input(file, diagnostics);
  const bool wants_affinity = needs_affinity(job, results);
  if (wants_affinity)
    diagnostics.attempt([&] { find_affinity_checkpoint(arguments_.affinity_checkpoint, arguments_.cache); });
  if (results.is_finished(id) && !arguments_.override_existing) {
    diagnostics.throw_if_refused();
    if (!wants_affinity) {
      std::fprintf(stderr, "%s: already predicted (--override predicts it again)\n", id.c_str());
      ++skipped_;
      return;
    }
    std::fprintf(stderr, "%s: the structure is already predicted; its affinity follows\n", id.c_str());
    affinities_.push_back({std::move(job), file, &results});
    return;
  }
  if (!diagnostics.refused()) {
    report.clock().enter("msa search");
    const bool found = diagnostics.attempt([&] { alignments_.find(job, results.root() / "msa", diagnostics); });
    if (!found) forget_searches(job);  // why there is no alignment has been told
    report.clock().enter("input");
  }
  const bio::Complex complex =
      bio::build_complex(job, components_, {.max_msa_seqs = arguments_.max_msa_seqs}, diagnostics);
  const OutputOptions output{arguments_.output_format == "pdb", arguments_.write_embeddings};
  check_output_format(complex, output);
  results.write_record(complex);
  report.set_input(file, complex, bio::count_msa_rows(complex, {}));
  report.set_checkpoint(settings.checkpoint);
  const boltz::Prediction prediction = fold(settings, complex, arguments_, report, diagnostics);
  throw_if_interrupted();
  results.write_prediction(complex, prediction, output, report.structure(diagnostics.warnings()));
  ++predicted_;
  std::fprintf(stderr, "%s: %lld tokens, %lld atoms in %.1f s -> %s\n", id.c_str(),
               static_cast<long long>(complex.num_tokens()), static_cast<long long>(complex.num_atoms()),
               report.clock().total(), results.prediction(id).c_str());
  if (wants_affinity) affinities_.push_back({std::move(job), file, &results});
}

bool PredictionRun::needs_affinity(const bio::Job& job, const ResultsFolder& results) const {
  return job.affinity && (arguments_.override_existing || !results.has_affinity(job.id));
}

void PredictionRun::run_affinities() {
  const Checkpoint checkpoint =
      load_checkpoint(find_affinity_checkpoint(arguments_.affinity_checkpoint, arguments_.cache));
  const boltz::Model model = load_model(checkpoint);
  if (!model.has_affinity()) {
    throw WeightError(fmt::format("{}: this model predicts no affinity", checkpoint.path));
  }
  const FoldSettings settings{model, checkpoint.path, sampler_of(arguments_, checkpoint), seed_, false};
  for (const AffinityTask& task : affinities_) guarded(task.file, [&] { predict_affinity(settings, task); });
}

void PredictionRun::predict_affinity(const FoldSettings& settings, const AffinityTask& task) {
  const std::string& id = task.job.id;
  Diagnostics diagnostics;  // what building the complex tells was told before its structure was predicted
  RunReport report(arguments_, seed_);
  report.clock().enter("input");
  const bio::Complex complex =
      bio::build_complex(task.job, components_, {.max_msa_seqs = arguments_.max_msa_seqs}, diagnostics);
  const std::vector<float> coordinates = bio::read_model_coordinates(complex, task.results->best_structure(id));
  report.set_input(task.file, complex, bio::count_msa_rows(complex, {}));
  report.set_checkpoint(settings.checkpoint);
  const boltz::Affinity affinity =
      cli::predict_affinity(settings, complex, coordinates, arguments_, report, diagnostics);
  throw_if_interrupted();
  task.results->write_affinity(id, affinity, report.affinity(diagnostics.warnings()));
  std::fprintf(stderr, "%s: affinity %.3f (log10 of IC50 in uM), probability of binding %.3f, in %.1f s\n", id.c_str(),
               affinity.estimate.value, affinity.estimate.probability, report.clock().total());
}

}  // namespace tilefold::cli
