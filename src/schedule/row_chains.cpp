#include "schedule/row_chains.h"

#include <algorithm>
#include <optional>

namespace tilefold {
namespace {

/// What the packed weights of a chain may take of a second-level cache; every block of rows reads them again.
constexpr std::int64_t kWeightBytes = std::int64_t{1024} * 1024;
/// What a block of rows may take beside them.
constexpr std::int64_t kBlockBytes = std::int64_t{384} * 1024;
constexpr std::int64_t kLeastRows = 32;
constexpr std::int64_t kMostRows = 512;

/// The elements of row r of a buffer that a step uses: offset + r * row_stride + i * column_stride, i < columns.
struct RowUse {
  int buffer = -1;
  bool written = false;
  Dim offset;
  Dim row_stride;
  Dim column_stride;
  std::int64_t columns = 1;
};

struct RowStep {
  Dim rows;
  std::vector<RowUse> uses;
  std::int64_t weight_bytes = 0;
};

RowUse use_of(const StepOperand& operand, std::int64_t columns, bool written) {
  const Dim& column_stride = operand.strides[1];
  return {operand.buffer,     written,       operand.offset,
          operand.strides[0], column_stride, column_stride == Dim(0) ? 1 : columns};
}

/// How a step works on rows; nothing when it does not.
std::optional<RowStep> row_step(const Step& step) {
  RowStep result;
  if (const auto* nest = std::get_if<LoopNestStep>(&step.action)) {
    if (nest->spec.rank != 2 || !nest->spec.columns) return std::nullopt;
    result.rows = nest->sizes[0];
    for (const StepOperand& input : nest->inputs) result.uses.push_back(use_of(input, *nest->spec.columns, false));
    for (const StepOperand& output : nest->outputs) result.uses.push_back(use_of(output, *nest->spec.columns, true));
    return result;
  }
  const auto* gemm = std::get_if<GemmStep>(&step.action);
  if (gemm == nullptr || !gemm->batch.empty() || !gemm->b_is_weight || !gemm->spec.k || !gemm->spec.n)
    return std::nullopt;
  result.rows = gemm->m;
  result.weight_bytes = *gemm->spec.k * *gemm->spec.n * (gemm->spec.bf16 ? 2 : 4);
  result.uses.push_back(use_of(gemm->a, *gemm->spec.k, false));
  for (const StepOperand& input : gemm->inputs) result.uses.push_back(use_of(input, *gemm->spec.n, false));
  for (const StepOperand& output : gemm->outputs) result.uses.push_back(use_of(output, *gemm->spec.n, true));
  return result;
}

/// True when the columns lie next to each other inside of a row of known length.
bool within_row(const RowUse& use) {
  if (!use.row_stride.is_static() || !use.offset.is_static()) return false;
  if (use.columns > 1 && use.column_stride != Dim(1)) return false;
  return use.offset.value() >= 0 && use.offset.value() + use.columns <= use.row_stride.value();
}

/// True when `reader` takes from each row only what `writer` (of the same buffer) may have put into that row.
bool aligned(const RowUse& writer, const RowUse& reader) {
  if (writer.row_stride != reader.row_stride) return false;
  if (within_row(writer) && within_row(reader)) return true;
  return writer.offset == reader.offset && writer.column_stride == reader.column_stride &&
         writer.columns == reader.columns;
}

class ChainFormer {
 public:
  explicit ChainFormer(Schedule& schedule) : schedule_(schedule) {}

  void run() {
    std::vector<Step> steps = std::move(schedule_.steps);
    count_users(steps);
    for (Step& step : steps) {
      const std::optional<RowStep> rows = row_step(step);
      if (!rows && !members_.empty() && is_independent(step)) {
        schedule_.steps.push_back(std::move(step));  // before the chain, which goes on
        continue;
      }
      if (!rows || (!members_.empty() && !fits(*rows))) flush();
      if (rows) {
        members_.push_back(std::move(step));
        member_rows_.push_back(*rows);
      } else {
        schedule_.steps.push_back(std::move(step));
      }
    }
    flush();
  }

