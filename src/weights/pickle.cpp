#include "weights/pickle.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "archive/byte_source.h"
#include "tilefold/error.h"
#include "tilefold/text.h"

namespace tilefold::weights {
namespace {

using Kind = PickleNode::Kind;

// Packages that no model's hyper-parameters come from, but attacks do. The names are never resolved anyway; refusing
// them tells the user that the file is hostile.
constexpr std::array<std::string_view, 24> kForbiddenPackages = {
    "os",     "posix",    "nt",     "subprocess", "commands", "popen2", "pty",        "sys",
    "shutil", "socket",   "ctypes", "importlib",  "runpy",    "code",   "codeop",     "pickle",
    "urllib", "requests", "http",   "webbrowser", "pip",      "timeit", "setuptools", "bdb"};
constexpr std::array<std::string_view, 9> kForbiddenBuiltins = {"eval",  "exec",     "compile",    "__import__", "open",
                                                                "input", "execfile", "breakpoint", "globals"};

bool is_forbidden(std::string_view module, std::string_view name) {
  const std::string_view package = module.substr(0, module.find('.'));
  const auto contains = [](const auto& list, std::string_view text) {
    return std::find(list.begin(), list.end(), text) != list.end();
  };
  if (contains(kForbiddenPackages, package)) return true;
  return (package == "builtins" || package == "__builtin__") &&
         contains(kForbiddenBuiltins, name.substr(0, name.find('.')));
}

}  // namespace

/// The pickle virtual machine, reduced to building data.
class PickleMachine {
 public:
  PickleMachine(std::string_view data, const std::string& where, std::size_t max_values)
      : data_(data), where_(where), max_values_(max_values) {}

  PickleTree run() {
    while (!stopped_) step(static_cast<unsigned char>(take(1)[0]));
    return std::move(tree_);
  }

 private:
  [[noreturn]] void fail(std::string_view why) const {
    throw ParseError(fmt::format("{}: damaged pickle at byte {}: {}", where_, position_, why));
  }

  // Reading -------------------------------------------------------------------------------------------------------
  std::string_view take(std::uint64_t count) {
    if (count > data_.size() - position_) fail("it ends too early");
    const std::string_view result = data_.substr(position_, count);
    position_ += count;
    return result;
  }
  template <typename T>
  T number() {
    T value;
    const std::string_view bytes = take(sizeof(T));
    std::memcpy(&value, bytes.data(), bytes.size());
    return value;
  }
  std::string_view line() {
    const std::size_t end = data_.find('\n', position_);
    if (end == std::string_view::npos) fail("a name without end");
    const std::string_view result = data_.substr(position_, end - position_);
    position_ = end + 1;
    return result;
  }

