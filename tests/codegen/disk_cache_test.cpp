// The kernel cache across processes: this program runs itself.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "codegen/compile.h"
#include "runtime/kernel_cache.h"
#include "support/temporary_folder.h"

namespace tilefold::testing {
namespace {

namespace fs = std::filesystem;
using Kind = RowInstruction::Kind;

/// One kernel of each family; says what the cache did.
std::string compile_some() {
  LoopNestSpec loop{.rank = 1};
  loop.inputs = loop.outputs = {{DType::float32, {StrideKind::one}}};
  loop.body = {{.scalar = {.op = ScalarOp::operand, .index = 0}}, {.scalar = {.op = ScalarOp::neg, .a = 0}}};
  loop.results = {1};
  GemmSpec gemm;
  gemm.outputs = {{DType::float32, {StrideKind::runtime, StrideKind::one}}};
  gemm.epilogue = {{.kind = Kind::accumulator, .scalar = {}}};
  gemm.results = {0};
  const AttentionSpec attention{.head_dim = 16};
  const auto negate = compile_kernel(loop);
  compile_kernel(gemm);
  compile_kernel(attention);
  std::array<float, 5> x = {1, 2, 3, 4, 5}, y = {};
  negate->run({.sizes = {5}, .inputs = {{x.data(), {1}}}, .outputs = {{y.data(), {1}}}});
  const KernelCacheStatistics statistics = KernelCache::instance().statistics();
  return "compiled " + std::to_string(statistics.misses) + " loaded " + std::to_string(statistics.disk_hits) +
         (y[4] == -5 ? " right" : " wrong");
}

/// What the processes that the tests start run, and print.
TEST(DiskCacheProcess, Child) {
  const std::string report = compile_some();
  EXPECT_TRUE(report.ends_with("right")) << report;
  std::printf("child: %s\n", report.c_str());
}

/// A child process with its kernel cache in `folder`; what it printed.
std::string run_child(const fs::path& folder, const std::string& level = "") {
  const std::string command =
      "TILEFOLD_CACHE_DIR='" + folder.string() + "' " + (level.empty() ? "" : "TILEFOLD_ISA=" + level + " ") + "'" +
      fs::read_symlink("/proc/self/exe").string() + "' --gtest_filter=DiskCacheProcess.Child 2>&1";
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return "cannot start";
  std::string output;
  std::array<char, 4096> buffer;
  while (std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe) != nullptr) output += buffer.data();
  ::pclose(pipe);
  const std::size_t start = output.find("child: ");
  return start == std::string::npos ? output : output.substr(start + 7, output.find('\n', start) - start - 7);
}

class DiskCacheAcrossProcesses : public ::testing::Test {
 protected:
  test::TemporaryFolder temporary_;
  const fs::path& folder_ = temporary_.path();
};

// A product needs two kernels: itself and its packing.
TEST_F(DiskCacheAcrossProcesses, TheSecondProcessCompilesNothing) {
  EXPECT_EQ(run_child(folder_), "compiled 4 loaded 0 right");
  EXPECT_EQ(run_child(folder_), "compiled 0 loaded 4 right");
  // Another level has its own kernels.
  if (isa::active_isa() != isa::Isa::generic) {
    EXPECT_EQ(run_child(folder_, "generic"), "compiled 4 loaded 0 right");
  }
  EXPECT_EQ(run_child(folder_), "compiled 0 loaded 4 right");
}

TEST_F(DiskCacheAcrossProcesses, DamagedFilesAreCompiledAgain) {
  ASSERT_EQ(run_child(folder_), "compiled 4 loaded 0 right");
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(entry.file_size() / 2));
    file.put('\x2a');
    file.put('\x2b');
  }
  EXPECT_EQ(run_child(folder_), "compiled 4 loaded 0 right");
  EXPECT_EQ(run_child(folder_), "compiled 0 loaded 4 right");
}

TEST_F(DiskCacheAcrossProcesses, ADangerousFolderIsNotUsed) {
  fs::permissions(folder_, fs::perms::all);
  EXPECT_EQ(run_child(folder_), "compiled 4 loaded 0 right");
  EXPECT_EQ(run_child(folder_), "compiled 4 loaded 0 right");
  EXPECT_TRUE(fs::is_empty(folder_));
}

}  // namespace
}  // namespace tilefold::testing
