// Speed depends on the machine code: the inner loops of the products use the unit they are written for and keep all
// their sums in registers. Disassembles the native objects of the x86-64 levels.
#include <cstdio>

#include "support.h"

namespace tilefold::isa::test {
namespace {

struct Instruction {
  std::uint64_t address;
  std::string text;
};

std::vector<Instruction> disassemble(const std::string& level, const std::string& symbol) {
  const std::string command = std::string(TILEFOLD_OBJDUMP) + " -d --no-show-raw-insn --disassemble=" + symbol + " " +
                              TILEFOLD_PRIMITIVES_DIR + "/" + level + ".o";
  FILE* pipe = popen(command.c_str(), "r");
  std::vector<Instruction> result;
  char line[512];
  while (pipe != nullptr && std::fgets(line, sizeof line, pipe) != nullptr) {
    unsigned long long address = 0;
    int length = 0;
    if (std::sscanf(line, " %llx:\t%n", &address, &length) == 1 && length > 0)
      result.push_back({address, line + length});
  }
  EXPECT_EQ(pipe == nullptr ? -1 : pclose(pipe), 0) << command;
  return result;
}

std::size_t count(const std::vector<Instruction>& code, const std::string& part) {
  std::size_t found = 0;
  for (const Instruction& instruction : code) found += instruction.text.find(part) != std::string::npos;
  return found;
}

/// Target of a backward jump, or 0.
std::uint64_t loop_start(const Instruction& instruction) {
  unsigned long long target = 0;
  char name[16];
  if (instruction.text[0] != 'j' || std::sscanf(instruction.text.c_str(), "%15s %llx", name, &target) != 2) return 0;
  return target <= instruction.address ? target : 0;
}

/// The loops without loops in them.
std::vector<std::vector<Instruction>> inner_loops(const std::vector<Instruction>& code) {
  std::vector<std::vector<Instruction>> result;
  for (std::size_t end = 0; end < code.size(); ++end) {
    const std::uint64_t start = loop_start(code[end]);
    if (start == 0) continue;
    std::size_t begin = end;
    while (begin > 0 && code[begin].address > start) --begin;
    std::vector<Instruction> body(code.begin() + static_cast<std::ptrdiff_t>(begin),
                                  code.begin() + static_cast<std::ptrdiff_t>(end) + 1);
    std::size_t jumps = 0;
    for (const Instruction& instruction : body) jumps += loop_start(instruction) != 0;
    if (jumps == 1) result.push_back(std::move(body));
  }
  return result;
}

/// The inner loop with the most instructions `name`.
std::vector<Instruction> hot_loop(const std::string& level, const std::string& symbol, const std::string& name) {
  std::vector<Instruction> best;
  for (const auto& loop : inner_loops(disassemble(level, symbol))) {
    if (count(loop, name) > count(best, name)) best = loop;
  }
  return best;
}

struct HotLoop {
  const char* level;
  const char* symbol;
  const char* instruction;
  std::size_t times;
};

class MachineCode : public testing::TestWithParam<HotLoop> {};

TEST_P(MachineCode, HotLoopKeepsItsSumsInRegisters) {
  const HotLoop& expected = GetParam();
  if (bitcode(isa_from_name(expected.level)).empty()) return;  // another architecture
  const std::vector<Instruction> loop = hot_loop(expected.level, expected.symbol, expected.instruction);
  EXPECT_EQ(count(loop, expected.instruction), expected.times);
  EXPECT_EQ(count(loop, "(%rsp"), 0u) << "spilled";
  EXPECT_EQ(count(loop, "call"), 0u);
}

INSTANTIATE_TEST_SUITE_P(Isa, MachineCode,
                         testing::Values(HotLoop{"avx2", "tilefold_gemm_f32", "vfmadd", 12},
                                         HotLoop{"avx512", "tilefold_gemm_f32", "vfmadd", 24},
                                         HotLoop{"avx512", "tilefold_gemm_bf16", "vfmadd", 48},
                                         HotLoop{"avx512_bf16", "tilefold_gemm_f32", "vfmadd", 24},
                                         HotLoop{"avx512_bf16", "tilefold_gemm_bf16", "vdpbf16ps", 28},
                                         HotLoop{"avx512_bf16", "tilefold_attention_bf16", "vdpbf16ps", 28},
                                         HotLoop{"amx", "tilefold_gemm_bf16", "tdpbf16ps", 4},
                                         HotLoop{"amx", "tilefold_attention_bf16", "tdpbf16ps", 4}),
                         [](const testing::TestParamInfo<HotLoop>& loop) {
                           return std::string(loop.param.level) + "_" + loop.param.symbol + "_" +
                                  std::to_string(loop.index);
                         });

TEST(AmxMachineCode, StateIsLoadedAndReleasedAroundATask) {
  if (bitcode(Isa::amx).empty()) return;
  for (const char* symbol : {"tilefold_gemm_bf16", "tilefold_attention_bf16"}) {
    const std::vector<Instruction> code = disassemble("amx", symbol);
    EXPECT_EQ(count(code, "ldtilecfg"), 1u) << symbol;
    EXPECT_GE(count(code, "tilerelease"), 1u) << symbol;
    EXPECT_EQ(count(code, "sttilecfg"), 0u) << symbol;
  }
}

}  // namespace
}  // namespace tilefold::isa::test
