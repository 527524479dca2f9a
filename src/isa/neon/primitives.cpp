// The generic code, compiled for aarch64: 32 vector registers with fused multiply-add.
#include "isa/generic/level.h"
//
#include "isa/common/gemm_kernels.h"

namespace tilefold::isa {
using GemmF32 = GemmKernelF32<6, 4, 2>;
using GemmBf16 = GemmKernelBf16OnF32<8, 2, 2>;
}  // namespace tilefold::isa

#include "isa/common/primitives.h"
