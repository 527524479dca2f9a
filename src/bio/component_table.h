/// The table of all components that is built with Tilefold (components.tfc); tools/component_maker/table.py describes
/// the format.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "archive/byte_source.h"
#include "tilefold/bio/component.h"

namespace tilefold::bio {

/// A view of a mapped file: opening checks its index, `find` reads one block of 64 components. May be used by several
/// threads.
class ComponentTable {
 public:
  /// Maps a file. Throws IoError when it cannot be read, ParseError when it is damaged.
  static ComponentTable open(const std::filesystem::path& path) { return ComponentTable(archive::map_file(path)); }
  /// Throws ParseError when the index is damaged.
  explicit ComponentTable(archive::ByteSource source);

  std::size_t size() const { return num_components_; }
  /// The code of component `index`; codes ascend.
  std::string_view code(std::size_t index) const;
  /// What the table was made from, one line.
  std::string_view source_line() const { return source_line_; }
  /// The component, or nothing when the table does not have it. Throws ParseError when its block is damaged.
  std::optional<Component> find(std::string_view code) const;

 private:
  void read_index();
  std::string block(std::size_t index) const;

  archive::ByteSource source_;
  std::uint32_t num_components_ = 0;
  std::uint32_t block_size_ = 0;
  std::uint32_t num_blocks_ = 0;
  std::string_view source_line_;
  std::string_view codes_;
  std::string_view directory_;
};

/// Component number `index` of a decoded block of `count` components. Errors start with `where`. Throws ParseError.
Component decode_component(std::string_view block, std::size_t count, std::size_t index, const std::string& where);

}  // namespace tilefold::bio
