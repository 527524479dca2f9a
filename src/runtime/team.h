/// The threads that work on the core grid, and the one run of tasks they share at a time.
#pragma once

#include <oneapi/tbb/task_arena.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>

#include "runtime/core_grid.h"

namespace tilefold {

/// Tasks that lie next to each other and are handed out one by one; alone on its cache line.
struct alignas(64) TaskRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::atomic<std::int64_t> taken{0};
};

/// One call of run_tasks. Every place of the grid has a range of tasks of its own, and helps the others when it is
/// done, so that in call after call the same core meets the same part of the data. The direction alternates: what a
/// call has touched last is still in the caches when the next one begins.
class TaskRun {
 public:
  /// `cores`: threads that may take part, the calling one included.
  TaskRun(std::int64_t tasks, int cores, TaskFunction function, void* context)
      : tasks_(tasks), cores_(cores), function_(function), context_(context), seats_(cores - 1) {}

  int cores() const { return cores_; }

  /// Divides the tasks among `ranges`, one per core, which are this run's until it ends. There are `places` of them:
  /// fewer than cores when the number of threads has just become smaller.
  void divide(TaskRange* ranges, int places, bool backwards);

  /// Whether one more thread may and should take part.
  bool join() { return open_.load(std::memory_order_relaxed) && seats_.fetch_sub(1) > 0; }

  /// Works at `place` (the caller's is 0) until no task is left. An exception ends the run and is kept for `rethrow`.
  void work(int place);

  /// After all threads have left: throws the first exception of a task, if there was one.
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  void empty(TaskRange& range, ThreadScratch& scratch);

  std::int64_t tasks_;
  int cores_;
  TaskFunction function_;
  void* context_;
  TaskRange* ranges_ = nullptr;
  bool backwards_ = false;
  std::atomic<bool> open_{true};     ///< there may be tasks that nobody has taken
  std::atomic<bool> failed_{false};  ///< a task threw: the others are not begun
  std::atomic<int> seats_;
  std::mutex mutex_;
  std::exception_ptr error_;
};

/// Threads of a oneTBB arena that stay for a moment after a run, waiting for the next one: waking a thread takes longer
/// than most runs do, and one that finds nothing to do goes back to sleep. Nobody waits for a thread that has not come.
///
/// Objects are never destroyed: a thread may still be waiting when the process ends.
class Team {
 public:
  explicit Team(int threads) : threads_(threads), arena_(threads), ranges_(new TaskRange[threads]) {}
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  /// Runs all tasks on the calling thread and those of the team; false, and nothing is done, while another thread's run
  /// goes on.
  bool run(TaskRun& run);

 private:
  void hire(int count);
  void reside();
  bool take_part(int place);

  int threads_;
  tbb::task_arena arena_;
  std::unique_ptr<TaskRange[]> ranges_;  ///< of the current run
  /// Null: free. `closed_`: a run begins, or its caller waits for those inside to leave. Else the run to be joined.
  std::atomic<TaskRun*> current_{nullptr};
  TaskRun closed_{0, 1, nullptr, nullptr};
  std::atomic<std::uint64_t> generation_{0};  ///< counts the runs, so that no thread looks at one twice
  std::atomic<int> caller_core_{-1};          ///< where the caller of the current run started it
  std::atomic<int> inside_{0};                ///< threads that may hold a pointer to the current run
  std::atomic<int> residents_{0};             ///< threads that wait or work, and those called but not here yet
  std::atomic<unsigned> places_{0};           ///< places given to residents, one after the other
};

}  // namespace tilefold
