#include <algorithm>
#include <cstdio>
#include <mutex>

#include "graph/backend.h"
#include "passes/pipeline.h"
#include "schedule/block_pool.h"
#include "schedule/bound_program.h"
#include "schedule/compile_schedule.h"

namespace tilefold {
namespace {

/// Sets of sizes for which launches are kept; more are bound anew.
constexpr std::size_t kBoundPrograms = 16;
/// Outputs and arenas of at least this size come from the block pool.
constexpr std::size_t kPooledOutput = std::size_t{64} * 1024;

Tensor make_output(const TensorType& type) {
  const std::size_t bytes = static_cast<std::size_t>(type.shape.volume().value()) * element_size(type.dtype);
  if (bytes < kPooledOutput) return Tensor::empty(type);
  const std::shared_ptr<std::byte> block = BlockPool::instance().acquire(bytes);
  return Tensor::from_storage(type, Storage::wrap(block.get(), bytes, block));
}

class ScheduledExecutable final : public Executable {
 public:
  ScheduledExecutable(std::string graph_text, Schedule schedule, int max_cores)
      : graph_text_(std::move(graph_text)), schedule_(std::move(schedule)), max_cores_(max_cores) {
    lifetimes_ = temporary_lifetimes(schedule_);
    bool any_symbols = false;
    for (const TensorType& type : schedule_.input_types) {
      input_types_.push_back(&type);
      any_symbols = any_symbols || !type.shape.is_static();
    }
    if (!any_symbols) static_ = std::make_shared<BoundProgram>(schedule_, lifetimes_, SymbolBindings{}, max_cores_);
  }

  std::vector<Tensor> run(std::span<const Tensor> inputs, std::span<const Tensor> parameters) override {
    SymbolBindings bindings = bind_symbols(input_types_, inputs);
    const std::shared_ptr<BoundProgram> bound = static_ ? static_ : bind(std::move(bindings));
    std::vector<Tensor> outputs;
    outputs.reserve(bound->output_types().size());
    for (const TensorType& type : bound->output_types()) outputs.push_back(make_output(type));
    std::unique_ptr<Frame> frame = bound->acquire();
    const auto arena_bytes = static_cast<std::size_t>(bound->memory().arena_bytes);
    std::shared_ptr<std::byte> block;
    if (arena_bytes >= kPooledOutput) block = BlockPool::instance().acquire(arena_bytes);
    std::byte* const arena = block ? block.get() : frame->small_arena(arena_bytes);
    const auto use = [&](std::size_t buffer, const Tensor& tensor) {
      frame->set_buffer(buffer, static_cast<std::byte*>(tensor.raw()), &tensor.storage());
    };
    for (std::size_t i = 0; i < schedule_.buffers.size(); ++i) {
      const BufferInfo& buffer = schedule_.buffers[i];
      switch (buffer.kind) {
        case BufferInfo::Kind::input:
          use(i, inputs[buffer.index]);
          break;
        case BufferInfo::Kind::parameter:
          use(i, parameters[buffer.index]);
          break;
        case BufferInfo::Kind::constant:
          use(i, schedule_.constants[buffer.index]);
          break;
        case BufferInfo::Kind::output:
          use(i, outputs[buffer.index]);
          break;
        case BufferInfo::Kind::temporary:
          // Buffers local to a chain have no place; each task puts its own scratch there.
          frame->set_buffer(i, arena + std::max<std::int64_t>(bound->memory().offsets[i], 0), nullptr);
          break;
      }
    }
    frame->run();
    bound->release(std::move(frame));
    return outputs;
  }

  std::string text() const override { return graph_text_ + "\n" + schedule_.to_string(); }

 private:
  std::shared_ptr<BoundProgram> bind(SymbolBindings bindings) {
    const std::lock_guard lock(mutex_);
    for (auto& bound : bound_) {
      if (bound->bindings() != bindings) continue;
      std::swap(bound, bound_[0]);
      return bound_[0];
    }
    if (bound_.size() == kBoundPrograms) bound_.pop_back();
    bound_.insert(bound_.begin(),
                  std::make_shared<BoundProgram>(schedule_, lifetimes_, std::move(bindings), max_cores_));
    return bound_[0];
  }

  std::string graph_text_;
  Schedule schedule_;
  int max_cores_;
  std::vector<Lifetime> lifetimes_;
  std::vector<const TensorType*> input_types_;
  std::shared_ptr<BoundProgram> static_;  // of a program without symbols, whose sizes never change
  std::mutex mutex_;
  std::vector<std::shared_ptr<BoundProgram>> bound_;
};

std::shared_ptr<Executable> compile_graph(Graph graph, const CompileOptions& options) {
  std::vector<TensorType> output_types;
  for (const ValueId output : graph.outputs) output_types.push_back(graph.type(output));
  graph = run_graph_passes(std::move(graph), options.debug);
  Schedule schedule = make_schedule(graph, {});
  schedule.name = options.name;
  // Passes may drop placements; results keep the types that were traced.
  schedule.output_types = std::move(output_types);
  if (options.debug) std::fprintf(stderr, "%s\n", schedule.to_string().c_str());
  compile_kernels(schedule);
  return std::make_shared<ScheduledExecutable>(graph.to_string(), std::move(schedule), options.max_cores);
}

const bool installed = [] {
  set_compiler(compile_graph);
  return true;
}();

}  // namespace
}  // namespace tilefold
