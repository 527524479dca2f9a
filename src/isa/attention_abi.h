/// The C interface of the attention primitives: shared by the host and by the bitcode of every ISA level.
///
/// out[q] = softmax_k(scale * <query[q], key[k]> + bias[q, k] + key_bias[k]) value[k], for one (batch, head) and a
/// range of queries, by online softmax with fp32 statistics: no Sq x Sk array exists. Finite masks such as -1e9 are
/// safe: where every key of a query is masked alike the weights are uniform, never NaN.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "isa/gemm_abi.h"

namespace tilefold::isa {

/// Operands of one attention. Strides count elements; the last dimension of query, key, value and out is contiguous.
struct AttentionArgs {
  const void* query;  ///< [batch, head, Sq, head_dim]
  const void* key;    ///< [batch, head, Sk, head_dim]
  const void* value;  ///< [batch, head, Sk, head_dim]
  void* out;          ///< [batch, head, Sq, head_dim]
  int64_t query_batch_stride, query_head_stride, query_row_stride;
  int64_t key_batch_stride, key_head_stride, key_row_stride;
  int64_t value_batch_stride, value_head_stride, value_row_stride;
  int64_t out_batch_stride, out_head_stride, out_row_stride;
  const void* bias;  ///< [batch, head, Sq, Sk] or null; every stride may be 0 (broadcast)
  int64_t bias_batch_stride, bias_head_stride, bias_row_stride, bias_col_stride;
  const float* key_bias;  ///< [batch, Sk] fp32 or null, added to every row: a key mask
  int64_t key_bias_batch_stride;
  int64_t head_dim;    ///< 1 .. 512
  int64_t queries;     ///< Sq
  int64_t keys;        ///< Sk; 0 keys give zeros
  float scale;         ///< 1/sqrt(head_dim) as a rule
  int32_t qkv_dtype;   ///< StorageType of query, key and value
  int32_t bias_dtype;  ///< StorageType of bias
  int32_t out_dtype;   ///< StorageType of out
};

/// Queries that share one packing of keys and values; a task should have about this many if there are so many.
inline constexpr int64_t kAttentionQueryGroup = 1024;
/// Keys that are packed and processed at a time.
inline constexpr int64_t kAttentionKeyBlock = 128;

/// Bytes of scratch for a task of `queries` query rows at any level (64-byte aligned, private to the task).
constexpr int64_t attention_scratch_bytes(int64_t head_dim, int64_t queries) {
  const int64_t dim = (head_dim + 31) / 32 * 32;
  const int64_t group = queries < kAttentionQueryGroup ? queries : kAttentionQueryGroup;
  const int64_t rows = (group + kGemmMaxBlockRows - 1) / kGemmMaxBlockRows * kGemmMaxBlockRows;
  const int64_t sums_and_statistics = rows * (dim + 32) * 4;
  const int64_t packed_keys_and_values = 2 * kAttentionKeyBlock * dim * 4;
  const int64_t query_block = kGemmMaxBlockRows * ((dim * 4 + kGemmChunkBytes - 1) / kGemmChunkBytes) * kGemmChunkBytes;
  const int64_t scores = kGemmMaxBlockRows * kAttentionKeyBlock * 4;
  const int64_t weights = kGemmMaxBlockRows * kGemmChunkBytes;
  const int64_t tile = kGemmMaxBlockRows * kGemmPanelColumns * 4;
  const int64_t key_bias = (kAttentionKeyBlock + kGemmMaxBlockRows) * 4;
  return sums_and_statistics + packed_keys_and_values + query_block + scores + weights + tile + key_bias;
}

}  // namespace tilefold::isa

extern "C" {

/// Queries [q_begin, q_end) of one (batch, head), everything in fp32.
void tilefold_attention_f32(const tilefold::isa::AttentionArgs* args, int64_t batch, int64_t head, int64_t q_begin,
                            int64_t q_end, void* scratch);

/// The same with query, key, weights and value rounded to bf16 for the two products; softmax statistics in fp32.
void tilefold_attention_bf16(const tilefold::isa::AttentionArgs* args, int64_t batch, int64_t head, int64_t q_begin,
                             int64_t q_end, void* scratch);
}
