/// Attention with online softmax, in terms of the product kernels of the level.
///
/// For a group of queries: for each block of 128 keys { pack keys and values; for each register block of queries {
/// scores; softmax against the running maximum; weights times values into the running sums } }. Keys and values are
/// thus packed once per group, live in L1/L2, and scratch does not grow with Sk. Scores are kept in base 2.
#pragma once

#include "isa/attention_abi.h"
#include "isa/common/gemm_kernels.h"
#include "isa/common/math.h"
#include "isa/common/pack_b.h"

namespace tilefold::isa {

/// Stands for minus infinity where a difference of two must not be NaN.
inline constexpr float kVeryNegative = -3.0e38f;

/// 2^x for x <= 0 (anything below -126 gives about 1e-38). Degree 3 has a relative error of 7.5e-5: for weights that
/// are rounded to bf16; degree 5 has 1.2e-7.
template <bool kFast>
TILEFOLD_INLINE vf exp2_of_negative(vf x) {
  x = max(x, broadcast(-126.0f));
  const vf shifted = x + kRoundMagic;
  const vf r = x - (shifted - kRoundMagic);
  vf p;
  if constexpr (kFast) {
    p = mul_add(r, broadcast(0.0551716685f), broadcast(0.2426111251f));
    p = mul_add(p, r, broadcast(0.6932609677f));
    p = mul_add(p, r, broadcast(0.9999280572f));
  } else {
    p = mul_add(r, broadcast(1.3276472455e-3f), broadcast(9.6755409613e-3f));
    p = mul_add(p, r, broadcast(5.5507130921e-2f));
    p = mul_add(p, r, broadcast(2.4022120237e-1f));
    p = mul_add(p, r, broadcast(6.9314694405e-1f));
    p = mul_add(p, r, broadcast(1.0f));
  }
  return (vf)((vi)p + ((vi)shifted << 23));
}

/// Where things are in the scratch of a task.
template <class Kernel>
struct AttentionScratch {
  using Element = typename Kernel::Panel::Element;
  float* sums;       ///< [queries][dim] running sums of weights times values
  float* norms;      ///< [queries][kWidth] running sums of weights, per lane
  float* maxima;     ///< [queries] running maxima of the scores
  char* keys;        ///< packed as B of query * key^T
  char* values;      ///< packed as B of weights * value
  Element* queries;  ///< one register block, packed as A
  Element* weights;  ///< [rows][512 bytes], packed as A
  float* scores;     ///< [key panel][rows][32]
  float* tile;       ///< [rows][32]
  float* key_bias;   ///< [128], base 2

  AttentionScratch(void* scratch, int64_t rows, int64_t dim) {
    char* at = static_cast<char*>(scratch);
    const auto take = [&at](int64_t bytes) __attribute__((always_inline)) {
      char* taken = at;
      at += round_up(bytes, 64);
      return taken;
    };
    tile = reinterpret_cast<float*>(take(kGemmMaxBlockRows * kGemmPanelColumns * 4));
    scores = reinterpret_cast<float*>(take(kGemmMaxBlockRows * kAttentionKeyBlock * 4));
    weights = reinterpret_cast<Element*>(take(kGemmMaxBlockRows * kGemmChunkBytes));
    key_bias = reinterpret_cast<float*>(take(kAttentionKeyBlock * 4));
    const int64_t chunks = round_up(dim, Kernel::Panel::kChunk) / Kernel::Panel::kChunk;
    queries = reinterpret_cast<Element*>(take(kGemmMaxBlockRows * chunks * kGemmChunkBytes));
    keys = take(kAttentionKeyBlock * dim * 4);
    values = take(kAttentionKeyBlock * dim * 4);
    maxima = reinterpret_cast<float*>(take(rows * 4));
    norms = reinterpret_cast<float*>(take(rows * kWidth * 4));
    sums = reinterpret_cast<float*>(at);
  }
};

TILEFOLD_INLINE const void* element_address(const void* data, int64_t index, int32_t dtype) {
  return static_cast<const char*>(data) + index * (dtype == kStorageBf16 ? 2 : 4);
}

/// What stays the same within a task.
template <class Kernel>
struct AttentionTask {
  const AttentionArgs* args;
  int64_t query_start, key_start, value_start, out_start, bias_start;  ///< element offsets of (batch, head)
  const float* key_bias;
  int64_t dim;  ///< head_dim, rounded up to whole panels
  AttentionScratch<Kernel> scratch;

