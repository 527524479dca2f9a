#include "isa/avx512/level.h"
//
#include "isa/avx512_bf16/gemm_kernel.h"
#include "isa/avx512_bf16/peak.h"
#include "isa/common/gemm_kernels.h"

namespace tilefold::isa {
using GemmF32 = GemmKernelF32<12, 2, 4>;
using GemmBf16 = GemmKernelDotBf16<14, 4>;
}  // namespace tilefold::isa

#include "isa/common/primitives.h"
