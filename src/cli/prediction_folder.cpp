#include "cli/prediction_folder.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "tilefold/error.h"
#include "tilefold/output.h"

namespace tilefold::cli {
namespace {

using Json = nlohmann::ordered_json;

void create_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) throw IoError(fmt::format("cannot create folder '{}': {}", path.string(), error.message()));
}

/// A token as the reference's records name it: chain, and residue of a polymer or atom of a ligand.
Json token_of(const bio::Complex& complex, const bio::TokenReference& reference) {
  const bio::Structure& structure = complex.structure;
  for (const bio::Chain& chain : structure.chains) {
    if (reference.residue >= chain.residue_start + chain.residue_count) continue;
    return {chain.asym_id, reference.atom >= 0 ? reference.atom : structure.residues[reference.residue].index};
  }
  return nullptr;
}

Json constraints_of(const bio::Complex& complex) {
  Json pockets = Json::array();
  for (const bio::Pocket& pocket : complex.pockets) {
    Json contacts = Json::array();
    for (const bio::TokenReference& contact : pocket.contacts) contacts.push_back(token_of(complex, contact));
    pockets.push_back({pocket.binder, contacts, pocket.max_distance, pocket.force});
  }
  Json contacts = Json::array();
  for (const bio::Contact& contact : complex.contacts) {
    contacts.push_back(
        {token_of(complex, contact.token_1), token_of(complex, contact.token_2), contact.max_distance, contact.force});
  }
  return {{"pocket_constraints", pockets}, {"contact_constraints", contacts}};
}

Json affinity_record_of(const bio::Complex& complex) {
  if (!complex.affinity) return nullptr;
  return {{"chain_id", complex.affinity->chain}, {"mw", complex.affinity->molecular_weight}};
}

Json templates_of(const bio::Complex& complex) {
  Json templates = Json::array();
  for (const bio::TemplateRow& row : complex.templates) {
    for (const bio::TemplateRecord& record : row.records) {
      templates.push_back({{"name", row.name},
                           {"query_chain", complex.structure.chains[static_cast<std::size_t>(record.chain)].name},
                           {"query_st", record.query_start},
                           {"query_en", record.query_start + record.length},
                           {"template_chain", record.template_chain},
                           {"template_st", record.template_start},
                           {"template_en", record.template_start + record.length},
                           {"force", row.force_threshold.has_value()},
                           {"threshold", row.force_threshold ? Json(*row.force_threshold) : Json()}});
    }
  }
  return templates;
}

Json record_of(const bio::Complex& complex) {
  Json chains = Json::array();
  for (const bio::Chain& chain : complex.structure.chains) {
    chains.push_back(
        {{"chain_id", chain.asym_id},
         {"chain_name", chain.name},
         {"mol_type", static_cast<int>(chain.type)},
         {"cluster_id", -1},
         {"msa_id", complex.msas[static_cast<std::size_t>(chain.asym_id)] ? Json(chain.entity_id) : Json(-1)},
         {"num_residues", chain.residue_count},
         {"valid", true},
         {"entity_id", chain.entity_id}});
  }
  return {{"id", complex.id},
          {"structure", {{"num_chains", complex.structure.chains.size()}}},
          {"chains", chains},
          {"interfaces", Json::array()},
          {"inference_options", constraints_of(complex)},
          {"templates", templates_of(complex)},
          {"affinity", affinity_record_of(complex)}};
}

Json confidence_of(const boltz::SampleConfidence& sample) {
  Json chains_ptm = Json::object();
  Json pairs = Json::object();
  for (const auto& [first, row] : sample.pair_chains_iptm) {
    Json entries = Json::object();
    for (const auto& [second, value] : row) entries[std::to_string(second)] = value;
    pairs[std::to_string(first)] = entries;
    chains_ptm[std::to_string(first)] = row.at(first);
  }
  return {{"confidence_score", sample.confidence_score},
          {"ptm", sample.ptm},
          {"iptm", sample.iptm},
          {"ligand_iptm", sample.ligand_iptm},
          {"protein_iptm", sample.protein_iptm},
          {"complex_plddt", sample.complex_plddt},
          {"complex_iplddt", sample.complex_iplddt},
          {"complex_pde", sample.complex_pde},
          {"complex_ipde", sample.complex_ipde},
          {"chains_ptm", chains_ptm},
          {"pair_chains_iptm", pairs}};
}

