/// `jit`: a function of tensors, traced once, compiled, cached and run on a grid of cores.
///
///   const auto block = jit(transition, {.name = "transition"});  // Tensor transition(const Parameters&, const
///   Tensor&) z = block(parameters.scope("layers.0"), z);
///
/// Arguments and results are values: Tensor, plain values (bool, numbers, strings, enums), and std::vector,
/// std::optional, std::pair, std::tuple and plain structures of values, nested as one likes (tilefold/parts.h says
/// which). One argument may be Parameters. Everything in the arguments that is no tensor is part of the cache key
/// (plain values, lengths of lists, which tensors and optionals are given), as are the types of the tensors; what they
/// hold is not, so calls that differ in nothing else share a program.
///
/// An undefined tensor in an argument is undefined in the function. One in a result comes back undefined, unless it is
/// the result: that is a TypeError. All else in a result that is no tensor (plain values, lengths) is kept with the
/// program and is the same in every call that it serves. Tensors captured by the function are constants of the program.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "tilefold/parameters.h"
#include "tilefold/parts.h"
#include "tilefold/tensor.h"

namespace tilefold {

/// float32: everything in fp32. mixed: products take bf16 operands and accumulate in fp32, as the reference's autocast;
/// norms, softmax statistics and residual streams stay fp32.
enum class Precision : std::uint8_t { float32, mixed };

struct JitOptions {
  /// Name in profiles, dumps and errors.
  std::string name = "jit";
  /// Print the graph before and after every pass that changed it, and the schedule.
  bool debug = false;
  /// Largest core coordinates of the grid the program may use: {7, 7} is 8 x 8 cores. Not given: all threads.
  std::optional<CoreCoord> max_grid{};
  /// Keep compiled programs; false traces and compiles anew in each call.
  bool enable_cache = true;
  /// true: the whole function is one program; false: one program per operation.
  bool graph_capture = true;
  /// Run the reference interpreter, with a warning, when compilation fails. Otherwise CompileError is thrown.
  bool fallback = false;
  Precision precision = Precision::float32;
  /// All dimensions but the last of every tensor argument are symbols: one program serves every length. Parameters are
  /// always static.
  bool symbolic = false;
  /// Memory config of the (single) output; default: that of the operation that makes it.
  std::optional<MemoryConfig> memory_config{};
};

/// Counters of one jitted function.
struct JitStatistics {
  std::size_t entries = 0;    // programs that are kept
  std::size_t hits = 0;       // calls that found their program
  std::size_t misses = 0;     // programs that were compiled
  std::size_t evictions = 0;  // programs that were dropped to stay within the bound, least recently used first
  double compile_seconds = 0;
};

/// The untyped core of a jitted function; use `jit` instead.
class JitFunction {
 public:
  struct Results {
    std::vector<Tensor> tensors;
    /// Whatever the caller needs to make its results of the tensors: kept with the program, the same in every call.
    std::shared_ptr<const void> form = nullptr;
  };
  using Traced = std::function<Results(const Parameters&, const std::vector<Tensor>&)>;

  explicit JitFunction(JitOptions options);
  ~JitFunction();

  /// Runs the program for these types and `static_key` (non-tensor arguments as text); traces `function` on a miss.
  /// What `function` throws is passed on and leaves no program behind. Threads that ask for a program which another
  /// thread is tracing wait for it: do not hold a lock that `function` needs (an interpreter's, for example) in the
  /// call. All `tensors` must be defined.
  Results call(const Traced& function, const Parameters& parameters, const std::vector<Tensor>& tensors,
               const std::string& static_key);
  const JitOptions& options() const;
  JitStatistics statistics() const;
  /// The program for the last call, as text (graph after all passes, with its schedule).
  std::string program_text() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// false turns every miss of the program caches (jitted functions and operations outside of them) into a CompileError
/// that names the function and its key: for checks that a warm process compiles nothing more. Default: true.
void set_cache_misses_allowed(bool allowed);
bool cache_misses_allowed();

/// True while a function is being traced on this thread.
bool is_tracing();

/// Number of threads (cores of the grid) that programs run on. Default: the cores this process may use.
void set_num_threads(int threads);
int num_threads();

namespace detail {

/// Splits typed arguments into tensors, parameters and a key. The key names the type of every argument: a generic
/// function may take another one that looks the same, and give another type of result.
struct ArgumentPacker {
  std::vector<Tensor> tensors;
  Parameters parameters;
  std::string key;

