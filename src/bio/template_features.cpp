// Template features: a row per template, or the row that stands for none.
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <tuple>

#include "bio/feature_parts.h"

namespace tilefold::bio {
namespace {

using Vector = std::array<double, 3>;

Vector difference(const std::array<float, 3>& a, const std::array<float, 3>& b) {
  return {double{a[0]} - b[0], double{a[1]} - b[1], double{a[2]} - b[2]};
}

double dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

Vector unit(Vector v) {
  const double length = std::sqrt(dot(v, v)) + 1e-10;
  for (double& component : v) component /= length;
  return v;
}

/// Axes of the frame of a residue, as columns of a matrix; the first one points from CA to C.
std::array<float, 9> frame_axes(const TemplateResidue& residue) {
  if (!residue.has_frame) return {1, 0, 0, 0, 1, 0, 0, 0, 1};
  const Vector e1 = unit(difference(residue.c, residue.ca));
  Vector e2 = difference(residue.n, residue.ca);
  const double along = dot(e1, e2);
  for (std::size_t axis = 0; axis < 3; ++axis) e2[axis] -= along * e1[axis];
  e2 = unit(e2);
  const Vector e3 = {e1[1] * e2[2] - e1[2] * e2[1], e1[2] * e2[0] - e1[0] * e2[2], e1[0] * e2[1] - e1[1] * e2[0]};
  std::array<float, 9> axes;
  for (std::size_t i = 0; i < 3; ++i) {
    axes[3 * i] = static_cast<float>(e1[i]);
    axes[3 * i + 1] = static_cast<float>(e2[i]);
    axes[3 * i + 2] = static_cast<float>(e3[i]);
  }
  return axes;
}

/// The tensors while they are filled; all begin as the row that stands for no template.
class TemplateTensors {
 public:
  TemplateTensors(std::int64_t rows, std::int64_t tokens) : tokens_(tokens) {
    const Shape plain{rows, tokens};
    const Shape vectors{rows, tokens, 3};
    // Type 0: tokens without a template are of the class `<pad>`.
    types_ = Tensor::zeros(plain, DType::int32);
    query_to_template_ = Tensor::zeros(plain, DType::int32);
    force_ = Tensor::zeros(Shape{rows}, DType::int32);
    threshold_ = Tensor::full(Shape{rows}, std::numeric_limits<double>::infinity());
    for (Tensor* tensor : {&mask_, &disto_mask_, &frame_mask_, &visibility_}) *tensor = Tensor::zeros(plain);
    for (Tensor* tensor : {&translations_, &disto_, &center_}) *tensor = Tensor::zeros(vectors);
    rotations_ = Tensor::zeros(Shape{rows, tokens, 3, 3});
  }

  void set_force(std::int64_t row, float threshold) {
    force_.mutable_data<std::int32_t>()[row] = 1;
    threshold_.mutable_data<float>()[row] = threshold;
  }
  void set_visibility(std::int64_t row, std::int64_t token, std::int64_t value) {
    visibility_.mutable_data<float>()[row * tokens_ + token] = static_cast<float>(value);
  }
  void set_residue(std::int64_t row, std::int64_t token, const TemplateResidue& residue) {
    const std::int64_t place = row * tokens_ + token;
    types_.mutable_data<std::int32_t>()[place] = residue.type;
    mask_.mutable_data<float>()[place] = 1;
    disto_mask_.mutable_data<float>()[place] = residue.has_disto ? 1 : 0;
    frame_mask_.mutable_data<float>()[place] = residue.has_frame ? 1 : 0;
    write(rotations_, place, frame_axes(residue));
    write(translations_, place, residue.has_frame ? residue.ca : std::array<float, 3>{});
    write(disto_, place, residue.disto);
    write(center_, place, residue.ca);
  }

  void add_to(Features& features) const {
    const std::pair<const char*, const Tensor*> all[] = {{"template_restype.index", &types_},
                                                         {"template_frame_rot", &rotations_},
                                                         {"template_frame_t", &translations_},
                                                         {"template_cb", &disto_},
                                                         {"template_ca", &center_},
                                                         {"template_mask_cb", &disto_mask_},
                                                         {"template_mask_frame", &frame_mask_},
                                                         {"template_mask", &mask_},
                                                         {"query_to_template", &query_to_template_},
                                                         {"visibility_ids", &visibility_},
                                                         {"template_force", &force_},
                                                         {"template_force_threshold", &threshold_}};
    for (const auto& [name, tensor] : all) features.tensors.insert_or_assign(name, *tensor);
  }

 private:
  template <std::size_t count>
  static void write(Tensor& tensor, std::int64_t place, const std::array<float, count>& values) {
    const auto data = tensor.mutable_data<float>();
    std::copy(values.begin(), values.end(), data.begin() + place * static_cast<std::int64_t>(count));
  }

  std::int64_t tokens_;
  Tensor types_, query_to_template_, force_, threshold_, mask_, disto_mask_, frame_mask_, visibility_, rotations_,
      translations_, disto_, center_;
};

/// Later records overwrite earlier ones: going backwards, each token is written once. Returns the chains that the row
/// covers in part.
std::vector<bool> lay_records(const Complex& complex, std::int64_t row, TemplateTensors& tensors) {
  const std::vector<TemplateRecord>& records = complex.templates[static_cast<std::size_t>(row)].records;
  std::vector<bool> covered(complex.structure.chains.size(), false);
  std::vector<bool> written(complex.tokens.size(), false);
  std::set<std::tuple<std::int32_t, std::int32_t, const void*>> done;
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    // Alignments that lay the same chain in the same way write the same.
    if (!done.emplace(record->chain, record->offset(), record->residues.get()).second) continue;
    for (std::size_t token = 0; token < written.size(); ++token) {
      const Token& query = complex.tokens[token];
      const std::int64_t index = std::int64_t{query.residue_index} + record->offset();
      if (written[token] || query.chain != record->chain || index < 0 || index >= std::ssize(*record->residues))
        continue;
      tensors.set_residue(row, static_cast<std::int64_t>(token), (*record->residues)[static_cast<std::size_t>(index)]);
      written[token] = true;
      covered[static_cast<std::size_t>(record->chain)] = true;
    }
  }
  return covered;
}

/// Tokens see each other where their numbers are equal: those of all chains that the template covers in part, and those
/// of each other chain among themselves.
void fill_row(const Complex& complex, std::int64_t row, TemplateTensors& tensors) {
  const std::vector<bool> covered = lay_records(complex, row, tensors);
  for (std::int64_t token = 0; token < complex.num_tokens(); ++token) {
    const std::int32_t chain = complex.tokens[static_cast<std::size_t>(token)].chain;
    tensors.set_visibility(row, token, covered[static_cast<std::size_t>(chain)] ? row : -1 - std::int64_t{chain});
  }
  const std::optional<float>& threshold = complex.templates[static_cast<std::size_t>(row)].force_threshold;
  if (threshold) tensors.set_force(row, *threshold);
}

}  // namespace

void add_template_features(const Complex& complex, const FeaturizeOptions& options, Features& features) {
  // The affinity model is given no templates.
  const std::size_t rows = options.affinity ? 0 : complex.templates.size();
  TemplateTensors tensors(std::max<std::int64_t>(static_cast<std::int64_t>(rows), 1), complex.num_tokens());
  for (std::size_t row = 0; row < rows; ++row) fill_row(complex, static_cast<std::int64_t>(row), tensors);
  tensors.add_to(features);
}

}  // namespace tilefold::bio
