#include "codegen/row_program.h"

#include <fmt/format.h>

#include <algorithm>

#include "tilefold/error.h"

namespace tilefold::codegen {
namespace {

/// Above this, a value is kept in row scratch rather than computed again.
constexpr int kRecomputeLimit = 12;
constexpr int kStridedLoadCost = 24;

using Kind = RowInstruction::Kind;

int argument_count(ScalarOp op) {
  switch (op) {
    case ScalarOp::operand:
    case ScalarOp::constant:
      return 0;
    case ScalarOp::neg:
    case ScalarOp::abs:
    case ScalarOp::sqrt:
    case ScalarOp::exp:
    case ScalarOp::log:
    case ScalarOp::sin:
    case ScalarOp::cos:
    case ScalarOp::tan:
    case ScalarOp::tanh:
    case ScalarOp::erf:
    case ScalarOp::floor:
    case ScalarOp::ceil:
    case ScalarOp::trunc:
    case ScalarOp::round_even:
      return 1;
    case ScalarOp::select:
      return 3;
    default:
      return 2;
  }
}

std::vector<int> arguments_of(const RowInstruction& instruction) {
  if (instruction.kind == Kind::accumulator) return {};
  if (instruction.kind == Kind::reduce) return {instruction.scalar.a};
  const std::vector<int> all = {instruction.scalar.a, instruction.scalar.b, instruction.scalar.c};
  return {all.begin(), all.begin() + argument_count(instruction.scalar.op)};
}

void check_accesses(const std::vector<OperandAccess>& accesses, int rank, const char* what) {
  for (std::size_t i = 0; i < accesses.size(); ++i) {
    if (accesses[i].strides.size() != static_cast<std::size_t>(rank)) {
      throw CompileError(fmt::format("loop nest: {} {} has {} strides, expected one per dimension ({})", what, i,
                                     accesses[i].strides.size(), rank));
    }
  }
}

class Planner {
 public:
  explicit Planner(const LoopNestSpec& spec) : spec_(spec) {}

  RowPlan run() {
    classify();
    place_outputs();
    for (std::size_t pass = 0; pass < plan_.passes.size(); ++pass) fill_pass(static_cast<int>(pass));
    count_cost();
    return std::move(plan_);
  }

 private:
  const RowInstruction& at(int i) const { return spec_.body[static_cast<std::size_t>(i)]; }
  bool per_row(int i) const { return plan_.per_row[static_cast<std::size_t>(i)]; }
  int stage(int i) const { return plan_.stage[static_cast<std::size_t>(i)]; }
  StrideKind column_kind(int i) const {
    return spec_.inputs[static_cast<std::size_t>(at(i).scalar.index)].strides.back();
  }
  bool is_operand(int i) const { return at(i).kind == Kind::scalar && at(i).scalar.op == ScalarOp::operand; }

  void classify() {
    const std::size_t count = spec_.body.size();
    plan_.per_row.resize(count);
    plan_.stage.resize(count);
    plan_.slot.assign(count, -1);
    first_pass_.assign(count, -1);
    for (std::size_t i = 0; i < count; ++i) {
      bool row = true;
      int first = 0;
      for (const int argument : arguments_of(spec_.body[i])) {
        row = row && per_row(argument);
        first = std::max(first, stage(argument));
      }
      if (is_operand(static_cast<int>(i))) row = column_kind(static_cast<int>(i)) == StrideKind::zero;
      const bool reduce = spec_.body[i].kind == Kind::reduce;
      plan_.per_row[i] = row || reduce;
      plan_.stage[i] = first + (reduce ? 1 : 0);
      recompute_cost_.push_back(recompute_cost(i));
      if (!reduce) continue;
      plan_.has_reductions = true;
      if (plan_.passes.size() < static_cast<std::size_t>(first) + 1) plan_.passes.resize(first + 1);
      plan_.passes[static_cast<std::size_t>(first)].reductions.push_back(static_cast<int>(i));
    }
  }

  /// Column outputs are written in the last pass, so that an output may share memory with an input that an earlier pass
  /// and the last one read.
  void place_outputs() {
    std::vector<int> columns;
    std::size_t passes = plan_.passes.size();
    for (std::size_t o = 0; o < spec_.outputs.size(); ++o) {
      const int result = spec_.results[o];
      const bool once = spec_.outputs[o].strides.back() == StrideKind::zero && spec_.columns != 1;
      if (once && !per_row(result)) {
        throw CompileError(fmt::format(
            "loop nest: output {} has column stride zero but a value per column (instruction {})", o, result));
      }
      if (once) {
        plan_.row_outputs.push_back(static_cast<int>(o));
      } else {
        columns.push_back(static_cast<int>(o));
        passes = std::max(passes, static_cast<std::size_t>(stage(result)) + 1);
      }
    }
    plan_.passes.resize(passes);
    if (!columns.empty()) plan_.passes.back().outputs = columns;
  }

