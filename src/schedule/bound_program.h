/// A schedule with today's sizes: launches with all sizes and strides filled in; only pointers change between runs.
#pragma once

#include <memory>
#include <mutex>
#include <variant>
#include <vector>

#include "schedule/memory_plan.h"
#include "schedule/native_steps.h"
#include "schedule/schedule.h"

namespace tilefold {

/// Launches of one run at a time.
class Frame {
 public:
  Frame(const Schedule& schedule, const SymbolBindings& bindings, int max_cores);
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

  /// Tells where a buffer lies in the next run, and its storage (null for temporaries), which must outlive the run.
  void set_buffer(std::size_t buffer, std::byte* address, const std::shared_ptr<Storage>* owner) {
    pointers_[buffer] = address;
    owners_[buffer] = owner;
  }
  /// Memory of this frame for temporaries that are too small for the block pool; aligned to 64 bytes.
  std::byte* small_arena(std::size_t bytes);
  /// Runs all steps. Every buffer must have been set.
  void run();

 private:
  using Launch = std::variant<LoopNestLaunch, GemmLaunch, AttentionLaunch, NativeLaunch>;
  struct BoundStep;
  /// One step of a chain: which operands of its launch move with the rows.
  struct ChainMember {
    struct Moving {
      std::int64_t row_bytes = 0;
      std::int64_t offset_bytes = 0;
      int local = -1;  // index into ChainStep::locals
    };
    std::unique_ptr<BoundStep> bound;
    std::vector<Moving> operands;  // A (of a product), inputs, outputs
  };
  struct BoundChain {
    std::int64_t rows = 0;
    std::int64_t rows_per_task = 0;
    std::vector<ChainMember> members;
    std::vector<std::int64_t> local_offsets;  // into the scratch of a task
    std::int64_t scratch_bytes = 0;
  };
  struct BoundStep {
    const Step* step = nullptr;
    Launch launch;
    bool empty = false;  // nothing to write today
    std::string profile_name;
    double flops = 0;
    double bytes = 0;
    std::string packed_key;  // gemm whose packed B is kept
    int packed_buffer = -1;
    bool packed_when_used_again = false;
    std::weak_ptr<Storage> packed_source;
    std::uint64_t packed_generation = 0;  // of the source
    const void* packed_data = nullptr;
    BoundChain chain;
  };
  /// A pointer of a launch: a buffer's address plus an offset.
  struct Patch {
    void** slot = nullptr;  // of a kernel's launch, or
    std::byte** native_slot = nullptr;
    int buffer = -1;
    std::int64_t bytes = 0;
  };

  void bind(BoundStep& bound, const LoopNestStep& step);
  void bind(BoundStep& bound, const GemmStep& step);
  void bind(BoundStep& bound, const AttentionStep& step);
  void bind(BoundStep& bound, const NativeStep& step);
  void bind(BoundStep& bound, const ChainStep& step);
  void run_chain(BoundStep& bound);
  static void run_rows(const BoundChain& chain, std::int64_t begin, std::int64_t end, std::byte* scratch);
  void bind(LaunchOperand& target, const StepOperand& operand);
  void bind(ConcreteView& target, const View& view);
  std::vector<std::int64_t> evaluate(const std::vector<Dim>& dims) const;
  void pack_weight(BoundStep& bound);
  void launch_unpacked(BoundStep& bound);

  const Schedule& schedule_;
  const SymbolBindings& bindings_;
  int max_cores_;
  std::vector<std::unique_ptr<BoundStep>> steps_;
  std::vector<Patch> patches_;
  std::vector<std::byte*> pointers_;  // by buffer
  std::vector<const std::shared_ptr<Storage>*> owners_;
  std::shared_ptr<Storage> small_arena_;
};

/// What a program needs for one set of sizes. Thread-safe.
class BoundProgram {
 public:
  BoundProgram(const Schedule& schedule, const std::vector<Lifetime>& lifetimes, SymbolBindings bindings,
               int max_cores);

  const SymbolBindings& bindings() const { return bindings_; }
  const MemoryPlan& memory() const { return memory_; }
  const std::vector<TensorType>& output_types() const { return output_types_; }
  /// A frame that no other run uses; give it back with `release`.
  std::unique_ptr<Frame> acquire();
  void release(std::unique_ptr<Frame> frame);

 private:
  const Schedule& schedule_;
  SymbolBindings bindings_;
  int max_cores_;
  MemoryPlan memory_;
  std::vector<TensorType> output_types_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Frame>> frames_;
};

}  // namespace tilefold
