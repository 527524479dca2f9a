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

/// 2^x for x <= 0. Degree 3 has a relative error of 7.5e-5: for weights that are rounded to bf16; degree 5 has 2e-7.
/// Where the level scales by powers of two in one instruction, the fraction is in [0, 1), else in [-1/2, 1/2] and
/// anything below -126 gives about 1e-38.
template <bool kFast, class L = Level>
TILEFOLD_INLINE vf exp2_of_negative(vf x) {
  if constexpr (L::kScalesByPower) {
    const vf r = L::fraction(x);
    vf p = broadcast(kFast ? 0.0780245191f : 1.8775767e-3f);
    if constexpr (kFast) {
      p = mul_add(p, r, broadcast(0.2260672f));
      p = mul_add(p, r, broadcast(0.6958335f));
      p = mul_add(p, r, broadcast(0.9999252f));
    } else {
      p = mul_add(p, r, broadcast(8.9893397e-3f));
      p = mul_add(p, r, broadcast(5.5826318e-2f));
      p = mul_add(p, r, broadcast(2.4015361e-1f));
      p = mul_add(p, r, broadcast(6.9315308e-1f));
      p = mul_add(p, r, broadcast(9.9999994e-1f));
    }
    return L::scale_by_floor_power(p, x);
  } else {
    x = max(broadcast(-126.0f), x);
    const vf shifted = x + kRoundMagic;
    const vf r = x - (shifted - kRoundMagic);
    vf p = broadcast(kFast ? 0.0551716685f : 1.3276472455e-3f);
    if constexpr (kFast) {
      p = mul_add(p, r, broadcast(0.2426111251f));
      p = mul_add(p, r, broadcast(0.6932609677f));
      p = mul_add(p, r, broadcast(0.9999280572f));
    } else {
      p = mul_add(p, r, broadcast(9.6755409613e-3f));
      p = mul_add(p, r, broadcast(5.5507130921e-2f));
      p = mul_add(p, r, broadcast(2.4022120237e-1f));
      p = mul_add(p, r, broadcast(6.9314694405e-1f));
      p = mul_add(p, r, broadcast(1.0f));
    }
    return (vf)((vi)p + ((vi)shifted << 23));
  }
}

