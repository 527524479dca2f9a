/// Small building blocks that every module uses: linear maps and norms by parameter name, head reshapes.
#pragma once

#include <string>

#include "tilefold/ops.h"
#include "tilefold/parameters.h"
#include "tilefold/tensor.h"

namespace tilefold::boltz {

/// Absent keys lose this much of their logit before the softmax; triangle attention takes another value.
inline constexpr double kMaskValue = 1e6;

/// activation(x W^T) with W = parameters["<name>.weight"] [out, in].
Tensor linear_no_bias(const Parameters& parameters, const std::string& name, const Tensor& x,
                      const std::string& activation = "");
/// activation(x W^T + b) with W and b of the linear layer `name`.
Tensor linear(const Parameters& parameters, const std::string& name, const Tensor& x,
              const std::string& activation = "");
/// LayerNorm over the last dimension with the weight and bias of `name`, epsilon 1e-5.
Tensor layer_norm(const Parameters& parameters, const std::string& name, const Tensor& x);

/// Columns [start, end) of a PyTorch weight [out, in] as a table [end - start, out]: multiplying a one-hot vector by
/// the weight is looking a row of this table up.
Tensor column_table(const Tensor& weight, std::int64_t start, std::int64_t end);

/// [..., C] -> [..., heads, C / heads]
Tensor split_heads(const Tensor& x, std::int64_t heads);
/// [..., heads, D] -> [..., heads * D]
Tensor merge_heads(const Tensor& x);
/// `x` with a new dimension of size 1 at the end.
Tensor with_channel(const Tensor& x);
/// `x` without its last dimension, which must be 1.
Tensor without_channel(const Tensor& x);

/// cos(2 pi (W x + b)) of x [..., 1]: random Fourier features (AlphaFold 3 algorithm 22), [..., F].
Tensor fourier_embedding(const Parameters& parameters, const Tensor& x);

/// Number of modules `name.0`, `name.1`, ... whose parameter `member` exists.
std::int64_t module_count(const Parameters& parameters, const std::string& name, const std::string& member);

}  // namespace tilefold::boltz
