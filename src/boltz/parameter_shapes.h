/// Names and shapes of the parameters of modules, which a checkpoint must hold. Functions of modules are named after
/// the functions that compute them.
#pragma once

#include <string>
#include <vector>

#include "boltz/hyper_parameters.h"
#include "tilefold/weights.h"

namespace tilefold::boltz {

/// The parameters of a module by names relative to it.
class ParameterShapes {
 public:
  const std::vector<ParameterSpec>& specs() const { return specs_; }

  void tensor(const std::string& name, const Shape& shape) { specs_.push_back({name, shape}); }
  void linear_no_bias(const std::string& name, std::int64_t in, std::int64_t out) {
    tensor(name + ".weight", {out, in});
  }
  void linear(const std::string& name, std::int64_t in, std::int64_t out) {
    linear_no_bias(name, in, out);
    tensor(name + ".bias", {out});
  }
  void embedding(const std::string& name, std::int64_t rows, std::int64_t width) {
    tensor(name + ".weight", {rows, width});
  }
  void norm(const std::string& name, std::int64_t width) {
    tensor(name + ".weight", {width});
    tensor(name + ".bias", {width});
  }
  /// Norm "0" and projection "1" of a sequence.
  void norm_and_linear(const std::string& name, std::int64_t in, std::int64_t out) {
    norm(name + ".0", in);
    linear_no_bias(name + ".1", in, out);
  }
  /// A module, `name.<parameter>`.
  void module(const std::string& name, const ParameterShapes& shapes) {
    for (const ParameterSpec& spec : shapes.specs_) tensor(name + "." + spec.name, spec.shape);
  }
  /// `count` equal modules, `name.<index>.<parameter>`.
  void modules(const std::string& name, std::int64_t count, const ParameterShapes& shapes) {
    for (std::int64_t index = 0; index < count; ++index) module(name + "." + std::to_string(index), shapes);
  }

 private:
  std::vector<ParameterSpec> specs_;
};

namespace shapes {

ParameterShapes transition(std::int64_t width, std::int64_t hidden);
/// Blocks "layers.<index>" with a sequence track.
ParameterShapes pairformer(const PairformerShape& shape, std::int64_t token_s, std::int64_t token_z);
/// Blocks "layers.<index>" without one.
ParameterShapes pair_stack(const PairformerShape& shape, std::int64_t width);
ParameterShapes msa_module(const MsaShape& shape, std::int64_t token_s, std::int64_t token_z);
/// Layers "layers.<index>" over atoms or tokens.
ParameterShapes diffusion_transformer(std::int64_t width, std::int64_t depth);
ParameterShapes score_model(const ScoreModelShape& shape, std::int64_t token_s, std::int64_t atom_s);

}  // namespace shapes
}  // namespace tilefold::boltz
