/// The operations, by TTNN's names and meanings. Every function works on concrete tensors (eager: one program per
/// operation) and on traced tensors (one node of the graph being traced). Definitions live in src/ops/<name>.cpp.
///
/// Common rules: element-wise operations broadcast like NumPy on both sides; the result dtype is the first tensor
/// operand's unless said otherwise; arithmetic is done in fp32 (int32 for integer tensors) and rounded once; shape and
/// dtype errors throw TypeError, bad attribute values ValueError.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tilefold/tensor.h"

namespace tilefold::ops {

// Element-wise, one operand. Integers are allowed for abs, neg, relu, sign, identity, logical_not,
// bitwise_not and clamp.
Tensor abs(const Tensor& input);
/// All bits of an int32, uint16 or uint8 inverted.
Tensor bitwise_not(const Tensor& input);
/// Real cube root.
Tensor cbrt(const Tensor& input);
Tensor ceil(const Tensor& input);
Tensor cos(const Tensor& input);
Tensor cosh(const Tensor& input);
/// Derivative of log gamma; negative numbers by reflection.
Tensor digamma(const Tensor& input);
Tensor erf(const Tensor& input);
Tensor erfc(const Tensor& input);
Tensor exp(const Tensor& input);
Tensor floor(const Tensor& input);
/// Exact (erf) form.
Tensor gelu(const Tensor& input);
/// The approximation with tanh.
Tensor gelu_tanh(const Tensor& input);
/// x / 6 + 1/2 between 0 and 1.
Tensor hardsigmoid(const Tensor& input);
Tensor identity(const Tensor& input);
Tensor log(const Tensor& input);
/// 1 where the element is 0, else 0, in the input's dtype.
Tensor logical_not(const Tensor& input);
Tensor neg(const Tensor& input);
Tensor reciprocal(const Tensor& input);
Tensor relu(const Tensor& input);
/// Nearest integer, ties to even.
Tensor round(const Tensor& input);
Tensor rsqrt(const Tensor& input);
Tensor sigmoid(const Tensor& input);
Tensor sign(const Tensor& input);
/// x * sigmoid(x)
Tensor silu(const Tensor& input);
Tensor sin(const Tensor& input);
Tensor sinh(const Tensor& input);
Tensor sqrt(const Tensor& input);
Tensor square(const Tensor& input);
Tensor tan(const Tensor& input);
Tensor tanh(const Tensor& input);
/// Toward zero.
Tensor trunc(const Tensor& input);
/// Bounds that are not given do not bound.
Tensor clamp(const Tensor& input, std::optional<double> min, std::optional<double> max);
/// Bounds that are tensors, broadcast with the input; undefined ones do not bound.
Tensor clamp(const Tensor& input, const Tensor& min, const Tensor& max);
/// Converts the dtype; float to integer truncates toward zero and saturates, to bfloat16 rounds to nearest even. With
/// `device_rules` to uint16 it is floor(x + 1/2) with saturation, and to uint8 truncation modulo 256.
Tensor typecast(const Tensor& input, DType dtype, bool device_rules = false);

// Element-wise, two operands (the second may be a number). Comparisons and logical operations give 1 or 0 in the first
// operand's dtype.
Tensor add(const Tensor& a, const Tensor& b);
Tensor add(const Tensor& a, double b);
Tensor subtract(const Tensor& a, const Tensor& b);
Tensor subtract(const Tensor& a, double b);
Tensor multiply(const Tensor& a, const Tensor& b);
Tensor multiply(const Tensor& a, double b);
/// IEEE division; integer operands give float32.
Tensor divide(const Tensor& a, const Tensor& b);
Tensor divide(const Tensor& a, double b);
Tensor maximum(const Tensor& a, const Tensor& b);
Tensor maximum(const Tensor& a, double b);
Tensor minimum(const Tensor& a, const Tensor& b);
Tensor minimum(const Tensor& a, double b);
Tensor pow(const Tensor& a, double exponent);
Tensor pow(const Tensor& a, const Tensor& exponent);
Tensor eq(const Tensor& a, const Tensor& b);
Tensor eq(const Tensor& a, double b);
Tensor ne(const Tensor& a, const Tensor& b);
Tensor ne(const Tensor& a, double b);
Tensor gt(const Tensor& a, const Tensor& b);
Tensor gt(const Tensor& a, double b);
Tensor ge(const Tensor& a, const Tensor& b);
Tensor ge(const Tensor& a, double b);
Tensor lt(const Tensor& a, const Tensor& b);
Tensor lt(const Tensor& a, double b);
Tensor le(const Tensor& a, const Tensor& b);
Tensor le(const Tensor& a, double b);
Tensor logical_and(const Tensor& a, const Tensor& b);
Tensor logical_and(const Tensor& a, double b);
Tensor logical_or(const Tensor& a, const Tensor& b);
Tensor logical_or(const Tensor& a, double b);
Tensor logical_xor(const Tensor& a, const Tensor& b);
Tensor logical_xor(const Tensor& a, double b);
/// Integers only.
Tensor bitwise_and(const Tensor& a, const Tensor& b);
Tensor bitwise_and(const Tensor& a, double b);
Tensor bitwise_or(const Tensor& a, const Tensor& b);
Tensor bitwise_or(const Tensor& a, double b);
Tensor bitwise_xor(const Tensor& a, const Tensor& b);
Tensor bitwise_xor(const Tensor& a, double b);
/// `condition != 0 ? a : b`, broadcasting all three; dtype of `a`.
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);

