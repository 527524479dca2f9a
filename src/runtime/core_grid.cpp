#include "runtime/core_grid.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <map>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "isa/cpu.h"

#if defined(__SANITIZE_THREAD__)
#define TILEFOLD_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TILEFOLD_THREAD_SANITIZER 1
#endif
#endif

namespace tilefold {
namespace {

/// Arenas by number of threads; TBB's own limit follows the largest number asked for.
class Arenas {
 public:
  static Arenas& instance() {
    static Arenas arenas;
    return arenas;
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
  }

  int threads() const { return threads_.load(std::memory_order_relaxed); }

  std::shared_ptr<tbb::task_arena> arena(int threads) {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<tbb::task_arena>& arena = arenas_[threads];
    if (!arena) arena = std::make_shared<tbb::task_arena>(threads);
    return arena;
  }

 private:
  Arenas() : limit_(tbb::info::default_concurrency()), threads_(limit_) {}

  std::mutex mutex_;
  int limit_;
  std::atomic<int> threads_;
  std::unique_ptr<tbb::global_control> control_;
  std::map<int, std::shared_ptr<tbb::task_arena>> arenas_;
};

/// What a thread keeps: one scratch per depth of nested calls, so that an inner call never overwrites an outer one's.
struct ThreadState {
  std::size_t depth = 0;
  int core_limit = 0;  // 0: none
  std::vector<std::unique_ptr<ThreadScratch>> scratch;
};

ThreadState& thread_state() {
  thread_local ThreadState state;
  return state;
}

/// Prepares this thread for the primitives and holds its scratch for one run of tasks.
class TaskScope {
 public:
  TaskScope() : state_(thread_state()) {
    isa::prepare_thread();
    if (state_.depth == state_.scratch.size()) state_.scratch.push_back(std::make_unique<ThreadScratch>());
    scratch_ = state_.scratch[state_.depth++].get();
  }
  ~TaskScope() { --state_.depth; }
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;
  ThreadScratch& scratch() { return *scratch_; }

 private:
  ThreadState& state_;
  ThreadScratch* scratch_;
};

/// One call of run_tasks that is shared by its workers. The atomics also order what the caller wrote before the tasks
/// and what the tasks wrote before the caller goes on.
struct SharedRun {
  std::int64_t tasks;
  TaskFunction function;
  void* context;
  std::atomic<std::int64_t> next{0};
  std::atomic<int> left;
  std::mutex mutex;
  std::exception_ptr error;

  void work() {
    try {
      TaskScope scope;
      for (std::int64_t task = next.fetch_add(1, std::memory_order_acq_rel); task < tasks;
           task = next.fetch_add(1, std::memory_order_acq_rel)) {
        function(context, task, scope.scratch());
      }
    } catch (...) {
      next.store(tasks, std::memory_order_release);
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
    }
    left.fetch_sub(1, std::memory_order_acq_rel);
  }
};

/// Calls `work` on `cores` threads at once, the calling one included, and waits for all.
template <typename Work>
void run_workers(int cores, const Work& work) {
#ifdef TILEFOLD_THREAD_SANITIZER
  // The library of oneTBB is not instrumented, so every task that it hands over would look like a race.
  std::vector<std::thread> threads;
  for (int i = 1; i < cores; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
#else
  Arenas::instance().arena(cores)->execute(
      [&] { tbb::parallel_for(0, cores, 1, [&](int) { work(); }, tbb::simple_partitioner()); });
#endif
}

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
  int cores = Arenas::instance().threads();
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
  SharedRun run{.tasks = tasks,
                .function = function,
                .context = context,
                .next = 0,
                .left = cores,
                .mutex = {},
                .error = nullptr};
  run_workers(cores, [&] { run.work(); });
  // The workers have ended (parallel_for waited for them); the load makes their writes visible to race detectors too.
  while (run.left.load(std::memory_order_acquire) > 0) {
  }
  if (run.error) std::rethrow_exception(run.error);
}

void set_num_threads(int threads) {
  if (threads < 1) throw ValueError("set_num_threads: expected at least 1 thread, got " + std::to_string(threads));
  Arenas::instance().set_threads(threads);
}

int num_threads() { return Arenas::instance().threads(); }

}  // namespace tilefold
