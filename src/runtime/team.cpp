#include "runtime/team.h"

#include <sched.h>

#include <chrono>
#include <thread>

#include "isa/cpu.h"
#include "runtime/task_scope.h"

#if defined(__SANITIZE_THREAD__)
#define TILEFOLD_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TILEFOLD_THREAD_SANITIZER 1
#endif
#endif

namespace tilefold {
namespace {

using Clock = std::chrono::steady_clock;

/// How long a thread waits for the next run; other runtimes wait for some milliseconds.
constexpr std::chrono::microseconds kStay{1000};
/// After this time it offers its core to other processes in every turn,
constexpr std::chrono::microseconds kEager{50};
/// and goes when that took this long: somebody needs the core.
constexpr std::chrono::microseconds kCrowded{20};
constexpr int kPausesPerTurn = 32;

/// A wait that costs little at first and lets others run when it gets long.
class Patience {
 public:
  void turn() {
    for (int i = 0; i < kPausesPerTurn; ++i) isa::pause();
    const Clock::time_point now = Clock::now();
    waited_ = now - start_;
    if (waited_ <= kEager) return;
    std::this_thread::yield();
    crowded_ = crowded_ || Clock::now() - now > kCrowded;
  }
  bool exhausted() const { return waited_ > kStay || crowded_; }

 private:
  Clock::time_point start_ = Clock::now();
  Clock::duration waited_{};
  bool crowded_ = false;
};

/// Moves this thread to another core than `core`, if it may run on others. Kernels wake a thread where its waker runs,
/// even if other cores are idle, and take milliseconds to move one of the two.
void leave_core(int core) {
  cpu_set_t allowed;
  if (sched_getcpu() != core || sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  cpu_set_t others = allowed;
  CPU_CLR(core, &others);
  if (CPU_COUNT(&others) == 0 || sched_setaffinity(0, sizeof others, &others) != 0) return;
  sched_setaffinity(0, sizeof allowed, &allowed);
}

}  // namespace

void TaskRun::work() {
  try {
    TaskScope scope;
    for (std::int64_t task = next_.fetch_add(1); task < tasks_; task = next_.fetch_add(1)) {
      function_(context_, task, scope.scratch());
    }
  } catch (...) {
    next_.store(tasks_);
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::current_exception();
  }
}

void Team::run(TaskRun& run) {
  TaskRun* free = nullptr;
  if (!current_.compare_exchange_strong(free, &run)) {
    run.work();
    return;
  }
  caller_core_.store(sched_getcpu(), std::memory_order_relaxed);
  generation_.fetch_add(1);
  hire(run.cores() - 1);
  run.work();
  // Who joined did so before this store, or finds it. Sequential consistency orders it before the load of `inside_`.
  current_.store(&closing_);
  for (Patience patience; inside_.load() > 0;) patience.turn();
  current_.store(nullptr);
}

void Team::hire(int count) {
  int residents = residents_.load(std::memory_order_relaxed);
  while (residents < count) {
    if (!residents_.compare_exchange_weak(residents, residents + 1)) continue;
    ++residents;
#ifdef TILEFOLD_THREAD_SANITIZER
    // The library of oneTBB is not instrumented, so a task that it hands over would look like a race.
    std::thread([this] { reside(); }).detach();
#else
    arena_.enqueue([this] { reside(); });
#endif
  }
}

void Team::reside() {
  std::uint64_t seen = 0;
  for (Patience patience; !patience.exhausted(); patience.turn()) {
    const std::uint64_t generation = generation_.load();
    if (generation == seen) continue;
    seen = generation;
    leave_core(caller_core_.load(std::memory_order_relaxed));
    if (take_part()) patience = Patience();
  }
  residents_.fetch_sub(1);
}

bool Team::take_part() {
  inside_.fetch_add(1);
  TaskRun* run = current_.load();
  const bool joined = run != nullptr && run != &closing_ && run->join();
  if (joined) run->work();
  inside_.fetch_sub(1);
  return joined;
}

}  // namespace tilefold
