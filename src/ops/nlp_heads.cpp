#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

/// [B, S, width] columns from `start` on -> [B, heads, S, d].
Tensor heads_of(const Tensor& input, std::int64_t start, int heads, std::int64_t head_dim) {
  const Tensor columns = slice(input, -1, start, start + heads * head_dim);
  return permute(reshape(columns, {input.shape().dim(0), input.shape().dim(2), heads, head_dim}), {0, 2, 1, 3});
}

/// Throws TypeError unless the input is [B, 1, S, groups * d] with a static last dimension; gives d.
std::int64_t head_width(const Tensor& input, std::int64_t groups) {
  if (groups < 1) throw ValueError("nlp_create_qkv_heads: numbers of heads must be positive");
  if (input.rank() == 4 && input.shape().dim(1) == Dim(1) && input.shape().dim(3).is_static() &&
      input.shape()[3] % groups == 0)
    return input.shape()[3] / groups;
  throw TypeError("nlp_create_qkv_heads: expected [B, 1, S, " + std::to_string(groups) + " d], got " +
                  input.type().to_string());
}

}  // namespace

HeadTensors nlp_create_qkv_heads(const Tensor& input, int num_heads, int num_kv_heads, bool transpose_k_heads) {
  if (num_heads < 1 || num_kv_heads < 1) throw ValueError("nlp_create_qkv_heads: numbers of heads must be positive");
  const std::int64_t head_dim = head_width(input, std::int64_t{num_heads} + 2 * std::int64_t{num_kv_heads});
  const std::int64_t keys = num_heads * head_dim;
  HeadTensors result;
  result.query = heads_of(input, 0, num_heads, head_dim);
  result.key = heads_of(input, keys, num_kv_heads, head_dim);
  result.value = heads_of(input, keys + num_kv_heads * head_dim, num_kv_heads, head_dim);
  if (transpose_k_heads) result.key = transpose(result.key, -2, -1);
  return result;
}

HeadTensors nlp_create_qkv_heads(const Tensor& input, const Tensor& input_kv, int num_heads, int num_kv_heads,
                                 bool transpose_k_heads) {
  const std::int64_t head_dim = head_width(input, num_heads);
  if (head_width(input_kv, 2 * std::int64_t{num_kv_heads}) != head_dim || input_kv.dtype() != input.dtype()) {
    throw TypeError("nlp_create_qkv_heads: the heads of " + input.type().to_string() + " and " +
                    input_kv.type().to_string() + " differ in size or dtype");
  }
  HeadTensors result;
  result.query = heads_of(input, 0, num_heads, head_dim);
  result.key = heads_of(input_kv, 0, num_kv_heads, head_dim);
  result.value = heads_of(input_kv, num_kv_heads * head_dim, num_kv_heads, head_dim);
  if (transpose_k_heads) result.key = transpose(result.key, -2, -1);
  return result;
}

Tensor nlp_concat_heads(const Tensor& input) {
  if (input.rank() != 4) throw TypeError("nlp_concat_heads: expected [B, H, S, d], got " + input.type().to_string());
  const Shape& shape = input.shape();
  return reshape(permute(input, {0, 2, 1, 3}), {shape.dim(0), 1, shape.dim(2), shape.dim(1) * shape.dim(3)});
}

}  // namespace tilefold::ops
