#include "graph/key_writer.h"

namespace tilefold {

void KeyWriter::dim(const Dim& dim) {
  number(dim.is_static());
  if (dim.is_static()) {
    number(dim.value());
  } else {
    text(dim.to_string());
  }
}

void KeyWriter::shape(const Shape& shape) {
  number(shape.rank());
  for (const Dim& size : shape.dims()) dim(size);
}

void KeyWriter::memory_config(const MemoryConfig& config) {
  number(config.memory_layout);
  number(config.buffer_type);
  number(config.shard_spec.has_value());
  if (!config.shard_spec) return;
  const ShardSpec& spec = *config.shard_spec;
  number(spec.height);
  number(spec.width);
  number(spec.orientation);
  number(spec.grid.size());
  for (const CoreRange& range : spec.grid) {
    for (const std::int64_t coordinate : {range.start.x, range.start.y, range.end.x, range.end.y}) number(coordinate);
  }
}

namespace {

/// One overload per kind of attribute, and no conversions between them.
struct ValueWriter {
  KeyWriter& writer;

  template <typename T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void operator()(T value) const {
    writer.number(value);
  }
  void operator()(const std::string& value) const { writer.text(value); }
  void operator()(const std::vector<std::int64_t>& list) const {
    writer.number(list.size());
    for (const std::int64_t value : list) writer.number(value);
  }
  void operator()(const Dim& dim) const { writer.dim(dim); }
  void operator()(const Shape& shape) const { writer.shape(shape); }
  void operator()(const MemoryConfig& config) const { writer.memory_config(config); }
};

}  // namespace

void KeyWriter::attributes(const Attributes& attributes) {
  number(attributes.values().size());
  for (const auto& [name, value] : attributes.values()) {
    text(name);
    number(value.index());
    std::visit(ValueWriter{*this}, value);
  }
}

}  // namespace tilefold
