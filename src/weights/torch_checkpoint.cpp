#include "weights/torch_checkpoint.h"

#include <fmt/format.h>

#include <set>
#include <unordered_map>

#include "archive/zip_archive.h"
#include "tilefold/text.h"
#include "weights/element_type.h"
#include "weights/pickle.h"

namespace tilefold::weights {
namespace {

using Kind = PickleNode::Kind;

constexpr std::size_t kMaxPickleBytes = std::size_t{256} << 20;
constexpr std::size_t kChecksumLimit = std::size_t{256} << 20;
constexpr std::string_view kPickleSuffix = "/data.pkl";

/// `<root>/` of the archive: torch.save uses the file's stem at the time of writing, so it can be anything.
std::string find_root(const archive::ZipArchive& archive) {
  std::string root;
  for (const archive::ZipArchive::Member& member : archive.members()) {
    if (!member.name.ends_with(kPickleSuffix)) continue;
    if (!root.empty()) throw ParseError(archive.source().path + ": the archive holds more than one data.pkl");
    root = member.name.substr(0, member.name.size() - kPickleSuffix.size() + 1);
  }
  if (root.empty()) {
    throw ParseError(archive.source().path +
                     ": a ZIP archive without a data.pkl inside is not a PyTorch checkpoint (torch.save)");
  }
  return root;
}

void check_byte_order(const archive::ZipArchive& archive, const std::string& root) {
  const archive::ZipArchive::Member* member = archive.find(root + "byteorder");
  if (member == nullptr) return;  // written by PyTorch before 2.1: little-endian machines
  std::string buffer;
  const std::string_view order = archive.read(*member, 16, buffer);
  if (order != "little") {
    throw UnsupportedError(fmt::format("{}: the checkpoint was written in byte order {}; only 'little' is supported",
                                       archive.source().path, in_quotes(order, archive::kLongestName)));
  }
}

/// Makes tensors of the pickled calls of torch._utils._rebuild_tensor_v2.
class TensorReader {
 public:
  TensorReader(const archive::ZipArchive& archive, const PickleTree& tree, std::string root, bool verify)
      : archive_(archive),
        tree_(tree),
        root_(std::move(root)),
        verify_(verify),
        copy_budget_(8 * archive.source().size() + (std::size_t{64} << 20)) {}

  bool is_tensor(NodeId id) const {
    const std::string name = tree_.class_name(id);
    return name == "torch._utils._rebuild_tensor_v2" || is_parameter(name);
  }

  Tensor read(NodeId id, const std::string& name) {
    const std::string where = archive_.source().path + ": tensor " + in_quotes(name, archive::kLongestName);
    id = unwrap_parameter(id, where);
    const auto known = tensors_.find(id);
    if (known != tensors_.end()) return known->second;
    const ElementView view = read_view(id, where);
    Tensor tensor;
    const auto identity = std::tuple(view.storage.data(), view.type, view.offset, view.sizes, view.strides);
    const auto same = views_.find(identity);
    if (same != views_.end()) {
      tensor = same->second;
    } else {
      spend_on_copy(view);
      tensor = make_tensor(view, archive_.source().owner);
      views_.emplace(identity, tensor);
    }
    tensors_.emplace(id, tensor);
    return tensor;
  }

 private:
  static bool is_parameter(std::string_view name) {
    return name == "torch._utils._rebuild_parameter" || name == "torch._utils._rebuild_parameter_with_state";
  }

  NodeId unwrap_parameter(NodeId id, const std::string& where) const {
    for (int depth = 0; depth < 4 && is_parameter(tree_.class_name(id)); ++depth) id = arguments(id, 1, where)[0];
    if (tree_.class_name(id) != "torch._utils._rebuild_tensor_v2") {
      throw ParseError(where + ": not a tensor but " + describe(id));
    }
    return id;
  }

  std::string describe(NodeId id) const {
    const std::string name = tree_.class_name(id);
    return name.empty() ? "a plain value" : "an object of " + in_quotes(name, archive::kLongestName);
  }

  /// The items of an object's argument tuple, at least `count`.
  const std::vector<NodeId>& arguments(NodeId id, std::size_t count, const std::string& where) const {
    const NodeId tuple = tree_[id].arguments;
    if (tuple == kNoNode || tree_[tuple].kind != Kind::tuple || tree_[tuple].items.size() < count) {
      throw ParseError(where + ": its description in the pickle is malformed");
    }
    return tree_[tuple].items;
  }

