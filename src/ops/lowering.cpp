#include "ops/lowering.h"

#include <numeric>

namespace tilefold::ops {
namespace {

/// The number of elements with these dimensions as a scalar value that is known when the program runs.
ValueId runtime_count(GraphBuilder& builder, const std::vector<Dim>& dims) {
  const Shape ones(std::vector<std::int64_t>(dims.size(), 1));
  const ValueId one = builder.emit("full", {}, {{"shape", ones}, {"value", 1.0}, {"dtype", DType::float32}});
  const ValueId expanded = builder.emit("expand", {one}, {{"shape", Shape(dims)}});
  std::vector<std::int64_t> all(dims.size());
  std::iota(all.begin(), all.end(), 0);
  return reduce(builder, "sum", expanded, all, false);
}

}  // namespace

ValueId cast_to(GraphBuilder& builder, ValueId value, DType dtype) {
  if (builder.type(value).dtype == dtype) return value;
  return builder.emit("typecast", {value}, {{"dtype", dtype}});
}

ValueId reduce(GraphBuilder& builder, const std::string& reduction, ValueId value,
               const std::vector<std::int64_t>& dims, bool keepdim) {
  return builder.emit(reduction, {value}, {{"dims", dims}, {"keepdim", keepdim}});
}

ValueId with_scalar(GraphBuilder& builder, const std::string& operation, ValueId value, double scalar) {
  return builder.emit(operation, {value}, {{"scalar", scalar}});
}

ValueId mean_of(GraphBuilder& builder, ValueId value, const std::vector<std::int64_t>& dims, bool keepdim) {
  std::vector<Dim> reduced;
  for (const std::int64_t dim : dims) reduced.push_back(builder.type(value).shape.dim(static_cast<int>(dim)));
  const ValueId total = reduce(builder, "sum", value, dims, keepdim);
  const Dim count = Shape(reduced).volume();
  if (count.is_static()) return with_scalar(builder, "divide", total, static_cast<double>(count.value()));
  return builder.emit("divide", {total, runtime_count(builder, reduced)});
}

}  // namespace tilefold::ops
