#include "ops/matmul.h"

#include "ops/broadcast.h"
#include "ops/cost.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "ops/type_rules.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

Shape batch_of(const Shape& shape) { return Shape(std::vector<Dim>(shape.dims().begin(), shape.dims().end() - 2)); }

Sizes batch_of(const Sizes& sizes) { return Sizes(sizes.begin(), sizes.end() - 2); }

/// One matrix of a batch, densely [rows, columns] after the transpose.
struct Matrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> values;
};

Matrix matrix_at(const ReferenceTensor& tensor, std::int64_t offset, bool transposed) {
  const auto stored_rows = static_cast<std::size_t>(tensor.shape[tensor.shape.size() - 2]);
  const auto stored_columns = static_cast<std::size_t>(tensor.shape.back());
  Matrix matrix{transposed ? stored_columns : stored_rows, transposed ? stored_rows : stored_columns, {}};
  const double* stored = tensor.values.data() + offset;
  if (!transposed) {
    matrix.values.assign(stored, stored + stored_rows * stored_columns);
    return matrix;
  }
  matrix.values.reserve(stored_rows * stored_columns);
  for (std::size_t row = 0; row < matrix.rows; ++row) {
    for (std::size_t column = 0; column < matrix.columns; ++column)
      matrix.values.push_back(stored[column * stored_columns + row]);
  }
  return matrix;
}

void multiply_into(double* result, const Matrix& a, const Matrix& b) {
  for (std::size_t row = 0; row < a.rows; ++row) {
    double* sums = result + row * b.columns;
    for (std::size_t k = 0; k < a.columns; ++k) {
      const double factor = a.values[row * a.columns + k];
      const double* b_row = b.values.data() + k * b.columns;
      for (std::size_t column = 0; column < b.columns; ++column) sums[column] += factor * b_row[column];
    }
  }
}

OperationCase random_case(RandomEngine& engine) {
  const Sizes batch = random_sizes(engine, 0, 2);
  const std::int64_t room = volume_of(batch) > 64 ? 7 : 67;
  const std::int64_t m = random_size(engine, room);
  const std::int64_t n = random_size(engine, room);
  const std::int64_t k = random_size(engine, room);
  const bool transpose_a = random_chance(engine, 0.3);
  const bool transpose_b = random_chance(engine, 0.3);
  Sizes a = random_broadcastable(engine, batch);
  Sizes b = random_broadcastable(engine, batch);
  a.insert(a.end(), {transpose_a ? k : m, transpose_a ? m : k});
  b.insert(b.end(), {transpose_b ? n : k, transpose_b ? k : n});
  OperationCase test{.operands = {dense(a, random_floating(engine)), dense(b, random_floating(engine))},
                     .attributes = {{"transpose_a", transpose_a}, {"transpose_b", transpose_b}}};
  if (random_chance(engine, 0.3)) test.attributes.set("dtype", random_floating(engine));
  return test;
}

std::vector<OperationCase> benchmarks() {
  const Attributes plain{{"transpose_a", false}, {"transpose_b", false}};
  std::vector<OperationCase> cases;
  for (const DType dtype : {DType::float32, DType::bfloat16}) {
    cases.push_back({.operands = {dense({1024, 1024}, dtype), dense({1024, 1024}, dtype)}, .attributes = plain});
    cases.push_back({.operands = {dense({65536, 128}, dtype), dense({128, 512}, dtype)}, .attributes = plain});
    cases.push_back({.operands = {dense({128, 256, 256}, dtype), dense({128, 256, 256}, dtype)}, .attributes = plain});
  }
  return cases;
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "matmul",
    .doc = "[..., M, K] x [..., K, N]; transposes act on the last two dimensions, batch dimensions broadcast, K of 0 "
           "gives "
           "zeros. With mixed precision the products take bf16 operands; sums are fp32.",
    .kind = OperationKind::contraction,
    .operands = {{"a", "floating-point tensor"}, {"b", "floating-point tensor"}},
    .attributes = {{"transpose_a", "a is stored [..., K, M]"},
                   {"transpose_b", "b is stored [..., N, K]"},
                   {"dtype", "of the result, default that of a (optional)"}},
    .infer = [](const OperandTypes& operands,
                const Attributes& attributes) { return infer_product(operands[0], operands[1], attributes); },
    .reference =
        [](std::span<const ReferenceTensor* const> operands, const Attributes& attributes, const TensorType& result) {
          return product_reference(*operands[0], *operands[1], transposes_of(attributes), result);
        },
    .cost =
        [](const OperandTypes& operands, const Attributes& attributes, const TensorType& result) {
          return Cost{product_flops(operands[0], transposes_of(attributes), result), bytes_moved(operands, result)};
        },
    .random_case = random_case,
    .benchmark_cases = benchmarks,
});

}  // namespace

