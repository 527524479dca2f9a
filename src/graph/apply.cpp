#include "graph/backend.h"
#include "graph/operation.h"
#include "graph/program_cache.h"
#include "graph/scopes.h"
#include "graph/tracer.h"

namespace tilefold {
namespace {

constexpr std::size_t kEagerPrograms = 4096;

/// A program of one operation over these operand types.
std::shared_ptr<Executable> compile_single(const OperationDefinition& operation, const std::vector<Tensor>& operands,
                                           const Attributes& attributes) {
  Graph graph;
  graph.name = operation.name;
  std::vector<ValueId> values;
  for (const Tensor& operand : operands)
    values.push_back(operand.defined() ? graph.add_input(operand.type()) : kNoValue);
  graph.outputs = {graph.add_node(operation, values, attributes, current_precision(), current_scope_name())};
  CompileOptions options;
  options.name = operation.name;
  return compile(std::move(graph), options);
}

Tensor run_single(const OperationDefinition& operation, const std::vector<Tensor>& operands,
                  const Attributes& attributes) {
  static LruCache<Executable> programs(kEagerPrograms);
  std::string key = operation.name + attributes.to_string();
  key += current_precision() == Precision::mixed ? "|mixed" : "|float32";
  if (reference_scope_active()) key += "|reference";
  std::vector<Tensor> inputs;
  for (const Tensor& operand : operands) {
    key += operand.defined() ? "|" + operand.type().to_string() : "|none";
    if (operand.defined()) inputs.push_back(operand);
  }
  const auto [executable, hit] =
      programs.find_or_make(key, [&] { return compile_single(operation, operands, attributes); });
  return executable->run(inputs, {}).at(0);
}

}  // namespace

Tensor apply(const OperationDefinition& operation, const std::vector<Tensor>& operands, Attributes attributes) {
  if (Tracer* tracer = Tracer::active()) return tracer->append(operation, operands, std::move(attributes));
  for (const Tensor& operand : operands) {
    if (operand.defined() && operand.is_traced()) throw TypeError("a traced tensor is used after its trace has ended");
  }
  return run_single(operation, operands, attributes);
}

}  // namespace tilefold