  // Stack and memo ------------------------------------------------------------------------------------------------
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  void push(NodeId id) { stack_.push_back(id); }
  NodeId pop() {
    if (stack_.size() <= floor()) fail("a value is missing on the stack");
    const NodeId id = stack_.back();
    stack_.pop_back();
    return id;
  }
  NodeId top() const {
    if (stack_.size() <= floor()) fail("a value is missing on the stack");
    return stack_.back();
  }
  std::vector<NodeId> pop_to_mark() {
    if (marks_.empty()) fail("a mark is missing on the stack");
    const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<NodeId> values(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return values;
  }
  void memoize(std::size_t index) {
    // Python numbers memo entries in order, so an index beyond the bytes read so far is false.
    if (index > position_) fail("memo index out of range");
    if (index >= memo_.size()) memo_.resize(index + 1, kNoNode);
    memo_[index] = top();
  }
  void recall(std::size_t index) {
    if (index >= memo_.size() || memo_[index] == kNoNode) fail("an unknown memo entry is used");
    push(memo_[index]);
  }

  // Making nodes --------------------------------------------------------------------------------------------------
  PickleNode& add(Kind kind) {
    if (tree_.nodes_.size() >= max_values_) fail(fmt::format("more than {} values", max_values_));
    push(static_cast<NodeId>(tree_.nodes_.size()));
    PickleNode& node = tree_.nodes_.emplace_back();
    node.kind = kind;
    return node;
  }
  PickleNode& node(NodeId id) { return tree_.nodes_[id]; }
  void add_text(Kind kind, std::uint64_t size) {
    const std::string_view text = take(size);
    add(kind).text = text;
  }
  void add_integer(std::int64_t value) { add(Kind::integer).integer = value; }
  void add_boolean(bool value) { add(Kind::boolean).integer = value ? 1 : 0; }
  void add_tuple(std::vector<NodeId> items) { add(Kind::tuple).items = std::move(items); }
  void add_short_tuple(std::size_t count) {
    std::vector<NodeId> items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = pop();
    add_tuple(std::move(items));
  }
  void add_long(std::uint64_t size) {
    const std::string_view digits = take(size);
    if (size > sizeof(std::int64_t)) {
      add(Kind::big_integer).text = digits;
      return;
    }
    std::uint64_t value = size > 0 && (static_cast<unsigned char>(digits.back()) & 0x80) != 0 ? ~std::uint64_t{0} : 0;
    std::memcpy(&value, digits.data(), digits.size());
    add_integer(static_cast<std::int64_t>(value));
  }
  void add_global(std::string_view module, std::string_view name) {
    if (is_forbidden(module, name)) {
      throw ParseError(
          fmt::format("{}: refused: the pickle refers to {}, which could execute code or touch the system; "
                      "nothing was executed",
                      where_, in_quotes(std::string(module) + "." + std::string(name), archive::kLongestName)));
    }
    PickleNode& global = add(Kind::global);
    global.text = module;
    global.name = name;
  }
  void add_stack_global() {
    const NodeId name = pop();
    const NodeId module = pop();
    if (node(name).kind != Kind::string || node(module).kind != Kind::string) fail("a class name is not text");
    add_global(node(module).text, node(name).text);
  }
  void add_object(NodeId callable, NodeId arguments) {
    PickleNode& object = add(Kind::object);
    object.callable = callable;
    object.arguments = arguments;
  }

  // Filling containers --------------------------------------------------------------------------------------------
  void append(const std::vector<NodeId>& values) {
    PickleNode& target = node(top());
    if (target.kind != Kind::list && target.kind != Kind::set && target.kind != Kind::object) {
      fail("values are appended to something that is not a list");
    }
    target.items.insert(target.items.end(), values.begin(), values.end());
  }
  void set_items(const std::vector<NodeId>& values) {
    PickleNode& target = node(top());
    if (target.kind != Kind::dict && target.kind != Kind::object) {
      fail("entries are set on something that is not a dict");
    }
    if (values.size() % 2 != 0) fail("a dict key has no value");
    target.entries.insert(target.entries.end(), values.begin(), values.end());
  }
  void build() {
    const NodeId state = pop();
    PickleNode& target = node(top());
    if (target.kind != Kind::object && target.kind != Kind::dict) fail("a state is set on a plain value");
    target.state = state;
  }

  void step(unsigned char opcode) {
    if (step_constant(opcode) || step_container(opcode) || step_object(opcode) || step_control(opcode)) return;
    throw UnsupportedError(
        fmt::format("{}: pickle opcode 0x{:02x} at byte {} is not one that torch.save writes or a molecule "
                    "needs (or the file is corrupted)",
                    where_, opcode, position_ - 1));
  }

  /// Numbers, text and other constants.
  bool step_constant(unsigned char opcode) {
    switch (opcode) {
      case 'N':
        add(Kind::none);
        return true;
      case 0x88:
        add_boolean(true);
        return true;
      case 0x89:
        add_boolean(false);
        return true;
      case 'K':
        add_integer(number<std::uint8_t>());
        return true;
      case 'M':
        add_integer(number<std::uint16_t>());
        return true;
      case 'J':
        add_integer(number<std::int32_t>());
        return true;
      case 0x8a:
        add_long(number<std::uint8_t>());
        return true;
      case 0x8b:
        add_long(number<std::uint32_t>());
        return true;
      case 'G': {  // big-endian double
        const auto bits = __builtin_bswap64(number<std::uint64_t>());
        add(Kind::real).real = std::bit_cast<double>(bits);
        return true;
      }
      case 'X':
        add_text(Kind::string, number<std::uint32_t>());
        return true;
      case 0x8c:
        add_text(Kind::string, number<std::uint8_t>());
        return true;
      case 0x8d:
        add_text(Kind::string, number<std::uint64_t>());
        return true;
      case 'U':
        add_text(Kind::string, number<std::uint8_t>());
        return true;
      case 'T':
        add_text(Kind::string, number<std::uint32_t>());
        return true;
      case 'C':
        add_text(Kind::bytes, number<std::uint8_t>());
        return true;
      case 'B':
        add_text(Kind::bytes, number<std::uint32_t>());
        return true;
      case 0x8e:
      case 0x96:
        add_text(Kind::bytes, number<std::uint64_t>());
        return true;
      default:
        return false;
    }
  }

  /// Tuples, lists, sets, dicts.
  bool step_container(unsigned char opcode) {
    switch (opcode) {
      case ')':
        add_tuple({});
        return true;
      case 0x85:
        add_short_tuple(1);
        return true;
      case 0x86:
        add_short_tuple(2);
        return true;
      case 0x87:
        add_short_tuple(3);
        return true;
      case 't':
        add_tuple(pop_to_mark());
        return true;
      case ']':
        add(Kind::list);
        return true;
      case 'l':
        add_filled(Kind::list);
        return true;
      case 0x8f:
        add(Kind::set);
        return true;
      case 0x91:
        add_filled(Kind::set);
        return true;
      case '}':
        add(Kind::dict);
        return true;
      case 'a':
        append({pop()});
        return true;
      case 'e':
      case 0x90:
        append(pop_to_mark());
        return true;
      case 's': {
        const NodeId value = pop();
        const NodeId key = pop();
        set_items({key, value});
        return true;
      }
      case 'u':
        set_items(pop_to_mark());
        return true;
      default:
        return false;
    }
  }
  void add_filled(Kind kind) {
    std::vector<NodeId> values = pop_to_mark();
    add(kind).items = std::move(values);
  }

  /// Names, calls, instances, external data: kept as data.
  bool step_object(unsigned char opcode) {
    switch (opcode) {
      case 'c': {
        const std::string_view module = line();
        add_global(module, line());
        return true;
      }
      case 0x93:
        add_stack_global();
        return true;
      case 0x92:
        pop();
        [[fallthrough]];  // keyword arguments of NEWOBJ_EX are of no interest
      case 'R':
      case 0x81: {
        const NodeId arguments = pop();
        add_object(pop(), arguments);
        return true;
      }
      case 'b':
        build();
        return true;
      case 'Q': {
        const NodeId identity = pop();
        add(Kind::persistent).arguments = identity;
        return true;
      }
      default:
        return false;
    }
  }

  /// Stack, memo, framing, end.
  bool step_control(unsigned char opcode) {
    switch (opcode) {
      case 0x80: {
        const auto protocol = number<std::uint8_t>();
        if (protocol > 5) fail(fmt::format("protocol {} is newer than 5", protocol));
        return true;
      }
      case 0x95:
        number<std::uint64_t>();
        return true;  // frame size: only a hint for readers of streams
      case '(':
        marks_.push_back(stack_.size());
        return true;
      case '0':
        pop();
        return true;
      case '1':
        pop_to_mark();
        return true;
      case '2':
        push(top());
        return true;
      case 'q':
        memoize(number<std::uint8_t>());
        return true;
      case 'r':
        memoize(number<std::uint32_t>());
        return true;
      case 0x94:
        memoize(memo_.size());
        return true;
      case 'h':
        recall(number<std::uint8_t>());
        return true;
      case 'j':
        recall(number<std::uint32_t>());
        return true;
      case '.':
        tree_.root_ = pop();
        stopped_ = true;
        return true;
      default:
        return false;
    }
  }

  std::string_view data_;
  const std::string& where_;
  std::size_t max_values_;
  std::size_t position_ = 0;
  bool stopped_ = false;
  std::vector<NodeId> stack_;
  std::vector<std::size_t> marks_;
  std::vector<NodeId> memo_;
  PickleTree tree_;
};

PickleTree PickleTree::parse(std::string_view data, const std::string& where, std::size_t max_values) {
  return PickleMachine(data, where, max_values).run();
}

NodeId PickleTree::find(NodeId container, std::string_view key) const {
  if (container == kNoNode) return kNoNode;
  const PickleNode& node = nodes_[container];
  NodeId found = kNoNode;
  for (std::size_t i = 0; i + 1 < node.entries.size(); i += 2) {
    const PickleNode& candidate = nodes_[node.entries[i]];
    if (candidate.kind == Kind::string && candidate.text == key) found = node.entries[i + 1];
  }
  if (found != kNoNode || node.kind != Kind::object || node.state == kNoNode) return found;
  // The state is a dict, or a tuple of a dict and the values of slots.
  const PickleNode& state = nodes_[node.state];
  if (state.kind == Kind::dict) return find(node.state, key);
  if (state.kind == Kind::tuple && !state.items.empty() && nodes_[state.items[0]].kind == Kind::dict) {
    return find(state.items[0], key);
  }
  return kNoNode;
}

std::string PickleTree::class_name(NodeId id) const {
  if (id == kNoNode) return "";
  const PickleNode* node = &nodes_[id];
  if (node->kind == Kind::object) {
    const NodeId arguments = node->arguments;
    if (node->callable == kNoNode || nodes_[node->callable].kind != Kind::global) return "";
    node = &nodes_[node->callable];
    // copyreg._reconstructor(class, base, state) makes instances of the class in its first argument.
    const bool reconstructor = (node->text == "copyreg" || node->text == "copy_reg") && node->name == "_reconstructor";
    if (reconstructor && arguments != kNoNode && !nodes_[arguments].items.empty()) {
      const PickleNode& target = nodes_[nodes_[arguments].items[0]];
      if (target.kind == Kind::global) node = &target;
    }
  }
  if (node->kind != Kind::global) return "";
  return std::string(node->text) + "." + std::string(node->name);
}

std::string_view PickleTree::string_or_empty(NodeId id) const {
  return id != kNoNode && nodes_[id].kind == Kind::string ? nodes_[id].text : std::string_view{};
}

}  // namespace tilefold::weights
