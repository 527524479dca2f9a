#include "tilefold/jit.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>

#include "graph/backend.h"
#include "graph/cache_misses.h"
#include "graph/key_writer.h"
#include "graph/program_cache.h"
#include "graph/scopes.h"
#include "graph/tracer.h"
#include "runtime/core_grid.h"

namespace tilefold {
namespace {

constexpr std::size_t kProgramsPerFunction = 256;

/// One traced and compiled variant, and what must hold for it to be used again.
struct Program {
  std::vector<std::string> parameter_names;
  std::vector<TensorType> parameter_types;
  std::map<std::string, bool> contains_answers;
  std::shared_ptr<Executable> executable;
  std::shared_ptr<const void> result_form;

  /// Whether the program serves these parameters; `found` gets the ones it takes.
  bool fits(const Parameters& parameters, std::vector<Tensor>& found) const {
    for (const auto& [name, present] : contains_answers) {
      if ((parameters.find(name) != nullptr) != present) return false;
    }
    found.clear();
    for (std::size_t i = 0; i < parameter_names.size(); ++i) {
      const Tensor* parameter = parameters.find(parameter_names[i]);
      if (parameter == nullptr || parameter->type() != parameter_types[i]) return false;
      found.push_back(*parameter);
    }
    return true;
  }
};

bool has_symbols(const std::vector<Tensor>& tensors, const JitOptions& options) {
  return options.symbolic && std::none_of(tensors.begin(), tensors.end(),
                                          [](const Tensor& tensor) { return tensor.memory_config().is_sharded(); });
}

/// Numbers the distinct sizes in the order they come up.
class Symbols {
 public:
  int of(std::int64_t size) {
    const auto found = std::find(sizes_.begin(), sizes_.end(), size);
    if (found != sizes_.end()) return static_cast<int>(found - sizes_.begin());
    sizes_.push_back(size);
    return static_cast<int>(sizes_.size()) - 1;
  }
  static bool apply_to(const Shape& shape, int axis) { return axis + 1 < shape.rank() && shape[axis] > 1; }

 private:
  std::vector<std::int64_t> sizes_;
};

/// Gives every distinct size above 1 outside the last dimension its own symbol; equal sizes share one. Two calls get
/// the same types exactly when the same program serves both. A shard spec fits one shape only, so sharded tensors make
/// all dimensions static.
std::vector<TensorType> argument_types(const std::vector<Tensor>& tensors, bool symbolic) {
  std::vector<TensorType> types;
  Symbols symbols;
  for (const Tensor& tensor : tensors) {
    TensorType type = tensor.type();
    for (int axis = 0; symbolic && axis < type.shape.rank(); ++axis) {
      if (Symbols::apply_to(tensor.shape(), axis)) type.shape.set(axis, Dim::symbol(symbols.of(tensor.shape()[axis])));
    }
    types.push_back(std::move(type));
  }
  return types;
}

/// What `argument_types` gives, as a part of a key.
void write_argument_types(KeyWriter& key, const std::vector<Tensor>& tensors, bool symbolic) {
  Symbols symbols;
  key.number(tensors.size());
  for (const Tensor& tensor : tensors) {
    key.type_without_dims(tensor.type());
    for (int axis = 0; axis < tensor.rank(); ++axis) {
      const bool symbol = symbolic && Symbols::apply_to(tensor.shape(), axis);
      key.number(symbol);
      key.number(symbol ? symbols.of(tensor.shape()[axis]) : tensor.shape()[axis]);
    }
  }
}

/// Everything that a program depends on beside the parameters, which its variants tell apart.
std::string program_key(const JitOptions& options, const std::vector<Tensor>& tensors, const std::string& static_key) {
  KeyWriter key;
  key.number(options.precision);
  key.number(options.graph_capture);
  key.number(options.fallback);
  key.number(options.max_grid.has_value());
  if (options.max_grid) {
    key.number(options.max_grid->x);
    key.number(options.max_grid->y);
  }
  key.number(options.memory_config.has_value());
  if (options.memory_config) key.memory_config(*options.memory_config);
  key.number(reference_scope_active());
  key.text(static_key);
  write_argument_types(key, tensors, has_symbols(tensors, options));
  return key.key();
}

std::string readable_key(const JitOptions& options, const std::vector<Tensor>& tensors, const std::string& static_key) {
  std::string text = options.precision == Precision::mixed ? "mixed" : "float32";
  if (options.max_grid) text += fmt::format(" grid {}x{}", options.max_grid->x, options.max_grid->y);
  if (options.memory_config) text += " <" + options.memory_config->to_string() + ">";
  for (const TensorType& type : argument_types(tensors, has_symbols(tensors, options))) text += " " + type.to_string();
  return text + " \"" + static_key + "\"";
}

/// Cores of the grid the options allow; 0 is all threads.
int max_cores(const JitOptions& options) {
  return options.max_grid ? static_cast<int>((options.max_grid->x + 1) * (options.max_grid->y + 1)) : 0;
}

}  // namespace

struct JitFunction::State {
  explicit State(JitOptions chosen) : options(std::move(chosen)), programs(kProgramsPerFunction) {}

