/// Boltz-2 structure prediction: from features to coordinates and confidence.
///
///   Checkpoint checkpoint = load_checkpoint("boltz2_conf.ckpt");
///   boltz::Model model(checkpoint);
///   boltz::Prediction prediction = model.predict(features, {.diffusion_samples = 2});
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tilefold/bio.h"
#include "tilefold/jit.h"
#include "tilefold/tensor.h"
#include "tilefold/weights.h"

namespace tilefold::boltz {

/// Constants of the diffusion sampler; the defaults are those of Boltz's command line.
struct SamplerConstants {
  double gamma_0 = 0.8;
  double gamma_min = 1.0;
  double noise_scale = 1.003;
  double rho = 7.0;
  double sigma_min = 1e-4;
  double sigma_max = 160.0;
  double sigma_data = 16.0;
  double step_scale = 1.5;
};

/// The defaults, overridden by the checkpoint's `tilefold_sampler` metadata (a JSON object with the names above).
/// Throws WeightError for an unknown name or a value that is not a number.
SamplerConstants sampler_constants(const Checkpoint& checkpoint);

/// Steering of the sampler by potentials; the defaults are those of Boltz's command line.
struct SteeringOptions {
  /// Feynman-Kac steering: every sample is followed as several particles, of which the ones with low energy go on, and
  /// guidance by the physical potentials. Costs `particles` times the denoiser's work.
  bool use_potentials = false;
  /// Guidance by contacts, pockets and templates that the input forces. Without such it costs nothing. Affinity runs
  /// set it to false.
  bool contact_guidance = true;
  std::int64_t particles = 3;
  double lambda = 4.0;                   ///< weight of energy differences in the resampling of particles
  std::int64_t resampling_interval = 3;  ///< particles are resampled in every so many steps while noise is added
  std::int64_t gradient_steps = 20;      ///< gradient steps of the guidance per step of the sampler
};

/// Random draws given from outside instead of from the seed; undefined tensors are drawn. fp32; D samples, with
/// `use_potentials` samples times particles (the particles of a sample are neighbours), T steps, M padded atoms.
struct InjectedNoise {
  Tensor initial;      ///< [D, M, 3], unit normal
  Tensor noise;        ///< [T, D, M, 3], unit normal
  Tensor rotation;     ///< [T, D, 3, 3], applied as coordinates @ R
  Tensor translation;  ///< [T, D, 3]
  /// Per trunk pass a permutation [S] of the alignment's rows, of which the first ones are taken when they are
  /// subsampled.
  std::vector<Tensor> msa_rows;
  /// Per resampling event [samples, particles], the last one [samples, 1]: which particles of a sample go on.
  std::vector<Tensor> resample;
  /// [R, M, 3]: structures whose potentials are dumped ("pot.<name>.<tau>.energy", ...); not a draw.
  Tensor potential_coordinates;
};

/// Where a prediction is: "input", "trunk", "conditioning", "diffusion", "confidence", "affinity"; `done` of `total`
/// units of the stage.
struct Progress {
  std::string stage;
  std::int64_t done = 0;
  std::int64_t total = 0;
};

struct PredictOptions {
  std::int64_t recycling_steps = 3;  ///< trunk passes - 1
  std::int64_t sampling_steps = 200;
  std::int64_t diffusion_samples = 1;
  std::int64_t max_parallel_samples = 5;  ///< samples denoised together: bounds memory, never changes results
  SamplerConstants sampler;
  /// Rows of the alignment that each trunk pass sees, drawn anew in every pass; not set: all of them.
  std::optional<std::int64_t> num_subsampled_msa{};
  bool affinity_mw_correction = false;  ///< correct the affinity for the molecule's weight
  SteeringOptions steering;
  std::uint64_t seed = 42;
  Precision precision = Precision::mixed;
  InjectedNoise injected;
  /// Called between units of work; may throw to stop the prediction.
  std::function<void(const Progress&)> progress;
  /// Receives intermediate tensors by name ("trunk.0.z", "conditioning.q", "sampler.noisy", "out.plddt_logits", ...),
  /// without a batch axis; see docs/verification.md. Not set: nothing is kept for it.
  std::function<void(const std::string& name, const Tensor& tensor)> dump;
};

/// Confidence of one sample.
struct SampleConfidence {
  double confidence_score = 0;
  double ptm = 0;
  double iptm = 0;
  double ligand_iptm = 0;
  double protein_iptm = 0;
  double complex_plddt = 0;
  double complex_iplddt = 0;
  double complex_pde = 0;
  double complex_ipde = 0;
  /// [column chain][row (frame) chain] by asym id.
  std::map<std::int32_t, std::map<std::int32_t, double>> pair_chains_iptm;
  Tensor plddt;  ///< [N], 0..1
  Tensor pae;    ///< [N, N], Angstrom
  Tensor pde;    ///< [N, N], Angstrom
};

/// One estimate of a binding affinity.
struct AffinityEstimate {
  double value = 0;        ///< log10 of the inhibitory concentration (IC50) in micromoles per litre; lower binds better
  double probability = 0;  ///< that the molecule binds
};

struct Affinity {
  AffinityEstimate estimate;              ///< the mean of the ensemble
  std::vector<AffinityEstimate> members;  ///< of each module
};

struct Prediction {
  Tensor coordinates;                        ///< [D, M, 3], Angstrom; padding atoms included
  std::vector<SampleConfidence> confidence;  ///< per sample; empty when the checkpoint has no confidence module
  Tensor s;                                  ///< [N, token_s], trunk output
  Tensor z;                                  ///< [N, N, token_z]
  std::optional<Affinity> affinity;          ///< of affinity models
};

/// Sizes of an input that decide how much memory its prediction takes.
struct PredictionSize {
  std::int64_t tokens = 0;
  std::int64_t msa_rows = 0;
};

/// A loaded model. Thread-safe; programs are compiled on first use and shared by all predictions.
class Model {
 public:
  /// Checks every parameter's name and shape against the hyper-parameters. Throws WeightError.
  explicit Model(const Checkpoint& checkpoint);
  ~Model();
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;

  Prediction predict(const bio::Features& features, const PredictOptions& options) const;
  /// About how many bytes a process needs at most for a prediction of this size, the weights included.
  std::uint64_t forecast_memory(const PredictionSize& size, Precision precision) const;
  bool has_confidence() const;
  /// Whether this is an affinity model: it then needs features made with `FeaturizeOptions::affinity`.
  bool has_affinity() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Evaluates all potentials at given structures [R, M, 3] (fp32) and passes on, for tau = 1.0, 0.7, 0.5, 0.3 and 0.1,
/// "pot.<name>.<tau>.energy" [R], ".gradient" [R, M, 3] and ".weights" [2] (guidance, resampling). A potential without
/// terms in this complex is 0. Throws ValueError when a feature or the coordinates do not fit.
void evaluate_potentials(const bio::Features& features, const Tensor& coordinates,
                         const std::function<void(const std::string& name, const Tensor& tensor)>& dump);

/// All parameters that the hyper-parameters ask for. Throws WeightError for missing or ill-typed hyper-parameters.
std::vector<ParameterSpec> expected_parameters(const std::string& hyper_parameters_json);

}  // namespace tilefold::boltz
