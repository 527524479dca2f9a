#include "schedule/builder.h"

namespace tilefold {
namespace {

StepOperand operand_of(const View& view, std::size_t dimensions) {
  StepOperand operand{view.buffer, view.offset, view.strides};
  operand.strides.resize(dimensions);
  return operand;
}

bool is_contiguous(const View& view) { return view.strides.back() == Dim(1) || view.sizes.back() == Dim(1); }

/// True when the rows of one batch entry are further apart than the entries themselves, as in attention along the first
/// index of a pair tensor: every row would come from another page.
bool is_scattered(const View& view) {
  const Dim& entry = view.strides[0];
  const Dim& row = view.strides[2];
  if (entry == Dim(0) || entry == row || view.sizes[0] == Dim(1) || view.sizes[2] == Dim(1)) return false;
  return row.divided_by(entry).has_value();
}

}  // namespace

void ScheduleBuilder::build_attention(const Node& node) {
  const std::string name = step_name_;
  AttentionStep step;
  step.spec.bf16 = node.precision == Precision::mixed;
  View q = view_of(node.operands[0]);
  View k = view_of(node.operands[1]);
  View v = view_of(node.operands[2]);
  if (q.dtype == DType::bfloat16 && k.dtype == q.dtype && v.dtype == q.dtype) step.spec.bf16 = true;
  const DType common = step.spec.bf16 && (q.dtype == k.dtype && k.dtype == v.dtype) ? q.dtype
                       : step.spec.bf16                                             ? DType::bfloat16
                                                                                    : DType::float32;
  for (View* view : {&q, &k, &v}) {
    if (!is_contiguous(*view) || is_scattered(*view) || view->dtype != common)
      *view = dense_copy(*view, common, {0, 2, 1, 3});
  }
  step.batch = q.sizes[0];
  step.heads = q.sizes[1];
  step.queries = q.sizes[2];
  step.keys = k.sizes[2];
  step.scale = static_cast<float>(node.attributes.get<double>("scale"));
  step.spec.head_dim = q.sizes[3].value();
  step.spec.q_dtype = common;
  step.q = operand_of(q, 3);
  step.k = operand_of(k, 3);
  step.v = operand_of(v, 3);
  if (node.operands.size() > 3 && node.operands[3] != kNoValue) {
    View mask = view_of(node.operands[3]);
    const bool usable = is_floating_point(mask.dtype) && (is_contiguous(mask) || mask.strides.back() == Dim(0));
    if (!usable) mask = dense_copy(mask, is_floating_point(mask.dtype) ? mask.dtype : DType::float32);
    step.spec.has_mask = true;
    step.spec.mask_dtype = mask.dtype;
    step.mask = operand_of(broadcast(mask, Shape{step.batch, step.heads, step.queries, step.keys}), 4);
  }
  if (node.operands.size() > 4 && node.operands[4] != kNoValue) {
    View bias = view_of(node.operands[4]);
    if (bias.dtype != DType::float32 || !is_contiguous(bias)) bias = dense_copy(bias, DType::float32);
    step.spec.has_key_bias = true;
    step.key_bias = operand_of(broadcast(bias, Shape{step.batch, step.keys}), 2);
  }
  const View out = place(node.result);
  step.spec.out_dtype = out.dtype;
  if (!is_contiguous(
          out)) {  // a result that is placed in a concat of its last dimension keeps a unit stride; others do too
    throw CompileError("the result of an attention must be contiguous in its last dimension");
  }
  step.out = operand_of(out, 3);
  add_step(std::move(step), name);
}

}  // namespace tilefold