Json affinity_of(const boltz::Affinity& affinity) {
  Json values = {{"affinity_pred_value", affinity.estimate.value},
                 {"affinity_probability_binary", affinity.estimate.probability}};
  if (affinity.members.size() < 2) return values;
  for (std::size_t i = 0; i < affinity.members.size(); ++i) {
    values[fmt::format("affinity_pred_value{}", i + 1)] = affinity.members[i].value;
    values[fmt::format("affinity_probability_binary{}", i + 1)] = affinity.members[i].probability;
  }
  return values;
}

std::string report_name(const std::string& id) { return fmt::format("run_{}.json", id); }

/// Texts in a report come from input files and paths, which may hold any bytes.
std::string report_text(const Json& report) {
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// Sample indices, best confidence first; sample order when there is no confidence module.
std::vector<std::size_t> ranking(const boltz::Prediction& prediction, std::size_t samples) {
  std::vector<std::size_t> order(samples);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (prediction.confidence.empty()) return order;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return prediction.confidence[a].confidence_score > prediction.confidence[b].confidence_score;
  });
  return order;
}

constexpr std::string_view kUnfinished = ".part";

/// Removes what runs that were killed have left of this prediction; those of living processes stay.
void remove_abandoned(const std::filesystem::path& final_path) {
  const std::string beginning = fmt::format(".{}{}", final_path.filename().string(), kUnfinished);
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(final_path.parent_path(), ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(beginning)) continue;
    const char* digits = name.c_str() + beginning.size();
    pid_t process = 0;
    const auto [end, error] = std::from_chars(digits, name.c_str() + name.size(), process);
    if (error != std::errc() || *end != '\0' || process <= 0) continue;
    if (::kill(process, 0) != 0 && errno == ESRCH) std::filesystem::remove_all(entry.path(), ignored);
  }
}

/// A folder that disappears again unless it is renamed to its final name.
class UnfinishedFolder {
 public:
  explicit UnfinishedFolder(const std::filesystem::path& final_path)
      : final_path_(final_path),
        path_(final_path.parent_path() /
              fmt::format(".{}{}{}", final_path.filename().string(), kUnfinished, ::getpid())) {
    remove_abandoned(final_path);
    std::filesystem::remove_all(path_);
    create_folder(path_);
  }
  ~UnfinishedFolder() {
    std::error_code ignored;
    if (!kept_) std::filesystem::remove_all(path_, ignored);
  }
  UnfinishedFolder(const UnfinishedFolder&) = delete;
  UnfinishedFolder& operator=(const UnfinishedFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void keep() {
    std::error_code error;
    std::filesystem::remove_all(final_path_, error);
    if (!error) std::filesystem::rename(path_, final_path_, error);
    if (error) throw IoError(fmt::format("cannot write '{}': {}", final_path_.string(), error.message()));
    kept_ = true;
  }

 private:
  std::filesystem::path final_path_;
  std::filesystem::path path_;
  bool kept_ = false;
};

void write_sample(const std::filesystem::path& folder, const bio::Complex& complex, const boltz::Prediction& prediction,
                  std::size_t sample, std::size_t rank, const OutputOptions& options) {
  const auto atoms = static_cast<std::size_t>(complex.num_atoms());
  const auto padded = static_cast<std::size_t>(prediction.coordinates.shape()[1]);
  const std::string name = fmt::format("{}_model_{}", complex.id, rank);
  bio::ModelCoordinates model;
  model.coordinates = prediction.coordinates.data<float>().subspan(3 * padded * sample, 3 * atoms);
  const bool confident = !prediction.confidence.empty();
  if (confident) model.plddt = prediction.confidence[sample].plddt.data<float>();
  if (options.pdb) {
    bio::write_file(folder / (name + ".pdb"), bio::to_pdb(complex, model));
  } else {
    bio::write_file(folder / (name + ".cif"), bio::to_mmcif(complex, model));
  }
  if (!confident) return;
  const boltz::SampleConfidence& confidence = prediction.confidence[sample];
  bio::write_file(folder / fmt::format("confidence_{}.json", name), confidence_of(confidence).dump(4));
  bio::write_file(folder / fmt::format("plddt_{}.npz", name), bio::to_npz({{"plddt", confidence.plddt}}));
  bio::write_file(folder / fmt::format("pae_{}.npz", name), bio::to_npz({{"pae", confidence.pae}}));
  bio::write_file(folder / fmt::format("pde_{}.npz", name), bio::to_npz({{"pde", confidence.pde}}));
}

/// The reference keeps the batch axis in the embeddings file.
Tensor with_batch_axis(const Tensor& tensor) {
  std::vector<std::int64_t> sizes = tensor.shape().sizes();
  sizes.insert(sizes.begin(), 1);
  return tensor.viewed_as(Shape(sizes));
}

/// The records that this and earlier runs left; one that is damaged is left out.
Json read_records(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  Json records = Json::array();
  for (const std::filesystem::path& file : files) {
    std::ifstream stream(file);
    Json record = Json::parse(stream, nullptr, false);
    if (record.is_object()) records.push_back(std::move(record));
  }
  return records;
}

}  // namespace

