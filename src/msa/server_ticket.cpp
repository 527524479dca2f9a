#include "msa/server_ticket.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <random>

#include "net/url.h"
#include "tilefold/error.h"

namespace tilefold::msa {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::uint64_t kMaxReplyBytes = std::uint64_t{1} << 20;
// A server that has lost the ticket does not know it any more: it gets the search once more.
constexpr int kUnknownBeforeResubmission = 20;

/// Seconds of a Retry-After header; 0 without one.
milliseconds retry_after(const net::HttpResponse& response) {
  const std::string_view text = response.header("retry-after");
  unsigned seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::chrono::seconds(std::min(seconds, 3600U));
}

class Ticket {
 public:
  Ticket(const std::vector<std::string>& sequences, Search search, const ServerOptions& options,
         const ServerTiming& timing, const ServerHooks& hooks)
      : sequences_(sequences),
        search_(search),
        options_(options),
        timing_(timing),
        hooks_(hooks),
        server_(fmt::format("MSA server {}", net::display_url(options.url))),
        random_(std::random_device()()) {}

  std::vector<std::string> run() {
    while (true) {
      const ServerReply submitted = submit();
      if (submitted.id.empty()) {
        throw IoError(fmt::format("{}: expected a ticket, found none (status {})", server_, submitted.status));
      }
      if (wait_until_complete(submitted)) return fetch(submitted.id);
    }
  }

 private:
  /// Asks until the server has taken the search.
  ServerReply submit() {
    const char* endpoint = search_ == Search::paired ? "ticket/pair" : "ticket/msa";
    net::HttpRequest request{.url = fmt::format("{}/{}", options_.url, endpoint),
                             .form = {{"q", query_text(sequences_)}, {"mode", mode_of(search_, options_)}}};
    while (true) {
      const ServerReply reply = ask(request);
      if (reply.status != "UNKNOWN" && reply.status != "RATELIMIT") return checked(reply);
      pause(reply.status, "the submission");
    }
  }

  /// False when the server has forgotten the ticket.
  bool wait_until_complete(ServerReply reply) {
    const net::HttpRequest request{.url = fmt::format("{}/ticket/{}", options_.url, reply.id)};
    const std::string what = fmt::format("ticket {}", reply.id);
    for (int unknown = 0; reply.status != "COMPLETE";) {
      unknown = reply.status == "UNKNOWN" ? unknown + 1 : 0;
      if (unknown == kUnknownBeforeResubmission) return false;
      pause(reply.status, what);
      reply = checked(ask(request));
    }
    if (hooks_.status) hooks_.status("COMPLETE", elapsed());
    return true;
  }

  /// The reply if it means that things go on.
  ServerReply checked(ServerReply reply) const {
    const std::string& status = reply.status;
    if (status == "ERROR") {
      throw IoError(
          fmt::format("{} reports an error for {} sequence{}; check that they are proteins, or try again later",
                      server_, sequences_.size(), sequences_.size() == 1 ? "" : "s"));
    }
    if (status == "MAINTENANCE") {
      throw IoError(fmt::format("{} is under maintenance; try again in some minutes", server_));
    }
    for (const char* known : {"UNKNOWN", "RATELIMIT", "PENDING", "RUNNING", "COMPLETE"}) {
      if (status == known) return reply;
    }
    throw IoError(fmt::format("{}: expected a status such as PENDING or COMPLETE, found '{}'", server_,
                              net::printable(status, 60)));
  }

  std::vector<std::string> fetch(const std::string& id) {
    const net::HttpRequest request{.url = fmt::format("{}/result/download/{}", options_.url, id)};
    for (int failures = 0;; ++failures) {
      const net::HttpResponse response = send(request, timing_.limits.max_body_bytes);
      if (response.status == 429) {
        pause("RATELIMIT", "the result", retry_after(response));
        continue;
      }
      try {
        return parse_result(response.body, search_, sequences_.size(), net::display_url(request.url));
      } catch (const ParseError& error) {
        // Perhaps the archive was cut without a sign of it.
        if (failures >= timing_.retries) throw;
        note_and_wait(error.what(), failures + 1);
      }
    }
  }

