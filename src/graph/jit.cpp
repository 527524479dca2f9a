#include "tilefold/jit.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>

#include "graph/backend.h"
#include "graph/program_cache.h"
#include "graph/scopes.h"
#include "graph/tracer.h"

namespace tilefold {
namespace {

constexpr std::size_t kProgramsPerFunction = 256;

/// One traced and compiled variant, and what must hold for it to be used again.
struct Program {
  std::vector<std::string> parameter_names;
  std::vector<TensorType> parameter_types;
  std::map<std::string, bool> contains_answers;
  std::shared_ptr<Executable> executable;

  bool fits(const Parameters& parameters) const {
    for (const auto& [name, present] : contains_answers) {
      if (parameters.contains(name) != present) return false;
    }
    for (std::size_t i = 0; i < parameter_names.size(); ++i) {
      if (!parameters.contains(parameter_names[i]) || parameters[parameter_names[i]].type() != parameter_types[i])
        return false;
    }
    return true;
  }
};

/// Programs that share a key but differ in the parameters they found.
struct Variants {
  std::mutex mutex;
  std::vector<std::shared_ptr<Program>> programs;
};

/// Gives every distinct size above 1 outside the last dimension its own symbol; equal sizes share one. Two calls get
/// the same types exactly when the same program serves both. A shard spec fits one shape only, so sharded tensors make
/// all dimensions static.
std::vector<TensorType> argument_types(const std::vector<Tensor>& tensors, bool symbolic) {
  std::vector<TensorType> types;
  std::map<std::int64_t, int> symbols;
  for (const Tensor& tensor : tensors) symbolic = symbolic && !tensor.memory_config().is_sharded();
  for (const Tensor& tensor : tensors) {
    TensorType type = tensor.type();
    for (int axis = 0; symbolic && axis + 1 < type.shape.rank(); ++axis) {
      const std::int64_t size = type.shape[axis];
      if (size < 2) continue;
      const auto [symbol, inserted] = symbols.emplace(size, static_cast<int>(symbols.size()));
      type.shape.set(axis, Dim::symbol(symbol->second));
    }
    types.push_back(std::move(type));
  }
  return types;
}

std::string options_key(const JitOptions& options) {
  std::string key = options.precision == Precision::mixed ? "mixed;" : "float32;";
  if (options.max_grid) key += fmt::format("grid {}x{};", options.max_grid->x, options.max_grid->y);
  if (options.memory_config) key += options.memory_config->to_string() + ";";
  if (reference_scope_active()) key += "reference;";
  return key;
}

}  // namespace

struct JitFunction::State {
  explicit State(JitOptions chosen) : options(std::move(chosen)), programs(kProgramsPerFunction) {}

  JitOptions options;
  LruCache<Variants> programs;
  std::atomic<std::size_t> hits = 0;
  std::atomic<std::size_t> misses = 0;
  std::atomic<double> compile_seconds = 0;
  mutable std::mutex last_mutex;
  std::shared_ptr<Program> last;

  std::shared_ptr<Program> make_program(const Traced& function, const Parameters& parameters,
                                        const std::vector<TensorType>& types) {
    const auto start = std::chrono::steady_clock::now();
    auto program = std::make_shared<Program>();
    Graph graph = trace(function, parameters, types, *program);
    CompileOptions compile_options;
    compile_options.name = options.name;
    compile_options.debug = options.debug;
    if (options.max_grid)
      compile_options.max_cores = static_cast<int>((options.max_grid->x + 1) * (options.max_grid->y + 1));
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
    std::vector<Tensor> results = function(tracer.trace_parameters(parameters), arguments);
    if (options.memory_config && results.size() == 1) results[0] = place(results[0]);
    Graph graph = tracer.finish(results);
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

  /// The program for these arguments, made now if there is none.
  std::shared_ptr<Program> find(const Traced& function, const Parameters& parameters,
                                const std::vector<Tensor>& tensors, const std::string& static_key) {
    const std::vector<TensorType> types = argument_types(tensors, options.symbolic);
    if (!options.enable_cache) {
      ++misses;
      return make_program(function, parameters, types);
    }
    std::string key = options_key(options) + static_key;
    for (const TensorType& type : types) key += "|" + type.to_string();
    const auto variants = programs.find_or_make(key, [] { return std::make_shared<Variants>(); }).first;
    const std::lock_guard lock(variants->mutex);
    for (const auto& program : variants->programs) {
      if (!program->fits(parameters)) continue;
      ++hits;
      return program;
    }
    ++misses;
    variants->programs.push_back(make_program(function, parameters, types));
    return variants->programs.back();
  }
};

JitFunction::JitFunction(JitOptions options) : state_(std::make_shared<State>(std::move(options))) {}
JitFunction::~JitFunction() = default;

std::vector<Tensor> JitFunction::call(const Traced& function, const Parameters& parameters,
                                      const std::vector<Tensor>& tensors, const std::string& static_key) {
  if (is_tracing() || !state_->options.graph_capture) {
    const PrecisionScope precision(state_->options.precision);
    return function(parameters, tensors);
  }
  const std::shared_ptr<Program> program = state_->find(function, parameters, tensors, static_key);
  {
    const std::lock_guard lock(state_->last_mutex);
    state_->last = program;
  }
  std::vector<Tensor> parameter_tensors;
  parameter_tensors.reserve(program->parameter_names.size());
  for (const std::string& name : program->parameter_names) parameter_tensors.push_back(parameters[name]);
  return program->executable->run(tensors, parameter_tensors);
}

const JitOptions& JitFunction::options() const { return state_->options; }

JitStatistics JitFunction::statistics() const {
  return {state_->programs.size(), state_->hits, state_->misses, state_->compile_seconds};
}

std::string JitFunction::program_text() const {
  const std::lock_guard lock(state_->last_mutex);
  return state_->last ? state_->last->executable->text() : "";
}

bool is_tracing() { return Tracer::active() != nullptr; }

}  // namespace tilefold
