#include "isa/avx512/level.h"
//
#include "isa/amx/gemm_kernel.h"
#include "isa/amx/peak.h"
#include "isa/common/gemm_kernels.h"

namespace tilefold::isa {
using GemmF32 = GemmKernelF32<12, 2, 4>;
using GemmBf16 = GemmKernelAmx;
}  // namespace tilefold::isa

#include "isa/common/primitives.h"
