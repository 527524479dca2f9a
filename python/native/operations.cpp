#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "graph/operation.h"
#include "native/bindings.h"
#include "ops/documentation.h"

namespace nb = nanobind;

namespace tilefold::python {
namespace {

/// bool, int, float, str, list of int, Dim, Dims, DType; anything else is a Python TypeError that names the attribute.
AttributeValue attribute_value(const std::string& name, nb::handle value) {
  if (nb::isinstance<nb::bool_>(value)) return nb::cast<bool>(value);
  if (nb::isinstance<nb::int_>(value)) return nb::cast<std::int64_t>(value);
  if (nb::isinstance<nb::float_>(value)) return nb::cast<double>(value);
  if (nb::isinstance<nb::str>(value)) return nb::cast<std::string>(value);
  if (nb::isinstance<Dim>(value)) return nb::cast<Dim>(value);
  if (nb::isinstance<Shape>(value)) return nb::cast<Shape>(value);
  if (nb::isinstance<DType>(value)) return nb::cast<DType>(value);
  if (nb::isinstance<nb::list>(value) || nb::isinstance<nb::tuple>(value))
    return nb::cast<std::vector<std::int64_t>>(value);
  throw nb::type_error(("attribute '" + name + "' has an unsupported kind of value").c_str());
}

/// One operation with its attributes, ready to be applied to tensors again and again.
class Operation {
 public:
  Operation(const std::string& name, const nb::dict& attributes)
      : definition_(OperationRegistry::instance().get(name)) {
    for (const auto& [key, value] : attributes) {
      const auto attribute = nb::cast<std::string>(key);
      attributes_.set(attribute, attribute_value(attribute, value));
    }
  }

  Tensor apply(const nb::args& operands) const {
    std::vector<Tensor> tensors;
    tensors.reserve(operands.size());
    for (const nb::handle operand : operands)
      tensors.push_back(operand.is_none() ? Tensor() : nb::cast<Tensor>(operand));
    const nb::gil_scoped_release release;
    return tilefold::apply(definition_, tensors, attributes_);
  }

  std::string representation() const { return definition_.name + attributes_.to_string(); }

 private:
  const OperationDefinition& definition_;
  Attributes attributes_;
};

const char* kind_name(OperationKind kind) {
  switch (kind) {
    case OperationKind::pointwise:
      return "pointwise";
    case OperationKind::reduction:
      return "reduction";
    case OperationKind::contraction:
      return "contraction";
    case OperationKind::attention:
      return "attention";
    case OperationKind::view:
      return "view";
    case OperationKind::movement:
      return "movement";
    case OperationKind::composite:
      return "composite";
  }
  return "unknown";
}

nb::dict description(const OperationDefinition& definition) {
  nb::list operands;
  for (const OperandSpec& operand : definition.operands) {
    nb::dict entry;
    entry["name"] = operand.name;
    entry["doc"] = operand.doc;
    entry["optional"] = operand.optional;
    entry["variadic"] = operand.variadic;
    operands.append(entry);
  }
  nb::list attributes;
  for (const AttributeSpec& attribute : definition.attributes) {
    nb::dict entry;
    entry["name"] = attribute.name;
    entry["doc"] = attribute.doc;
    attributes.append(entry);
  }
  nb::dict result;
  result["name"] = definition.name;
  result["doc"] = definition.doc;
  result["kind"] = kind_name(definition.kind);
  result["operands"] = operands;
  result["attributes"] = attributes;
  return result;
}

nb::list all_descriptions() {
  nb::list list;
  for (const OperationDefinition* definition : OperationRegistry::instance().all())
    list.append(description(*definition));
  return list;
}

}  // namespace

void bind_operations(nb::module_& module) {
  nb::class_<Operation>(module, "Operation", "An operation of the registry with its attributes; call it with tensors.")
      .def(nb::init<const std::string&, const nb::dict&>(), nb::arg("name"), nb::arg("attributes") = nb::dict())
      .def("__call__", &Operation::apply)
      .def("__repr__", &Operation::representation);
  module.def("registry", &all_descriptions,
             "Every operation: name, doc, kind, operands and attributes with their docs.");
}

}  // namespace tilefold::python
