#include "graph/backend.h"
#include "graph/cache_misses.h"
#include "graph/key_writer.h"
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

std::string readable_key(const OperationDefinition& operation, const std::vector<Tensor>& operands,
                         const Attributes& attributes) {
  std::string text = operation.name + " " + attributes.to_string();
  for (const Tensor& operand : operands) text += operand.defined() ? " " + operand.type().to_string() : " none";
  return text + (current_precision() == Precision::mixed ? " mixed" : " float32");
}

Tensor run_single(const OperationDefinition& operation, const std::vector<Tensor>& operands,
                  const Attributes& attributes) {
  // Never destroyed: operations may still run while static objects of the program are.
  static auto* programs = new ProgramCache<Executable>(kEagerPrograms);
  KeyWriter key;
  key.text(operation.name);
  key.number(current_precision());
  key.number(reference_scope_active());
  key.attributes(attributes);
  std::vector<Tensor> inputs;
  inputs.reserve(operands.size());
  for (const Tensor& operand : operands) {
    key.number(operand.defined());
    if (!operand.defined()) continue;
    key.type(operand.type());
    inputs.push_back(operand);
  }
  const auto any = [](const Executable&) { return true; };
  const auto executable = programs->find_or_make(key.key(), any, [&] {
    if (!cache_misses_allowed())
      fail_cache_miss("operation '" + operation.name + "'", readable_key(operation, operands, attributes));
    return compile_single(operation, operands, attributes);
  });
  return std::move(executable->run(inputs, {}).at(0));
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
