#include "cli/run_report.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "isa/cpu.h"
#include "tilefold/jit.h"

namespace tilefold::cli {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
Json value_or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

/// Where alignments come from; credentials are left out.
Json msa_options(const MsaArguments& msa) {
  return {{"use_msa_server", msa.use_server},
          {"msa_server_url", msa.use_server ? Json(msa.server_url) : Json(nullptr)},
          {"msa_pairing_strategy", msa.pairing_strategy},
          {"msa_db", value_or_null(msa.database)}};
}

Json options_of(const PredictArguments& a) {
  Json options = {{"recycling_steps", a.recycling_steps},
                  {"sampling_steps", a.sampling_steps},
                  {"diffusion_samples", a.diffusion_samples},
                  {"use_potentials", a.use_potentials},
                  {"max_msa_seqs", a.max_msa_seqs},
                  {"subsample_msa", a.subsample_msa},
                  {"num_subsampled_msa", a.num_subsampled_msa},
                  {"method", a.method.empty() ? Json(nullptr) : Json(a.method)},
                  {"output_format", a.output_format},
                  {"precision", a.precision},
                  {"components", value_or_null(a.components)},
                  {"noise", value_or_null(a.noise_file)}};
  for (const auto& [name, value] :
       {std::pair("gamma_0", a.gamma_0), std::pair("gamma_min", a.gamma_min), std::pair("noise_scale", a.noise_scale),
        std::pair("rho", a.rho), std::pair("sigma_min", a.sigma_min), std::pair("sigma_max", a.sigma_max),
        std::pair("step_scale", a.step_scale)}) {
    if (value) options[name] = *value;
  }
  options.update(msa_options(a.msa));
  return options;
}

Json affinity_options_of(const PredictArguments& a) {
  return {{"sampling_steps_affinity", a.sampling_steps_affinity},
          {"diffusion_samples_affinity", a.diffusion_samples_affinity},
          {"affinity_mw_correction", a.affinity_mw_correction}};
}

Json machine() { return {{"isa", isa::isa_name(isa::active_isa())}, {"threads", num_threads()}}; }

}  // namespace

void StageClock::enter(const std::string& stage) {
  stop();
  const auto found =
      std::find_if(stages_.begin(), stages_.end(), [&](const auto& entry) { return entry.first == stage; });
  current_ = static_cast<std::size_t>(found - stages_.begin());
  if (found == stages_.end()) stages_.emplace_back(stage, 0.0);
  running_ = true;
  since_ = std::chrono::steady_clock::now();
}

void StageClock::stop() {
  if (!running_) return;
  stages_[current_].second += std::chrono::duration<double>(std::chrono::steady_clock::now() - since_).count();
  running_ = false;
}

Json StageClock::seconds() const {
  Json result = Json::object();
  const auto rounded = [](double value) { return std::round(value * 1000) / 1000; };
  for (const auto& [stage, seconds] : stages_) result[stage] = rounded(seconds);
  result["total"] = rounded(total());
  return result;
}

double StageClock::total() const {
  return std::accumulate(stages_.begin(), stages_.end(), 0.0,
                         [](double sum, const auto& entry) { return sum + entry.second; });
}

RunReport::RunReport(const PredictArguments& arguments, std::uint64_t seed) : arguments_(arguments), seed_(seed) {}

void RunReport::set_input(const std::filesystem::path& file, const bio::Complex& complex, std::int64_t msa_rows) {
  input_ = {{"file", file.string()},
            {"chains", complex.structure.chains.size()},
            {"tokens", complex.num_tokens()},
            {"atoms", complex.num_atoms()},
            {"msa_rows", msa_rows}};
}

void RunReport::set_checkpoint(const std::string& path) { checkpoint_ = path; }

Json RunReport::structure(const std::vector<std::string>& warnings) {
  clock_.stop();
  return {{"tilefold", TILEFOLD_VERSION}, {"input", input_},
          {"checkpoint", checkpoint_},    {"seed", seed_},
          {"warnings", warnings},         {"options", options_of(arguments_)},
          {"machine", machine()},         {"seconds", clock_.seconds()}};
}

Json RunReport::affinity(const std::vector<std::string>& warnings) {
  clock_.stop();
  return {{"tilefold", TILEFOLD_VERSION}, {"input", input_},
          {"checkpoint", checkpoint_},    {"seed", seed_},
          {"warnings", warnings},         {"options", affinity_options_of(arguments_)},
          {"machine", machine()},         {"seconds", clock_.seconds()}};
}

}  // namespace tilefold::cli
