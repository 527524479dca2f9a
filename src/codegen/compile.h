/// Entry points of the code generator for a chosen ISA level; the ones of schedule/kernel_specs.h use the active level.
#pragma once

#include <memory>

#include "isa/cpu.h"
#include "schedule/kernel_specs.h"

namespace tilefold::codegen {

std::shared_ptr<const LoopNestKernel> compile_kernel(const LoopNestSpec& spec, isa::Isa level);
std::shared_ptr<const GemmKernel> compile_kernel(const GemmSpec& spec, isa::Isa level);
std::shared_ptr<const AttentionKernel> compile_kernel(const AttentionSpec& spec, isa::Isa level);

}  // namespace tilefold::codegen
