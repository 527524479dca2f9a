#include "graph/backend.h"

namespace tilefold {
namespace {

Compiler& installed_compiler() {
  static Compiler compiler;
  return compiler;
}

}  // namespace

void set_compiler(Compiler compiler) { installed_compiler() = std::move(compiler); }

std::shared_ptr<Executable> compile(Graph graph, const CompileOptions& options) {
  verify(graph);
  if (!installed_compiler() || reference_scope_active()) return make_interpreter(std::move(graph));
  return installed_compiler()(std::move(graph), options);
}

}  // namespace tilefold
