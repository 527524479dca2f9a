/// Type rule and reference of matrix products, shared by matmul and linear.
#pragma once

#include "graph/operation.h"

namespace tilefold::ops {

struct Transposes {
  bool a = false;
  bool b = false;
};

/// The attributes "transpose_a" and "transpose_b".
Transposes transposes_of(const Attributes& attributes);

/// [..., M, K] x [..., K, N] -> [..., M, N] in the dtype of `a`, interleaved in DRAM.
TensorType infer_product(const TensorType& a, const TensorType& b, Transposes transposes);

ReferenceTensor product_reference(const ReferenceTensor& a, const ReferenceTensor& b, Transposes transposes,
                                  const TensorType& result);

/// 2 M N K summed over the batch.
double product_flops(const TensorType& a, Transposes transposes, const TensorType& result);

}  // namespace tilefold::ops
