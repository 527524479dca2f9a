#include "schedule/builder.h"

namespace tilefold {
namespace {

StepOperand operand_of(const View& view, std::size_t dimensions) {
  StepOperand operand{view.buffer, view.offset, view.strides};
  operand.strides.resize(dimensions);
  return operand;
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
    const bool contiguous = view->strides.back() == Dim(1) || view->sizes.back() == Dim(1);
    if (!contiguous || view->dtype != common) *view = dense_copy(*view, common);
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
    if (!is_floating_point(mask.dtype)) mask = dense_copy(mask, DType::float32);
    step.spec.has_mask = true;
    step.spec.mask_dtype = mask.dtype;
    step.mask = operand_of(broadcast(mask, Shape{step.batch, step.heads, step.queries, step.keys}), 4);
  }
  if (node.operands.size() > 4 && node.operands[4] != kNoValue) {
    View bias = view_of(node.operands[4]);
    const bool contiguous = bias.strides.back() == Dim(1) || bias.sizes.back() == Dim(1);
    if (bias.dtype != DType::float32 || !contiguous) bias = dense_copy(bias, DType::float32);
    step.spec.has_key_bias = true;
    step.key_bias = operand_of(broadcast(bias, Shape{step.batch, step.keys}), 2);
  }
  const View out = place(node.result);
  step.spec.out_dtype = out.dtype;
  const bool contiguous = out.strides.back() == Dim(1) || out.sizes.back() == Dim(1);
  if (!contiguous) {  // a result that is placed in a concat of its last dimension keeps a unit stride; others do too
    throw CompileError("the result of an attention must be contiguous in its last dimension");
  }
  step.out = operand_of(out, 3);
  add_step(std::move(step), name);
}

}  // namespace tilefold
