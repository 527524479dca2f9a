#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "graph/backend.h"
#include "graph/tracer.h"
#include "native/bindings.h"
#include "tilefold/precision.h"

namespace nb = nanobind;

namespace tilefold::python {
namespace {

/// A traced and compiled function. Thread-safe.
class Program {
 public:
  Program(std::shared_ptr<Executable> executable, std::string graph)
      : executable_(std::move(executable)), graph_(std::move(graph)) {}

  std::vector<Tensor> run(const std::vector<Tensor>& inputs) const {
    const nb::gil_scoped_release release;
    return executable_->run(inputs, {});
  }
  /// The graph as traced, before the passes.
  const std::string& graph() const { return graph_; }
  /// Graph after all passes, and its schedule.
  std::string text() const { return executable_->text(); }

 private:
  std::shared_ptr<Executable> executable_;
  std::string graph_;
};

/// Sizes above 1 outside of the last dimension become symbols (equal sizes share one) when `symbolic`.
TensorType input_type(const Tensor& tensor, bool symbolic, std::map<std::int64_t, int>& symbols) {
  TensorType type = tensor.type();
  for (int axis = 0; symbolic && axis + 1 < type.shape.rank(); ++axis) {
    const std::int64_t size = type.shape[axis];
    if (size < 2) continue;
    type.shape.set(axis, Dim::symbol(symbols.emplace(size, static_cast<int>(symbols.size())).first->second));
  }
  return type;
}

struct TraceOptions {
  std::string name;
  bool debug = false;
  bool symbolic = false;
  Precision precision = Precision::float32;
  int max_cores = 0;
  bool compile = true;
};

/// Calls `function` with traced tensors; it returns a tuple of tensors. Without `compile` the program is interpreted.
std::shared_ptr<Program> trace(const nb::callable& function, const std::vector<Tensor>& examples,
                               const TraceOptions& options) {
  Tracer tracer(options.name);
  const PrecisionScope precision(options.precision);
  nb::list arguments;
  std::map<std::int64_t, int> symbols;
  for (const Tensor& example : examples)
    arguments.append(tracer.add_input(input_type(example, options.symbolic, symbols)));
  const nb::object results = function(*nb::tuple(arguments));
  Graph graph = tracer.finish(nb::cast<std::vector<Tensor>>(results));
  std::string text = graph.to_string();
  const nb::gil_scoped_release release;
  if (!options.compile) return std::make_shared<Program>(make_interpreter(std::move(graph)), std::move(text));
  CompileOptions compile_options;
  compile_options.name = options.name;
  compile_options.debug = options.debug;
  compile_options.max_cores = options.max_cores;
  return std::make_shared<Program>(compile(std::move(graph), compile_options), std::move(text));
}

}  // namespace

void bind_programs(nb::module_& module) {
  nb::enum_<Precision>(module, "Precision", "float32, or mixed: bf16 operands of products with fp32 accumulation.")
      .value("float32", Precision::float32)
      .value("mixed", Precision::mixed);
  nb::class_<Program>(module, "Program", "A traced and compiled function of tensors.")
      .def("run", &Program::run, nb::arg("inputs"))
      .def_prop_ro("graph", &Program::graph)
      .def_prop_ro("text", &Program::text);
  module.def(
      "trace",
      [](const nb::callable& function, const std::vector<Tensor>& examples, const std::string& name, bool debug,
         bool symbolic, Precision precision, int max_cores,
         bool compile) { return trace(function, examples, {name, debug, symbolic, precision, max_cores, compile}); },
      nb::arg("function"), nb::arg("examples"), nb::arg("name"), nb::arg("debug") = false, nb::arg("symbolic") = false,
      nb::arg("precision") = Precision::float32, nb::arg("max_cores") = 0, nb::arg("compile") = true,
      "Calls `function` once with traced tensors of the examples' types and compiles what it did. It returns a tuple "
      "of "
      "tensors. compile=False makes a program for the reference interpreter.");
  module.def("is_tracing", &is_tracing);
}

}  // namespace tilefold::python