// Reductions over `dims` (negative allowed; empty means all). Sums accumulate in fp32; dtype is kept.
Tensor sum(const Tensor& input, const std::vector<int>& dims, bool keepdim = false);
Tensor mean(const Tensor& input, const std::vector<int>& dims, bool keepdim = false);
Tensor max(const Tensor& input, const std::vector<int>& dims, bool keepdim = false);
Tensor min(const Tensor& input, const std::vector<int>& dims, bool keepdim = false);

// Normalisation over the last dimension W; `weight` and `bias` are [W] or [1, W], each may be
// undefined.
/// (x - mean) / sqrt(biased variance + epsilon) * weight + bias
Tensor layer_norm(const Tensor& input, const Tensor& weight = {}, const Tensor& bias = {}, double epsilon = 1e-5);
/// x / sqrt(mean(x^2) + epsilon) * weight + bias
Tensor rms_norm(const Tensor& input, const Tensor& weight = {}, const Tensor& bias = {}, double epsilon = 1e-5);
/// Over `dim`, with the maximum subtracted.
Tensor softmax(const Tensor& input, int dim = -1);

// Products. Transposes act on the last two dimensions.
struct MatmulOptions {
  bool transpose_a = false;
  bool transpose_b = false;
  /// Of the result; default: that of `a`. The operands may have different floating-point dtypes.
  std::optional<DType> dtype{};
};
/// [..., M, K] x [..., K, N]; batch dimensions broadcast (equal, 1 or absent). K of 0 gives zeros. An operand of one
/// dimension is a row (left) or a column (right) that the result does not have.
Tensor matmul(const Tensor& a, const Tensor& b, MatmulOptions options = {});
/// activation(a @ b + bias); b is [K, N] ([N, K] with transpose_b, the layout of PyTorch weights) or, without a bias, a
/// batch as in matmul; bias is [N], [1, N] or undefined. `activation`: "", "relu", "silu", "sigmoid", "gelu",
/// "gelu_tanh", "tanh", "exp", "sqrt", "square" or "neg".
Tensor linear(const Tensor& a, const Tensor& b, const Tensor& bias = {}, MatmulOptions options = {},
              const std::string& activation = "");

struct AttentionOptions {
  /// Additive, after scaling: [1 or B, 1 or H, Sq, Sk].
  Tensor attn_mask;
  /// Additive per key, added to every query of a batch entry: [1 or B, Sk].
  Tensor key_bias;
  /// Default: head_dim^-0.5.
  std::optional<double> scale{};
  /// Hides the keys behind each query's position. Not together with attn_mask.
  bool is_causal = false;
  /// Hides all keys but this many up to each query's position or, without is_causal, all further away than half of it.
  std::optional<std::int64_t> sliding_window_size{};
};
/// softmax(q k^T * scale + attn_mask + key_bias) v with q [B, H, Sq, D], k and v [B, H, Sk, D]; softmax in fp32.
/// Rows whose logits are all about -1e9 give finite results. Fewer key and value heads, of which H is a multiple, are
/// each shared by a group of neighbouring query heads.
Tensor scaled_dot_product_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                                    const AttentionOptions& options = {});

