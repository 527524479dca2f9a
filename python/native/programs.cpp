#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <map>
#include <mutex>

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

/// The compiled programs of one function, by the types of its operands. Thread-safe.
class ProgramTable {
 public:
  /// What the program for these operands makes (one tensor, or a tuple), or None: there is no program yet, or a
  /// function is being traced, which then has to record the operations themselves.
  nb::object run(const nb::args& operands) const {
    if (is_tracing()) return nb::none();
    const std::vector<Tensor> tensors = tensors_of(operands);
    std::shared_ptr<Program> program;
    {
      const std::lock_guard lock(mutex_);
      const auto found = programs_.find(key_of(tensors));
      if (found == programs_.end()) return nb::none();
      program = found->second;
    }
    std::vector<Tensor> results = program->run(tensors);
    if (results.size() == 1) return nb::cast(std::move(results[0]));
    return nb::tuple(nb::cast(std::move(results)));
  }

  void add(std::shared_ptr<Program> program, const std::vector<Tensor>& operands) {
    const std::lock_guard lock(mutex_);
    if (programs_.size() >= kPrograms) programs_.clear();
    programs_[key_of(operands)] = std::move(program);
  }

 private:
  static constexpr std::size_t kPrograms = 1024;
  using Key = std::vector<std::int64_t>;

  static std::vector<Tensor> tensors_of(const nb::args& operands) {
    std::vector<Tensor> tensors;
    tensors.reserve(operands.size());
    for (const nb::handle operand : operands) tensors.push_back(nb::cast<Tensor>(operand));
    return tensors;
  }

  /// Dtype, rank and sizes of every operand.
  static Key key_of(const std::vector<Tensor>& tensors) {
    Key key;
    key.reserve(8 * tensors.size());
    for (const Tensor& tensor : tensors) {
      const TensorType& type = tensor.type();
      if (type.layout != Layout::tile || type.memory_config != MemoryConfig{})
        throw TypeError("expected a tensor in the default layout and placement, got " + type.to_string());
      key.push_back(static_cast<std::int64_t>(type.dtype));
      key.push_back(type.shape.rank());
      for (int axis = 0; axis < type.shape.rank(); ++axis) key.push_back(type.shape[axis]);
    }
    return key;
  }

  mutable std::mutex mutex_;
  std::map<Key, std::shared_ptr<Program>> programs_;
};

}  // namespace

void bind_programs(nb::module_& module) {
  nb::enum_<Precision>(module, "Precision", "float32, or mixed: bf16 operands of products with fp32 accumulation.")
      .value("float32", Precision::float32)
      .value("mixed", Precision::mixed);
  nb::class_<Program>(module, "Program", "A traced and compiled function of tensors.")
      .def("run", &Program::run, nb::arg("inputs"))
      .def_prop_ro("graph", &Program::graph)
      .def_prop_ro("text", &Program::text);
  nb::class_<ProgramTable>(module, "ProgramTable", "Programs of one function, by the types of its operands.")
      .def(nb::init<>())
      .def("__call__", &ProgramTable::run)
      .def("add", &ProgramTable::add, nb::arg("program"), nb::arg("operands"));
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
