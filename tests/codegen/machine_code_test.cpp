// What the emitted machine code must look like: the right unit, everything inlined, no spills in hot loops. The levels
// need not run on this CPU, but only an x86-64 build has their bitcode.
#if defined(__x86_64__)

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "codegen/gemm_emitter.h"
#include "codegen/loop_nest_emitter.h"
#include "codegen/row_program.h"
#include "isa/cpu.h"

namespace tilefold::testing {
namespace {

using Kind = RowInstruction::Kind;

std::vector<std::string> lines_of(const std::vector<std::byte>& assembly) {
  std::istringstream stream(std::string(reinterpret_cast<const char*>(assembly.data()), assembly.size()));
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::size_t count_of(const std::vector<std::string>& lines, const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      lines.begin(), lines.end(), [&](const std::string& line) { return line.find(text) != std::string::npos; }));
}

/// The longest run of lines between two labels or jumps that contains `instruction`: the hot loop.
std::vector<std::string> block_with(const std::vector<std::string>& lines, const std::string& instruction) {
  std::vector<std::string> best;
  std::vector<std::string> block;
  std::size_t best_count = 0;
  for (const std::string& line : lines) {
    if (line.starts_with(".L") || line.starts_with("tilefold")) block.clear();
    block.push_back(line);
    const std::size_t count = count_of(block, instruction);
    if (count > best_count) {
      best_count = count;
      best = block;
    }
  }
  return best;
}

GemmSpec transition() {
  GemmSpec spec{.bf16 = true, .a_dtype = DType::bfloat16, .b_dtype = DType::bfloat16, .k = 128, .n = 512};
  spec.inputs = {{DType::float32, {StrideKind::zero, StrideKind::one}}};
  spec.outputs = {{DType::bfloat16, {StrideKind::runtime, StrideKind::one}}};
  spec.epilogue = {{.kind = Kind::accumulator, .scalar = {}},
                   {.scalar = {.op = ScalarOp::operand, .index = 0}},
                   {.scalar = {.op = ScalarOp::add, .a = 0, .b = 1}}};
  spec.results = {2};
  return spec;
}

std::size_t calls(const std::vector<std::string>& lines) {
  return count_of(lines, "\tcall") - count_of(lines, "\tcallq\tmem") - count_of(lines, "\tcallq\t*mem");
}

TEST(MachineCode, ProductsOnAvx512Bf16) {
  const auto lines = lines_of(codegen::emit_gemm(transition(), isa::Isa::avx512_bf16, true));
  const auto loop = block_with(lines, "vdpbf16ps");
  // 14 rows x 2 vectors, unrolled along K at least once.
  EXPECT_GE(count_of(loop, "vdpbf16ps"), 28u);
  EXPECT_EQ(count_of(loop, "Spill"), 0u);
  EXPECT_EQ(count_of(loop, "Reload"), 0u);
  EXPECT_EQ(calls(lines), 0u) << "a primitive or hook was not inlined";
  EXPECT_GT(count_of(lines, "vcvtneps2bf16"), 0u);
}

TEST(MachineCode, ProductsOnAmx) {
  const auto lines = lines_of(codegen::emit_gemm(transition(), isa::Isa::amx, true));
  const auto loop = block_with(lines, "tdpbf16ps");
  EXPECT_GE(count_of(loop, "tdpbf16ps"), 4u);
  EXPECT_EQ(count_of(loop, "tilestored"), 0u) << "tiles spill";
  EXPECT_EQ(count_of(loop, "Spill"), 0u);
  EXPECT_EQ(calls(lines), 0u);
  // Once per task, never per block.
  EXPECT_EQ(count_of(lines, "ldtilecfg"), 1u);
  EXPECT_GE(count_of(lines, "tilerelease"), 1u);
}

TEST(MachineCode, ProductsInFp32) {
  GemmSpec spec = transition();
  spec.bf16 = false;
  spec.a_dtype = spec.b_dtype = DType::float32;
  for (const auto& [level, least] : {std::pair{isa::Isa::avx512, 24u}, {isa::Isa::avx2, 8u}}) {
    const auto lines = lines_of(codegen::emit_gemm(spec, level, true));
    const auto loop = block_with(lines, "vfmadd");
    EXPECT_GE(count_of(loop, "vfmadd"), least) << isa::isa_name(level);
    EXPECT_EQ(count_of(loop, "Spill"), 0u) << isa::isa_name(level);
    EXPECT_EQ(calls(lines), 0u) << isa::isa_name(level);
  }
}

LoopNestSpec scaled(DType output) {
  LoopNestSpec spec{.rank = 1};
  spec.inputs = {{DType::float32, {StrideKind::one}}};
  spec.outputs = {{output, {StrideKind::one}}};
  spec.body = {{.scalar = {.op = ScalarOp::operand, .index = 0}},
               {.scalar = {.op = ScalarOp::exp, .a = 0}},
               {.scalar = {.op = ScalarOp::constant, .value = 3}},
               {.scalar = {.op = ScalarOp::multiply, .a = 1, .b = 2}}};
  spec.results = {3};
  return spec;
}

TEST(MachineCode, ChainsAreInlinedAtTheLevelsWidth) {
  for (const auto& [level, vectors] :
       {std::pair{isa::Isa::avx512_bf16, "zmm"}, {isa::Isa::avx2, "ymm"}, {isa::Isa::generic, "xmm"}}) {
    const LoopNestSpec spec = scaled(DType::bfloat16);
    const auto lines = lines_of(codegen::emit_loop_nest(spec, codegen::plan_rows(spec), level, true));
    EXPECT_EQ(calls(lines), 0u) << isa::isa_name(level);
    EXPECT_GT(count_of(lines, vectors), 20u) << isa::isa_name(level);
    EXPECT_GT(count_of(lines, "nt"), 0u) << "the streaming variant has no non-temporal stores";
    if (level == isa::Isa::generic) {
      EXPECT_EQ(count_of(lines, "ymm"), 0u) << "generic code needs AVX";
    }
    if (level == isa::Isa::avx2) {
      EXPECT_EQ(count_of(lines, "zmm"), 0u);
    }
  }
}

}  // namespace
}  // namespace tilefold::testing

#endif  // __x86_64__
