#include <algorithm>
#include <queue>
#include <set>

#include "passes/regions.h"

namespace tilefold {
namespace {

constexpr std::size_t kMaxRegionNodes = 96;
constexpr std::size_t kMaxRegionOperands = 24;  // read from memory; kernels have a limit

class RegionFormer {
 public:
  RegionFormer(const Graph& graph, bool fuse)
      : graph_(graph), fuse_(fuse), region_of_(graph.nodes.size(), -1), visited_(graph.nodes.size(), 0) {}

  Regions run() {
    for (std::uint32_t index = 0; index < graph_.nodes.size(); ++index) {
      if (is_free(graph_.nodes[index])) continue;
      start(index);
      if (fuse_) join(index);
    }
    return ordered();
  }

 private:
  /// Gives a node a region of its own.
  void start(std::uint32_t index) {
    const Node& node = graph_.nodes[index];
    Region region;
    region.nodes = {index};
    region.space = graph_.type(node.result).shape;
    switch (node.operation->kind) {
      case OperationKind::pointwise:
        break;
      case OperationKind::reduction:
        region.space = graph_.type(node.operands[0]).shape;
        region.reduced = node.attributes.get<std::vector<std::int64_t>>("dims");
        break;
      case OperationKind::contraction:
        region.kind = Region::Kind::gemm;
        region.product = index;
        break;
      case OperationKind::attention:
        region.kind = Region::Kind::attention;
        break;
      case OperationKind::movement:
        region.kind = Region::Kind::native;
        break;
      case OperationKind::view:
      case OperationKind::composite:
        throw CompileError("'" + node.operation->name + "' cannot be scheduled");
    }
    region_of_[index] = static_cast<int>(regions_.size());
    regions_.push_back(std::move(region));
  }

  int region_of_value(ValueId value) const {
    if (value == kNoValue || graph_.values[value].kind != ValueKind::node) return -1;
    return region_of_[graph_.values[value].index];
  }

  /// Merges the region of a new node with the regions of its operands, products first.
  void join(std::uint32_t index) {
    const Node& node = graph_.nodes[index];
    if (node.operation->kind != OperationKind::pointwise && node.operation->kind != OperationKind::reduction) return;
    std::vector<int> candidates;
    for (const ValueId operand : node.operands) {
      const int region = region_of_value(operand);
      if (region >= 0 && std::find(candidates.begin(), candidates.end(), region) == candidates.end())
        candidates.push_back(region);
    }
    std::sort(candidates.begin(), candidates.end(), [&](int a, int b) {
      const bool product_a = regions_[a].kind == Region::Kind::gemm;
      const bool product_b = regions_[b].kind == Region::Kind::gemm;
      if (product_a != product_b) return product_a;
      return regions_[a].nodes.back() > regions_[b].nodes.back();
    });
    for (const int candidate : candidates) {
      const int own = region_of_[index];
      if (candidate != own && compatible(regions_[candidate], regions_[own]) && !cyclic(candidate, own))
        merge(candidate, own);
    }
  }

  /// True when `later` (the region of the new node) may run in one kernel with `earlier`.
  bool compatible(const Region& earlier, const Region& later) const {
    const auto fusible = [](const Region& region) {
      return region.kind == Region::Kind::loop_nest || region.kind == Region::Kind::gemm;
    };
    if (!fusible(earlier) || !fusible(later)) return false;
    if (earlier.nodes.size() + later.nodes.size() > kMaxRegionNodes) return false;
    const bool any_product = earlier.kind == Region::Kind::gemm || later.kind == Region::Kind::gemm;
    if (earlier.kind == Region::Kind::gemm && later.kind == Region::Kind::gemm) return false;
    if (any_product && !(earlier.reduced.empty() && later.reduced.empty())) return false;
    if (feeds_product(earlier, later) || feeds_product(later, earlier)) return false;
    if (!earlier.reduced.empty() && !later.reduced.empty() && earlier.reduced != later.reduced) return false;
    // What is computed once per row in one region is a region of its own space before it meets the columns.
    const bool same_space = earlier.space == later.space;
    const bool row_of_earlier = !earlier.reduced.empty() && later.reduced.empty() && later.space == earlier.row_shape();
    const bool row_of_later = !later.reduced.empty() && earlier.reduced.empty() && earlier.space == later.row_shape();
    if (!same_space && !row_of_earlier && !row_of_later) return false;
    if (!operands_aligned(earlier, later) || !operands_aligned(later, earlier)) return false;
    return outside_operands(earlier, later) <= kMaxRegionOperands;
  }

