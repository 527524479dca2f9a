#include <algorithm>

#include "runtime/core_grid.h"
#include "schedule/bound_program.h"

namespace tilefold {
namespace {

constexpr std::int64_t kLeastRows = 32;
constexpr std::int64_t kAlignment = 64;

std::int64_t round_up(std::int64_t value, std::int64_t step) { return (value + step - 1) / step * step; }

/// The operands that move with the rows, in the order of ChainMember::operands.
template <typename Launch, typename Visit>
void for_each_operand(Launch& launch, Visit&& visit) {
  if constexpr (std::is_same_v<Launch, GemmLaunch>) visit(launch.a);
  for (LaunchOperand& input : launch.inputs) visit(input);
  for (LaunchOperand& output : launch.outputs) visit(output);
}

std::vector<const StepOperand*> operands_of(const Step& step) {
  std::vector<const StepOperand*> operands;
  const auto add = [&](const auto& action) {
    for (const StepOperand& input : action.inputs) operands.push_back(&input);
    for (const StepOperand& output : action.outputs) operands.push_back(&output);
  };
  if (const auto* gemm = std::get_if<GemmStep>(&step.action)) {
    operands.push_back(&gemm->a);
    add(*gemm);
  } else {
    add(std::get<LoopNestStep>(step.action));
  }
  return operands;
}

}  // namespace

void Frame::bind(BoundStep& bound, const ChainStep& step) {
  BoundChain& chain = bound.chain;
  chain.rows = step.rows.evaluate(bindings_);
  const std::int64_t tasks = 4 * static_cast<std::int64_t>(cores_for(max_cores_));
  chain.rows_per_task =
      std::clamp(round_up((chain.rows + tasks - 1) / tasks, kLeastRows), kLeastRows, step.rows_per_task);
  for (const ChainStep::Local& local : step.locals) {
    chain.local_offsets.push_back(chain.scratch_bytes);
    chain.scratch_bytes += round_up(local.row_bytes * chain.rows_per_task, kAlignment);
  }
  for (const Step& member : step.steps) {
    ChainMember& entry = chain.members.emplace_back();
    entry.bound = std::make_unique<BoundStep>();
    entry.bound->step = &member;
    std::visit([&](const auto& action) { bind(*entry.bound, action); }, member.action);
    bound.flops += entry.bound->flops;
    bound.bytes += entry.bound->bytes;
    for (const StepOperand* operand : operands_of(member)) {
      const DType dtype = schedule_.buffers[static_cast<std::size_t>(operand->buffer)].dtype;
      const auto size = static_cast<std::int64_t>(element_size(dtype));
      const auto local = std::find_if(step.locals.begin(), step.locals.end(),
                                      [&](const ChainStep::Local& l) { return l.buffer == operand->buffer; });
      entry.operands.push_back({operand->strides[0].evaluate(bindings_) * size,
                                operand->offset.evaluate(bindings_) * size,
                                local == step.locals.end() ? -1 : static_cast<int>(local - step.locals.begin())});
    }
  }
  bound.empty = chain.rows == 0;
}

/// Everything for rows [begin, end), on the calling thread.
void Frame::run_rows(const BoundChain& chain, std::int64_t begin, std::int64_t end, std::byte* scratch) {
  for (const ChainMember& member : chain.members) {
    if (member.bound->empty) continue;
    const auto place = [&](auto launch, const auto& kernel) {
      launch.max_cores = 1;
      std::size_t i = 0;
      for_each_operand(launch, [&](LaunchOperand& operand) {
        const ChainMember::Moving& moving = member.operands[i++];
        operand.data = moving.local < 0 ? static_cast<std::byte*>(operand.data) + begin * moving.row_bytes
                                        : scratch + chain.local_offsets[static_cast<std::size_t>(moving.local)] +
                                              moving.offset_bytes;
      });
      if constexpr (std::is_same_v<decltype(launch), GemmLaunch>) {
        launch.m = end - begin;
      } else {
        launch.sizes[0] = end - begin;
      }
      kernel->run(launch);
    };
    const auto& action = member.bound->step->action;
    if (const auto* gemm = std::get_if<GemmStep>(&action)) {
      place(std::get<GemmLaunch>(member.bound->launch), gemm->kernel);
    } else {
      place(std::get<LoopNestLaunch>(member.bound->launch), std::get<LoopNestStep>(action).kernel);
    }
  }
}

void Frame::run_chain(BoundStep& bound) {
  const BoundChain& chain = bound.chain;
  for (const ChainMember& member : chain.members) {
    if (member.bound->packed_buffer >= 0 && !member.bound->empty) pack_weight(*member.bound);
  }
  const std::int64_t tasks = (chain.rows + chain.rows_per_task - 1) / chain.rows_per_task;
  parallel_for(tasks, max_cores_, [&](std::int64_t task, ThreadScratch& scratch) {
    const std::int64_t begin = task * chain.rows_per_task;
    run_rows(chain, begin, std::min(chain.rows, begin + chain.rows_per_task),
             scratch.bytes(static_cast<std::size_t>(chain.scratch_bytes)));
  });
}

}  // namespace tilefold
