#include "tilefold/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

#include "tilefold/jit.h"

namespace tilefold {
namespace {

TEST(ParallelFor, CallsEveryIndexOnceWhateverTheThreads) {
  const int before = num_threads();
  for (const int threads : {1, 2, 5}) {
    set_num_threads(threads);
    for (const std::int64_t count : {0, 1, 3, 500}) {
      std::vector<std::atomic<int>> calls(static_cast<std::size_t>(count));
      parallel_for(count, [&](std::int64_t index) { ++calls[static_cast<std::size_t>(index)]; });
      for (const std::atomic<int>& number : calls) EXPECT_EQ(number.load(), 1);
    }
  }
  set_num_threads(before);
}

TEST(ParallelFor, RunsLoopsWithinLoops) {
  std::atomic<int> calls = 0;
  parallel_for(7, [&](std::int64_t) { parallel_for(5, [&](std::int64_t) { ++calls; }); });
  EXPECT_EQ(calls.load(), 35);
}

TEST(ParallelFor, PassesExceptionsOn) {
  const auto fail = [](std::int64_t index) {
    if (index == 3) throw std::runtime_error("three");
  };
  EXPECT_THROW(parallel_for(10, fail), std::runtime_error);
}

}  // namespace
}  // namespace tilefold