  /// True when `user` is a product that multiplies a value of `maker`: an epilogue comes too late for that.
  bool feeds_product(const Region& maker, const Region& user) const {
    if (user.kind != Region::Kind::gemm) return false;
    for (const ValueId operand : graph_.nodes[user.product].operands) {
      const int region = region_of_value(operand);
      if (region >= 0 && &regions_[static_cast<std::size_t>(region)] == &maker) return true;
    }
    return false;
  }

  /// Values that the two regions together read from elsewhere.
  std::size_t outside_operands(const Region& a, const Region& b) const {
    std::set<ValueId> outside;
    for (const Region* region : {&a, &b}) {
      for (const std::uint32_t index : region->nodes) {
        for (const ValueId operand : graph_.nodes[index].operands) {
          const int maker = region_of_value(operand);
          const bool inside = maker >= 0 && (&regions_[maker] == &a || &regions_[maker] == &b);
          if (operand != kNoValue && !inside) outside.insert(operand);
        }
      }
    }
    return outside.size();
  }

  /// Checks the values that `user` takes from `maker`: rows without their reduced axes do not line up with the space.
  bool operands_aligned(const Region& maker, const Region& user) const {
    const std::vector<std::int64_t>& reduced = maker.reduced.empty() ? user.reduced : maker.reduced;
    Region merged;
    merged.space = maker.reduced.empty() && !user.reduced.empty() ? user.space : maker.space;
    merged.reduced = reduced;
    for (const std::uint32_t index : user.nodes) {
      for (const ValueId operand : graph_.nodes[index].operands) {
        const Node* producer = producer_of(graph_, operand);
        if (producer == nullptr) continue;
        const auto position = static_cast<std::uint32_t>(producer - graph_.nodes.data());
        if (!std::binary_search(maker.nodes.begin(), maker.nodes.end(), position)) continue;
        const Shape& shape = graph_.type(operand).shape;
        if (shape != merged.space && shape != merged.row_shape()) return false;
        if (producer->operation->kind == OperationKind::reduction && !producer->attributes.get<bool>("keepdim"))
          return false;
      }
    }
    return true;
  }

  /// True when one of the two regions needs the other through a third.
  bool cyclic(int a, int b) { return depends_through_others(a, b) || depends_through_others(b, a); }

  /// Searches backward from `user` for `target`, not counting direct uses.
  bool depends_through_others(int user, int target) {
    ++visit_;
    std::vector<std::uint32_t> stack;
    const auto push_operands = [&](std::uint32_t index, bool direct) {
      for (const ValueId operand : graph_.nodes[index].operands) {
        if (operand == kNoValue || graph_.values[operand].kind != ValueKind::node) continue;
        const std::uint32_t producer = graph_.values[operand].index;
        if (visited_[producer] == visit_ || region_of_[producer] == user) continue;
        if (direct && region_of_[producer] == target) continue;
        visited_[producer] = visit_;
        stack.push_back(producer);
      }
    };
    for (const std::uint32_t index : regions_[user].nodes) push_operands(index, true);
    while (!stack.empty()) {
      const std::uint32_t index = stack.back();
      stack.pop_back();
      const int region = region_of_[index];
      if (region == target) return true;
      push_operands(index, false);
      if (region < 0) continue;
      for (const std::uint32_t sibling : regions_[region].nodes) {
        if (visited_[sibling] == visit_) continue;
        visited_[sibling] = visit_;
        push_operands(sibling, false);
      }
    }
    return false;
  }

