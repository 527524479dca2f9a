/// One search on a server: submit, ask until it is done, fetch the result.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "msa/server_protocol.h"
#include "net/interrupt.h"

namespace tilefold::msa {

/// How patient to be.
struct ServerTiming {
  net::HttpLimits limits{.connect_timeout = std::chrono::milliseconds{6'020},
                         .stall_timeout = std::chrono::milliseconds{6'020},
                         .max_body_bytes = std::uint64_t{1} << 30};
  int retries = 5;                                      ///< after broken connections and the statuses 5xx
  std::chrono::milliseconds retry_wait{5'000};          ///< before each of them
  std::chrono::milliseconds poll_wait{5'000};           ///< between questions, and when the server is busy
  std::chrono::milliseconds poll_spread{5'000};         ///< drawn at random and added to that
  std::chrono::milliseconds longest_busy_wait{60'000};  ///< most that a Retry-After is followed
  std::chrono::minutes longest_search{360};             ///< from the first submission to the result
};

/// What the caller wants to hear and say; each may be empty.
struct ServerHooks {
  net::InterruptCheck check{};
  /// Before anything is sent to the server for the first time; see `notice`.
  std::function<void(const std::string& line)> before_first_request{};
  /// What a search is doing ("PENDING", "RUNNING", ...), how long it has been going on.
  std::function<void(const std::string& status, std::chrono::seconds elapsed)> status{};
  /// One line about something that did not work and what happens next.
  std::function<void(const std::string& line)> note{};
};

/// Searches `sequences` (distinct) and returns their alignments in the same order, a3m texts. Throws what
/// `parse_result` throws, and IoError with one line: the server cannot be reached, refuses the credentials, is under
/// maintenance, reports an error, or does not finish in time.
std::vector<std::string> search_on_server(const std::vector<std::string>& sequences, Search search,
                                          const ServerOptions& options, const ServerTiming& timing,
                                          const ServerHooks& hooks);

}  // namespace tilefold::msa