// Shape and data movement. One dimension of `shape` may be -1 in reshape.
Tensor reshape(const Tensor& input, const Shape& shape);
Tensor permute(const Tensor& input, const std::vector<int>& dims);
Tensor transpose(const Tensor& input, int dim1, int dim2);
Tensor squeeze(const Tensor& input, int dim);
Tensor unsqueeze(const Tensor& input, int dim);
Tensor concat(const std::vector<Tensor>& tensors, int dim);
/// torch.chunk: parts of ceil(size / chunks), the last one smaller, possibly fewer parts. The dimension is static.
std::vector<Tensor> chunk(const Tensor& input, int chunks, int dim);
/// Elements start, start + step, ... below end along `dim`.
Tensor slice(const Tensor& input, int dim, const Dim& start, const Dim& end, std::int64_t step = 1);
/// Along every dimension at once; no steps: 1 everywhere.
Tensor slice(const Tensor& input, const std::vector<Dim>& starts, const std::vector<Dim>& ends,
             const std::vector<std::int64_t>& steps = {});
/// One (before, after) pair per dimension.
Tensor pad(const Tensor& input, const std::vector<std::pair<std::int64_t, std::int64_t>>& padding, double value = 0.0);
/// torch.repeat: one count per dimension; more counts add dimensions in front.
Tensor repeat(const Tensor& input, const std::vector<Dim>& counts);
/// Broadcasts dimensions of size 1 to `shape` (same rank).
Tensor expand(const Tensor& input, const Shape& shape);

/// Rounds to the values of a block-float format: blocks of 16 elements along the last dimension share their largest
/// exponent and keep `mantissa_bits` (7: bfloat8_b, 3: bfloat4_b). The dtype stays.
Tensor block_float(const Tensor& input, int mantissa_bits);
/// Rows of `weight` [V, ...] by integer `indices` [...]: result indices.shape + weight.shape[1:], dtype of weight. A
/// negative index gives a row of zeros; an index >= V throws ValueError when the program runs.
Tensor embedding(const Tensor& indices, const Tensor& weight);
/// out[s, ...] = sum of input[i, ...] over i with segments[i] == s, for s < count; negative segment ids are skipped.
/// input is [L, ...], segments an integer tensor [L].
Tensor segment_sum(const Tensor& input, const Tensor& segments, const Dim& count);
/// A [count] int32 tensor 0, 1, 2, ...
Tensor arange(const Dim& count);
/// A tensor of one value.
Tensor full(const Shape& shape, double value, DType dtype = DType::float32);

// Head helpers (ttnn.experimental).
struct HeadTensors {
  Tensor query;
  Tensor key;
  Tensor value;
};
/// [B, 1, S, (H + 2 Hkv) d] packed query heads, key heads, value heads -> [B, H, S, d] each (key [B, Hkv, d, S] when
/// `transpose_k_heads`).
HeadTensors nlp_create_qkv_heads(const Tensor& input, int num_heads, int num_kv_heads, bool transpose_k_heads = true);
/// The same from query heads [B, 1, S, H d] and key heads, value heads [B, 1, S, 2 Hkv d].
HeadTensors nlp_create_qkv_heads(const Tensor& input, const Tensor& input_kv, int num_heads, int num_kv_heads,
                                 bool transpose_k_heads = true);
/// [B, H, S, d] -> [B, 1, S, H d]
Tensor nlp_concat_heads(const Tensor& input);

// Placement.
Tensor to_memory_config(const Tensor& input, const MemoryConfig& memory_config);
Tensor to_layout(const Tensor& input, Layout layout);

}  // namespace tilefold::ops

namespace tilefold {
Tensor operator+(const Tensor& a, const Tensor& b);
Tensor operator+(const Tensor& a, double b);
Tensor operator+(double a, const Tensor& b);
Tensor operator-(const Tensor& a, const Tensor& b);
Tensor operator-(const Tensor& a, double b);
Tensor operator-(double a, const Tensor& b);
Tensor operator-(const Tensor& a);
Tensor operator*(const Tensor& a, const Tensor& b);
Tensor operator*(const Tensor& a, double b);
Tensor operator*(double a, const Tensor& b);
Tensor operator/(const Tensor& a, const Tensor& b);
Tensor operator/(const Tensor& a, double b);
Tensor operator/(double a, const Tensor& b);
}  // namespace tilefold
