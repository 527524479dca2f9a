/// What an operation is: one definition per operation, in one file of src/ops, is the source of its builder's checks,
/// type rule, reference, lowering, documentation, tests, fuzz cases and benchmark rows.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "graph/attributes.h"
#include "graph/pointwise.h"
#include "tilefold/tensor.h"

namespace tilefold {

class Graph;
class GraphBuilder;
struct Node;

/// The closed core that the compiler knows. Everything else is a composition: it has a `lower` function.
enum class OperationKind : std::uint8_t {
  pointwise,    // broadcasts; `pointwise` gives the scalar program
  reduction,    // attributes "dims" (sorted, non-negative), "keepdim"; `reduction` names the combiner
  contraction,  // "matmul"
  attention,    // "scaled_dot_product_attention"
  view,         // reshape, permute, slice, expand: no arithmetic, may be free
  movement,     // concat, pad, repeat, embedding, segment_sum, arange, full, placement
  composite,    // replaced by core operations before scheduling
};

enum class ReductionOp : std::uint8_t { sum, maximum, minimum };

/// A tensor of the reference interpreter: any dtype held as doubles (integers up to 2^53 are exact).
struct ReferenceTensor {
  std::vector<std::int64_t> shape;
  std::vector<double> values;
  std::int64_t volume() const { return static_cast<std::int64_t>(values.size()); }
};

struct OperandSpec {
  std::string name;
  std::string doc;
  bool optional = false;
  bool variadic = false;  // only the last one
};

struct AttributeSpec {
  std::string name;
  std::string doc;
};

/// Floating-point operations and compulsory bytes of one node.
struct Cost {
  double flops = 0;
  double bytes = 0;
};

/// One test case: concrete operand types and attributes. Values are drawn by the test (see `value_range`).
struct OperationCase {
  std::vector<TensorType> operands;
  Attributes attributes;
  double low = -3.0;  // range of random floating-point elements
  double high = 3.0;
  std::int64_t index_high = 0;  // > 0: integer operands are drawn from [index_low, index_high)
  std::int64_t index_low = 0;
  std::vector<std::size_t> omitted;  // optional operands that are not given (their entry of `operands` is ignored)
};

/// Operands of an operation while its result type is inferred. An operand that is not given has no type.
struct OperandTypes {
  std::vector<const TensorType*> types;
  bool given(std::size_t i) const { return i < types.size() && types[i] != nullptr; }
  /// Throws TypeError when the operand is missing.
  const TensorType& operator[](std::size_t i) const;
  std::size_t size() const { return types.size(); }
};

struct OperationDefinition {
  std::string name;
  std::string doc;
  OperationKind kind = OperationKind::composite;
  std::vector<OperandSpec> operands;
  std::vector<AttributeSpec> attributes;

  /// Type of the result. Throws TypeError or ValueError saying what was expected and found.
  std::function<TensorType(const OperandTypes&, const Attributes&)> infer;
  /// The truth: plain scalar code with double accumulation. Operands that are not given are null.
  std::function<ReferenceTensor(std::span<const ReferenceTensor* const>, const Attributes&, const TensorType& result)>
      reference;
  /// kind == pointwise: appends the scalar program; `operands` are the instructions that hold the operands' elements,
  /// -1 for operands that are not given.
  std::function<int(ScalarProgram&, std::span<const int> operands, const Attributes&)> pointwise;
  /// kind == reduction.
  ReductionOp reduction = ReductionOp::sum;
  /// kind == composite: rebuilds `node` from other operations and returns the value that replaces it.
  std::function<std::uint32_t(GraphBuilder&, const Node& node)> lower;
  std::function<Cost(const OperandTypes&, const Attributes&, const TensorType& result)> cost;
  /// A random case; called many times by the tests. Includes odd sizes, size 1 and empty tensors.
  std::function<OperationCase(std::mt19937_64&)> random_case;
  /// Cases for the benchmark tables (may be empty).
  std::function<std::vector<OperationCase>()> benchmark_cases;
};

/// All operations by name.
class OperationRegistry {
 public:
  static OperationRegistry& instance();
  /// Throws ValueError when the name is taken or a required member is missing.
  const OperationDefinition& add(OperationDefinition definition);
  /// Throws ValueError naming the unknown operation.
  const OperationDefinition& get(const std::string& name) const;
  std::vector<const OperationDefinition*> all() const;  // by name

 private:
  std::map<std::string, std::unique_ptr<OperationDefinition>> definitions_;
};

/// Applies an operation: appends a node when an operand is traced (or a function is being traced), else runs it as a
/// program of one operation. Operands that are not given are undefined tensors.
Tensor apply(const OperationDefinition& operation, const std::vector<Tensor>& operands, Attributes attributes = {});

}  // namespace tilefold
