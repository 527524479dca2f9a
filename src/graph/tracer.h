/// Records the operations of a function while it runs on traced tensors.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "tilefold/parameters.h"

namespace tilefold {

/// One trace. At most one is active per thread; nested jitted functions record into the active one.
class Tracer {
 public:
  explicit Tracer(std::string name);
  ~Tracer();
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;

  /// The trace active on this thread, or null.
  static Tracer* active();

  Tensor add_input(const TensorType& type);
  /// `parameters` whose tensors become graph inputs named relative to its prefix.
  Parameters trace_parameters(const Parameters& parameters);
  /// The traced tensor for a parameter (one per name). Called by Parameters.
  Tensor parameter(const std::string& relative_name, const Tensor& concrete);
  /// The value of a tensor in this graph; a concrete tensor becomes a constant of the program.
  ValueId value_of(const Tensor& tensor);
  Tensor append(const OperationDefinition& operation, const std::vector<Tensor>& operands, Attributes attributes);
  /// Ends the trace with these results.
  Graph finish(const std::vector<Tensor>& results);

  /// Parameter names that the function asked for with `contains`, and the answers: part of the program's guards.
  std::map<std::string, bool> contains_queries;

 private:
  Tracer* identity_;  // in the tensors of this trace; see new_identity
  Graph graph_;
  std::map<std::string, ValueId> parameter_values_;
  std::map<const void*, ValueId> constant_values_;
  Tracer* previous_;
};

}  // namespace tilefold
