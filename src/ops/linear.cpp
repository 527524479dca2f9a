#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "graph/graph.h"
#include "ops/broadcast.h"
#include "ops/cost.h"
#include "ops/lowering.h"
#include "ops/matmul.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "ops/type_rules.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

struct Activation {
  const char* name;
  double (*function)(double);
};

constexpr std::array<Activation, 11> kActivations = {{
    {"", [](double x) { return x; }},
    {"relu", [](double x) { return x < 0 ? 0.0 : x; }},
    {"silu", [](double x) { return x / (1.0 + std::exp(-x)); }},
    {"sigmoid", [](double x) { return 1.0 / (1.0 + std::exp(-x)); }},
    {"gelu", [](double x) { return 0.5 * x * std::erfc(-x / std::numbers::sqrt2); }},
    {"gelu_tanh",
     [](double x) {
       const double inner = std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
       return 0.5 * x * (1 + std::tanh(inner));
     }},
    {"tanh", [](double x) { return std::tanh(x); }},
    {"exp", [](double x) { return std::exp(x); }},
    {"sqrt", [](double x) { return std::sqrt(x); }},
    {"square", [](double x) { return x * x; }},
    {"neg", [](double x) { return -x; }},
}};

std::string activation_names() {
  std::string text = "''";
  for (std::size_t i = 1; i < kActivations.size(); ++i)
    text += std::string(i + 1 < kActivations.size() ? ", " : " or ") + kActivations[i].name;
  return text;
}

const Activation& activation_of(const Attributes& attributes) {
  const auto& name = attributes.get<std::string>("activation");
  for (const Activation& activation : kActivations) {
    if (name == activation.name) return activation;
  }
  throw ValueError("unknown activation '" + name + "': expected " + activation_names());
}

TensorType infer(const OperandTypes& operands, const Attributes& attributes) {
  activation_of(attributes);
  const TensorType result = infer_product(operands[0], operands[1], attributes);
  if (!operands.given(2)) return result;
  require_floating(operands[2], "bias");
  if (!is_row(operands[2].shape, result.shape.dim(-1)) || operands[2].shape.rank() > result.shape.rank()) {
    throw TypeError("'bias' must have the shape [" + result.shape.dim(-1).to_string() + "], got " +
                    operands[2].to_string());
  }
  const Shape& b = operands[1].shape;
  for (int axis = 0; axis + 2 < b.rank(); ++axis) {
    if (!is_size(b.dim(axis), 1))
      throw TypeError("Batched input not supported when bias exists (linear operation): b is " +
                      operands[1].to_string());
  }
  return result;
}

ReferenceTensor reference(std::span<const ReferenceTensor* const> operands, const Attributes& attributes,
                          const TensorType& type) {
  ReferenceTensor result = product_reference(*operands[0], *operands[1], transposes_of(attributes), type);
  const ReferenceTensor* bias = operands.size() > 2 ? operands[2] : nullptr;
  const Activation& activation = activation_of(attributes);
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    if (bias != nullptr) result.values[i] += bias->values[i % bias->values.size()];
    result.values[i] = activation.function(result.values[i]);
  }
  return result;
}

ValueId lower(GraphBuilder& builder, const Node& node) {
  Attributes product{{"transpose_a", node.attributes.get<bool>("transpose_a")},
                     {"transpose_b", node.attributes.get<bool>("transpose_b")}};
  // A dtype of the result's own is that of the last step only.
  const bool cast = node.attributes.contains("dtype");
  if (cast) product.set("dtype", DType::float32);
  ValueId result = builder.emit("matmul", {node.operands[0], node.operands[1]}, product);
  if (node.operands.size() > 2 && node.operands[2] != kNoValue)
    result = builder.emit("add", {result, node.operands[2]});
  const auto& activation = node.attributes.get<std::string>("activation");
  if (!activation.empty()) result = builder.emit(activation, {result});
  return cast ? cast_to(builder, result, node.attributes.get<DType>("dtype")) : result;
}

OperationCase random_case(RandomEngine& engine) {
  Sizes a = random_sizes(engine, 1, 3);
  const std::int64_t k = a.back();
  const std::int64_t n = random_size(engine);
  const bool transpose_b = random_chance(engine, 0.5);
  const bool transpose_a = a.size() > 1 && random_chance(engine, 0.2);
  if (a.size() == 1) a.insert(a.begin(), random_size(engine));
  if (transpose_a) std::swap(a[a.size() - 1], a[a.size() - 2]);
  const Sizes b = transpose_b ? Sizes{n, k} : Sizes{k, n};
  OperationCase test{.operands = {dense(a, random_floating(engine)), dense(b, random_floating(engine))}};
  if (random_chance(engine, 0.6))
    test.operands.push_back(dense(random_chance(engine, 0.3) ? Sizes{1, n} : Sizes{n}, random_floating(engine)));
  test.attributes = {
      {"transpose_a", transpose_a},
      {"transpose_b", transpose_b},
      {"activation", std::string(kActivations[random_integer(engine, 0, kActivations.size() - 1)].name)}};
  if (random_chance(engine, 0.3)) test.attributes.set("dtype", random_floating(engine));
  return test;
}

std::vector<OperationCase> benchmarks() {
  const Attributes attributes{{"transpose_a", false}, {"transpose_b", true}, {"activation", std::string("silu")}};
  return {{.operands = {dense({256, 256, 128}), dense({512, 128}, DType::bfloat16), dense({512})},
           .attributes = attributes}};
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "linear",
    .doc = "activation(a @ b + bias); b is [K, N], or [N, K] with transpose_b, or a batch of those where there is no "
           "bias.",
    .kind = OperationKind::composite,
    .operands = {{"a", "[..., M, K], floating-point"},
                 {"b", "matrix, floating-point"},
                 {"bias", "[N] or [1, N], default 0", true}},
    .attributes = {{"transpose_a", "a is stored [..., K, M]"},
                   {"transpose_b", "b is stored [N, K], as the weights of PyTorch"},
                   {"activation", activation_names()},
                   {"dtype", "of the result, default that of a (optional)"}},
    .infer = infer,
    .reference = reference,
    .lower = lower,
    .cost =
        [](const OperandTypes& operands, const Attributes& attributes, const TensorType& result) {
          return Cost{product_flops(operands[0], transposes_of(attributes), result) + 2 * elements_of(result),
                      bytes_moved(operands, result)};
        },
    .random_case = random_case,
    .benchmark_cases = benchmarks,
});

}  // namespace

Tensor linear(const Tensor& a, const Tensor& b, const Tensor& bias, MatmulOptions options,
              const std::string& activation) {
  Attributes attributes = product_attributes(options);
  attributes.set("activation", activation);
  return apply(definition, {a, b, bias}, std::move(attributes));
}

}  // namespace tilefold::ops
