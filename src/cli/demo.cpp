#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <gemmi/model.hpp>
#include <gemmi/pdb.hpp>
#include <gemmi/qcp.hpp>
#include <numeric>

#include "cli/application.h"
#include "cli/checkpoint_choice.h"
#include "cli/fold.h"
#include "cli/option_checks.h"
#include "cli/prediction_folder.h"
#include "tilefold/error.h"
#include "tilefold/output.h"

// NOLINTNEXTLINE(bugprone-macro-parentheses): names that are declared take none.
#define TILEFOLD_EMBEDDED(name)          \
  extern "C" const unsigned char name[]; \
  extern "C" const unsigned char name##_end[];
TILEFOLD_EMBEDDED(tilefold_demo_sequences)
TILEFOLD_EMBEDDED(tilefold_demo_1ard)
TILEFOLD_EMBEDDED(tilefold_demo_bpti)
TILEFOLD_EMBEDDED(tilefold_demo_entv)
TILEFOLD_EMBEDDED(tilefold_demo_2sdf)
TILEFOLD_EMBEDDED(tilefold_demo_1hpv)
#undef TILEFOLD_EMBEDDED

namespace tilefold::cli {
namespace {

/// Largest distance from the deposited structure that the demo accepts, in Angstrom.
constexpr double kLargestRmsd = 1.0;

std::string_view text_of(const unsigned char* begin, const unsigned char* end) {
  return {reinterpret_cast<const char*>(begin), static_cast<std::size_t>(end - begin)};
}

std::string_view deposited_structure(const std::string& name) {
  if (name == "1ard") return text_of(tilefold_demo_1ard, tilefold_demo_1ard_end);
  if (name == "bpti") return text_of(tilefold_demo_bpti, tilefold_demo_bpti_end);
  if (name == "entv") return text_of(tilefold_demo_entv, tilefold_demo_entv_end);
  if (name == "2sdf") return text_of(tilefold_demo_2sdf, tilefold_demo_2sdf_end);
  if (name == "1hpv") return text_of(tilefold_demo_1hpv, tilefold_demo_1hpv_end);
  throw ValueError("no deposited structure for '" + name + "'");
}

struct DemoProtein {
  std::string name;
  std::string sequence;
};

std::vector<DemoProtein> demo_proteins() {
  std::vector<DemoProtein> proteins;
  std::istringstream lines{std::string(text_of(tilefold_demo_sequences, tilefold_demo_sequences_end))};
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    if (line[0] == '>') {
      proteins.push_back({line.substr(1), ""});
    } else {
      proteins.back().sequence += line;
    }
  }
  return proteins;
}

std::vector<gemmi::Position> deposited_trace(const std::string& name) {
  const std::string_view text = deposited_structure(name);
  gemmi::Structure structure = gemmi::read_pdb_from_memory(text.data(), text.size(), name);
  std::vector<gemmi::Position> trace;
  for (const gemmi::Chain& chain : structure.models.at(0).chains) {
    for (const gemmi::Residue& residue : chain.residues) {
      if (const gemmi::Atom* atom = residue.get_ca()) trace.push_back(atom->pos);
    }
  }
  return trace;
}

/// CA positions of a predicted protein; the center atom of an amino acid is its CA.
std::vector<gemmi::Position> predicted_trace(const bio::Complex& complex, std::span<const float> coordinates) {
  std::vector<gemmi::Position> trace;
  for (const bio::Token& token : complex.tokens) {
    const float* position = &coordinates[3 * static_cast<std::size_t>(token.center_atom)];
    trace.emplace_back(position[0], position[1], position[2]);
  }
  return trace;
}

/// Root mean square distance of CA atoms after the best superposition, in Angstrom.
double ca_rmsd(const bio::Complex& complex, std::span<const float> coordinates, const std::string& name) {
  const std::vector<gemmi::Position> deposited = deposited_trace(name);
  const std::vector<gemmi::Position> predicted = predicted_trace(complex, coordinates);
  if (deposited.size() != predicted.size()) {
    throw ValueError(
        fmt::format("'{}': {} residues predicted, {} deposited", name, predicted.size(), deposited.size()));
  }
  return gemmi::superpose_positions(deposited.data(), predicted.data(), deposited.size(), nullptr).rmsd;
}

double mean(std::span<const float> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Folds all demo proteins, prints and writes the table, and says whether every one is close to its structure.
int fold_demo_proteins(const PredictArguments& arguments) {
  const Checkpoint checkpoint = demo_checkpoint();
  const boltz::Model model = load_model(checkpoint);
  const FoldSettings settings{model, checkpoint.path, sampler_of(arguments, checkpoint), arguments.seed.value(), true};
  ResultsFolder results(arguments.out_dir, "demo");
  std::string table = fmt::format("{:<8} {:>8} {:>10} {:>11} {:>9}  {}\n", "protein", "residues", "CA-RMSD",
                                  "mean pLDDT", "seconds", "structure");
  bool all_close = true;
  for (const DemoProtein& protein : demo_proteins()) {
    const auto start = std::chrono::steady_clock::now();
    const std::string input = fmt::format(">A|protein|empty\n{}\n", protein.sequence);
    Diagnostics diagnostics;  // single-sequence mode is what these proteins were trained in
    const bio::Job job = bio::parse_input_text(input, protein.name + ".fasta", diagnostics);
    const bio::Complex complex = bio::build_complex(job, bio::default_components(), {}, diagnostics);
    results.write_record(complex);
    RunReport report(arguments, arguments.seed.value());
    report.set_input(job.source, complex, 1);
    report.set_checkpoint(checkpoint.path);
    const boltz::Prediction prediction = fold(settings, complex, arguments, report, diagnostics);
    results.write_prediction(complex, prediction, {arguments.output_format == "pdb", false},
                             report.structure(diagnostics.warnings()));
    const double rmsd = ca_rmsd(complex, prediction.coordinates.data<float>(), protein.name);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    all_close = all_close && rmsd <= kLargestRmsd;
    const double plddt = mean(prediction.confidence.at(0).plddt.data<float>());
    const std::string extension = arguments.output_format == "pdb" ? "pdb" : "cif";
    const auto file = results.prediction(protein.name) / fmt::format("{}_model_0.{}", protein.name, extension);
    table += fmt::format("{:<8} {:>8} {:>8.2f} A {:>11.3f} {:>9.1f}  {}\n", protein.name, complex.num_tokens(), rmsd,
                         plddt, seconds, file.string());
  }
  const std::filesystem::path report = results.root() / "report.txt";
  bio::write_file(report, table);
  std::printf("\n%s\nreport: %s\n", table.c_str(), report.c_str());
  if (all_close) return kSuccess;
  std::fprintf(stderr, "tilefold: error: a CA-RMSD exceeds %.1f A\n", kLargestRmsd);
  return kFailure;
}

}  // namespace

void add_demo_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<PredictArguments>();
  arguments->out_dir = "demo_out";
  arguments->sampling_steps = 50;
  arguments->seed = 1;
  CLI::App* command = app.add_subcommand("demo",
                                         "Fold five proteins with the embedded weights and compare them with "
                                         "their deposited structures");
  command->option_defaults()->always_capture_default();
  command->add_option("--out_dir", arguments->out_dir);
  command->add_option("--sampling_steps", arguments->sampling_steps)->check(CLI::Range(2, 1000));
  command->add_option("--recycling_steps", arguments->recycling_steps)->check(CLI::Range(0, 100));
  command->add_option("--seed", arguments->seed)->check(whole_number());
  command->add_option("--output_format", arguments->output_format)->check(CLI::IsMember({"mmcif", "pdb"}));
  command->add_option("--precision", arguments->precision)->check(CLI::IsMember({"mixed", "fp32"}));
  command->add_option("--num_threads", arguments->num_threads)->check(CLI::Range(0, 4096));
  command->callback([arguments, &exit_code] {
    if (arguments->num_threads > 0) set_num_threads(arguments->num_threads);
    exit_code = fold_demo_proteins(*arguments);
  });
}

}  // namespace tilefold::cli
