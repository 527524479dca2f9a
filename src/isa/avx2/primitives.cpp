#include "isa/avx2/level.h"
//
#include "isa/common/gemm_kernels.h"

namespace tilefold::isa {
// 16 vector registers: 6 x 2 sums, 2 of B, 1 of A.
using GemmF32 = GemmKernelF32<6, 2, 2>;
using GemmBf16 = GemmKernelBf16OnF32<6, 2, 2>;
}  // namespace tilefold::isa

#include "isa/common/primitives.h"
