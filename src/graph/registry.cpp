#include "graph/operation.h"

namespace tilefold {

const TensorType& OperandTypes::operator[](std::size_t i) const {
  if (!given(i)) throw TypeError("operand " + std::to_string(i) + " is missing");
  return *types[i];
}

OperationRegistry& OperationRegistry::instance() {
  static OperationRegistry registry;
  return registry;
}

const OperationDefinition& OperationRegistry::add(OperationDefinition definition) {
  const std::string name = definition.name;
  const auto require = [&](bool present, const char* member) {
    if (!present) throw ValueError("operation '" + name + "' is registered without " + member);
  };
  require(!name.empty(), "a name");
  require(static_cast<bool>(definition.infer), "a type rule");
  require(static_cast<bool>(definition.reference), "a reference");
  require(definition.kind != OperationKind::pointwise || definition.pointwise, "a scalar program");
  require(definition.kind != OperationKind::composite || definition.lower, "a lowering");
  const auto [position, inserted] =
      definitions_.emplace(name, std::make_unique<OperationDefinition>(std::move(definition)));
  if (!inserted) throw ValueError("operation '" + name + "' is registered twice");
  return *position->second;
}

const OperationDefinition& OperationRegistry::get(const std::string& name) const {
  const auto found = definitions_.find(name);
  if (found == definitions_.end()) throw ValueError("unknown operation '" + name + "'");
  return *found->second;
}

std::vector<const OperationDefinition*> OperationRegistry::all() const {
  std::vector<const OperationDefinition*> definitions;
  definitions.reserve(definitions_.size());
  for (const auto& [name, definition] : definitions_) definitions.push_back(definition.get());
  return definitions;
}

}  // namespace tilefold
