#include "runtime/core_grid.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tilefold/error.h"

namespace tilefold {
namespace {

/// Restores the number of threads at the end of a test.
class ThreadCount {
 public:
  explicit ThreadCount(int threads) : before_(num_threads()) { set_num_threads(threads); }
  ~ThreadCount() { set_num_threads(before_); }

 private:
  int before_;
};

TEST(CoreGrid, RunsEveryTaskOnce) {
  for (const int threads : {1, 2, 3, 8}) {
    const ThreadCount count(threads);
    EXPECT_EQ(num_threads(), threads);
    for (const std::int64_t tasks : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> runs(static_cast<std::size_t>(tasks));
      parallel_for(tasks, 0, [&](std::int64_t task, ThreadScratch&) { ++runs[static_cast<std::size_t>(task)]; });
      for (const std::atomic<int>& run : runs) EXPECT_EQ(run.load(), 1);
    }
  }
}

TEST(CoreGrid, PlainWritesOfTasksAreVisibleAfterwards) {
  const ThreadCount count(4);
  std::vector<std::int64_t> values(5000, -1);
  for (int round = 0; round < 200; ++round) {
    parallel_for(5000, 0,
                 [&](std::int64_t task, ThreadScratch&) { values[static_cast<std::size_t>(task)] = task + round; });
    for (std::size_t i = 0; i < values.size(); ++i) ASSERT_EQ(values[i], static_cast<std::int64_t>(i) + round);
  }
}

TEST(CoreGrid, UsesAtMostTheCoresOfTheGrid) {
  const ThreadCount count(6);
  EXPECT_EQ(cores_for(0), 6);
  EXPECT_EQ(cores_for(2), 2);
  EXPECT_EQ(cores_for(100), 6);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  parallel_for(200, 2, [&](std::int64_t, ThreadScratch&) {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
  });
  EXPECT_LE(threads.size(), 2u);
}

TEST(CoreGrid, ScratchIsAlignedPrivateAndGrows) {
  const ThreadCount count(4);
  std::atomic<bool> shared{false};
  parallel_for(400, 0, [&](std::int64_t task, ThreadScratch& scratch) {
    const auto bytes = static_cast<std::size_t>(1 + task * 1000);
    std::byte* memory = scratch.bytes(bytes);
    if (reinterpret_cast<std::uintptr_t>(memory) % 64 != 0) shared = true;
    std::memset(memory, static_cast<int>(task % 251), bytes);
    std::this_thread::yield();
    for (std::size_t i = 0; i < bytes; i += 997) {
      if (memory[i] != static_cast<std::byte>(task % 251)) shared = true;
    }
  });
  EXPECT_FALSE(shared);
}

TEST(CoreGrid, NestedCallsRunInlineWithTheirOwnScratch) {
  const ThreadCount count(3);
  std::atomic<int> inner{0};
  std::atomic<bool> wrong{false};
  parallel_for(20, 0, [&](std::int64_t, ThreadScratch& outer) {
    std::byte* mine = outer.bytes(100);
    std::memset(mine, 1, 100);
    const std::thread::id thread = std::this_thread::get_id();
    if (cores_for(0) != 1) wrong = true;
    parallel_for(5, 0, [&](std::int64_t, ThreadScratch& scratch) {
      std::memset(scratch.bytes(100), 2, 100);
      if (std::this_thread::get_id() != thread) wrong = true;
      ++inner;
    });
    if (mine[99] != std::byte{1}) wrong = true;
  });
  EXPECT_EQ(inner, 100);
  EXPECT_FALSE(wrong);
}

TEST(CoreGrid, RethrowsTheFirstException) {
  for (const int threads : {1, 4}) {
    const ThreadCount count(threads);
    const auto run = [] {
      parallel_for(100, 0, [](std::int64_t task, ThreadScratch&) {
        if (task == 17) throw std::runtime_error("task 17");
      });
    };
    EXPECT_THROW(run(), std::runtime_error);
    // The grid is usable afterwards.
    std::atomic<int> done{0};
    parallel_for(10, 0, [&](std::int64_t, ThreadScratch&) { ++done; });
    EXPECT_EQ(done, 10);
  }
}

TEST(CoreGrid, SeveralCallersAtOnce) {
  const ThreadCount count(3);
  std::vector<std::thread> callers;
  std::atomic<std::int64_t> total{0};
  for (int c = 0; c < 4; ++c) {
    callers.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        parallel_for(20, 0, [&](std::int64_t task, ThreadScratch&) { total += task; });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(total, 4 * 50 * 190);
}

TEST(CoreGrid, TheNumberOfThreadsMayChangeWhileOthersRun) {
  const ThreadCount count(8);
  std::atomic<bool> stop{false};
  std::thread changer([&] {
    for (int threads = 1; !stop; threads = threads % 8 + 1) set_num_threads(threads);
  });
  for (int round = 0; round < 2000; ++round) {
    std::atomic<std::int64_t> total{0};
    parallel_for(50, 0, [&](std::int64_t task, ThreadScratch&) { total += task; });
    EXPECT_EQ(total, 50 * 49 / 2);
  }
  stop = true;
  changer.join();
}

TEST(CoreGrid, RefusesNoThreads) {
  EXPECT_THROW(set_num_threads(0), ValueError);
  EXPECT_THROW(set_num_threads(-3), ValueError);
}

}  // namespace
}  // namespace tilefold