  template <typename Argument>
  void add(const Argument& argument) {
    if constexpr (std::is_same_v<Argument, Parameters>) {
      key += "P;";
      parameters = argument;
    } else {
      if constexpr (!std::is_same_v<Argument, Tensor>) (key += typeid(Argument).name()) += ';';
      visit_parts(argument, [&](const auto& part) { add_part(part); });
    }
  }

 private:
  void add_part(const Tensor& tensor) {
    key += tensor.defined() ? "T;" : "-;";
    if (tensor.defined()) tensors.push_back(tensor);
  }
  void add_part(const std::string& text) { ((key += std::to_string(text.size()) += ':') += text) += ';'; }
  void add_part(const char* text) { add_part(std::string(text)); }
  template <typename T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void add_part(T value) {
    if constexpr (std::is_enum_v<T>) {
      add_part(static_cast<std::int64_t>(value));
    } else if constexpr (std::is_floating_point_v<T>) {
      // The bits: to_string would make 1e-9 and 2e-9 the same.
      add_part(std::bit_cast<std::uint64_t>(static_cast<double>(value)));
    } else {
      (key += std::to_string(value)) += ';';
    }
  }
};

/// Puts traced tensors back in the places of the original arguments.
struct ArgumentUnpacker {
  const Parameters& parameters;
  const std::vector<Tensor>& tensors;
  std::size_t next = 0;

  template <typename Argument>
  Argument take(const Argument& original) {
    if constexpr (std::is_same_v<Argument, Parameters>) {
      return parameters;
    } else {
      Argument argument = original;
      visit_tensors(argument, [&](Tensor& tensor) {
        if (tensor.defined()) tensor = tensors[next++];
      });
      return argument;
    }
  }
};

/// What is left of a result without its tensors, and which of them are defined.
template <typename Result>
struct ResultForm {
  Result rest;
  std::vector<bool> defined;
};

template <typename Result>
JitFunction::Results to_results(Result result) {
  if constexpr (std::is_same_v<Result, Tensor>) {
    return {{std::move(result)}};
  } else {
    std::vector<Tensor> tensors;
    std::vector<bool> defined;
    visit_tensors(result, [&](Tensor& tensor) {
      defined.push_back(tensor.defined());
      if (tensor.defined()) tensors.push_back(std::exchange(tensor, {}));
    });
    using Form = ResultForm<Result>;
    return {std::move(tensors), std::make_shared<const Form>(Form{std::move(result), std::move(defined)})};
  }
}

template <typename Result>
Result from_results(JitFunction::Results results) {
  if constexpr (std::is_same_v<Result, Tensor>) {
    return std::move(results.tensors.at(0));
  } else {
    const auto& form = *static_cast<const ResultForm<Result>*>(results.form.get());
    Result result = form.rest;
    std::size_t place = 0;
    std::size_t next = 0;
    visit_tensors(result, [&](Tensor& tensor) {
      if (form.defined[place++]) tensor = std::move(results.tensors.at(next++));
    });
    return result;
  }
}

}  // namespace detail

/// A jitted callable; made by `jit`. Thread-safe.
template <typename Function>
class Jitted {
 public:
  Jitted(Function function, JitOptions options)
      : function_(std::move(function)), core_(std::make_shared<JitFunction>(std::move(options))) {}

  template <typename... Args>
  auto operator()(const Args&... args) const {
    using Result = std::remove_cvref_t<std::invoke_result_t<const Function&, const Args&...>>;
    static_assert((0 + ... + std::is_same_v<Args, Parameters>) <= 1, "a jitted function takes Parameters once");
    detail::ArgumentPacker packer;
    (packer.add(args), ...);
    const auto traced = [&](const Parameters& parameters, const std::vector<Tensor>& tensors) {
      detail::ArgumentUnpacker unpacker{parameters, tensors};
      // A braced list evaluates left to right, unlike function arguments.
      std::tuple<std::decay_t<decltype(unpacker.take(args))>...> values{unpacker.take(args)...};
      return detail::to_results<Result>(std::apply(function_, values));
    };
    // By reference: a std::function of the lambda itself would allocate memory in every call.
    return detail::from_results<Result>(core_->call(std::cref(traced), packer.parameters, packer.tensors, packer.key));
  }

  JitStatistics statistics() const { return core_->statistics(); }
  std::string program_text() const { return core_->program_text(); }

 private:
  Function function_;
  std::shared_ptr<JitFunction> core_;
};

/// Makes a jitted function; see the top of this file. Nested jitted functions are traced into the caller's program.
template <typename Function>
Jitted<std::decay_t<Function>> jit(Function&& function, JitOptions options = {}) {
  return Jitted<std::decay_t<Function>>(std::forward<Function>(function), std::move(options));
}

}  // namespace tilefold
