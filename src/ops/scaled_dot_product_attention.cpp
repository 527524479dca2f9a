#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/broadcast.h"
#include "ops/cost.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "ops/type_rules.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

void require_dims(const TensorType& type, const std::string& operand, const Shape& expected, bool broadcast_lead) {
  require_rank(type, expected.rank(), operand);
  require_floating(type, operand);
  const int lead = expected.rank() - 2;
  for (int axis = 0; axis < expected.rank(); ++axis) {
    const bool one_allowed = broadcast_lead && (axis < lead || (expected.rank() == 2 && axis == 0));
    const Dim& dim = type.shape.dim(axis);
    if (dim == expected.dim(axis) || (one_allowed && is_size(dim, 1))) continue;
    throw TypeError("'" + operand + "' must have the shape " + expected.to_string() +
                    (broadcast_lead ? " (1 is allowed for batch and heads)" : "") + ", got " + type.to_string());
  }
}

TensorType infer(const OperandTypes& operands, const Attributes& attributes) {
  const TensorType& query = operands[0];
  require_rank(query, 4, "query");
  require_floating(query, "query");
  const Shape& q = query.shape;
  const Shape keys{q.dim(0), q.dim(1), operands[1].shape.rank() == 4 ? operands[1].shape.dim(2) : Dim(0), q.dim(3)};
  require_dims(operands[1], "key", keys, false);
  require_dims(operands[2], "value", keys, false);
  if (operands[1].dtype != query.dtype || operands[2].dtype != query.dtype) {
    throw TypeError("query, key and value must have one dtype, got " + query.to_string() + ", " +
                    operands[1].to_string() + " and " + operands[2].to_string());
  }
  if (!q.dim(3).is_static()) throw TypeError("the head dimension must be static, got " + query.to_string());
  if (operands.given(3)) require_dims(operands[3], "attn_mask", {q.dim(0), q.dim(1), q.dim(2), keys.dim(2)}, true);
  if (operands.given(4)) {
    require_dims(operands[4], "key_bias", {q.dim(0), keys.dim(2)}, true);
    if (operands[4].dtype != DType::float32)
      throw TypeError("'key_bias' must be float32, got " + operands[4].to_string());
  }
  (void)attributes.get<double>("scale");
  return query;
}

/// Attention of one query row: logits in `weights` become probabilities, then the weighted sum of the value rows.
void attend(std::vector<double>& weights, const double* values, std::size_t width, double* out) {
  double largest = -std::numeric_limits<double>::infinity();
  for (const double logit : weights) largest = std::max(largest, logit);
  double sum = 0;
  for (double& weight : weights) sum += weight = std::exp(weight - largest);
  for (std::size_t key = 0; key < weights.size(); ++key) {
    const double weight = weights[key] / sum;
    for (std::size_t i = 0; i < width; ++i) out[i] += weight * values[key * width + i];
  }
}

ReferenceTensor reference(std::span<const ReferenceTensor* const> operands, const Attributes& attributes,
                          const TensorType& type) {
  ReferenceTensor result = zeros_like(type);
  const ReferenceTensor& query = *operands[0];
  const ReferenceTensor* mask = operands.size() > 3 ? operands[3] : nullptr;
  const ReferenceTensor* key_bias = operands.size() > 4 ? operands[4] : nullptr;
  const Sizes mask_strides = mask != nullptr ? broadcast_strides(mask->shape, 4) : Sizes(4, 0);
  const Sizes bias_strides = key_bias != nullptr ? broadcast_strides(key_bias->shape, 2) : Sizes(2, 0);
  const auto scale = attributes.get<double>("scale");
  const auto width = static_cast<std::size_t>(query.shape[3]);
  const std::int64_t keys = operands[1]->shape[2];
  std::size_t row = 0;
  for_each_index({query.shape[0], query.shape[1], query.shape[2]}, [&](const Sizes& index) {
    const auto head = static_cast<std::size_t>((index[0] * query.shape[1] + index[1]) * keys) * width;
    const double* q = query.values.data() + row * width;
    std::vector<double> logits(static_cast<std::size_t>(keys), 0.0);
    for (std::int64_t key = 0; key < keys; ++key) {
      const auto slot = static_cast<std::size_t>(key);
      const double* k = operands[1]->values.data() + head + slot * width;
      for (std::size_t i = 0; i < width; ++i) logits[slot] += q[i] * k[i];
      logits[slot] *= scale;
      const Sizes at = {index[0], index[1], index[2], key};
      if (mask != nullptr) logits[slot] += mask->values[static_cast<std::size_t>(offset_of(at, mask_strides))];
      if (key_bias != nullptr)
        logits[slot] += key_bias->values[static_cast<std::size_t>(offset_of({index[0], key}, bias_strides))];
    }
    // Logits are fp32 values: a bias of -1e9 absorbs them, so that a fully masked row attends uniformly.
    for (double& logit : logits) logit = static_cast<double>(static_cast<float>(logit));
    attend(logits, operands[2]->values.data() + head, width, result.values.data() + row * width);
    ++row;
  });
  return result;
}

