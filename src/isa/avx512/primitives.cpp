#include "isa/avx512/level.h"
//
#include "isa/common/gemm_kernels.h"

namespace tilefold::isa {
// 32 vector registers: 14 x 2 sums, 2 of B, A by embedded broadcast; two of B and two halves of a pair need 12 x 2.
using GemmF32 = GemmKernelF32<12, 2, 4>;
using GemmBf16 = GemmKernelBf16OnF32<12, 2, 4>;
}  // namespace tilefold::isa

#include "isa/common/primitives.h"
