/// `jit`: a function of tensors, traced once, compiled, cached and run on a grid of cores.
///
///   auto block = tilefold::jit([](const Parameters& p, const Tensor& z) { return transition(p, z); }, {.name =
///   "transition"}); z = block(parameters.scope("layers.0"), z);
///
/// Arguments may be Tensor, std::vector<Tensor>, Parameters, and plain values (bool, integers, doubles, strings,
/// enums), which become part of the cache key. Results: Tensor, std::vector<Tensor>, or std::pair/std::tuple of Tensor.
/// Tensors captured by the function are constants of the program.
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
#include <utility>
#include <vector>

#include "tilefold/parameters.h"
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
  using Traced = std::function<std::vector<Tensor>(const Parameters&, const std::vector<Tensor>&)>;

  explicit JitFunction(JitOptions options);
  ~JitFunction();

  /// Runs the program for these types and `static_key` (non-tensor arguments as text); traces `function` on a miss.
  /// What `function` throws is passed on and leaves no program behind. Threads that ask for a program which another
  /// thread is tracing wait for it: do not hold a lock that `function` needs (an interpreter's, for example) in the
  /// call. All `tensors` must be defined.
  std::vector<Tensor> call(const Traced& function, const Parameters& parameters, const std::vector<Tensor>& tensors,
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

/// Splits typed arguments into tensors, parameters and a key, and puts traced tensors back in their places.
struct ArgumentPacker {
  std::vector<Tensor> tensors;
  Parameters parameters;
  std::string key;

  void add(const Tensor& tensor) {
    key += tensor.defined() ? "T;" : "-;";
    if (tensor.defined()) tensors.push_back(tensor);
  }
  void add(const std::vector<Tensor>& list) {
    key += "L" + std::to_string(list.size()) + ";";
    for (const Tensor& tensor : list) add(tensor);
  }
  void add(const Parameters& value) { parameters = value; }
  void add(const std::string& text) { key += std::to_string(text.size()) + ":" + text + ";"; }
  void add(const char* text) { add(std::string(text)); }
  template <typename T>
    requires std::is_arithmetic_v<T>
  void add(T value) {
    // The bits of a floating-point number: to_string would make 1e-9 and 2e-9 the same.
    if constexpr (std::is_floating_point_v<T>) {
      key += std::to_string(std::bit_cast<std::uint64_t>(static_cast<double>(value))) + ";";
    } else {
      key += std::to_string(value) + ";";
    }
  }
  template <typename T>
    requires std::is_enum_v<T>
  void add(T value) {
    key += std::to_string(static_cast<std::int64_t>(value)) + ";";
  }
};

struct ArgumentUnpacker {
  const Parameters& parameters;
  const std::vector<Tensor>& tensors;
  std::size_t next = 0;

  Tensor take(const Tensor& original) { return original.defined() ? tensors[next++] : Tensor(); }
  std::vector<Tensor> take(const std::vector<Tensor>& originals) {
    std::vector<Tensor> list;
    list.reserve(originals.size());
    for (const Tensor& original : originals) list.push_back(take(original));
    return list;
  }
  Parameters take(const Parameters&) { return parameters; }
  template <typename T>
  T take(const T& value) {
    return value;
  }
};

inline std::vector<Tensor> to_results(Tensor tensor) { return {std::move(tensor)}; }
inline std::vector<Tensor> to_results(std::vector<Tensor> tensors) { return tensors; }
template <typename... Ts>
std::vector<Tensor> to_results(std::tuple<Ts...> tensors) {
  return std::apply([](auto&&... tensor) { return std::vector<Tensor>{std::move(tensor)...}; }, std::move(tensors));
}
inline std::vector<Tensor> to_results(const std::pair<Tensor, Tensor>& tensors) {
  return {tensors.first, tensors.second};
}

template <typename Result>
Result from_results(std::vector<Tensor> results) {
  if constexpr (std::is_same_v<Result, Tensor>) {
    return std::move(results.at(0));
  } else if constexpr (std::is_same_v<Result, std::vector<Tensor>>) {
    return results;
  } else {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return Result{std::move(results.at(I))...};
    }(std::make_index_sequence<std::tuple_size_v<Result>>{});
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
    using Result = std::invoke_result_t<const Function&, const Args&...>;
    detail::ArgumentPacker packer;
    (packer.add(args), ...);
    const JitFunction::Traced traced = [&](const Parameters& parameters, const std::vector<Tensor>& tensors) {
      detail::ArgumentUnpacker unpacker{parameters, tensors};
      // A braced list evaluates left to right, unlike function arguments.
      std::tuple<std::decay_t<decltype(unpacker.take(args))>...> values{unpacker.take(args)...};
      return detail::to_results(std::apply(function_, values));
    };
    return detail::from_results<Result>(core_->call(traced, packer.parameters, packer.tensors, packer.key));
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