  std::int64_t integer(NodeId id, const std::string& where) const {
    if (tree_[id].kind != Kind::integer) throw ParseError(where + ": a size in the pickle is not an integer");
    return tree_[id].integer;
  }

  std::vector<std::int64_t> integers(NodeId id, const std::string& where) const {
    if (tree_[id].kind != Kind::tuple && tree_[id].kind != Kind::list) {
      // torch.Size((...)) appears where a shape was pickled as such.
      if (tree_.class_name(id) == "torch.Size" && tree_[id].kind == Kind::object) {
        const NodeId inner = arguments(id, 1, where)[0];
        if (tree_[inner].kind == Kind::tuple || tree_[inner].kind == Kind::list) return integers(inner, where);
      }
      throw ParseError(where + ": its shape in the pickle is not a tuple");
    }
    std::vector<std::int64_t> values;
    values.reserve(tree_[id].items.size());
    for (const NodeId item : tree_[id].items) values.push_back(integer(item, where));
    return values;
  }

  /// Arguments of _rebuild_tensor_v2: storage, offset, size, stride, requires_grad, backward hooks.
  ElementView read_view(NodeId id, const std::string& where) {
    const std::vector<NodeId>& call = arguments(id, 4, where);
    ElementView view;
    view.where = where;
    view.offset = integer(call[1], where);
    view.sizes = integers(call[2], where);
    view.strides = integers(call[3], where);
    if (view.sizes.size() != view.strides.size()) {
      throw ParseError(fmt::format("{}: {} sizes but {} strides", where, view.sizes.size(), view.strides.size()));
    }
    read_storage(call[0], view);
    return view;
  }

  /// Persistent id ('storage', class, key, location, number of elements).
  void read_storage(NodeId id, ElementView& view) {
    const std::string& where = view.where;
    if (tree_[id].kind != Kind::persistent) throw ParseError(where + ": has no storage");
    const std::vector<NodeId>& identity = arguments(id, 5, where);
    if (tree_.string_or_empty(identity[0]) != "storage") throw ParseError(where + ": has no storage");
    const PickleNode& storage_class = tree_[identity[1]];
    if (storage_class.kind != Kind::global) throw ParseError(where + ": the class of its storage is not a name");
    const std::optional<ElementType> type = from_storage_class(storage_class.name);
    if (!type) {
      throw UnsupportedError(fmt::format("{}: elements of {} are not supported", where,
                                         in_quotes(storage_class.name, archive::kLongestName)));
    }
    view.type = *type;
    const std::string key(tree_.string_or_empty(identity[2]));
    const std::int64_t count = integer(identity[4], where);
    const std::span<const std::byte> bytes = storage_bytes(key, where);
    if (count < 0 || static_cast<std::uint64_t>(count) > bytes.size() / file_size_of(*type)) {
      throw ParseError(fmt::format("{}: its storage {} should have {} elements of {} bytes, the archive holds {} bytes",
                                   where, in_quotes(key, archive::kLongestName), count, file_size_of(*type),
                                   bytes.size()));
    }
    view.storage = bytes.first(static_cast<std::size_t>(count) * file_size_of(*type));
  }

  std::span<const std::byte> storage_bytes(const std::string& key, const std::string& where) {
    const auto known = storages_.find(key);
    if (known != storages_.end()) return known->second;
    const archive::ZipArchive::Member* member = archive_.find(root_ + "data/" + key);
    if (member == nullptr) {
      throw ParseError(fmt::format("{}: the archive lacks its data (member {})", where,
                                   in_quotes(root_ + "data/" + key, archive::kLongestName)));
    }
    const std::span<const std::byte> bytes = archive_.stored_bytes(*member);
    if (verify_) archive_.verify(*member, bytes);
    storages_.emplace(key, bytes);
    return bytes;
  }

  /// A view with stride 0 describes any amount of data in a few bytes; bound what is copied altogether.
  void spend_on_copy(const ElementView& view) {
    const std::int64_t volume = checked_volume(view.sizes, view.where);
    if (volume == 0 || is_zero_copy(view)) return;
    const std::size_t bytes = static_cast<std::size_t>(volume) * element_size(dtype_of(view.type));
    if (bytes > copy_budget_) {
      throw ParseError(fmt::format("{}: the tensors describe far more data than the file holds", view.where));
    }
    copy_budget_ -= bytes;
  }

