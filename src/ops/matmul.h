/// Type rule and reference of matrix products, shared by matmul and linear.
#pragma once

#include "graph/operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {

struct Transposes {
  bool a = false;
  bool b = false;
};

/// The attributes "transpose_a" and "transpose_b".
Transposes transposes_of(const Attributes& attributes);

/// [..., M, K] x [..., K, N] -> [..., M, N] in the attribute "dtype" or the dtype of `a`, interleaved in DRAM.
TensorType infer_product(const TensorType& a, const TensorType& b, const Attributes& attributes);

ReferenceTensor product_reference(const ReferenceTensor& a, const ReferenceTensor& b, Transposes transposes,
                                  const TensorType& result);

/// The attributes of a product.
Attributes product_attributes(const MatmulOptions& options);

/// 2 M N K summed over the batch.
double product_flops(const TensorType& a, Transposes transposes, const TensorType& result);

}  // namespace tilefold::ops