  /// A request whose answer is a reply; a busy server is one that says RATELIMIT.
  ServerReply ask(const net::HttpRequest& request) {
    const net::HttpResponse response = send(request, kMaxReplyBytes);
    if (response.status == 429) {
      busy_wait_ = retry_after(response);
      return {"RATELIMIT", {}};
    }
    return parse_reply(response.body, net::display_url(request.url));
  }

  /// Repeats what fails for reasons that may pass; returns answers with the statuses 200 and 429 only.
  net::HttpResponse send(const net::HttpRequest& request, std::uint64_t max_bytes) {
    net::HttpLimits limits = timing_.limits;
    limits.max_body_bytes = max_bytes;
    for (int failures = 0;; ++failures) {
      std::string reason;
      try {
        net::HttpResponse response = net::send(with_credentials(request, options_), limits, hooks_.check);
        if (response.status == 200 || response.status == 429) return response;
        reason = fmt::format("{}: expected an answer, found status {}", net::display_url(request.url), response.status);
        if (response.status < 500) refuse(response, reason);
      } catch (const net::TransferError& error) {
        reason = error.what();
      }
      if (failures >= timing_.retries) throw IoError(fmt::format("{} cannot be asked: {}", server_, reason));
      note_and_wait(reason, failures + 1);
    }
  }

  [[noreturn]] void refuse(const net::HttpResponse& response, const std::string& reason) const {
    if (response.status == 401 || response.status == 403) {
      const bool given = options_.username || options_.api_key_value;
      throw IoError(
          fmt::format("{} {} (status {}); see --msa_server_username, --msa_server_password and "
                      "--api_key_value",
                      server_, given ? "refuses the credentials" : "asks for credentials", response.status));
    }
    throw IoError(fmt::format("{}; is this an MMseqs2 server?", reason));
  }

  void note_and_wait(const std::string& reason, int failures) const {
    if (hooks_.note) hooks_.note(fmt::format("{}; trying again ({} of {})", reason, failures, timing_.retries));
    net::wait(timing_.retry_wait, hooks_.check);
    check_time("the answer");
  }

  /// Between two questions about `what`.
  void pause(const std::string& status, const std::string& what, milliseconds at_least = {}) {
    if (hooks_.status) hooks_.status(status, elapsed());
    at_least = std::min(std::max(at_least, busy_wait_), timing_.longest_busy_wait);
    busy_wait_ = {};
    std::uniform_int_distribution<std::int64_t> spread(0, timing_.poll_spread.count());
    net::wait(std::max(at_least, timing_.poll_wait + milliseconds(spread(random_))), hooks_.check);
    check_time(fmt::format("{} (last status {})", what, status));
  }

  void check_time(const std::string& what) const {
    if (Clock::now() - start_ < timing_.longest_search) return;
    throw IoError(fmt::format("{}: {} is not done after {} minutes; try again later", server_, what,
                              timing_.longest_search.count()));
  }

  std::chrono::seconds elapsed() const {
    return std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - start_);
  }

  const std::vector<std::string>& sequences_;
  Search search_;
  const ServerOptions& options_;
  const ServerTiming& timing_;
  const ServerHooks& hooks_;
  std::string server_;
  std::mt19937_64 random_;
  Clock::time_point start_ = Clock::now();
  milliseconds busy_wait_{};
};

}  // namespace

std::vector<std::string> search_on_server(const std::vector<std::string>& sequences, Search search,
                                          const ServerOptions& options, const ServerTiming& timing,
                                          const ServerHooks& hooks) {
  return Ticket(sequences, search, options, timing, hooks).run();
}

}  // namespace tilefold::msa
