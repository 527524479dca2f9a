#include "boltz/layers.h"
#include "boltz/pair_features.h"
#include "tilefold/bio.h"

namespace tilefold::boltz {
namespace {

constexpr auto kFirstConstraint = static_cast<double>(bio::ContactKind::pocket_to_binder);
constexpr std::int64_t kConstraints = 3;

}  // namespace

Tensor contact_conditioning(const Parameters& parameters, const Contacts& contacts) {
  const Tensor classes = without_channel(contacts.kind);  // [N, N]
  const Tensor fixed = ops::concat(
      {ops::unsqueeze(parameters["encoding_unspecified"], 0), ops::unsqueeze(parameters["encoding_unselected"], 0)}, 0);
  const Tensor none = ops::full(Shape{1, 1}, -1.0, DType::int32);
  const Tensor is_constraint = ops::ge(classes, kFirstConstraint);
  // Index -1 is a row of zeros.
  Tensor unconstrained = ops::embedding(ops::where(is_constraint, none, ops::maximum(classes, 0.0)), fixed);
  if (!contacts.constrained) return unconstrained;

  const Tensor weight = parameters["encoder.weight"];  // [Cz, 3 classes + threshold + Fourier features]
  const Tensor distance = (contacts.threshold - contacts.cutoff_min) / (contacts.cutoff_max - contacts.cutoff_min);
  const Tensor features = fourier_embedding(parameters.scope("fourier_embedding"), distance);
  const Tensor kind = ops::where(is_constraint, classes - kFirstConstraint, none);
  const Tensor encoded = ops::linear(features, ops::slice(weight, 1, kConstraints + 1, weight.shape().dim(1)),
                                     parameters["encoder.bias"], {.transpose_b = true}) +
                         distance * column_table(weight, kConstraints, kConstraints + 1) +
                         ops::embedding(kind, column_table(weight, 0, kConstraints));
  return encoded * with_channel(ops::typecast(is_constraint, DType::float32)) + unconstrained;
}

}  // namespace tilefold::boltz
