/// Coordinate tensors [D, M, 3] as arrays, their samples as matrices of points.
#pragma once

#include "boltz/rigid_align.h"
#include "tilefold/tensor.h"

namespace tilefold::boltz {

inline Eigen::Map<Eigen::ArrayXf> values_of(Tensor& tensor) {
  return {tensor.mutable_data<float>().data(), tensor.volume()};
}

inline Eigen::Map<const Eigen::ArrayXf> values_of(const Tensor& tensor) {
  return {tensor.data<float>().data(), tensor.volume()};
}

inline CoordinatesView sample_of(Tensor& coordinates, std::int64_t sample) {
  const std::int64_t atoms = coordinates.shape()[1];
  return {coordinates.mutable_data<float>().data() + sample * atoms * 3, atoms, 3};
}

inline ConstCoordinatesView sample_of(const Tensor& coordinates, std::int64_t sample) {
  const std::int64_t atoms = coordinates.shape()[1];
  return {coordinates.data<float>().data() + sample * atoms * 3, atoms, 3};
}

}  // namespace tilefold::boltz