Transposes transposes_of(const Attributes& attributes) {
  return {attributes.get<bool>("transpose_a"), attributes.get<bool>("transpose_b")};
}

TensorType infer_product(const TensorType& a, const TensorType& b, const Attributes& attributes) {
  const Transposes transposes = transposes_of(attributes);
  require_floating(a, "a");
  require_floating(b, "b");
  require_rank_at_least(a, 2, "a");
  require_rank_at_least(b, 2, "b");
  const Dim& a_columns = a.shape.dim(transposes.a ? -2 : -1);
  const Dim& b_rows = b.shape.dim(transposes.b ? -1 : -2);
  if (!(a_columns == b_rows)) {
    throw TypeError("inner dimensions differ: " + a.to_string() + (transposes.a ? " (transposed)" : "") + " times " +
                    b.to_string() + (transposes.b ? " (transposed)" : "") + ", " + a_columns.to_string() + " against " +
                    b_rows.to_string());
  }
  std::vector<Dim> dims = broadcast_shapes(batch_of(a.shape), batch_of(b.shape)).dims();
  dims.push_back(a.shape.dim(transposes.a ? -1 : -2));
  dims.push_back(b.shape.dim(transposes.b ? -2 : -1));
  TensorType result;
  result.dtype = attributes.get_or<DType>("dtype", a.dtype);
  if (!is_floating_point(result.dtype)) {
    throw TypeError("'dtype' of a product must be bfloat16 or float32, got " + std::string(dtype_name(result.dtype)));
  }
  result.shape = Shape(std::move(dims));
  result.layout = a.layout;
  return result;
}

ReferenceTensor product_reference(const ReferenceTensor& a, const ReferenceTensor& b, Transposes transposes,
                                  const TensorType& result) {
  ReferenceTensor product = zeros_like(result);
  const Sizes batch = batch_of(product.shape);
  const Sizes a_strides = broadcast_strides(batch_of(a.shape), batch.size());
  const Sizes b_strides = broadcast_strides(batch_of(b.shape), batch.size());
  const std::int64_t a_size = a.shape[a.shape.size() - 2] * a.shape.back();
  const std::int64_t b_size = b.shape[b.shape.size() - 2] * b.shape.back();
  const std::int64_t result_size = product.shape[product.shape.size() - 2] * product.shape.back();
  if (product.values.empty()) return product;
  double* slot = product.values.data();
  for_each_index(batch, [&](const Sizes& index) {
    multiply_into(slot, matrix_at(a, offset_of(index, a_strides) * a_size, transposes.a),
                  matrix_at(b, offset_of(index, b_strides) * b_size, transposes.b));
    slot += result_size;
  });
  return product;
}

double product_flops(const TensorType& a, Transposes transposes, const TensorType& result) {
  return 2.0 * elements_of(result) * static_cast<double>(a.shape[transposes.a ? -2 : -1]);
}

Attributes product_attributes(const MatmulOptions& options) {
  Attributes attributes{{"transpose_a", options.transpose_a}, {"transpose_b", options.transpose_b}};
  if (options.dtype) attributes.set("dtype", *options.dtype);
  return attributes;
}

/// Vectors become matrices of one row (left) or one column (right), which the result loses again.
Tensor matmul(const Tensor& a, const Tensor& b, MatmulOptions options) {
  if (a.rank() == 1) {
    options.transpose_a = false;
    return squeeze(matmul(unsqueeze(a, 0), b, options), b.rank() == 1 ? 0 : -2);
  }
  if (b.rank() == 1) {
    options.transpose_b = false;
    return squeeze(matmul(a, unsqueeze(b, 1), options), -1);
  }
  return apply(definition, {a, b}, product_attributes(options));
}

}  // namespace tilefold::ops