 private:
  void count_users(const std::vector<Step>& steps) {
    users_.assign(schedule_.buffers.size(), 0);
    for (const Step& step : steps) step.visit_buffers([&](int buffer, bool) { ++users_[buffer]; });
  }

  bool fits(const RowStep& next) const {
    if (!(next.rows == member_rows_[0].rows)) return false;
    std::int64_t weights = next.weight_bytes;
    for (const RowStep& member : member_rows_) weights += member.weight_bytes;
    if (weights > kWeightBytes) return false;
    for (const RowStep& member : member_rows_) {
      for (const RowUse& earlier : member.uses) {
        for (const RowUse& later : next.uses) {
          const bool conflict = earlier.buffer == later.buffer && (earlier.written || later.written);
          if (conflict && !aligned(earlier, later)) return false;
        }
      }
    }
    return true;
  }

  /// True when `step` may run before the chain instead of after it.
  bool is_independent(const Step& step) const {
    bool independent = true;
    step.visit_buffers([&](int buffer, bool written) {
      for (const RowStep& member : member_rows_) {
        for (const RowUse& use : member.uses) {
          if (use.buffer == buffer && (use.written || written)) independent = false;
        }
      }
    });
    return independent;
  }

  /// Buffers that live and die in the chain, with rows of known length.
  std::vector<ChainStep::Local> find_locals() const {
    std::vector<ChainStep::Local> locals;
    std::vector<int> seen;
    for (const RowStep& member : member_rows_) {
      for (const RowUse& use : member.uses) {
        const BufferInfo& buffer = schedule_.buffers[static_cast<std::size_t>(use.buffer)];
        const bool known = std::find(seen.begin(), seen.end(), use.buffer) != seen.end();
        if (known || buffer.kind != BufferInfo::Kind::temporary) continue;
        seen.push_back(use.buffer);
        int inside = 0;
        bool in_rows = true;
        for (const RowStep& other : member_rows_) {
          for (const RowUse& other_use : other.uses) {
            if (other_use.buffer != use.buffer) continue;
            ++inside;
            in_rows = in_rows && within_row(other_use) && other_use.row_stride == use.row_stride;
          }
        }
        if (in_rows && inside == users_[use.buffer])
          locals.push_back(
              {use.buffer, use.row_stride.value() * static_cast<std::int64_t>(element_size(buffer.dtype))});
      }
    }
    return locals;
  }

  /// Rows whose data, of all buffers that move with the rows, take `kBlockBytes`.
  std::int64_t choose_rows() const {
    std::int64_t bytes = 1;
    std::vector<int> seen;
    for (const RowStep& member : member_rows_) {
      for (const RowUse& use : member.uses) {
        if (use.row_stride == Dim(0) || std::find(seen.begin(), seen.end(), use.buffer) != seen.end()) continue;
        seen.push_back(use.buffer);
        const DType dtype = schedule_.buffers[static_cast<std::size_t>(use.buffer)].dtype;
        bytes += use.columns * static_cast<std::int64_t>(element_size(dtype));
      }
    }
    return std::clamp(kBlockBytes / bytes / kLeastRows * kLeastRows, kLeastRows, kMostRows);
  }

  void flush() {
    const bool worthwhile = members_.size() > 1 && !(member_rows_[0].rows == Dim(1));
    if (!worthwhile) {
      for (Step& step : members_) schedule_.steps.push_back(std::move(step));
    } else {
      ChainStep chain;
      chain.rows = member_rows_[0].rows;
      chain.locals = find_locals();
      chain.rows_per_task = choose_rows();
      Step step;
      step.name = "chain";
      step.scope = members_.front().scope;
      for (const Step& member : members_) step.name += (step.name == "chain" ? ": " : " | ") + member.name;
      chain.steps = std::move(members_);
      step.action = std::move(chain);
      schedule_.steps.push_back(std::move(step));
    }
    members_.clear();
    member_rows_.clear();
  }

  Schedule& schedule_;
  std::vector<int> users_;  // operands that name each buffer
  std::vector<Step> members_;
  std::vector<RowStep> member_rows_;
};

}  // namespace

void form_row_chains(Schedule& schedule) { ChainFormer(schedule).run(); }

}  // namespace tilefold