OperationCase random_case(RandomEngine& engine) {
  const std::int64_t batch = random_integer(engine, 1, 3);
  const std::int64_t heads = random_integer(engine, 1, 3);
  const std::int64_t queries = random_size(engine);
  const std::int64_t keys = random_positive_size(engine);
  const std::int64_t width = random_positive_size(engine, 48);
  const DType dtype = random_floating(engine);
  const auto or_one = [&](std::int64_t size) { return random_chance(engine, 0.4) ? 1 : size; };
  OperationCase test;
  test.operands = {dense({batch, heads, queries, width}, dtype), dense({batch, heads, keys, width}, dtype),
                   dense({batch, heads, keys, width}, dtype)};
  const bool mask = random_chance(engine, 0.6);
  const bool key_bias = random_chance(engine, 0.5);
  if (mask || key_bias)
    test.operands.push_back(dense({or_one(batch), or_one(heads), queries, keys}, random_floating(engine)));
  if (key_bias) test.operands.push_back(dense({or_one(batch), keys}));
  if (key_bias && !mask) test.omitted = {3};
  test.attributes = {{"scale", 1.0 / std::sqrt(static_cast<double>(width))}};
  return test;
}

Cost cost(const OperandTypes& operands, const Attributes&, const TensorType& result) {
  const double keys = static_cast<double>(operands[1].shape[2]);
  return {.flops = 4 * elements_of(result) * keys, .bytes = bytes_moved(operands, result)};
}

std::vector<OperationCase> benchmarks() {
  const TensorType rows = dense({256, 4, 256, 32}, DType::bfloat16);
  return {{.operands = {rows, rows, rows, dense({1, 4, 256, 256})}, .attributes = {{"scale", 1.0 / std::sqrt(32.0)}}}};
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "scaled_dot_product_attention",
    .doc = "softmax(query key^T * scale + attn_mask + key_bias) value, with the softmax in fp32. With mixed precision, "
           "and "
           "for bf16 operands, both products take bf16 operands (the softmax's weights included). No keys give zeros.",
    .kind = OperationKind::attention,
    .operands = {{"query", "[B, H, Sq, D], floating-point"},
                 {"key", "[B, H, Sk, D], the dtype of query"},
                 {"value", "[B, H, Sk, D], the dtype of query"},
                 {"attn_mask", "[1 or B, 1 or H, Sq, Sk], added to the scaled logits", true},
                 {"key_bias", "[1 or B, Sk] float32, added to the scaled logits of every query", true}},
    .attributes = {{"scale", "factor of the logits"}},
    .infer = infer,
    .reference = reference,
    .cost = cost,
    .random_case = random_case,
    .benchmark_cases = benchmarks,
});

constexpr double kMasked = -1e9;

/// [1, 1, Sq, Sk]: 0 where a query may see a key, -1e9 elsewhere. Queries and keys start at the same position.
Tensor position_mask(const Dim& queries, const Dim& keys, const AttentionOptions& options) {
  const Tensor query = reshape(typecast(arange(queries), DType::float32), {queries, 1});
  const Tensor key = reshape(typecast(arange(keys), DType::float32), {1, keys});
  const Tensor behind = subtract(query, key);  // how far the key is before the query
  Tensor hidden;
  if (options.is_causal) hidden = lt(behind, 0);
  if (options.sliding_window_size) {
    const auto window = static_cast<double>(*options.sliding_window_size);
    const Tensor far = options.is_causal ? ge(behind, window) : gt(abs(behind), std::floor(window / 2));
    hidden = hidden.defined() ? logical_or(hidden, far) : far;
  }
  return reshape(multiply(hidden, kMasked), {1, 1, queries, keys});
}

/// Key or value heads repeated for the groups of query heads that share them.
Tensor shared_heads(const Tensor& heads, const Tensor& query) {
  if (heads.rank() != 4 || query.rank() != 4) return heads;
  const Shape& shape = heads.shape();
  const Dim& own = shape.dim(1);
  const Dim& wanted = query.shape().dim(1);
  if (own == wanted || !own.is_static() || !wanted.is_static()) return heads;
  if (own.value() < 1 || wanted.value() % own.value() != 0) {
    throw TypeError("scaled_dot_product_attention: " + wanted.to_string() +
                    " query heads are not a multiple of the heads of " + heads.type().to_string());
  }
  const Dim group = wanted.value() / own.value();
  const Tensor single = reshape(heads, {shape.dim(0), own, 1, shape.dim(2), shape.dim(3)});
  return reshape(expand(single, {shape.dim(0), own, group, shape.dim(2), shape.dim(3)}),
                 {shape.dim(0), wanted, shape.dim(2), shape.dim(3)});
}

}  // namespace

Tensor scaled_dot_product_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                                    const AttentionOptions& options) {
  double scale = 1.0;
  if (options.scale) {
    scale = *options.scale;
  } else {
    const Dim& width = query.shape().dim(-1);
    if (width.is_static()) scale = 1.0 / std::sqrt(static_cast<double>(width.value()));
  }
  if (options.sliding_window_size && *options.sliding_window_size < 1)
    throw ValueError("scaled_dot_product_attention: the sliding window must hold at least one key");
  Tensor mask = options.attn_mask;
  if (options.is_causal || options.sliding_window_size) {
    if (mask.defined() && options.is_causal)
      throw ValueError("scaled_dot_product_attention: give either attn_mask or is_causal");
    if (query.rank() != 4 || key.rank() != 4)
      throw TypeError("scaled_dot_product_attention: expected query and key of 4 dimensions, got " +
                      query.type().to_string() + " and " + key.type().to_string());
    const Tensor positions = position_mask(query.shape().dim(2), key.shape().dim(2), options);
    mask = mask.defined() ? add(positions, mask) : positions;
  }
  return apply(definition, {query, shared_heads(key, query), shared_heads(value, query), mask, options.key_bias},
               {{"scale", scale}});
}

}  // namespace tilefold::ops
