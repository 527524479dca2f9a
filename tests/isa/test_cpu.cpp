#include "isa/machine_peaks.h"
#include "support.h"
#include "tilefold/error.h"

namespace tilefold::isa::test {
namespace {

TEST(Cpu, NamesRoundTrip) {
  for (Isa isa : {Isa::generic, Isa::neon, Isa::avx2, Isa::avx512, Isa::avx512_bf16, Isa::amx, Isa::amx_emulated}) {
    EXPECT_EQ(isa_from_name(isa_name(isa)), isa);
    EXPECT_EQ(traits(isa).isa, isa);
    EXPECT_EQ(traits(isa).name, isa_name(isa));
  }
}

TEST(Cpu, UnknownNameListsTheKnownOnes) {
  try {
    isa_from_name("sse9");
    FAIL();
  } catch (const ValueError& error) {
    EXPECT_NE(std::string(error.what()).find("sse9"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("amx-emulated"), std::string::npos);
  }
}

TEST(Cpu, LevelThatTheCpuLacksIsRefused) {
  // No machine is both: x86-64 has no NEON, aarch64 no AVX2.
  const Isa missing = is_supported(Isa::neon) ? Isa::avx2 : Isa::neon;
  EXPECT_FALSE(is_supported(missing));
  EXPECT_THROW(isa_from_environment(std::string(isa_name(missing)).c_str()), ValueError);
}

TEST(Cpu, EnvironmentChoosesTheLevel) {
  EXPECT_EQ(isa_from_environment(nullptr), detect_best());
  EXPECT_EQ(isa_from_environment(""), detect_best());
  EXPECT_EQ(isa_from_environment("generic"), Isa::generic);
  EXPECT_EQ(isa_from_environment("amx-emulated"), Isa::amx_emulated);
  EXPECT_TRUE(is_supported(active_isa()));
}

TEST(Cpu, SupportedLevelsHaveBitcodeAndTables) {
  const std::vector<Isa> levels = supported_levels();
  EXPECT_GE(levels.size(), 2u);
  for (Isa isa : levels) {
    const auto code = bitcode(isa);
    ASSERT_GT(code.size(), 4u) << isa_name(isa);
    EXPECT_EQ(std::memcmp(code.data(), "BC\xc0\xde", 4), 0) << isa_name(isa);
    ASSERT_NE(native_primitives(isa), nullptr);
    EXPECT_EQ(native_primitives(isa)->vector_width, traits(isa).vector_width);
    EXPECT_LE(traits(isa).gemm_block_rows_bf16, kGemmMaxBlockRows);
  }
}

TEST(Cpu, ThreadsCanBePreparedAgain) {
  prepare_thread();
  EXPECT_NO_THROW(prepare_thread());
}

TEST(MachinePeaks, ArePlausible) {
  const MachinePeaks peaks = measure_peaks(1);
  EXPECT_GT(peaks.fma_flops, 1e8);
  EXPECT_GT(peaks.read_bytes, 1e8);
  EXPECT_GT(peaks.copy_bytes, 1e8);
  EXPECT_GT(peaks.streaming_copy_bytes, 1e8);
  EXPECT_EQ(peaks.bf16_flops > 0, traits(active_isa()).has_bf16_unit && active_isa() != Isa::amx_emulated);
  EXPECT_NE(to_text(peaks).find("multiply-add"), std::string::npos);
}

}  // namespace
}  // namespace tilefold::isa::test
