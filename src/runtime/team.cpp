#include "runtime/team.h"

#include <sched.h>

#include <algorithm>
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

void TaskRun::divide(TaskRange* ranges, int places, bool backwards) {
  cores_ = std::min(cores_, places);
  seats_.store(cores_ - 1);
  ranges_ = ranges;
  backwards_ = backwards;
  for (int place = 0; place < cores_; ++place) {
    ranges[place].begin = tasks_ * place / cores_;
    ranges[place].end = tasks_ * (place + 1) / cores_;
    ranges[place].taken.store(0, std::memory_order_relaxed);
  }
}

void TaskRun::empty(TaskRange& range, ThreadScratch& scratch) {
  const std::int64_t size = range.end - range.begin;
  // A load first: ranges that are done are only read.
  while (range.taken.load(std::memory_order_relaxed) < size) {
    const std::int64_t index = range.taken.fetch_add(1);
    if (index >= size || failed_.load(std::memory_order_relaxed)) return;
    function_(context_, backwards_ ? range.end - 1 - index : range.begin + index, scratch);
  }
}

void TaskRun::work(int place) {
  try {
    TaskScope scope;
    for (int i = 0; i < cores_; ++i) empty(ranges_[(place + i) % cores_], scope.scratch());
  } catch (...) {
    failed_.store(true, std::memory_order_relaxed);
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::current_exception();
  }
  open_.store(false, std::memory_order_relaxed);
}

bool Team::run(TaskRun& run) {
  TaskRun* free = nullptr;
  if (!current_.compare_exchange_strong(free, &closed_)) return false;
  caller_core_.store(sched_getcpu(), std::memory_order_relaxed);
  run.divide(ranges_.get(), threads_, generation_.load(std::memory_order_relaxed) % 2 == 1);
  current_.store(&run);
  generation_.fetch_add(1);
  hire(run.cores() - 1);
  run.work(0);
  // Who joined did so before this store, or finds it. Sequential consistency orders it before the load of `inside_`.
  current_.store(&closed_);
  for (Patience patience; inside_.load() > 0;) patience.turn();
  current_.store(nullptr);
  return true;
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
  const int others = std::max(threads_ - 1, 1);
  const int place = 1 + static_cast<int>(places_.fetch_add(1) % static_cast<unsigned>(others));
  std::uint64_t seen = 0;
  for (Patience patience; !patience.exhausted(); patience.turn()) {
    const std::uint64_t generation = generation_.load();
    if (generation == seen) continue;
    seen = generation;
    leave_core(caller_core_.load(std::memory_order_relaxed));
    if (take_part(place)) patience = Patience();
  }
  residents_.fetch_sub(1);
}

bool Team::take_part(int place) {
  inside_.fetch_add(1);
  TaskRun* run = current_.load();
  const bool joined = run != nullptr && run != &closed_ && run->join();
  if (joined) run->work(place);
  inside_.fetch_sub(1);
  return joined;
}

}  // namespace tilefold
