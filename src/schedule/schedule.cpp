#include "schedule/schedule.h"

namespace tilefold {
namespace {

std::string join(const std::vector<Dim>& dims) {
  std::string text = "(";
  for (std::size_t i = 0; i < dims.size(); ++i) text += (i > 0 ? ", " : "") + dims[i].to_string();
  return text + ")";
}

std::string text_of(const StepOperand& operand) {
  std::string text = "b" + std::to_string(operand.buffer);
  if (operand.offset != Dim(0)) text += "+" + operand.offset.to_string();
  return text + join(operand.strides);
}

std::string text_of(const std::vector<StepOperand>& operands) {
  std::string text;
  for (const StepOperand& operand : operands) text += " " + text_of(operand);
  return text;
}

std::string text_of(const LoopNestStep& step) {
  return "over " + join(step.sizes) + " reads" + text_of(step.inputs) + " writes" + text_of(step.outputs) + "\n    " +
         step.spec.to_string();
}

std::string text_of(const GemmStep& step) {
  std::string text = "batch " + join(step.batch) + " m " + step.m.to_string() + " n " + step.n.to_string() + " k " +
                     step.k.to_string() + " a " + text_of(step.a) + (step.b_is_weight ? " weight " : " b ") +
                     text_of(step.b);
  if (!step.inputs.empty()) text += " reads" + text_of(step.inputs);
  return text + " writes" + text_of(step.outputs) + "\n    " + step.spec.to_string();
}

std::string text_of(const AttentionStep& step) {
  std::string text = "batch " + step.batch.to_string() + " heads " + step.heads.to_string() + " queries " +
                     step.queries.to_string() + " keys " + step.keys.to_string() + " q " + text_of(step.q) + " k " +
                     text_of(step.k) + " v " + text_of(step.v);
  if (step.mask.buffer >= 0) text += " mask " + text_of(step.mask);
  if (step.key_bias.buffer >= 0) text += " key_bias " + text_of(step.key_bias);
  return text + " writes " + text_of(step.out) + "\n    " + step.spec.to_string();
}

std::string text_of(const NativeStep& step) {
  std::string text;
  for (const View& view : step.inputs) text += view.to_string() + " ";
  return text + "writes " + step.output.to_string();
}

std::string text_of(const Step& step);

std::string text_of(const ChainStep& chain) {
  std::string text = "rows " + chain.rows.to_string() + " in blocks of " + std::to_string(chain.rows_per_task) + " {\n";
  for (const ChainStep::Local& local : chain.locals)
    text += "  local b" + std::to_string(local.buffer) + " " + std::to_string(local.row_bytes) + " bytes a row\n";
  for (const Step& step : chain.steps) text += text_of(step);
  return text + "  }";
}

std::string text_of(const Step& step) {
  return "  " + step.profile_name() + ": " +
         std::visit([](const auto& action) { return text_of(action); }, step.action) + "\n";
}

std::string text_of(const BufferInfo& buffer) {
  static constexpr const char* kKinds[] = {"input", "parameter", "constant", "output", "temporary"};
  std::string text = kKinds[static_cast<std::size_t>(buffer.kind)];
  if (buffer.kind != BufferInfo::Kind::temporary) text += " " + std::to_string(buffer.index);
  return text + " " + std::string(dtype_name(buffer.dtype)) + " x " + buffer.elements.to_string();
}

}  // namespace

ChainStep::ChainStep() = default;
ChainStep::ChainStep(const ChainStep& other) = default;
ChainStep::ChainStep(ChainStep&& other) noexcept = default;
ChainStep& ChainStep::operator=(const ChainStep& other) = default;
ChainStep& ChainStep::operator=(ChainStep&& other) noexcept = default;
ChainStep::~ChainStep() = default;

bool ChainStep::is_local(int buffer) const {
  for (const Local& local : locals) {
    if (local.buffer == buffer) return true;
  }
  return false;
}

void Step::visit_buffers(const std::function<void(int buffer, bool written)>& visit) const {
  const auto given = [&](int buffer, bool written) {
    if (buffer >= 0) visit(buffer, written);
  };
  if (const auto* nest = std::get_if<LoopNestStep>(&action)) {
    for (const StepOperand& operand : nest->inputs) given(operand.buffer, false);
    for (const StepOperand& operand : nest->outputs) given(operand.buffer, true);
  } else if (const auto* gemm = std::get_if<GemmStep>(&action)) {
    given(gemm->a.buffer, false);
    given(gemm->b.buffer, false);
    for (const StepOperand& operand : gemm->inputs) given(operand.buffer, false);
    for (const StepOperand& operand : gemm->outputs) given(operand.buffer, true);
  } else if (const auto* attention = std::get_if<AttentionStep>(&action)) {
    for (const StepOperand* operand :
         {&attention->q, &attention->k, &attention->v, &attention->mask, &attention->key_bias})
      given(operand->buffer, false);
    given(attention->out.buffer, true);
  } else if (const auto* native = std::get_if<NativeStep>(&action)) {
    for (const View& view : native->inputs) given(view.buffer, false);
    given(native->output.buffer, true);
  } else if (const auto* chain = std::get_if<ChainStep>(&action)) {
    for (const Step& step : chain->steps) {
      step.visit_buffers([&](int buffer, bool written) {
        if (!chain->is_local(buffer)) visit(buffer, written);
      });
    }
  }
}

std::string Schedule::to_string() const {
  std::string text = "schedule " + name + " {\n";
  for (std::size_t i = 0; i < buffers.size(); ++i)
    text += "  b" + std::to_string(i) + " = " + text_of(buffers[i]) + "\n";
  for (const Step& step : steps) text += text_of(step);
  return text + "}\n";
}

}  // namespace tilefold
