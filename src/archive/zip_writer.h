/// A ZIP file made in memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tilefold::archive {

/// Members are deflated and carry a fixed date, so that the same members give the same bytes.
class ZipWriter {
 public:
  /// Throws UnsupportedError when the archive would need ZIP64 (members or archives of 4 GiB, 65535 members), IoError
  /// when zlib fails.
  void add(const std::string& name, std::string_view data);
  /// The archive with all members added so far.
  std::string finish() const;

 private:
  std::string members_;
  std::string directory_;
  std::uint16_t count_ = 0;
};

}  // namespace tilefold::archive