/// Where things are in the scratch of a task.
template <class Kernel>
struct AttentionScratch {
  using Element = typename Kernel::Panel::Element;
  float* sums;         ///< [queries][dim] running sums of weights times values
  float* norms;        ///< [queries][kWidth] running sums of weights, per lane
  float* maxima;       ///< [queries] running maxima of the scores
  char* keys;          ///< packed as B of query * key^T
  char* values;        ///< packed as B of weights * value
  Element* queries;    ///< one register block, packed as A
  Element* weights;    ///< [rows][512 bytes], packed as A
  float* scores;       ///< [key panel][rows][32]
  float* tile;         ///< [rows][32]
  float* key_bias;     ///< [128], base 2
  float* corrections;  ///< [rows] factors for the older sums

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
    corrections = reinterpret_cast<float*>(take(kGemmMaxBlockRows * 4));
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

/// What the steps of one register block share: rows [query, query + rows) whose state begins at `state`, against `keys`
/// packed keys from `key` on.
struct AttentionBlock {
  int64_t query, rows, state, key, keys;
};

/// Scores of row `row` of a block, from key `n` of the block on ([key panel][row][32]).
template <class Kernel, int Rows>
TILEFOLD_INLINE float* score_at(const AttentionTask<Kernel>& task, int64_t row, int64_t n) {
  return task.scratch.scores + (n / kGemmPanelColumns * Rows + row) * kGemmPanelColumns + n % kGemmPanelColumns;
}

/// Step 1: scale, biases, and the maximum of each lane of each row (to the tile, which is free at this time).
template <class Kernel, int Rows>
TILEFOLD_INLINE void attention_finish_scores(const AttentionTask<Kernel>& task, const AttentionBlock& block) {
  const AttentionArgs* args = task.args;
  const vf scale = broadcast(args->scale * kLog2E);
#pragma clang loop unroll(disable)
  for (int64_t r = 0; r < block.rows; ++r) {
    const int64_t bias_row = task.bias_start + (block.query + r) * args->bias_row_stride;
    vf largest = broadcast(kVeryNegative);
#pragma clang loop unroll(disable)
    for (int64_t n = 0; n < block.keys; n += kWidth) {
      float* score = score_at<Kernel, Rows>(task, r, n);
      vf x = mul_add(load(score), scale, load(task.scratch.key_bias + n));
      if (args->bias) {
        x = mul_add(load_bias(args, bias_row, block.key + n, block.keys - n), broadcast(kLog2E), x);
      }
      x = max(broadcast(kVeryNegative), x);  // minus infinity for all keys of a row must give equal weights, not NaN
      if (block.keys - n < kWidth) x = select(lanes_below(block.keys - n), x, broadcast(kVeryNegative));
      largest = max(x, largest);
      store(score, x);
    }
    store(task.scratch.tile + r * kWidth, largest);
  }
}

/// Step 2: new running maxima and the factors for the older sums, kWidth rows at a time.
template <class Kernel>
TILEFOLD_INLINE void attention_update_maxima(const AttentionTask<Kernel>& task, const AttentionBlock& block) {
#pragma clang loop unroll(disable)
  for (int64_t r = 0; r < block.rows; r += kWidth) {
    vf lanes[kWidth];
#pragma clang loop unroll(full)
    for (int i = 0; i < kWidth; ++i) lanes[i] = load(task.scratch.tile + (r + i) * kWidth);
    transpose_registers(lanes);
    const int64_t count = block.rows - r;
    float* maxima = task.scratch.maxima + block.state + r;
    const vf old_maxima = load_elements_partial(maxima, 0, count, kStorageF32);
    vf new_maxima = old_maxima;
#pragma clang loop unroll(full)
    for (int i = 0; i < kWidth; ++i) new_maxima = max(lanes[i], new_maxima);
    store(task.scratch.corrections + r, exp2_of_negative<false>(old_maxima - new_maxima));
    if (count >= kWidth) {
      store(maxima, new_maxima);
    } else {
      Level::store_partial(maxima, count, new_maxima);
    }
  }
}

/// Step 3: scores to weights, packed as A of the second product; norms.
template <class Kernel, int Rows, bool kFast>
TILEFOLD_INLINE void attention_weigh(const AttentionTask<Kernel>& task, const AttentionBlock& block) {
#pragma clang loop unroll(disable)
  for (int64_t r = 0; r < block.rows; ++r) {
    const vf largest = broadcast(task.scratch.maxima[block.state + r]);
    typename Kernel::Panel::Element* weights = task.scratch.weights + r * Kernel::Panel::kChunk;
    vf norm = {};
#pragma clang loop unroll(disable)
    for (int64_t n = 0; n < block.keys; n += kWidth) {
      vf p = exp2_of_negative<kFast>(load(score_at<Kernel, Rows>(task, r, n)) - largest);
      if (block.keys - n < kWidth) p = select(lanes_below(block.keys - n), p, vf{});
      norm += p;
      Kernel::Panel::put(weights + n, p);
    }
#pragma clang loop unroll(disable)
    for (int64_t n = round_up(block.keys, kWidth); n < round_up(block.keys, 32); n += kWidth) {
      Kernel::Panel::put(weights + n, vf{});
    }
    float* sum = task.scratch.norms + (block.state + r) * kWidth;
    store(sum, mul_add(load(sum), broadcast(task.scratch.corrections[r]), norm));
  }
}

/// Step 4: weights times values into the running sums.
template <class Kernel, int Rows>
TILEFOLD_INLINE void attention_accumulate(const AttentionTask<Kernel>& task, const AttentionBlock& block) {
  const auto& scratch = task.scratch;
#pragma clang loop unroll(disable)
  for (int64_t n = 0; n < task.dim; n += kGemmPanelColumns) {
    Kernel::template block<Rows>(scratch.weights, Rows * Kernel::Panel::kChunk,
                                 scratch.values + n / kGemmPanelColumns * Kernel::b_panel_bytes(block.keys), block.keys,
                                 scratch.tile);
#pragma clang loop unroll(disable)
    for (int64_t r = 0; r < block.rows; ++r) {
      float* sums = scratch.sums + (block.state + r) * task.dim + n;
      const vf correction = broadcast(scratch.corrections[r]);
#pragma clang loop unroll(full)
      for (int64_t i = 0; i < kGemmPanelColumns; i += kWidth) {
        store(sums + i, mul_add(load(sums + i), correction, load(scratch.tile + r * kGemmPanelColumns + i)));
      }
    }
  }
}

/// One register block of queries against the packed keys.
template <class Kernel, int Rows, bool kFast>
TILEFOLD_INLINE void attention_block(const AttentionTask<Kernel>& task, const AttentionBlock& block) {
  const AttentionArgs* args = task.args;
  const auto& scratch = task.scratch;
  const int64_t k_padded = round_up(args->head_dim, Kernel::kDepth > kWidth ? Kernel::kDepth : kWidth);
#pragma clang loop unroll(disable)
  for (int64_t r = 0; r < Rows; ++r) {
    const int64_t from = block.query + (r < block.rows ? r : 0);  // rows behind the last are computed and dropped
    pack_a_row<typename Kernel::Panel>(args->query, task.query_start + from * args->query_row_stride, args->qkv_dtype,
                                       args->head_dim, k_padded, r, Rows, scratch.queries);
  }
#pragma clang loop unroll(disable)
  for (int64_t n = 0; n < block.keys; n += kGemmPanelColumns) {
    Kernel::template block<Rows>(scratch.queries, Rows * Kernel::Panel::kChunk,
                                 scratch.keys + n / kGemmPanelColumns * Kernel::b_panel_bytes(args->head_dim),
                                 args->head_dim, scratch.scores + n * Rows);
  }
  attention_finish_scores<Kernel, Rows>(task, block);
  attention_update_maxima(task, block);
  attention_weigh<Kernel, Rows, kFast>(task, block);
  attention_accumulate<Kernel, Rows>(task, block);
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
      attention_block<Kernel, Kernel::kRows, kFast>(
          task, {q_begin + done, smaller(Kernel::kRows, group - done), done, key, keys});
    }
#pragma clang loop unroll(disable)
    for (; done < group; done += Kernel::kSmallRows) {
      attention_block<Kernel, Kernel::kSmallRows, kFast>(
          task, {q_begin + done, smaller(Kernel::kSmallRows, group - done), done, key, keys});
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
