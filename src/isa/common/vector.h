/// Vectors of the level's native width over Clang's vector extensions. Included by every level.h after it has defined
/// `kWidth`; everything has internal linkage because each level compiles these headers with other flags.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define TILEFOLD_INLINE __attribute__((always_inline)) static inline

namespace tilefold::isa {

template <typename T, int N>
struct VectorOf {
  typedef T type __attribute__((vector_size(sizeof(T) * N)));
  typedef T unaligned __attribute__((vector_size(sizeof(T) * N), aligned(alignof(T)), may_alias));
};

using vf = VectorOf<float, kWidth>::type;
using vi = VectorOf<int32_t, kWidth>::type;
using vu = VectorOf<uint32_t, kWidth>::type;
using vh = VectorOf<uint16_t, kWidth>::type;  // bf16 bits

/// x in every lane. (Not vf{} + x: adding zero changes the sign of -0, so it costs an addition.)
TILEFOLD_INLINE vf broadcast(float x) { return x - vf{}; }
TILEFOLD_INLINE vu broadcast_bits(uint32_t x) { return vu{} + x; }
TILEFOLD_INLINE vu bits_of(vf x) { return (vu)x; }
TILEFOLD_INLINE vf float_of(vu x) { return (vf)x; }

template <typename T>
TILEFOLD_INLINE typename VectorOf<T, kWidth>::type load(const T* p) {
  return *reinterpret_cast<const typename VectorOf<T, kWidth>::unaligned*>(p);
}

template <typename T>
TILEFOLD_INLINE void store(T* p, typename VectorOf<T, kWidth>::type x) {
  *reinterpret_cast<typename VectorOf<T, kWidth>::unaligned*>(p) = x;
}

/// a * b + c, fused where the level has it (the primitives are compiled with -ffp-contract=fast).
TILEFOLD_INLINE vf mul_add(vf a, vf b, vf c) { return a * b + c; }

/// mask ? a : b, lane by lane. (Written with and/or, LLVM 19 merges it with the sign logic of tanh into a wrong
/// VPTERNLOG.)
TILEFOLD_INLINE vf select(vi mask, vf a, vf b) { return mask ? a : b; }

/// One instruction on x86; if either is NaN, the result is b.
TILEFOLD_INLINE vf max(vf a, vf b) { return a > b ? a : b; }
TILEFOLD_INLINE vf min(vf a, vf b) { return a < b ? a : b; }

/// bf16 to fp32 is exact.
TILEFOLD_INLINE vf from_bf16(vh x) { return float_of(__builtin_convertvector(x, vu) << 16); }

/// fp32 to bf16 in integer arithmetic: nearest even, NaN stays NaN; the bits are in the low half of each lane.
TILEFOLD_INLINE vu round_to_bf16(vf x) {
  const vu bits = bits_of(x);
  const vu rounded = bits + 0x7fffu + ((bits >> 16) & 1u);
  return ((vi)(x != x) ? bits | 0x400000u : rounded) >> 16;
}

template <int... Lanes>
struct LaneList {
  /// Lanes 0 .. N/2 (Start = 0) or N/2 .. N (Start = N/2) of a and b in turn.
  template <int Start, typename V>
  TILEFOLD_INLINE V interleave(V a, V b) {
    return __builtin_shufflevector(a, b, (Start + Lanes / 2 + Lanes % 2 * kWidth)...);
  }
  template <int Steps>
  TILEFOLD_INLINE vf rotate(vf x) {
    return __builtin_shufflevector(x, x, ((Lanes + Steps) % kWidth)...);
  }
};
template <typename, int... Lanes>
using LaneListOf = LaneList<Lanes...>;
using AllLanes = __make_integer_seq<LaneListOf, int, kWidth>;

/// The largest lane, in every lane.
template <int Steps = kWidth / 2>
TILEFOLD_INLINE vf reduce_max(vf x) {
  x = max(x, AllLanes::rotate<Steps>(x));
  if constexpr (Steps > 1) return reduce_max<Steps / 2>(x);
  return x;
}

/// The sum of all lanes, in every lane; pairwise.
template <int Steps = kWidth / 2>
TILEFOLD_INLINE vf reduce_add(vf x) {
  x = x + AllLanes::rotate<Steps>(x);
  if constexpr (Steps > 1) return reduce_add<Steps / 2>(x);
  return x;
}

/// Transposes a kWidth x kWidth block held in registers: log2(kWidth) perfect shuffles of the rows.
template <typename V>
TILEFOLD_INLINE void transpose_registers(V (&rows)[kWidth]) {
#pragma clang loop unroll(full)
  for (int stage = 1; stage < kWidth; stage *= 2) {
    V next[kWidth];
#pragma clang loop unroll(full)
    for (int i = 0; i < kWidth / 2; ++i) {
      next[2 * i] = AllLanes::interleave<0>(rows[i], rows[i + kWidth / 2]);
      next[2 * i + 1] = AllLanes::interleave<kWidth / 2>(rows[i], rows[i + kWidth / 2]);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < kWidth; ++i) rows[i] = next[i];
  }
}

TILEFOLD_INLINE int64_t round_up(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}
TILEFOLD_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

}  // namespace tilefold::isa
