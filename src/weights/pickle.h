/// Python pickles as plain data. Nothing is imported, called or executed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tilefold::weights {

/// Index of a node in its tree.
using NodeId = std::uint32_t;
inline constexpr NodeId kNoNode = 0xFFFFFFFF;

/// A Python value. Objects of any class are kept as "the class, its arguments, its state" and never made.
struct PickleNode {
  enum class Kind : std::uint8_t {
    none,
    boolean,
    integer,
    big_integer,  ///< does not fit 64 bits; `text` is its little-endian two's complement
    real,
    string,
    bytes,
    list,
    tuple,
    set,
    dict,
    global,      ///< a name, `text` = module, `name` = attribute
    object,      ///< result of a call or an instance: `callable`, `arguments`, maybe `state`, `items`, `entries`
    persistent,  ///< external data, identified by `arguments`
  };
  Kind kind = Kind::none;
  std::int64_t integer = 0;
  double real = 0;
  std::string_view text;
  std::string_view name;
  std::vector<NodeId> items;    ///< of a list, tuple, set or list-like object
  std::vector<NodeId> entries;  ///< of a dict or dict-like object: key, value, key, value, ...
  NodeId callable = kNoNode;
  NodeId arguments = kNoNode;
  NodeId state = kNoNode;
};

/// A Boltz-2 checkpoint needs about 10^5 values, one with optimizer state a few times that.
inline constexpr std::size_t kMaxPickleValues = std::size_t{1} << 24;

/// The values of one pickle. Nodes may refer to each other in cycles; whoever walks them must bound depth and count.
class PickleTree {
 public:
  /// Interprets `data` (protocols 2 to 5), which must outlive the tree. Errors start with `where`. Throws ParseError
  /// for damaged data, for names of functions that could run code or touch the system, and beyond `max_values`;
  /// UnsupportedError for opcodes that neither torch.save nor a pickled molecule has.
  static PickleTree parse(std::string_view data, const std::string& where, std::size_t max_values = kMaxPickleValues);

  const PickleNode& operator[](NodeId id) const { return nodes_[id]; }
  NodeId root() const { return root_; }
  std::size_t size() const { return nodes_.size(); }

  /// The value for the string `key` in a dict, a dict-like object or an object's state dict; kNoNode when absent.
  NodeId find(NodeId container, std::string_view key) const;
  /// "module.name" of a global or of an object's class; empty for other nodes.
  std::string class_name(NodeId id) const;
  /// The node's text when it is a string, else empty.
  std::string_view string_or_empty(NodeId id) const;

 private:
  friend class PickleMachine;
  std::vector<PickleNode> nodes_;
  NodeId root_ = kNoNode;
};

/// The value as JSON text. OmegaConf containers and value nodes become what they hold; dict- and list-like objects
/// become objects and arrays; other objects become {"__class__": ..., their attributes}. Infinities and NaN become
/// strings. Throws ParseError when the value is nested too deeply or too large.
std::string pickle_to_json(const PickleTree& tree, NodeId id, const std::string& where);

}  // namespace tilefold::weights
