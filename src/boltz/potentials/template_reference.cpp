#include "boltz/potentials/template_reference.h"

#include <fmt/format.h>

#include <limits>

#include "boltz/potentials/flat_bottom.h"
#include "tilefold/error.h"

namespace tilefold::boltz {
namespace {

constexpr const char* kName = "TemplateReference";
constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

TemplateReferencePotential::TemplateReferencePotential(PotentialWeights weights, const bio::Features& features)
    : Potential(kName, std::move(weights)) {
  if (!features.contains("template_force")) return;
  read_templates(features);
  if (templates_.empty()) return;
  token_ = AtomTable(features).token;
  const auto tokens = static_cast<std::int64_t>(templates_.front().positions.rows());
  representative_ = integer_values(features, "token_to_rep_atom.index", tokens);
  for (std::int32_t& atom : representative_) {
    if (atom >= static_cast<std::int32_t>(token_.size()))
      throw ValueError(
          fmt::format("feature 'token_to_rep_atom.index': expected at most {}, found {}", token_.size() - 1, atom));
    atom = std::max(atom, 0);  // a padding token
  }
}

void TemplateReferencePotential::read_templates(const bio::Features& features) {
  const std::int64_t count = features.at("template_force").volume();
  const std::int64_t tokens = features.at("asym_id").volume();
  const std::vector<std::int32_t> forced = integer_values(features, "template_force", count);
  const std::vector<float> thresholds = float_values(features, "template_force_threshold", count);
  const Tensor& positions = features.at("template_cb");
  const Tensor& mask = features.at("template_mask_cb");
  if (positions.shape() != Shape{count, tokens, 3} || mask.shape() != Shape{count, tokens}) {
    throw ValueError(
        fmt::format("features 'template_cb' and 'template_mask_cb': expected shapes {} and {}, found {} "
                    "and {}",
                    Shape{count, tokens, 3}.to_string(), Shape{count, tokens}.to_string(),
                    positions.shape().to_string(), mask.shape().to_string()));
  }
  const std::vector<float> coordinates = positions.to_floats();
  const std::vector<float> covered = mask.to_floats();
  for (std::int64_t row = 0; row < count; ++row) {
    if (forced[static_cast<std::size_t>(row)] == 0) continue;
    templates_.push_back({ConstCoordinatesView(coordinates.data() + row * tokens * 3, tokens, 3),
                          Eigen::Map<const Eigen::ArrayXf>(covered.data() + row * tokens, tokens),
                          thresholds[static_cast<std::size_t>(row)]});
  }
}

Coordinates TemplateReferencePotential::representatives(const ConstCoordinatesView& x) const {
  Coordinates chosen(static_cast<std::int64_t>(representative_.size()), 3);
  for (std::int64_t token = 0; token < chosen.rows(); ++token)
    chosen.row(token) = x.row(representative_[static_cast<std::size_t>(token)]);
  return chosen;
}

Gradient TemplateReferencePotential::displacements(const Template& reference, const Coordinates& structure) {
  // A template without positions has no place to be put at.
  if ((reference.mask == 0).all()) return Gradient::Zero(structure.rows(), 3);
  Coordinates aligned = reference.positions;
  rigid_align({aligned.data(), aligned.rows(), 3}, {structure.data(), structure.rows(), 3}, reference.mask);
  return structure.cast<double>() - aligned.cast<double>();
}

double TemplateReferencePotential::energy(const ConstCoordinatesView& x, double) const {
  const Coordinates structure = representatives(x);
  double sum = 0;
  for (const Template& reference : templates_) {
    const Gradient r = displacements(reference, structure);
    for (std::int64_t token = 0; token < r.rows(); ++token) {
      if (reference.covers(token)) sum += flat_bottom(r.row(token).norm(), -kInfinity, reference.threshold).energy;
    }
  }
  return sum;
}

// Reference quirk: with several forced templates, a token's gradient is the number of templates whose threshold it
// exceeds times the direction from the first one, if that one covers it.
void TemplateReferencePotential::add_gradient(const ConstCoordinatesView& x, double, double weight,
                                              Gradient& gradient) const {
  if (templates_.empty()) return;
  const Coordinates structure = representatives(x);
  Eigen::ArrayXd exceeded = Eigen::ArrayXd::Zero(structure.rows());
  Gradient from_first;
  for (const Template& reference : templates_) {
    const Gradient r = displacements(reference, structure);
    for (std::int64_t token = 0; token < r.rows(); ++token) {
      if (reference.covers(token))
        exceeded[token] += flat_bottom(r.row(token).norm(), -kInfinity, reference.threshold).slope;
    }
    if (from_first.rows() == 0) from_first = r;
  }
  const Template& first = templates_.front();
  Gradient of_token = Gradient::Zero(structure.rows(), 3);
  for (std::int64_t token = 0; token < structure.rows(); ++token) {
    const Eigen::Vector3d r = from_first.row(token).transpose();
    of_token.row(token) = (weight * exceeded[token] * first.mask[token] * direction(r, r.norm())).transpose();
  }
  // Reference quirk: every atom of a token moves with its representative atom.
  for (std::int64_t atom = 0; atom < gradient.rows(); ++atom)
    gradient.row(atom) += of_token.row(token_[static_cast<std::size_t>(atom)]);
}

}  // namespace tilefold::boltz
