/// The unfinished copy of a file that is being fetched, and where its bytes came from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace tilefold::net {

/// Which version of which file the bytes belong to.
struct PartSource {
  std::string url;
  std::string etag;           ///< empty when the server names none
  std::string last_modified;  ///< likewise
  std::optional<std::uint64_t> size;

  /// What an If-Range header may hold: a strong ETag, else the date, else nothing.
  std::string validator() const;
  /// False when anything that both name differs. (An answer to If-Range need not repeat the date.)
  bool may_continue(const PartSource& other) const;
};

/// `FILE.part` with the record of its source in `FILE.part.json`. One process at a time: the file is locked.
class PartFile {
 public:
  /// Opens or makes the files beside `file`. Bytes without a readable record are dropped. Throws IoError (folder cannot
  /// be written to, another process is at it).
  explicit PartFile(const std::filesystem::path& file);
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  const std::filesystem::path& path() const { return part_; }
  std::uint64_t size() const { return size_; }
  const PartSource& source() const { return source_; }

  /// Drops all bytes; those to come are of `source`. Throws IoError.
  void start_over(const PartSource& source);
  /// Appends. Throws IoError with the system's reason (disk full).
  void append(std::string_view bytes);
  /// Throws IoError unless the file system has room for `bytes` more.
  void check_room(std::uint64_t bytes) const;
  /// Flushes the bytes to the disk, gives the file its final name and removes the record. Throws IoError.
  void finish();

 private:
  [[noreturn]] void fail(const char* what) const;
  bool open_and_lock();
  void read_record();

  std::filesystem::path file_;
  std::filesystem::path part_;
  std::filesystem::path record_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  PartSource source_;
};

}  // namespace tilefold::net
