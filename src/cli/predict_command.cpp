#include <CLI/CLI.hpp>

#include "cli/application.h"
#include "cli/option_checks.h"
#include "cli/predict.h"

namespace tilefold::cli {
namespace {

void add_sampler_options(CLI::App& command, PredictArguments& arguments) {
  const std::string group = "Sampler constants (default: the checkpoint's, else Boltz's)";
  command.add_option("--gamma_0", arguments.gamma_0)->group(group);
  command.add_option("--gamma_min", arguments.gamma_min)->group(group);
  command.add_option("--noise_scale", arguments.noise_scale)->group(group);
  command.add_option("--rho", arguments.rho)->group(group);
  command.add_option("--sigma_min", arguments.sigma_min)->group(group);
  command.add_option("--sigma_max", arguments.sigma_max)->group(group);
  command.add_option("--step_scale", arguments.step_scale, "Larger is less diverse")->group(group);
}

/// Boltz options that change nothing on a CPU engine: accepted, so that existing scripts run.
void add_ignored_options(CLI::App& command) {
  const std::string group = "Accepted for Boltz's scripts, without effect here";
  for (const char* name : {"--devices", "--accelerator", "--num_workers", "--preprocessing-threads"}) {
    command.add_option(name, "")->group(group);
  }
  for (const char* name : {"--write_full_pae", "--write_full_pde", "--no_kernels"}) {
    command.add_flag(std::string(name))->group(group);
  }
}

void add_msa_options(CLI::App& command, MsaArguments& msa) {
  const std::string group = "Alignments of proteins without 'msa'";
  command.add_flag("--use_msa_server", msa.use_server, "Ask an MMseqs2 server: sequences leave this machine")
      ->group(group);
  command.add_option("--msa_server_url", msa.server_url)->group(group);
  command.add_option("--msa_pairing_strategy", msa.pairing_strategy, "Pair organisms that two chains have, or all")
      ->check(CLI::IsMember({"greedy", "complete"}))
      ->group(group);
  command.add_option("--msa_server_username", msa.username, "Or BOLTZ_MSA_USERNAME")->group(group);
  command.add_option("--msa_server_password", msa.password, "Or BOLTZ_MSA_PASSWORD")->group(group);
  command.add_option("--api_key_header", msa.api_key_header, "Default X-API-Key")->group(group);
  command.add_option("--api_key_value", msa.api_key_value, "Or MSA_API_KEY_VALUE")->group(group);
  command.add_option("--msa_db", msa.database, "Search this MMseqs2 database on this machine (see tilefold msa)")
      ->group(group);
  command.add_option("--mmseqs", msa.mmseqs, "The program for --msa_db, by name or path")->group(group);
}

void add_affinity_options(CLI::App& command, PredictArguments& a) {
  const std::string group = "Affinity, for inputs that ask for it";
  command.add_option("--affinity_checkpoint", a.affinity_checkpoint, "The affinity model (default: boltz2_aff.ckpt)")
      ->group(group);
  command.add_option("--sampling_steps_affinity", a.sampling_steps_affinity)->group(group);
  command.add_option("--diffusion_samples_affinity", a.diffusion_samples_affinity)->group(group);
  command.add_flag("--affinity_mw_correction", a.affinity_mw_correction, "Correct for the weight of the molecule")
      ->group(group);
}

}  // namespace

void add_predict_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<PredictArguments>();
  CLI::App* command =
      app.add_subcommand("predict", "Predict structures of proteins, DNA, RNA, ligands and their complexes");
  PredictArguments& a = *arguments;
  // Of an option that is given twice the last one counts, as in Boltz's command line.
  command->option_defaults()->always_capture_default()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  command->add_option("input", a.inputs, "YAML or FASTA files, or folders of them")
      ->required()
      ->default_str("")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--out_dir", a.out_dir, "Results go to OUT_DIR/boltz_results_<input>");
  command->add_option("--cache", a.cache, "Folder of the official weights (default: $BOLTZ_CACHE, else ~/.boltz)");
  command->add_option("--checkpoint", a.checkpoint, "A .ckpt or .safetensors file, or 'demo'");
  command->add_option("--recycling_steps", a.recycling_steps, "Trunk passes minus one");
  command->add_option("--sampling_steps", a.sampling_steps, "Diffusion steps");
  command->add_option("--diffusion_samples", a.diffusion_samples, "Structures per input");
  command->add_option("--max_parallel_samples", a.max_parallel_samples, "Structures computed together");
  command->add_option("--seed", a.seed, "Random seed (default: drawn and printed)")->check(whole_number());
  command->add_flag("--use_potentials", a.use_potentials, "Steer the sampler by physical potentials");
  command->add_option("--components", a.components, "CIF file of components of your own, as in the CCD");
  command->add_option("--max_msa_seqs", a.max_msa_seqs, "Rows read from each MSA file");
  command->add_flag("--subsample_msa", a.subsample_msa, "Use some of the alignment's rows, others in every pass");
  command->add_option("--num_subsampled_msa", a.num_subsampled_msa, "Rows that --subsample_msa takes");
  command->add_option("--method", a.method, "Experimental method to condition on, such as 'electron microscopy'");
  command->add_option("--output_format", a.output_format)->check(CLI::IsMember({"mmcif", "pdb"}));
  command->add_option("--precision", a.precision, "mixed: products of the trunk in bf16")
      ->check(CLI::IsMember({"mixed", "fp32"}));
  command->add_option("--num_threads", a.num_threads, "0: all cores");
  command->add_option("--model", "Only boltz2")->check(CLI::IsMember({"boltz2"}));
  command->add_flag("--write_embeddings", a.write_embeddings, "Also write the trunk's s and z");
  command->add_flag("--override", a.override_existing, "Predict again what is already there");
  add_msa_options(*command, a.msa);
  add_affinity_options(*command, a);
  add_sampler_options(*command, a);
  command->add_option("--noise", a.noise_file, "safetensors file with the sampler's random draws")
      ->group("Verification");
  command->add_option("--dump_tensors", a.dump_folder, "Folder for intermediate tensors")->group("Verification");
  command->add_flag("--profile", a.profile, "Print where the time goes, by layer and step")->group("Verification");
  command->add_option("--trace", a.trace_file, "Write a trace for chrome://tracing or Perfetto")->group("Verification");
  add_ignored_options(*command);
  command->callback([arguments, &exit_code] { exit_code = predict(*arguments); });
}

}  // namespace tilefold::cli
