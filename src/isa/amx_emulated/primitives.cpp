// The AMX code with plain loops behind its tile functions, on vectors that every CPU has.
#define TILEFOLD_AMX_EMULATED 1
#include "isa/generic/level.h"
//
#include "isa/amx/gemm_kernel.h"
#include "isa/amx/peak.h"
#include "isa/common/gemm_kernels.h"

namespace tilefold::isa {
using GemmF32 = GemmKernelF32<4, 2, 1>;
using GemmBf16 = GemmKernelAmx;
}  // namespace tilefold::isa

#include "isa/common/primitives.h"
