// What steering adds to a step of the sampler: three particles of a protein of 256 residues with a ligand of 40 atoms
// (or of several chains), all potentials active, 20 gradient steps, against the denoiser's time for the same rows.
// Arguments: those of Google Benchmark; TILEFOLD_THREADS sets the number of threads.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "boltz/sample_view.h"
#include "boltz/steering.h"
#include "tilefold/bio.h"
#include "tilefold/boltz.h"
#include "tilefold/jit.h"

namespace {

using namespace tilefold;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kParticles = 3;
constexpr std::int32_t kLigandAtoms = 40;
constexpr std::int32_t kAtomsPerResidue = 8;
/// All potentials guide and count in resampling at this stage.
constexpr double kTau = 0.3;

/// Seconds on the clock and of all processors. The second is of use on a machine that is busy with other work.
struct Seconds {
  double wall = 0;
  double processor = 0;

  static Seconds now() {
    return {std::chrono::duration<double>(Clock::now().time_since_epoch()).count(),
            static_cast<double>(std::clock()) / CLOCKS_PER_SEC};
  }
  friend Seconds operator-(const Seconds& a, const Seconds& b) { return {a.wall - b.wall, a.processor - b.processor}; }
};

/// Chains of residues, and the ligand as the last chain with a token per atom.
struct System {
  bio::Features features;
  Tensor coordinates;  ///< [particles, M, 3]
};

Tensor integers(Shape shape, const std::vector<std::int32_t>& values) {
  return Tensor::from_data(std::move(shape), values);
}

void add_atoms(System& system, const std::vector<std::int64_t>& residues) {
  std::vector<std::int32_t> asym;
  std::vector<std::int32_t> token_of_atom;
  const auto add_token = [&](std::size_t chain, std::int64_t atoms) {
    token_of_atom.insert(token_of_atom.end(), static_cast<std::size_t>(atoms), static_cast<std::int32_t>(asym.size()));
    asym.push_back(static_cast<std::int32_t>(chain));
  };
  for (std::size_t chain = 0; chain < residues.size(); ++chain)
    for (std::int64_t residue = 0; residue < residues[chain]; ++residue) add_token(chain, kAtomsPerResidue);
  for (std::int64_t atom = 0; atom < kLigandAtoms; ++atom) add_token(residues.size(), 1);
  const auto real = static_cast<std::int64_t>(token_of_atom.size());
  const std::int64_t padded = (real + 31) / 32 * 32;
  token_of_atom.resize(static_cast<std::size_t>(padded), -1);
  Tensor mask = Tensor::zeros({padded});
  std::fill_n(mask.mutable_data<float>().begin(), real, 1.0F);
  system.features.tensors["asym_id"] = integers({static_cast<std::int64_t>(asym.size())}, asym);
  system.features.tensors["atom_to_token.index"] = integers({padded}, token_of_atom);
  system.features.tensors["ref_element.index"] = Tensor::full({padded}, 6, DType::int32);
  system.features.tensors["atom_pad_mask"] = mask;
}

/// Atoms as dense as in a protein, the ligand in the middle of them.
void add_coordinates(System& system, std::mt19937& random) {
  constexpr double kSpacing = 2.65;
  const std::int64_t padded = system.features.at("atom_pad_mask").volume();
  const auto edge = static_cast<std::int64_t>(std::ceil(std::cbrt(static_cast<double>(padded))));
  std::uniform_real_distribution<float> jitter(-0.5F, 0.5F);
  system.coordinates = Tensor::empty({kParticles, padded, 3});
  const std::int64_t ligand = std::count(system.features.at("atom_pad_mask").data<float>().begin(),
                                         system.features.at("atom_pad_mask").data<float>().end(), 1.0F) -
                              kLigandAtoms;
  for (std::int64_t row = 0; row < kParticles; ++row) {
    boltz::CoordinatesView x = boltz::sample_of(system.coordinates, row);
    for (std::int64_t atom = 0; atom < padded; ++atom) {
      const bool in_ligand = atom >= ligand && atom < ligand + kLigandAtoms;
      const std::int64_t place = in_ligand ? atom - ligand : atom;
      const std::int64_t side = in_ligand ? 4 : edge;
      const double spacing = in_ligand ? 1.5 : kSpacing;
      const double corner = in_ligand ? static_cast<double>(edge) * kSpacing / 2 : 0;
      x.row(atom) << static_cast<float>(corner + spacing * static_cast<double>(place % side)) + jitter(random),
          static_cast<float>(corner + spacing * static_cast<double>(place / side % side)) + jitter(random),
          static_cast<float>(corner + spacing * static_cast<double>(place / side / side)) + jitter(random);
    }
  }
}

Tensor index_tensor(const std::vector<std::vector<std::int32_t>>& rows) {
  std::vector<std::int32_t> values;
  for (const auto& row : rows) values.insert(values.end(), row.begin(), row.end());
  return integers({static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(rows[0].size())}, values);
}

/// All pairs of ligand atoms, and of each kind of angle as many as a molecule of this size may have.
void add_ligand_terms(System& system, std::int32_t first) {
  std::vector<std::vector<std::int32_t>> pairs(2);
  std::vector<float> lower;
  std::vector<std::int32_t> bond;
  for (std::int32_t i = 0; i < kLigandAtoms; ++i) {
    for (std::int32_t j = i + 1; j < kLigandAtoms; ++j) {
      pairs[0].push_back(first + i);
      pairs[1].push_back(first + j);
      lower.push_back(1.3F + 0.4F * static_cast<float>((i + j) % 5));
      bond.push_back(j == i + 1);
    }
  }
  const auto count = static_cast<std::int64_t>(lower.size());
  auto& tensors = system.features.tensors;
  tensors["rdkit_bounds_index"] = index_tensor(pairs);
  tensors["rdkit_lower_bounds"] = Tensor::from_data({count}, lower);
  tensors["rdkit_upper_bounds"] = Tensor::full({count}, 2.5);
  tensors["rdkit_bounds_bond_mask"] = integers({count}, bond);
  tensors["rdkit_bounds_angle_mask"] = Tensor::zeros({count}, DType::int32);
  for (const auto& [name, size] : {std::pair{"chiral_atom", 4}, {"stereo_bond", 4}, {"planar_bond", 6}}) {
    std::vector<std::vector<std::int32_t>> rows;
    for (std::int32_t row = 0; row < size; ++row) {
      rows.emplace_back();
      for (std::int32_t term = 0; term < 12; ++term) rows.back().push_back(first + (3 * term + row) % kLigandAtoms);
    }
    tensors[std::string(name) + "_index"] = index_tensor(rows);
    tensors[std::string(name) + "_orientations"] = Tensor::full({12}, 1, DType::int32);
  }
}

/// A forced pocket: ten residues, each with the whole ligand.
void add_pocket(System& system, std::int32_t first) {
  std::vector<std::vector<std::int32_t>> pairs(2);
  std::vector<std::int32_t> unions;
  for (std::int32_t residue = 0; residue < 10; ++residue) {
    for (std::int32_t i = 0; i < kLigandAtoms; ++i) {
      for (std::int32_t j = 0; j < kAtomsPerResidue; ++j) {
        pairs[0].push_back(first + i);
        pairs[1].push_back(kAtomsPerResidue * 20 * residue + j);
        unions.push_back(residue);
      }
    }
  }
  const auto count = static_cast<std::int64_t>(unions.size());
  auto& tensors = system.features.tensors;
  tensors["contact_pair_index"] = index_tensor(pairs);
  tensors["contact_union_index"] = integers({count}, unions);
  tensors["contact_negation_mask"] = Tensor::full({count}, 1, DType::int32);
  tensors["contact_thresholds"] = Tensor::full({count}, 6.0);
}

System make_system(const std::vector<std::int64_t>& residues) {
  System system;
  std::mt19937 random(1);
  add_atoms(system, residues);
  add_coordinates(system, random);
  std::int64_t atoms = 0;
  for (const std::int64_t chain : residues) atoms += chain * kAtomsPerResidue;
  add_ligand_terms(system, static_cast<std::int32_t>(atoms));
  add_pocket(system, static_cast<std::int32_t>(atoms));
  std::vector<std::vector<std::int32_t>> copies(2);
  for (std::size_t chain = 1; chain < residues.size(); ++chain) {
    copies[0].push_back(0);
    copies[1].push_back(static_cast<std::int32_t>(chain));
  }
  if (!copies[0].empty()) system.features.tensors["symmetric_chain_index"] = index_tensor(copies);
  return system;
}

Tensor copy_of(const Tensor& tensor) { return Tensor::from_data(tensor.shape(), tensor.data<float>()); }

void guidance(benchmark::State& state, const std::vector<std::int64_t>& residues) {
  const System system = make_system(residues);
  const boltz::Steering steering(system.features, {.use_potentials = true});
  for (auto _ : state) {
    Tensor x = copy_of(system.coordinates);
    benchmark::DoNotOptimize(steering.guide(x, kTau));
  }
}

void energies(benchmark::State& state, const std::vector<std::int64_t>& residues) {
  const System system = make_system(residues);
  const boltz::Steering steering(system.features, {.use_potentials = true});
  for (auto _ : state) benchmark::DoNotOptimize(steering.energies(system.coordinates, kTau));
}

/// The released score model with made-up weights; the trunk is left out.
boltz::Model score_model() {
  Checkpoint checkpoint;
  checkpoint.hyper_parameters_json = R"({
    "atom_s": 128, "atom_z": 16, "token_s": 384, "token_z": 128, "num_bins": 64, "atom_feature_dim": 388,
    "fix_sym_check": true, "cyclic_pos_enc": true, "bond_type_feature": true, "use_templates": false,
    "predict_bfactor": false, "confidence_prediction": false,
    "embedder_args": {"atom_encoder_depth": 3, "atom_encoder_heads": 4, "add_method_conditioning": true,
                      "add_modified_flag": true, "add_cyclic_flag": true, "add_mol_type_feat": true},
    "msa_args": {"msa_s": 64, "msa_blocks": 0, "use_paired_feature": true},
    "pairformer_args": {"num_blocks": 0, "num_heads": 16, "v2": true},
    "score_model_args": {"dim_fourier": 256, "atom_encoder_depth": 3, "atom_encoder_heads": 4,
                         "token_transformer_depth": 24, "token_transformer_heads": 16, "atom_decoder_depth": 3,
                         "atom_decoder_heads": 4, "conditioning_transition_layers": 2}})";
  std::uint32_t bits = 1;
  for (const ParameterSpec& spec : boltz::expected_parameters(checkpoint.hyper_parameters_json)) {
    Tensor tensor = Tensor::empty(spec.shape);
    for (float& value : tensor.mutable_data<float>()) {
      bits = bits * 1664525U + 1013904223U;
      value = (static_cast<float>(bits >> 8) / 8388608.0F - 1.0F) * 0.05F;
    }
    checkpoint.tensors[spec.name] = tensor;
  }
  return boltz::Model(checkpoint);
}

