/// Templates that the input forces.
#pragma once

#include <vector>

#include "boltz/potentials/index_features.h"
#include "boltz/potentials/potential.h"

namespace tilefold::boltz {

/// Keeps the representative atom of every covered token within a threshold of the superposed template's. Reads
/// template_force, template_force_threshold, template_cb, template_mask_cb and token_to_rep_atom.index.
class TemplateReferencePotential : public Potential {
 public:
  TemplateReferencePotential(PotentialWeights weights, const bio::Features& features);

  bool has_terms() const override { return !templates_.empty(); }
  double energy(const ConstCoordinatesView& x, double tau) const override;
  void add_gradient(const ConstCoordinatesView& x, double tau, double weight, Gradient& gradient) const override;

 private:
  /// A forced template: positions, weights and largest distances of N tokens.
  struct Template {
    Coordinates positions;
    Eigen::ArrayXf mask;
    double threshold = 0;

    bool covers(std::int64_t token) const { return mask[token] != 0; }
  };

  void read_templates(const bio::Features& features);
  Coordinates representatives(const ConstCoordinatesView& x) const;
  /// From the superposed template to the structure, one row per token.
  static Gradient displacements(const Template& reference, const Coordinates& structure);

  std::vector<Template> templates_;
  std::vector<std::int32_t> representative_;  ///< atom of every token
  std::vector<std::int32_t> token_;           ///< of every atom; padding atoms go with token 0
};

}  // namespace tilefold::boltz