std::string results_name(const std::filesystem::path& input) {
  std::filesystem::path clean = std::filesystem::absolute(input).lexically_normal();
  if (!clean.has_filename()) clean = clean.parent_path();
  return "boltz_results_" + clean.stem().string();
}

void check_output_format(const bio::Complex& complex, const OutputOptions& options) {
  if (!options.pdb) return;
  const std::vector<float> origin(3 * static_cast<std::size_t>(complex.num_atoms()), 0.0F);
  bio::to_pdb(complex, {.coordinates = origin, .plddt = {}});
}

ResultsFolder::ResultsFolder(const std::filesystem::path& out_dir, const std::filesystem::path& input)
    : root_(out_dir / results_name(input)) {
  create_folder(root_ / "predictions");
  create_folder(root_ / "processed" / "records");
}

void ResultsFolder::write_record(const bio::Complex& complex) const {
  const std::filesystem::path folder = root_ / "processed" / "records";
  bio::write_file(folder / (complex.id + ".json"), record_of(complex).dump(4));
  const Json manifest = {{"records", read_records(folder)}};
  bio::write_file(root_ / "processed" / "manifest.json", manifest.dump(4));
}

std::filesystem::path ResultsFolder::best_structure(const std::string& id) const {
  for (const char* suffix : {"cif", "pdb"}) {
    const std::filesystem::path file = prediction(id) / fmt::format("{}_model_0.{}", id, suffix);
    if (std::filesystem::exists(file)) return file;
  }
  return {};
}

bool ResultsFolder::has_affinity(const std::string& id) const {
  return std::filesystem::exists(prediction(id) / fmt::format("affinity_{}.json", id));
}

void ResultsFolder::write_prediction(const bio::Complex& complex, const boltz::Prediction& prediction,
                                     const OutputOptions& options, const nlohmann::ordered_json& report) const {
  UnfinishedFolder folder(this->prediction(complex.id));
  const auto samples = static_cast<std::size_t>(prediction.coordinates.shape()[0]);
  const std::vector<std::size_t> order = ranking(prediction, samples);
  for (std::size_t rank = 0; rank < samples; ++rank) {
    write_sample(folder.path(), complex, prediction, order[rank], rank, options);
  }
  if (options.embeddings) {
    bio::write_file(folder.path() / fmt::format("embeddings_{}.npz", complex.id),
                    bio::to_npz({{"s", with_batch_axis(prediction.s)}, {"z", with_batch_axis(prediction.z)}}));
  }
  bio::write_file(folder.path() / report_name(complex.id), report_text(report));
  folder.keep();
}

void ResultsFolder::write_affinity(const std::string& id, const boltz::Affinity& affinity,
                                   const nlohmann::ordered_json& report) const {
  const std::filesystem::path file = prediction(id) / report_name(id);
  std::ifstream stream(file);
  Json whole = Json::parse(stream, nullptr, false);
  if (!whole.is_object()) whole = Json::object();  // a structure that another program has predicted has no report
  whole["affinity"] = report;
  bio::write_file(file, report_text(whole));
  bio::write_file(prediction(id) / fmt::format("affinity_{}.json", id), affinity_of(affinity).dump(4));
}

}  // namespace tilefold::cli