  using ViewIdentity =
      std::tuple<const std::byte*, ElementType, std::int64_t, std::vector<std::int64_t>, std::vector<std::int64_t>>;
  const archive::ZipArchive& archive_;
  const PickleTree& tree_;
  std::string root_;
  bool verify_;
  std::size_t copy_budget_;
  std::unordered_map<std::string, std::span<const std::byte>> storages_;
  std::unordered_map<NodeId, Tensor> tensors_;
  std::map<ViewIdentity, Tensor> views_;
};

bool is_dict_like(const PickleTree& tree, NodeId id) {
  if (id == kNoNode) return false;
  return tree[id].kind == Kind::dict || tree[id].kind == Kind::object;
}

/// `state_dict` of a Lightning checkpoint, or the whole file when it is a state dict itself.
NodeId find_state_dict(const PickleTree& tree, const TensorReader& reader, const std::string& path) {
  const NodeId state = tree.find(tree.root(), "state_dict");
  if (state != kNoNode && is_dict_like(tree, state)) return state;
  const PickleNode& root = tree[tree.root()];
  if (state == kNoNode && is_dict_like(tree, tree.root()) && root.entries.size() >= 2 &&
      reader.is_tensor(root.entries[1])) {
    return tree.root();
  }
  throw ParseError(path + ": the pickle holds no 'state_dict' with tensors");
}

void read_tensors(const PickleTree& tree, NodeId state, TensorReader& reader, Checkpoint& checkpoint) {
  const std::vector<NodeId>& entries = tree[state].entries;
  for (std::size_t i = 0; i + 1 < entries.size(); i += 2) {
    const PickleNode& key = tree[entries[i]];
    if (key.kind != Kind::string) throw ParseError(checkpoint.path + ": a key of the state dict is not text");
    std::string name(key.text);
    Tensor tensor = reader.read(entries[i + 1], name);
    if (!checkpoint.tensors.emplace(name, std::move(tensor)).second) {
      throw ParseError(
          fmt::format("{}: the state dict holds {} twice", checkpoint.path, in_quotes(name, archive::kLongestName)));
    }
  }
}

/// Text and numbers at the top level, such as epoch and version.
void read_metadata(const PickleTree& tree, NodeId state, Checkpoint& checkpoint) {
  if (state == tree.root()) return;
  const std::vector<NodeId>& entries = tree[tree.root()].entries;
  for (std::size_t i = 0; i + 1 < entries.size(); i += 2) {
    const PickleNode& key = tree[entries[i]];
    const PickleNode& value = tree[entries[i + 1]];
    constexpr std::size_t kMaxText = 1000;
    if (key.kind != Kind::string || key.text.size() > kMaxText || value.text.size() > kMaxText) continue;
    if (value.kind == Kind::string) checkpoint.metadata[std::string(key.text)] = value.text;
    if (value.kind == Kind::integer) checkpoint.metadata[std::string(key.text)] = std::to_string(value.integer);
  }
}

}  // namespace

bool looks_like_zip(const archive::ByteSource& source) {
  return source.size() >= 4 && (archive::as_text(source.bytes.first(4)) == "PK\x03\x04");
}

Checkpoint read_torch_checkpoint(const archive::ByteSource& source, Checksums checksums) {
  const bool verify =
      checksums == Checksums::always || (checksums == Checksums::automatic && source.size() <= kChecksumLimit);
  const archive::ZipArchive archive(source);
  const std::string root = find_root(archive);
  check_byte_order(archive, root);
  const archive::ZipArchive::Member& member = *archive.find(root + "data.pkl");
  std::string buffer;
  const std::string_view pickle = archive.read(member, kMaxPickleBytes, buffer);
  if (checksums != Checksums::never) archive.verify(member, std::as_bytes(std::span(pickle)));
  const PickleTree tree = PickleTree::parse(pickle, source.path);

  Checkpoint checkpoint;
  checkpoint.path = source.path;
  checkpoint.format = "PyTorch checkpoint";
  TensorReader reader(archive, tree, root, verify);
  const NodeId state = find_state_dict(tree, reader, source.path);
  read_tensors(tree, state, reader, checkpoint);
  read_metadata(tree, state, checkpoint);
  const NodeId hyper_parameters = tree.find(tree.root(), "hyper_parameters");
  if (hyper_parameters != kNoNode && state != tree.root()) {
    checkpoint.hyper_parameters_json = pickle_to_json(tree, hyper_parameters, source.path);
  }
  return checkpoint;
}

}  // namespace tilefold::weights
