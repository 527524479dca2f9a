#include "runtime/core_grid.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <string>

#include "runtime/task_scope.h"
#include "runtime/team.h"
#include "tilefold/error.h"

namespace tilefold {
namespace {

/// The number of threads, and a team for every number there has been; TBB's own limit follows the largest.
class Teams {
 public:
  /// Never destroyed, as its teams.
  static Teams& instance() {
    static auto* teams = new Teams;
    return *teams;
  }

  void set_threads(int threads) {
    const std::lock_guard lock(mutex_);
    if (threads > limit_) {
      control_.reset();
      control_ = std::make_unique<tbb::global_control>(tbb::global_control::max_allowed_parallelism,
                                                       static_cast<std::size_t>(threads));
      limit_ = threads;
    }
    threads_.store(threads, std::memory_order_relaxed);
    team_.store(nullptr);
  }

  int threads() const { return threads_.load(std::memory_order_relaxed); }

  Team& team() {
    if (Team* team = team_.load(std::memory_order_acquire)) return *team;
    const std::lock_guard lock(mutex_);
    std::unique_ptr<Team>& team = teams_[threads()];
    if (!team) team = std::make_unique<Team>(threads());
    team_.store(team.get(), std::memory_order_release);
    return *team;
  }

 private:
  Teams() : limit_(tbb::info::default_concurrency()), threads_(limit_) {}

  std::mutex mutex_;
  int limit_;
  std::atomic<int> threads_;
  std::unique_ptr<tbb::global_control> control_;
  std::map<int, std::unique_ptr<Team>> teams_;
  std::atomic<Team*> team_{nullptr};
};

void run_inline(std::int64_t tasks, TaskFunction function, void* context) {
  TaskScope scope;
  for (std::int64_t task = 0; task < tasks; ++task) function(context, task, scope.scratch());
}

}  // namespace

std::byte* ThreadScratch::bytes(std::size_t count) {
  constexpr std::size_t kAlignment = 64;
  if (count > capacity_ || !memory_) {
    // The old contents are not needed: free them first, so that both never exist at once.
    memory_.reset();
    capacity_ = 0;
    const std::size_t rounded = (std::max(count, std::size_t{64} * 1024) + kAlignment - 1) / kAlignment * kAlignment;
    memory_.reset(static_cast<std::byte*>(std::aligned_alloc(kAlignment, rounded)));
    if (!memory_) throw std::bad_alloc();
    capacity_ = rounded;
  }
  return memory_.get();
}

void ThreadScratch::Release::operator()(std::byte* memory) const { std::free(memory); }

int cores_for(int max_cores) {
  const ThreadState& state = thread_state();
  if (state.depth > 0) return 1;
  int cores = Teams::instance().threads();
  for (const int limit : {max_cores, state.core_limit}) {
    if (limit > 0) cores = std::min(cores, limit);
  }
  return cores;
}

CoreLimit::CoreLimit(int max_cores) : previous_(thread_state().core_limit) {
  int& limit = thread_state().core_limit;
  if (max_cores > 0 && (limit == 0 || max_cores < limit)) limit = max_cores;
}
CoreLimit::~CoreLimit() { thread_state().core_limit = previous_; }

void run_tasks(std::int64_t tasks, int max_cores, TaskFunction function, void* context) {
  if (tasks <= 0) return;
  const int cores = static_cast<int>(std::min<std::int64_t>(cores_for(max_cores), tasks));
  if (cores == 1 || thread_state().depth > 0) {
    run_inline(tasks, function, context);
    return;
  }
  TaskRun run(tasks, cores, function, context);
  if (Teams::instance().team().run(run)) {
    run.rethrow();
  } else {
    run_inline(tasks, function, context);
  }
}

void set_num_threads(int threads) {
  if (threads < 1) throw ValueError("set_num_threads: expected at least 1 thread, got " + std::to_string(threads));
  Teams::instance().set_threads(threads);
}

int num_threads() { return Teams::instance().threads(); }

}  // namespace tilefold