/// Per step of the sampler for as many samples as there are particles, without steering: the fastest of some.
Seconds denoiser_seconds() {
  const boltz::Model model = score_model();
  // Glycines in the place of the ligand's tokens.
  const std::string sequence = std::string(256, 'L') + std::string(kLigandAtoms, 'G');
  Diagnostics diagnostics;
  const bio::Job job = bio::parse_input_text(">A|protein|empty\n" + sequence + "\n", "protein.fasta", diagnostics);
  const bio::Complex complex = bio::build_complex(job, bio::default_components(), {}, diagnostics);
  const bio::Features features = bio::featurize(complex, {}, diagnostics);
  boltz::PredictOptions options;
  options.recycling_steps = 0;
  options.sampling_steps = 8;
  options.diffusion_samples = kParticles;
  Seconds least{1e9, 1e9};
  Seconds last;
  options.progress = [&](const boltz::Progress& progress) {
    if (progress.stage != "diffusion") return;
    const Seconds now = Seconds::now();
    // Programs are compiled in the first step.
    if (progress.done > 1 && (now - last).wall < least.wall) least = now - last;
    last = now;
  };
  (void)model.predict(features, options);
  return least;
}

/// Both in one run: the share of steering in the time of a step.
void share_of_a_step(benchmark::State& state) {
  static const Seconds denoiser = denoiser_seconds();
  const System system = make_system({256});
  const boltz::Steering steering(system.features, {.use_potentials = true});
  const Seconds start = Seconds::now();
  for (auto _ : state) {
    benchmark::DoNotOptimize(steering.energies(system.coordinates, kTau));
    Tensor x = copy_of(system.coordinates);
    benchmark::DoNotOptimize(steering.guide(x, kTau));
  }
  const Seconds total = Seconds::now() - start;
  const auto runs = static_cast<double>(state.iterations());
  state.counters["threads"] = num_threads();
  state.counters["denoiser_ms"] = 1e3 * denoiser.wall;
  state.counters["steering_ms"] = 1e3 * total.wall / runs;
  state.counters["percent"] = 100 * total.wall / runs / denoiser.wall;
  state.counters["percent_of_processor_time"] = 100 * total.processor / runs / denoiser.processor;
}

}  // namespace

int main(int argc, char** argv) {
  if (const char* threads = std::getenv("TILEFOLD_THREADS")) set_num_threads(std::atoi(threads));
  const auto add = [](const std::string& name, const std::vector<std::int64_t>& residues) {
    benchmark::RegisterBenchmark(("guidance/" + name).c_str(), guidance, residues)->Unit(benchmark::kMicrosecond);
    benchmark::RegisterBenchmark(("energies/" + name).c_str(), energies, residues)->Unit(benchmark::kMicrosecond);
  };
  add("256_residues", {256});
  add("2_x_256_residues", {256, 256});
  add("8_x_500_residues", std::vector<std::int64_t>(8, 500));
  benchmark::RegisterBenchmark("share_of_a_step", share_of_a_step)->Unit(benchmark::kMillisecond);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
