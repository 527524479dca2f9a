/// The core grid: runs tasks on the threads of this process, each with scratch memory of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "tilefold/jit.h"

namespace tilefold {

/// Memory that belongs to one thread while it runs a task. It stays allocated between tasks.
class ThreadScratch {
 public:
  /// At least `count` bytes, aligned to 64, not initialised; valid until the task ends or the next call.
  std::byte* bytes(std::size_t count);

 private:
  struct Release {
    void operator()(std::byte* memory) const;
  };
  std::unique_ptr<std::byte, Release> memory_;
  std::size_t capacity_ = 0;
};

using TaskFunction = void (*)(void* context, std::int64_t task, ThreadScratch& scratch);

/// Calls function(context, task, scratch) for every task in [0, tasks) on at most `max_cores` threads (0: all), the
/// calling one included, and returns when all are done. Tasks are handed out in order. A single task, a single core and
/// calls from inside a task run on the calling thread. The first exception of a task is rethrown.
void run_tasks(std::int64_t tasks, int max_cores, TaskFunction function, void* context);

/// Bounds the threads of everything that this thread runs while the object lives; 0 is no bound of its own.
class CoreLimit {
 public:
  explicit CoreLimit(int max_cores);
  ~CoreLimit();
  CoreLimit(const CoreLimit&) = delete;
  CoreLimit& operator=(const CoreLimit&) = delete;

 private:
  int previous_;
};

/// Number of threads that `run_tasks` would use now for many tasks; 1 inside of a task.
int cores_for(int max_cores);

/// `run_tasks` for a callable: function(std::int64_t task, ThreadScratch& scratch).
template <typename Function>
void parallel_for(std::int64_t tasks, int max_cores, Function&& function) {
  using Callable = std::remove_reference_t<Function>;
  const TaskFunction call = [](void* context, std::int64_t task, ThreadScratch& scratch) {
    (*static_cast<Callable*>(context))(task, scratch);
  };
  run_tasks(tasks, max_cores, call, const_cast<std::remove_const_t<Callable>*>(std::addressof(function)));
}

}  // namespace tilefold
