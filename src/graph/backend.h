/// How graphs are executed: the seam between graph/ and the code generator above it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace tilefold {

/// A program ready to run. Thread-safe.
class Executable {
 public:
  virtual ~Executable() = default;
  /// Inputs, then parameters, in the graph's order; symbols are bound from the inputs' shapes.
  /// Throws ValueError when a symbol gets two different sizes.
  virtual std::vector<Tensor> run(std::span<const Tensor> inputs, std::span<const Tensor> parameters) = 0;
  /// The final graph and schedule as text.
  virtual std::string text() const = 0;
};

struct CompileOptions {
  std::string name = "graph";
  bool debug = false;
  int max_cores = 0;  // 0: all threads
};

using Compiler = std::function<std::shared_ptr<Executable>(Graph, const CompileOptions&)>;

/// Installs the compiler that `compile` uses; src/codegen does so when the library is loaded.
void set_compiler(Compiler compiler);
/// Compiles with the installed compiler, or with the reference interpreter when none is installed.
std::shared_ptr<Executable> compile(Graph graph, const CompileOptions& options);
/// An executable that interprets the graph with the operations' references.
std::shared_ptr<Executable> make_interpreter(Graph graph);

/// Runs a graph with the reference interpreter: operation by operation, in double, rounding to each value's dtype.
std::vector<Tensor> interpret(const Graph& graph, std::span<const Tensor> inputs, std::span<const Tensor> parameters);

/// Test switch: everything on this thread is interpreted while this object lives.
class ReferenceScope {
 public:
  ReferenceScope();
  ~ReferenceScope();
  ReferenceScope(const ReferenceScope&) = delete;
  ReferenceScope& operator=(const ReferenceScope&) = delete;

 private:
  bool previous_;
};
bool reference_scope_active();

/// Binds the symbols of `types` to the sizes of `tensors`. Throws ValueError on conflicts and TypeError on other
/// differences (dtype, rank, static sizes).
SymbolBindings bind_symbols(std::span<const TensorType* const> types, std::span<const Tensor> tensors);

}  // namespace tilefold