  JitOptions options;
  ProgramCache<Program> programs;
  std::atomic<std::size_t> uncached = 0;  // programs made without the cache
  std::atomic<double> compile_seconds = 0;
  mutable std::mutex last_mutex;
  std::shared_ptr<Program> last;

  std::shared_ptr<Program> make_program(const Traced& function, const Parameters& parameters,
                                        const std::vector<Tensor>& tensors, const std::string& static_key) {
    if (!cache_misses_allowed())
      fail_cache_miss("jitted function '" + options.name + "'", readable_key(options, tensors, static_key));
    const auto start = std::chrono::steady_clock::now();
    const std::vector<TensorType> types = argument_types(tensors, has_symbols(tensors, options));
    auto program = std::make_shared<Program>();
    Graph graph = trace(function, parameters, types, *program);
    CompileOptions compile_options;
    compile_options.name = options.name;
    compile_options.debug = options.debug;
    compile_options.max_cores = max_cores(options);
    program->executable = compile_or_fall_back(std::move(graph), compile_options);
    compile_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return program;
  }

  Graph trace(const Traced& function, const Parameters& parameters, const std::vector<TensorType>& types,
              Program& program) {
    Tracer tracer(options.name);
    const PrecisionScope precision(options.precision);
    std::vector<Tensor> arguments;
    for (const TensorType& type : types) arguments.push_back(tracer.add_input(type));
    Results results = function(tracer.trace_parameters(parameters), arguments);
    if (options.memory_config && results.tensors.size() == 1) results.tensors[0] = place(results.tensors[0]);
    Graph graph = tracer.finish(results.tensors);
    program.result_form = std::move(results.form);
    program.contains_answers = tracer.contains_queries;
    for (const ValueId parameter : graph.parameters) {
      program.parameter_names.push_back(graph.values[parameter].name);
      program.parameter_types.push_back(graph.type(parameter));
    }
    return graph;
  }

  Tensor place(const Tensor& result) const {
    const OperationDefinition& operation = OperationRegistry::instance().get("to_memory_config");
    return apply(operation, {result}, Attributes{{"memory_config", *options.memory_config}});
  }

  std::shared_ptr<Executable> compile_or_fall_back(Graph graph, const CompileOptions& compile_options) const {
    if (!options.fallback) return compile(std::move(graph), compile_options);
    try {
      return compile(graph, compile_options);
    } catch (const CompileError& error) {
      std::fprintf(stderr, "tilefold: '%s' could not be compiled (%s); running the reference interpreter\n",
                   options.name.c_str(), error.what());
      return make_interpreter(std::move(graph));
    }
  }

  /// The program for these arguments, made now if there is none, and the parameters it takes.
  std::pair<std::shared_ptr<Program>, std::vector<Tensor>> find(const Traced& function, const Parameters& parameters,
                                                                const std::vector<Tensor>& tensors,
                                                                const std::string& static_key) {
    std::vector<Tensor> found;
    const auto fits = [&](const Program& program) { return program.fits(parameters, found); };
    const auto make = [&] {
      std::shared_ptr<Program> program = make_program(function, parameters, tensors, static_key);
      // The trace has taken what it found, so the parameters are there; this collects them.
      if (!fits(*program)) throw ValueError("'" + options.name + "': its parameters changed while it was traced");
      return program;
    };
    if (options.enable_cache) {
      std::shared_ptr<Program> program = programs.find_or_make(program_key(options, tensors, static_key), fits, make);
      return {std::move(program), std::move(found)};
    }
    std::shared_ptr<Program> program = make();
    ++uncached;
    return {std::move(program), std::move(found)};
  }

  void remember(const std::shared_ptr<Program>& program) {
    const std::lock_guard lock(last_mutex);
    if (last != program) last = program;
  }
};

JitFunction::JitFunction(JitOptions options) : state_(std::make_shared<State>(std::move(options))) {}
JitFunction::~JitFunction() = default;

JitFunction::Results JitFunction::call(const Traced& function, const Parameters& parameters,
                                       const std::vector<Tensor>& tensors, const std::string& static_key) {
  if (is_tracing() || !state_->options.graph_capture) {
    const PrecisionScope precision(state_->options.precision);
    const CoreLimit limit(is_tracing() ? 0 : max_cores(state_->options));
    return function(parameters, tensors);
  }
  const auto [program, found] = state_->find(function, parameters, tensors, static_key);
  state_->remember(program);
  return {program->executable->run(tensors, found), program->result_form};
}

const JitOptions& JitFunction::options() const { return state_->options; }

JitStatistics JitFunction::statistics() const {
  const ProgramCacheStatistics cache = state_->programs.statistics();
  return {.entries = cache.entries,
          .hits = cache.hits,
          .misses = cache.misses + state_->uncached,
          .evictions = cache.evictions,
          .compile_seconds = state_->compile_seconds};
}

std::string JitFunction::program_text() const {
  const std::lock_guard lock(state_->last_mutex);
  return state_->last ? state_->last->executable->text() : "";
}

bool is_tracing() { return Tracer::active() != nullptr; }

}  // namespace tilefold
