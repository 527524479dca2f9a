#include "isa/generic/level.h"
//
#include "isa/common/gemm_kernels.h"

namespace tilefold::isa {
// 16 vector registers without fused multiply-add: 4 x 2 sums, 2 of B, 1 of A, 2 products in flight.
using GemmF32 = GemmKernelF32<4, 2, 1>;
using GemmBf16 = GemmKernelBf16OnF32<4, 2, 1>;
}  // namespace tilefold::isa

#include "isa/common/primitives.h"