  /// What it takes to have column instruction `i` again, counted as a tree and cut off at a large number.
  int recompute_cost(std::size_t i) const {
    const int instruction = static_cast<int>(i);
    if (per_row(instruction)) return 0;
    if (is_operand(instruction)) return column_kind(instruction) == StrideKind::one ? 1 : kStridedLoadCost;
    int cost = operation_cost(at(instruction).scalar.op);
    for (const int argument : arguments_of(at(instruction)))
      cost += recompute_cost_[static_cast<std::size_t>(argument)];
    return std::min(cost, 1000);
  }

  void visit(int pass, int i, std::vector<int>& needed) {
    if (per_row(i) || std::find(needed.begin(), needed.end(), i) != needed.end()) return;
    const std::size_t index = static_cast<std::size_t>(i);
    needed.push_back(i);
    if (first_pass_[index] >= 0 && first_pass_[index] < pass && recompute_cost_[index] > kRecomputeLimit) {
      if (plan_.slot[index] < 0) {
        plan_.slot[index] = plan_.slots++;
        plan_.passes[static_cast<std::size_t>(first_pass_[index])].store_kept.push_back(i);
      }
      plan_.passes[static_cast<std::size_t>(pass)].load_kept.push_back(i);
      return;
    }
    if (first_pass_[index] < 0) first_pass_[index] = pass;
    plan_.passes[static_cast<std::size_t>(pass)].compute.push_back(i);
    for (const int argument : arguments_of(at(i))) visit(pass, argument, needed);
  }

  void fill_pass(int pass) {
    RowPass& current = plan_.passes[static_cast<std::size_t>(pass)];
    std::vector<int> needed;
    for (const int reduction : current.reductions) visit(pass, at(reduction).scalar.a, needed);
    for (const int output : current.outputs) visit(pass, spec_.results[static_cast<std::size_t>(output)], needed);
    std::sort(current.compute.begin(), current.compute.end());
  }

  void count_cost() {
    for (const RowPass& pass : plan_.passes) {
      plan_.cost += static_cast<int>(pass.load_kept.size() + pass.store_kept.size() + pass.reductions.size() +
                                     pass.outputs.size());
      for (const int i : pass.compute) {
        if (is_operand(i)) {
          plan_.cost += column_kind(i) == StrideKind::one ? 1 : kStridedLoadCost;
        } else {
          plan_.cost += operation_cost(at(i).scalar.op);
        }
      }
    }
  }

  const LoopNestSpec& spec_;
  RowPlan plan_;
  std::vector<int> recompute_cost_;
  std::vector<int> first_pass_;  // by column instruction: the pass that computed it first
};

}  // namespace

int operation_cost(ScalarOp op) {
  switch (op) {
    case ScalarOp::constant:
      return 0;
    case ScalarOp::divide:
    case ScalarOp::sqrt:
      return 8;
    case ScalarOp::exp:
    case ScalarOp::log:
    case ScalarOp::tanh:
      return 16;
    case ScalarOp::sin:
    case ScalarOp::cos:
    case ScalarOp::tan:
    case ScalarOp::erf:
      return 30;
    case ScalarOp::power:
      return 40;
    default:
      return 1;
  }
}

void check_instructions(const std::vector<RowInstruction>& body, const std::vector<int>& results, std::size_t inputs,
                        std::size_t outputs, bool epilogue) {
  for (std::size_t i = 0; i < body.size(); ++i) {
    const RowInstruction& instruction = body[i];
    const bool reads_operand = instruction.kind == Kind::scalar && instruction.scalar.op == ScalarOp::operand;
    if (reads_operand &&
        (instruction.scalar.index < 0 || static_cast<std::size_t>(instruction.scalar.index) >= inputs)) {
      throw CompileError(fmt::format("instruction {} reads operand {} of {}", i, instruction.scalar.index, inputs));
    }
    if (instruction.kind == (epilogue ? Kind::reduce : Kind::accumulator)) {
      throw CompileError(fmt::format("instruction {} is a {}", i,
                                     epilogue ? "reduction in an epilogue" : "accumulator outside of an epilogue"));
    }
    for (const int argument : arguments_of(instruction)) {
      if (argument < 0 || static_cast<std::size_t>(argument) >= i) {
        throw CompileError(fmt::format("instruction {} uses {}, which is not before it", i, argument));
      }
    }
  }
  if (results.size() != outputs) {
    throw CompileError(fmt::format("{} results for {} outputs", results.size(), outputs));
  }
  for (const int result : results) {
    if (result < 0 || static_cast<std::size_t>(result) >= body.size()) {
      throw CompileError(fmt::format("result {} is not an instruction", result));
    }
  }
}

RowPlan plan_rows(const LoopNestSpec& spec) {
  if (spec.rank < 1) throw CompileError(fmt::format("loop nest: rank {} is not positive", spec.rank));
  check_accesses(spec.inputs, spec.rank, "input");
  check_accesses(spec.outputs, spec.rank, "output");
  check_instructions(spec.body, spec.results, spec.inputs.size(), spec.outputs.size(), false);
  return Planner(spec).run();
}

}  // namespace tilefold::codegen
