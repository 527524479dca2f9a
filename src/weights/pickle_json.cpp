#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tilefold/error.h"
#include "weights/pickle.h"

namespace tilefold::weights {
namespace {

using Json = nlohmann::json;
using Kind = PickleNode::Kind;

// Hyper-parameters of real checkpoints are a few hundred values, nested less than ten deep. Shared nodes are written
// out at each use, so without a limit a small pickle could describe an enormous text.
constexpr int kMaxDepth = 100;
constexpr std::size_t kMaxText = std::size_t{1} << 23;

class JsonWriter {
 public:
  JsonWriter(const PickleTree& tree, const std::string& where) : tree_(tree), where_(where) {}

  Json convert(NodeId id, int depth) {
    if (depth > kMaxDepth) {
      throw ParseError(fmt::format("{}: hyper-parameters are nested more than {} deep", where_, kMaxDepth));
    }
    const PickleNode& node = tree_[id];
    spend(32);  // about the memory of one value
    switch (node.kind) {
      case Kind::none:
        return nullptr;
      case Kind::boolean:
        return node.integer != 0;
      case Kind::integer:
        return node.integer;
      case Kind::big_integer:
        return fmt::format("<integer of {} bytes>", node.text.size());
      case Kind::real:
        return real(node.real);
      case Kind::string:
        return text(node.text);
      case Kind::bytes:
        return fmt::format("<{} bytes>", node.text.size());
      case Kind::list:
      case Kind::tuple:
      case Kind::set:
        return array(node, depth);
      case Kind::dict:
        return entries(node, depth);
      case Kind::global:
        return text(tree_.class_name(id));
      case Kind::object:
        return object(id, node, depth);
      case Kind::persistent:
        return "<external data>";
    }
    return nullptr;
  }

 private:
  void spend(std::size_t count) {
    spent_ += count;
    if (spent_ > kMaxText) {
      throw ParseError(fmt::format("{}: hyper-parameters need more than {} bytes of text", where_, kMaxText));
    }
  }
  Json text(std::string_view value) {
    spend(value.size());
    return value;
  }
  static Json real(double value) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    return value;
  }
  Json array(const PickleNode& node, int depth) {
    Json result = Json::array();
    for (const NodeId item : node.items) result.push_back(convert(item, depth + 1));
    return result;
  }
  std::string key(NodeId id) {
    const PickleNode& node = tree_[id];
    if (node.kind == Kind::string) return text(node.text).get<std::string>();
    if (node.kind == Kind::tuple || node.kind == Kind::object) return "<object>";
    return convert(id, kMaxDepth).dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  Json entries(const PickleNode& node, int depth) {
    Json result = Json::object();
    add_entries(result, node, depth);
    return result;
  }
  void add_entries(Json& result, const PickleNode& node, int depth) {
    for (std::size_t i = 0; i + 1 < node.entries.size(); i += 2) {
      std::string name = key(node.entries[i]);
      result[std::move(name)] = convert(node.entries[i + 1], depth + 1);
    }
  }
  Json object(NodeId id, const PickleNode& node, int depth) {
    const std::string name = tree_.class_name(id);
    spend(name.size() + node.entries.size());
    if (name.starts_with("omegaconf.")) {
      for (const std::string_view field : {"_content", "_val"}) {
        const NodeId value = tree_.find(id, field);
        if (value != kNoNode) return convert(value, depth + 1);
      }
    }
    if (!node.entries.empty() || name == "collections.OrderedDict") return entries(node, depth);
    if (!node.items.empty()) return array(node, depth);
    const bool wrapper = name == "builtins.set" || name == "__builtin__.set" || name == "builtins.frozenset" ||
                         name == "__builtin__.frozenset" || name == "torch.Size";
    const NodeId arguments = node.arguments;
    const bool has_arguments = arguments != kNoNode && !tree_[arguments].items.empty();
    if (wrapper && has_arguments) return convert(tree_[arguments].items[0], depth + 1);
    return opaque(name, node, has_arguments, depth);
  }
  /// {"__class__": name, "__arguments__": [...], attributes}.
  Json opaque(const std::string& name, const PickleNode& node, bool has_arguments, int depth) {
    Json result = Json::object();
    result["__class__"] = text(name);
    if (has_arguments) result["__arguments__"] = convert(node.arguments, depth + 1);
    if (node.state == kNoNode) return result;
    const PickleNode& state = tree_[node.state];
    if (state.kind == Kind::dict) {
      add_entries(result, state, depth);
    } else if (state.kind != Kind::none) {
      result["__state__"] = convert(node.state, depth + 1);
    }
    return result;
  }

  const PickleTree& tree_;
  const std::string& where_;
  std::size_t spent_ = 0;
};

}  // namespace

std::string pickle_to_json(const PickleTree& tree, NodeId id, const std::string& where) {
  return JsonWriter(tree, where).convert(id, 0).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tilefold::weights
