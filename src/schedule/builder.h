/// Builds the schedule of a graph: allocates buffers, resolves views, and turns every region into steps.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "passes/regions.h"
#include "passes/storage_plan.h"
#include "schedule/row_program.h"
#include "schedule/schedule.h"

namespace tilefold {

class ScheduleBuilder {
 public:
  ScheduleBuilder(const Graph& graph, const Regions& regions, const std::vector<ValueStorage>& storage);
  Schedule build();

 private:
  // Values and buffers (builder.cpp).
  int add_buffer(BufferInfo info);
  int add_temporary(DType dtype, const Dim& elements);
  View view_of(ValueId value);
  View view_of_free(const Node& node);
  /// Where the region that makes `value` writes it.
  View place(ValueId value);
  bool place_in_concat(ValueId value, View& placed);
  void claim_outputs();
  void copy_outputs();
  void build_region(const Region& region);
  void set_origin(const Region& region, const std::string& family);

  // Steps shared by the families (builder.cpp).
  void add_step(decltype(Step::action) action, const std::string& name);
  void copy(const View& from, const View& to);
  /// A dense copy stored in `order`, in another dtype if asked for.
  View dense_copy(const View& from, DType dtype, const std::vector<int>& order = {});
  void fill(const View& view, double value);

  void build_loop_nest(const Region& region);  // build_loop_nest.cpp
  bool build_uniform_reduction(const Region& region);
  std::vector<std::pair<View, View>> make_columns_dense(std::vector<View>& views, std::size_t inputs,
                                                        std::size_t reduced);
  std::pair<View, View> product_operands(const Node& product, const Shape& space);
  void build_gemm(const Region& region);   // build_gemm.cpp
  void build_attention(const Node& node);  // build_attention.cpp
  void build_movement(const Node& node);   // build_movement.cpp
  void build_concat(const Node& node);
  void build_pad(const Node& node);
  void build_repeat(const Node& node);
  void build_native(NativeStep::Kind kind, const Node& node, const std::vector<View>& inputs);

  const Graph& graph_;
  const Regions& regions_;
  const std::vector<ValueStorage>& storage_;
  UseLists uses_;
  Schedule schedule_;
  std::map<ValueId, View> views_;
  std::map<ValueId, int> claimed_;  // value -> output buffer it is written to
  std::vector<bool> output_done_;
  std::map<std::string, View> copies_;  // dense copies by what they copy
  std::string step_name_;
  std::string step_scope_;
};

StrideKind stride_kind(const Dim& stride);

}  // namespace tilefold
