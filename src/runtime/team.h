/// The threads that work on the core grid, and the one run of tasks they share at a time.
#pragma once

#include <oneapi/tbb/task_arena.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>

#include "runtime/core_grid.h"

namespace tilefold {

/// One call of run_tasks. Its tasks are handed out in order to the calling thread and to those that join.
class TaskRun {
 public:
  /// `cores`: threads that may take part, the calling one included.
  TaskRun(std::int64_t tasks, int cores, TaskFunction function, void* context)
      : tasks_(tasks), cores_(cores), function_(function), context_(context), seats_(cores - 1) {}

  int cores() const { return cores_; }

  /// Whether one more thread may and should take part.
  bool join() { return next_.load(std::memory_order_relaxed) < tasks_ && seats_.fetch_sub(1) > 0; }

  /// Works until no task is left. An exception ends the run and is kept for `rethrow`.
  void work();

  /// After all threads have left: throws the first exception of a task, if there was one.
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::int64_t tasks_;
  int cores_;
  TaskFunction function_;
  void* context_;
  std::atomic<std::int64_t> next_{0};
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
  explicit Team(int threads) : arena_(threads) {}
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  /// Runs all tasks on the calling thread and those of the team. While another thread's run goes on, on the calling
  /// thread alone.
  void run(TaskRun& run);

 private:
  void hire(int count);
  void reside();
  bool take_part();

  tbb::task_arena arena_;
  /// Null: free. The run that may be joined. `closing_`: its caller waits for those inside to leave.
  std::atomic<TaskRun*> current_{nullptr};
  TaskRun closing_{0, 1, nullptr, nullptr};
  std::atomic<std::uint64_t> generation_{0};  ///< counts the runs, so that no thread looks at one twice
  std::atomic<int> caller_core_{-1};          ///< where the caller of the current run started it
  std::atomic<int> inside_{0};                ///< threads that may hold a pointer to the current run
  std::atomic<int> residents_{0};             ///< threads that wait or work, and those called but not here yet
};

}  // namespace tilefold