  AttentionTask(const AttentionArgs* a, int64_t batch, int64_t head, int64_t rows, void* memory)
      : args(a),
        query_start(batch * a->query_batch_stride + head * a->query_head_stride),
        key_start(batch * a->key_batch_stride + head * a->key_head_stride),
        value_start(batch * a->value_batch_stride + head * a->value_head_stride),
        out_start(batch * a->out_batch_stride + head * a->out_head_stride),
        bias_start(batch * a->bias_batch_stride + head * a->bias_head_stride),
        key_bias(a->key_bias ? a->key_bias + batch * a->key_bias_batch_stride : nullptr),
        dim(round_up(a->head_dim, kGemmPanelColumns)),
        scratch(memory, rows, dim) {}
};

/// Packs `keys` keys from `key` on and their values.
template <class Kernel>
TILEFOLD_INLINE void attention_pack_keys(const AttentionTask<Kernel>& task, int64_t key, int64_t keys) {
  const AttentionArgs* args = task.args;
  const MatrixView key_view{element_address(args->key, task.key_start + key * args->key_row_stride, args->qkv_dtype),
                            1,
                            args->key_row_stride,
                            args->qkv_dtype,
                            args->head_dim,
                            keys};
  const MatrixView value_view{
      element_address(args->value, task.value_start + key * args->value_row_stride, args->qkv_dtype),
      args->value_row_stride,
      1,
      args->qkv_dtype,
      keys,
      args->head_dim};
#pragma clang loop unroll(disable)
  for (int64_t n = 0; n < keys; n += kGemmPanelColumns) {
    Kernel::pack_panel(key_view, n, task.scratch.keys + n / kGemmPanelColumns * Kernel::b_panel_bytes(args->head_dim));
  }
#pragma clang loop unroll(disable)
  for (int64_t n = 0; n < args->head_dim; n += kGemmPanelColumns) {
    Kernel::pack_panel(value_view, n, task.scratch.values + n / kGemmPanelColumns * Kernel::b_panel_bytes(keys));
  }
#pragma clang loop unroll(disable)
  for (int64_t n = 0; n < keys; n += kWidth) {
    const vf bias = task.key_bias ? load_elements_partial(task.key_bias, key + n, keys - n, kStorageF32) : vf{};
    store(task.scratch.key_bias + n, bias * kLog2E);
  }
}

/// kWidth biases of query row `q` from key `key` on, `count` of them valid.
TILEFOLD_INLINE vf load_bias(const AttentionArgs* args, int64_t row_start, int64_t key, int64_t count) {
  const int64_t at = row_start + key * args->bias_col_stride;
  if (args->bias_col_stride == 1) return load_elements_partial(args->bias, at, count, args->bias_dtype);
  if (args->bias_col_stride == 0) return broadcast(load_scalar(args->bias, at, args->bias_dtype));
  return load_elements_strided(args->bias, at, args->bias_col_stride, count, args->bias_dtype);
}

TILEFOLD_INLINE vi lanes_below(int64_t count) {
  alignas(64) static constexpr int32_t kLanes[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return (vi)(load(kLanes) < (vi{} + (int32_t)count));
}

/// Turns the scores of one row into weights, updates maximum and norm; returns the factor for the older sums.
template <class Kernel, bool kFast>
TILEFOLD_INLINE vf attention_softmax_row(const AttentionTask<Kernel>& task, int64_t block_rows, int64_t row,
                                         int64_t query, int64_t state, int64_t key, int64_t keys) {
  const AttentionArgs* args = task.args;
  const auto& scratch = task.scratch;
  const vf scale = broadcast(args->scale * kLog2E);
  const int64_t bias_row = task.bias_start + query * args->bias_row_stride;
  const auto score_at = [&](int64_t n) __attribute__((always_inline)) {
    return scratch.scores + (n / kGemmPanelColumns * block_rows + row) * kGemmPanelColumns + n % kGemmPanelColumns;
  };
  vf largest = broadcast(scratch.maxima[state]);
  const float old_maximum = scratch.maxima[state];
#pragma clang loop unroll(disable)
  for (int64_t n = 0; n < keys; n += kWidth) {
    vf x = mul_add(load(score_at(n)), scale, load(scratch.key_bias + n));
    if (args->bias) x = mul_add(load_bias(args, bias_row, key + n, keys - n), broadcast(kLog2E), x);
    x = max(x, broadcast(kVeryNegative));  // minus infinity for all keys of a row must give equal weights, not NaN
    if (keys - n < kWidth) x = select(lanes_below(keys - n), x, broadcast(kVeryNegative));
    largest = max(largest, x);
    store(score_at(n), x);
  }
  largest = reduce_max(largest);
  scratch.maxima[state] = largest[0];
  vf norm = {};
  typename Kernel::Panel::Element* weights = scratch.weights + row * Kernel::Panel::kChunk;
#pragma clang loop unroll(disable)
  for (int64_t n = 0; n < keys; n += kWidth) {
    vf p = exp2_of_negative<kFast>(load(score_at(n)) - largest);
    if (keys - n < kWidth) p = select(lanes_below(keys - n), p, vf{});
    norm += p;
    Kernel::Panel::put(weights + n, p);
  }
#pragma clang loop unroll(disable)
  for (int64_t n = round_up(keys, kWidth); n < round_up(keys, 32); n += kWidth) Kernel::Panel::put(weights + n, vf{});
  const vf correction = exp2_of_negative<kFast>(broadcast(old_maximum) - largest);
  float* old_norm = scratch.norms + state * kWidth;
  store(old_norm, mul_add(load(old_norm), correction, norm));
  return correction;
}

/// One register block of queries against the packed keys: [query, query + rows), whose state begins at `state`.
template <class Kernel, int Rows, bool kFast>
TILEFOLD_INLINE void attention_block(const AttentionTask<Kernel>& task, int64_t query, int64_t rows, int64_t state,
                                     int64_t key, int64_t keys) {
  const AttentionArgs* args = task.args;
  const auto& scratch = task.scratch;
  const int64_t k_padded = round_up(args->head_dim, Kernel::kDepth > kWidth ? Kernel::kDepth : kWidth);
#pragma clang loop unroll(disable)
  for (int64_t r = 0; r < Rows; ++r) {
    const int64_t from = query + (r < rows ? r : 0);  // rows behind the last are computed and dropped
    pack_a_row<typename Kernel::Panel>(args->query, task.query_start + from * args->query_row_stride, args->qkv_dtype,
                                       args->head_dim, k_padded, r, Rows, scratch.queries);
  }
#pragma clang loop unroll(disable)
  for (int64_t n = 0; n < keys; n += kGemmPanelColumns) {
    Kernel::template block<Rows>(scratch.queries, Rows * Kernel::Panel::kChunk,
                                 scratch.keys + n / kGemmPanelColumns * Kernel::b_panel_bytes(args->head_dim),
                                 args->head_dim, scratch.scores + n * Rows);
  }
  alignas(64) float corrections[Rows];
#pragma clang loop unroll(disable)
  for (int64_t r = 0; r < rows; ++r) {
    corrections[r] = attention_softmax_row<Kernel, kFast>(task, Rows, r, query + r, state + r, key, keys)[0];
  }
#pragma clang loop unroll(disable)
  for (int64_t n = 0; n < task.dim; n += kGemmPanelColumns) {
    Kernel::template block<Rows>(scratch.weights, Rows * Kernel::Panel::kChunk,
                                 scratch.values + n / kGemmPanelColumns * Kernel::b_panel_bytes(keys), keys,
                                 scratch.tile);
#pragma clang loop unroll(disable)
    for (int64_t r = 0; r < rows; ++r) {
      float* sums = scratch.sums + (state + r) * task.dim + n;
      const vf correction = broadcast(corrections[r]);
#pragma clang loop unroll(full)
      for (int64_t i = 0; i < kGemmPanelColumns; i += kWidth) {
        store(sums + i, mul_add(load(sums + i), correction, load(scratch.tile + r * kGemmPanelColumns + i)));
      }
    }
  }
}

/// Divides the sums of one query by their norm and writes them out.
template <class Kernel>
TILEFOLD_INLINE void attention_finish_row(const AttentionTask<Kernel>& task, int64_t query, int64_t state) {
  const AttentionArgs* args = task.args;
  const vf norm = reduce_add(load(task.scratch.norms + state * kWidth));
  // Without keys the norm is 0 and the sums are, too.
  const vf factor = 1.0f / select((vi)(norm == 0.0f), broadcast(1.0f), norm);
  const float* sums = task.scratch.sums + state * task.dim;
  const int64_t at = task.out_start + query * args->out_row_stride;
  alignas(64) float values[kWidth];
  alignas(64) uint16_t halves[kWidth];
#pragma clang loop unroll(disable)
  for (int64_t n = 0; n < args->head_dim; n += kWidth) {
    const vf x = load(sums + n) * factor;
    const int64_t count = smaller(kWidth, args->head_dim - n);
    if (args->out_dtype == kStorageBf16) {
      uint16_t* to = static_cast<uint16_t*>(args->out) + at + n;
      Level::store_bf16(halves, x);
      if (count == kWidth) store(to, load(halves));
#pragma clang loop unroll(disable)
      for (int64_t i = count == kWidth ? count : 0; i < count; ++i) to[i] = halves[i];
    } else {
      float* to = static_cast<float*>(args->out) + at + n;
      store(values, x);
      if (count == kWidth) store(to, x);
      if (count < kWidth) Level::store_partial(to, count, x);
    }
  }
}

/// One group of queries, at most kAttentionQueryGroup.
template <class Kernel, bool kFast>
TILEFOLD_INLINE void attention_group(const AttentionTask<Kernel>& task, int64_t q_begin, int64_t q_end) {
  const int64_t group = q_end - q_begin;
#pragma clang loop unroll(disable)
  for (int64_t i = 0; i < group; ++i) task.scratch.maxima[i] = kVeryNegative;
#pragma clang loop unroll(disable)
  for (int64_t i = 0; i < group * kWidth; i += kWidth) store(task.scratch.norms + i, vf{});
#pragma clang loop unroll(disable)
  for (int64_t i = 0; i < group * task.dim; i += kWidth) store(task.scratch.sums + i, vf{});
#pragma clang loop unroll(disable)
  for (int64_t key = 0; key < task.args->keys; key += kAttentionKeyBlock) {
    const int64_t keys = smaller(kAttentionKeyBlock, task.args->keys - key);
    attention_pack_keys(task, key, keys);
    int64_t done = 0;
#pragma clang loop unroll(disable)
    for (; group - done > Kernel::kSmallLimit; done += Kernel::kRows) {
      attention_block<Kernel, Kernel::kRows, kFast>(task, q_begin + done, smaller(Kernel::kRows, group - done), done,
                                                    key, keys);
    }
#pragma clang loop unroll(disable)
    for (; done < group; done += Kernel::kSmallRows) {
      attention_block<Kernel, Kernel::kSmallRows, kFast>(task, q_begin + done,
                                                         smaller(Kernel::kSmallRows, group - done), done, key, keys);
    }
  }
#pragma clang loop unroll(disable)
  for (int64_t i = 0; i < group; ++i) attention_finish_row(task, q_begin + i, i);
}

template <class Kernel, bool kFast>
TILEFOLD_INLINE void attention(const AttentionArgs* args, int64_t batch, int64_t head, int64_t q_begin, int64_t q_end,
                               void* scratch) {
  const int64_t rows = smaller(kAttentionQueryGroup, q_end - q_begin);
  const AttentionTask<Kernel> task(args, batch, head, round_up(rows, kGemmMaxBlockRows), scratch);
#pragma clang loop unroll(disable)
  for (int64_t q = q_begin; q < q_end; q += kAttentionQueryGroup) {
    attention_group<Kernel, kFast>(task, q, smaller(q_end, q + kAttentionQueryGroup));
  }
}

}  // namespace tilefold::isa
