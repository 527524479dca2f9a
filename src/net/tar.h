/// tar archives (ustar, GNU and pax names), read in place.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tilefold::net {

/// A member of an archive. Its name is what the archive says: check it before anything is made of it.
struct TarMember {
  std::string name;
  bool is_file = false;  ///< a regular file; folders, links and devices are not
  std::string_view data{};
};

/// Walks through the members of an archive. Everything is checked before it is used; errors are ParseErrors that name
/// `source` and the place.
class TarReader {
 public:
  /// `bytes` must outlive the reader and its members.
  TarReader(std::string_view bytes, std::string source);

  /// The next member; nothing after the end-of-archive mark. Throws when a header is damaged, a member reaches beyond
  /// the end, or the archive ends without the mark (truncated).
  std::optional<TarMember> next();

 private:
  struct Header {
    std::string name;
    char type = '0';
    std::size_t size = 0;
  };
  std::optional<Header> read_header();
  std::string_view take_data(const Header& header);
  void apply_pax_records(std::string_view records, std::string& name, std::optional<std::size_t>& size) const;
  [[noreturn]] void fail(std::string_view what) const;

  std::string_view bytes_;
  std::string source_;
  std::size_t position_ = 0;
};

}  // namespace tilefold::net
