/// Large files, fetched so that a broken line costs only what was on it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "net/http.h"
#include "net/interrupt.h"

namespace tilefold::net {

struct DownloadRequest {
  std::vector<std::string> urls;  ///< of the same file, in order of preference
  std::filesystem::path file;     ///< what is there is replaced
  /// Called with the complete file before it gets its name; throws ParseError when it is damaged.
  std::function<void(const std::filesystem::path&)> verify{};
};

struct DownloadOptions {
  HttpLimits limits{.stall_timeout = std::chrono::milliseconds{60'000}, .max_body_bytes = std::uint64_t{64} << 30};
  /// Tries in a row that bring nothing new before an address is given up.
  int attempts = 5;
  /// Wait before the second try; each further one doubles it, up to the longest. A server's Retry-After counts up to
  /// the longest, too.
  std::chrono::milliseconds first_wait{1'000};
  std::chrono::milliseconds longest_wait{30'000};
  /// Bytes that are there, and how many there will be (0: not known).
  std::function<void(std::uint64_t done, std::uint64_t total)> progress{};
  /// One line about something that did not work and what happens next.
  std::function<void(const std::string&)> note{};
  InterruptCheck check{};
};

struct DownloadReport {
  std::string url;            ///< the address that served it
  std::uint64_t bytes = 0;    ///< size of the file
  std::uint64_t resumed = 0;  ///< bytes of it that an earlier run had brought
};

/// Fetches a file into `FILE.part` and renames it when it is complete, verified and on the disk.
///
/// An interrupted download goes on where it stopped, in this run or a later one, if the server has the same version of
/// the file (If-Range with its ETag or date, and the total size); else it begins anew. Broken connections, stalls and
/// the statuses 408, 429 and 5xx are tried again; other statuses lead to the next address at once. Throws IoError that
/// names each address with its reason; nothing that looks complete is left.
DownloadReport download(const DownloadRequest& request, const DownloadOptions& options = {});

}  // namespace tilefold::net
