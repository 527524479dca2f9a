/// Inverse of printer.cpp, which describes the grammar.
#include "graph/graph.h"
#include "graph/text.h"

namespace tilefold {
namespace {

/// Larger constants in a text are a mistake or an attack: their data would be zeros anyway.
constexpr std::int64_t kLargestConstant = std::int64_t{1} << 24;

class Parser {
 public:
  explicit Parser(const std::string& text) : reader_(text) {}

  Graph parse() {
    reader_.expect("graph");
    graph_.name = reader_.string();
    reader_.expect("{");
    while (reader_.peek("%")) definition();
    reader_.expect("return");
    if (reader_.peek("%")) {
      do graph_.outputs.push_back(value());
      while (reader_.take(","));
    }
    reader_.expect("}");
    if (!reader_.at_end()) reader_.fail("the end of the graph");
    return std::move(graph_);
  }

 private:
  void definition() {
    if (reader_.number_after("%") != graph_.values.size())
      reader_.fail("value %" + std::to_string(graph_.values.size()) + ": values are numbered in order");
    reader_.expect("=");
    const std::string what = reader_.identifier();
    if (what == "input") {
      graph_.add_input(reader_.tensor_type());
    } else if (what == "parameter") {
      std::string name = reader_.string();
      graph_.add_parameter(std::move(name), reader_.tensor_type());
    } else if (what == "constant") {
      graph_.add_constant(constant());
    } else {
      node(what);
    }
  }

  ValueId value() {
    const std::uint32_t id = reader_.number_after("%");
    if (id >= graph_.values.size()) reader_.fail("a value that is defined above");
    return id;
  }

  std::vector<ValueId> operands() {
    std::vector<ValueId> values;
    reader_.expect("(");
    if (reader_.take(")")) return values;
    do values.push_back(reader_.take("none") ? kNoValue : value());
    while (reader_.take(","));
    reader_.expect(")");
    return values;
  }

  void node(const std::string& name) {
    std::vector<ValueId> values = operands();
    Attributes attributes = reader_.peek("{") ? reader_.attributes() : Attributes();
    reader_.expect(":");
    const TensorType type = reader_.tensor_type();
    const Precision precision = reader_.take("mixed") ? Precision::mixed : Precision::float32;
    std::string scope = reader_.peek("\"") ? reader_.string() : "";
    const OperationDefinition& operation = OperationRegistry::instance().get(name);
    const ValueId result =
        graph_.add_node(operation, std::move(values), std::move(attributes), precision, std::move(scope));
    if (graph_.type(result) != type)
      reader_.fail("the type that '" + name + "' gives, " + graph_.type(result).to_string());
  }

  Tensor constant() {
    const TensorType type = reader_.tensor_type();
    std::int64_t volume = 1;
    for (const Dim& dim : type.shape.dims()) {
      if (!dim.is_static() || dim.value() < 0 || dim.value() > kLargestConstant) reader_.fail("a constant's shape");
      volume *= dim.value();
      if (volume > kLargestConstant) reader_.fail("a constant of reasonable size");
    }
    TensorType dense = type;
    dense.memory_config = {};
    if (reader_.take("#")) {
      (void)reader_.identifier();
      return retyped(Tensor::zeros(type.shape, type.dtype), type);
    }
    return retyped(elements(type, volume), type);
  }

  static Tensor retyped(const Tensor& tensor, const TensorType& type) {
    return Tensor::from_storage(type, tensor.storage(), tensor.storage_offset());
  }

  Tensor elements(const TensorType& type, std::int64_t volume) {
    const bool integers = !is_floating_point(type.dtype);
    reader_.expect("[");
    std::vector<float> floats;
    std::vector<std::int32_t> ints;
    for (std::int64_t i = 0; i < volume; ++i) {
      if (i > 0) reader_.expect(",");
      if (integers) {
        ints.push_back(static_cast<std::int32_t>(reader_.integer()));
      } else {
        floats.push_back(static_cast<float>(reader_.hexadecimal()));
      }
    }
    reader_.expect("]");
    return (integers ? Tensor::from_data<std::int32_t>(type.shape, ints) : Tensor::from_data<float>(type.shape, floats))
        .converted_to(type.dtype);
  }

  TextReader reader_;
  Graph graph_;
};

}  // namespace

Graph Graph::parse(const std::string& text) {
  try {
    return Parser(text).parse();
  } catch (const ParseError&) {
    throw;
  } catch (const Error& error) {  // type rules, unknown operations
    throw ParseError(error.what());
  }
}

}  // namespace tilefold
