#include "graph/tracer.h"

#include <atomic>
#include <cstdint>

#include "graph/scopes.h"

namespace tilefold {
namespace {

thread_local Tracer* active_tracer = nullptr;

/// What the tensors of a trace name it by. Never used again, unlike the addresses of tracers, so that a tensor that
/// outlives its trace is recognised in later ones. Only compared.
Tracer* new_identity() {
  static std::atomic<std::uintptr_t> last = 0;
  return reinterpret_cast<Tracer*>(++last);  // NOLINT(performance-no-int-to-ptr)
}

}  // namespace

Tracer::Tracer(std::string name) : identity_(new_identity()), previous_(active_tracer) {
  graph_.name = std::move(name);
  active_tracer = this;
}

Tracer::~Tracer() { active_tracer = previous_; }

Tracer* Tracer::active() { return active_tracer; }

Tensor Tracer::add_input(const TensorType& type) { return Tensor::traced(type, identity_, graph_.add_input(type)); }

Parameters Tracer::trace_parameters(const Parameters& parameters) {
  Parameters traced = parameters;
  traced.tracer_ = this;
  traced.traced_root_ = parameters.prefix_;
  return traced;
}

Tensor Tracer::parameter(const std::string& relative_name, const Tensor& concrete) {
  const auto known = parameter_values_.find(relative_name);
  if (known != parameter_values_.end()) return Tensor::traced(graph_.type(known->second), identity_, known->second);
  const ValueId value = graph_.add_parameter(relative_name, concrete.type());
  parameter_values_.emplace(relative_name, value);
  return Tensor::traced(concrete.type(), identity_, value);
}

ValueId Tracer::value_of(const Tensor& tensor) {
  if (!tensor.defined()) return kNoValue;
  if (tensor.is_traced()) {
    if (tensor.tracer() != identity_) throw TypeError("a tensor of another trace is used in '" + graph_.name + "'");
    return tensor.traced_value();
  }
  const auto known = constant_values_.find(tensor.raw());
  if (known != constant_values_.end() && graph_.type(known->second) == tensor.type()) return known->second;
  const ValueId value = graph_.add_constant(tensor);
  constant_values_[tensor.raw()] = value;
  return value;
}

Tensor Tracer::append(const OperationDefinition& operation, const std::vector<Tensor>& operands,
                      Attributes attributes) {
  std::vector<ValueId> values;
  values.reserve(operands.size());
  for (const Tensor& operand : operands) values.push_back(value_of(operand));
  const ValueId result =
      graph_.add_node(operation, std::move(values), std::move(attributes), current_precision(), current_scope_name());
  return Tensor::traced(graph_.type(result), identity_, result);
}

Graph Tracer::finish(const std::vector<Tensor>& results) {
  for (const Tensor& result : results) {
    if (!result.defined()) throw TypeError("'" + graph_.name + "' returns an undefined tensor");
    graph_.outputs.push_back(value_of(result));
  }
  return std::move(graph_);
}

}  // namespace tilefold
