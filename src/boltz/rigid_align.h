/// Superposition of point sets.
#pragma once

#include <Eigen/Core>

namespace tilefold::boltz {

/// Points as rows.
using Coordinates = Eigen::Matrix<float, Eigen::Dynamic, 3, Eigen::RowMajor>;
using CoordinatesView = Eigen::Map<Coordinates>;
using ConstCoordinatesView = Eigen::Map<const Coordinates>;

/// Moves all of `mobile` (points of weight zero too) by the rotation and translation that bring its weighted points
/// nearest to `target` (AlphaFold 3 algorithm 28). The decomposition is done in double.
void rigid_align(CoordinatesView mobile, const ConstCoordinatesView& target, const Eigen::ArrayXf& weights);

}  // namespace tilefold::boltz
