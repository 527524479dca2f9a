#include "boltz/rigid_align.h"

#include <Eigen/LU>
#include <Eigen/SVD>

namespace tilefold::boltz {

void rigid_align(CoordinatesView mobile, const ConstCoordinatesView& target, const Eigen::ArrayXf& weights) {
  const Eigen::VectorXd w = weights.cast<double>().matrix();
  const Eigen::MatrixX3d from = mobile.cast<double>();
  const Eigen::MatrixX3d to = target.cast<double>();
  const double total = w.sum();
  const Eigen::RowVector3d from_centre = (w.transpose() * from) / total;
  const Eigen::RowVector3d to_centre = (w.transpose() * to) / total;
  const Eigen::MatrixX3d centred = from.rowwise() - from_centre;
  const Eigen::Matrix3d covariance = (to.rowwise() - to_centre).transpose() * w.asDiagonal() * centred;
  const Eigen::JacobiSVD<Eigen::Matrix3d> svd(covariance, Eigen::ComputeFullU | Eigen::ComputeFullV);
  // A reflection would fit mirror images; the sign of the last axis excludes it.
  const Eigen::Vector3d signs(1.0, 1.0, (svd.matrixU() * svd.matrixV().transpose()).determinant());
  const Eigen::Matrix3d rotation = svd.matrixU() * signs.asDiagonal() * svd.matrixV().transpose();
  mobile = ((centred * rotation.transpose()).rowwise() + to_centre).cast<float>();
}

}  // namespace tilefold::boltz
