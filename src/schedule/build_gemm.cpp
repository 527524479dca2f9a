#include <algorithm>

#include "schedule/builder.h"

namespace tilefold {
namespace {

bool has_unit_stride(const Dim& size, const Dim& stride) { return stride == Dim(1) || size == Dim(1); }

/// The operand as [batch..., rows, columns] of the product, before broadcasting.
View matrix_view(View view, bool transposed) {
  if (!transposed) return view;
  std::vector<std::int64_t> dims;
  for (std::int64_t axis = 0; axis < view.rank(); ++axis) dims.push_back(axis);
  std::swap(dims[dims.size() - 1], dims[dims.size() - 2]);
  return permuted(view, dims);
}

/// A view over [batch..., rows, columns] with the batch dimensions of `result`.
View with_batch_of(const View& view, const Shape& result) {
  std::vector<Dim> sizes(result.dims().begin(), result.dims().end() - 2);
  sizes.insert(sizes.end(), view.sizes.end() - 2, view.sizes.end());
  return broadcast(view, Shape(std::move(sizes)));
}

/// The loops over batch and rows, merged: a batch dimension over which B does not move becomes more rows.
struct ProductLoops {
  LoopOperands loops;  // operands: A, B, epilogue inputs, outputs; the last dimension is the rows
  explicit ProductLoops(const std::vector<View>& views) {
    loops.sizes.assign(views[0].sizes.begin(), views[0].sizes.end() - 1);
    for (const View& view : views) loops.strides.emplace_back(view.strides.begin(), view.strides.end() - 1);
    loops.strides[1].back() = 0;  // rows of C do not move B
    collapse(loops, 0, loops.sizes.size());
    if (loops.sizes.empty() || loops.strides[1].back() != Dim(0)) {
      loops.sizes.emplace_back(1);
      for (std::vector<Dim>& strides : loops.strides) strides.emplace_back(0);
    }
  }
  StepOperand operand(std::size_t i, const View& view, std::initializer_list<Dim> inner) const {
    StepOperand result{view.buffer, view.offset, loops.strides[i]};
    result.strides.insert(result.strides.end(), inner.begin(), inner.end());
    return result;
  }
};

bool multiplies_in_bf16(const Node& product, const View& a, const View& b) {
  return product.precision == Precision::mixed || (a.dtype == DType::bfloat16 && b.dtype == DType::bfloat16);
}

OperandAccess access_of(const StepOperand& operand, DType dtype) {
  OperandAccess access{dtype, {}};
  for (const Dim& stride : operand.strides) access.strides.push_back(stride_kind(stride));
  return access;
}

}  // namespace

/// A and B of a product over [batch..., rows, columns]; copied where neither rows nor columns are contiguous.
std::pair<View, View> ScheduleBuilder::product_operands(const Node& product, const Shape& space) {
  const bool transpose_a = product.attributes.get<bool>("transpose_a");
  const bool transpose_b = product.attributes.get<bool>("transpose_b");
  View a = with_batch_of(matrix_view(view_of(product.operands[0]), transpose_a), space);
  View b = with_batch_of(matrix_view(view_of(product.operands[1]), transpose_b), space);
  const DType copied = multiplies_in_bf16(product, a, b) ? DType::bfloat16 : DType::float32;
  const auto rank = static_cast<std::size_t>(a.rank());
  const auto unit = [&](const View& view, std::size_t axis) {
    return has_unit_stride(view.sizes[axis], view.strides[axis]);
  };
  // A single row may later give way to a batch dimension, so only its columns count.
  const bool rows_contiguous = a.strides[rank - 2] == Dim(1) && a.sizes[rank - 2] != Dim(1);
  if (!unit(a, rank - 1) && !rows_contiguous) a = dense_copy(a, copied);
  if (!unit(b, rank - 1) && !unit(b, rank - 2)) b = dense_copy(b, copied);
  return {a, b};
}

void ScheduleBuilder::build_gemm(const Region& region) {
  const Node& product = graph_.nodes[region.product];
  const std::string name = step_name_;
  const RowProgram program = make_row_program(graph_, region);
  const auto [a, b] = product_operands(product, region.space);
  const auto rank = static_cast<std::size_t>(a.rank());

  // Rows of every operand: dimensions batch..., M and one inner dimension.
  const Dim n = region.space.dims().back();
  std::vector<View> views;
  View a_rows = a;
  a_rows.sizes.assign(region.space.dims().begin(), region.space.dims().end());
  views.push_back(a_rows);
  views.push_back(b);
  for (const ValueId input : program.inputs) views.push_back(broadcast(view_of(input), region.space));
  for (const ValueId output : region.outputs) views.push_back(place(output));
  const ProductLoops rows(views);

  GemmStep step;
  step.m = rows.loops.sizes.back();
  step.n = n;
  step.k = a.sizes.back();
  step.batch.assign(rows.loops.sizes.begin(), rows.loops.sizes.end() - 1);
  step.spec.batch_rank = static_cast<int>(step.batch.size());
  const bool k_is_one = step.k == Dim(1);
  step.a = rows.operand(0, a, {k_is_one ? Dim(1) : a.strides[rank - 1]});
  step.b = rows.operand(1, b, {});
  step.b.strides.back() = b.strides[rank - 2];
  step.b.strides.push_back(b.strides[rank - 1]);
  step.spec.a_transposed = !(step.a.strides.back() == Dim(1));
  if (step.spec.a_transposed && step.m == Dim(1)) step.a.strides[step.a.strides.size() - 2] = 1;
  step.spec.bf16 = multiplies_in_bf16(product, a, b);
  step.spec.a_dtype = a.dtype;
  step.spec.b_dtype = b.dtype;
  if (step.k.is_static()) step.spec.k = step.k.value();
  if (step.n.is_static()) step.spec.n = step.n.value();
  using Kind = BufferInfo::Kind;
  const Kind kind = schedule_.buffers[static_cast<std::size_t>(b.buffer)].kind;
  const bool one_matrix =
      std::all_of(step.b.strides.begin(), step.b.strides.end() - 2, [](const Dim& stride) { return stride == Dim(0); });
  step.b_is_weight = one_matrix && (kind == Kind::parameter || kind == Kind::constant);
  step.b_is_input = one_matrix && kind == Kind::input;
  for (std::size_t i = 2; i < views.size(); ++i) {
    StepOperand operand = rows.operand(i, views[i], {views[i].strides.back()});
    const OperandAccess access = access_of(operand, views[i].dtype);
    const bool input = i < 2 + program.inputs.size();
    (input ? step.spec.inputs : step.spec.outputs).push_back(access);
    (input ? step.inputs : step.outputs).push_back(std::move(operand));
  }
  step.spec.epilogue = program.body;
  for (const ValueId output : region.outputs) step.spec.results.push_back(program.instruction_of.at(output));
  add_step(std::move(step), name);
}

}  // namespace tilefold
