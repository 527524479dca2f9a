/// Named weights of a model, seen from one module.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "tilefold/tensor.h"

namespace tilefold {

using ParameterMap = std::map<std::string, Tensor>;

/// The weights below a prefix, by the checkpoint's names: `parameters["norm.weight"]`, `parameters.scope("fc1")`.
/// Inside a jitted function the tensors are inputs of the traced graph, so that all blocks of a stack share one
/// program.
class Parameters {
 public:
  Parameters() = default;
  explicit Parameters(std::shared_ptr<const ParameterMap> map, std::string prefix = "")
      : map_(std::move(map)), prefix_(std::move(prefix)) {}

  /// The tensor `prefix.name`. Throws WeightError naming it when the checkpoint lacks it.
  Tensor operator[](const std::string& name) const;
  bool contains(const std::string& name) const;
  /// The concrete tensor `prefix.name`, or null; unlike the others it leaves no trace while a function is traced.
  const Tensor* find(const std::string& name) const;
  /// The same weights one level down: names are then relative to `prefix.name`.
  Parameters scope(const std::string& name) const;
  /// Scope of the i-th element of a module list.
  Parameters scope(const std::string& name, std::int64_t index) const {
    return scope(name + "." + std::to_string(index));
  }
  const std::string& prefix() const { return prefix_; }

 private:
  friend class Tracer;
  std::string full_name(const std::string& name) const { return prefix_.empty() ? name : prefix_ + "." + name; }

  std::shared_ptr<const ParameterMap> map_;
  std::string prefix_;
  /// Set while a jitted function is traced: tensors become graph inputs named relative to `traced_root_`.
  Tracer* tracer_ = nullptr;
  std::string traced_root_;
};

}  // namespace tilefold
