/// What a thread keeps between tasks: scratch memory and the bounds of its own runs.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "isa/cpu.h"
#include "runtime/core_grid.h"

namespace tilefold {

/// One scratch per depth of nested calls, so that an inner call never overwrites an outer one's.
struct ThreadState {
  std::size_t depth = 0;
  int core_limit = 0;  ///< 0: none
  std::vector<std::unique_ptr<ThreadScratch>> scratch;
};

inline ThreadState& thread_state() {
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

}  // namespace tilefold