  void merge(int from, int into) {
    Region& source = regions_[from];
    Region& target = regions_[into];
    if (source.kind == Region::Kind::gemm) {
      target.kind = Region::Kind::gemm;
      target.product = source.product;
    }
    if (target.reduced.empty() && !source.reduced.empty()) {
      target.reduced = source.reduced;
      target.space = source.space;
    }
    for (const std::uint32_t index : source.nodes) region_of_[index] = into;
    std::vector<std::uint32_t> nodes;
    std::merge(source.nodes.begin(), source.nodes.end(), target.nodes.begin(), target.nodes.end(),
               std::back_inserter(nodes));
    target.nodes = std::move(nodes);
    source.nodes.clear();
  }

  /// Regions sorted by their dependencies, otherwise in the order of their last nodes.
  Regions ordered() {
    std::vector<int> waiting(regions_.size(), 0);
    std::vector<std::vector<int>> users(regions_.size());
    for (int region = 0; region < static_cast<int>(regions_.size()); ++region) {
      for (const int needed : needed_regions(region)) {
        users[needed].push_back(region);
        ++waiting[region];
      }
    }
    const auto later = [&](int a, int b) { return regions_[a].nodes.back() > regions_[b].nodes.back(); };
    std::priority_queue<int, std::vector<int>, decltype(later)> ready(later);
    for (int region = 0; region < static_cast<int>(regions_.size()); ++region) {
      if (waiting[region] == 0 && !regions_[region].nodes.empty()) ready.push(region);
    }
    Regions result;
    result.of_node.assign(graph_.nodes.size(), -1);
    while (!ready.empty()) {
      const int region = ready.top();
      ready.pop();
      for (const std::uint32_t index : regions_[region].nodes)
        result.of_node[index] = static_cast<int>(result.list.size());
      result.list.push_back(regions_[region]);
      for (const int user : users[region]) {
        if (--waiting[user] == 0) ready.push(user);
      }
    }
    const auto filled =
        std::count_if(regions_.begin(), regions_.end(), [](const Region& r) { return !r.nodes.empty(); });
    if (static_cast<std::ptrdiff_t>(result.list.size()) != filled)
      throw CompileError("regions need each other in a circle");
    find_outputs(result);
    return result;
  }

  /// Regions whose values `region` uses, directly or through views.
  std::vector<int> needed_regions(int region) {
    ++visit_;
    std::vector<int> needed;
    std::vector<std::uint32_t> stack(regions_[region].nodes.begin(), regions_[region].nodes.end());
    while (!stack.empty()) {
      const std::uint32_t index = stack.back();
      stack.pop_back();
      for (const ValueId operand : graph_.nodes[index].operands) {
        if (operand == kNoValue || graph_.values[operand].kind != ValueKind::node) continue;
        const std::uint32_t producer = graph_.values[operand].index;
        if (visited_[producer] == visit_) continue;
        visited_[producer] = visit_;
        const int other = region_of_[producer];
        if (other < 0) {
          stack.push_back(producer);
        } else if (other != region) {
          needed.push_back(other);
        }
      }
    }
    std::sort(needed.begin(), needed.end());
    needed.erase(std::unique(needed.begin(), needed.end()), needed.end());
    return needed;
  }

  void find_outputs(Regions& result) const {
    std::vector<bool> used(graph_.values.size(), false);
    for (const ValueId output : graph_.outputs) used[output] = true;
    for (std::size_t user = 0; user < graph_.nodes.size(); ++user) {
      for (const ValueId operand : graph_.nodes[user].operands) {
        if (operand == kNoValue || graph_.values[operand].kind != ValueKind::node) continue;
        const int maker = result.of_node[graph_.values[operand].index];
        if (maker < 0 || maker != result.of_node[user]) used[operand] = true;
      }
    }
    for (Region& region : result.list) {
      for (const std::uint32_t index : region.nodes) {
        if (used[graph_.nodes[index].result]) region.outputs.push_back(graph_.nodes[index].result);
      }
    }
  }

  const Graph& graph_;
  bool fuse_;
  std::vector<Region> regions_;
  std::vector<int> region_of_;
  std::vector<std::uint64_t> visited_;
  std::uint64_t visit_ = 0;
};

}  // namespace

Regions form_regions(const Graph& graph, bool fuse) { return RegionFormer(graph, fuse).run(); }

}  // namespace tilefold
