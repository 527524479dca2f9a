#include "net/download.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "net/part_file.h"
#include "net/url.h"
#include "tilefold/error.h"

namespace tilefold::net {
namespace {

// An address that brings a byte per connection must come to an end as well.
constexpr int kMaxTries = 1000;

/// An address that is of no use, now or ever; the reason names it.
class UselessAddress : public IoError {
 public:
  using IoError::IoError;
};

/// The server has another version of the file than the one that was begun.
class OtherVersion : public IoError {
 public:
  OtherVersion() : IoError("the file has changed on the server") {}
};

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "bytes FIRST-LAST/TOTAL".
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t total = 0;
};

std::optional<ContentRange> parse_content_range(std::string_view text) {
  if (!text.starts_with("bytes ")) return std::nullopt;
  text.remove_prefix(6);
  const std::size_t dash = text.find('-');
  const std::size_t slash = text.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || slash < dash) return std::nullopt;
  const auto first = parse_number(text.substr(0, dash));
  const auto last = parse_number(text.substr(dash + 1, slash - dash - 1));
  const auto total = parse_number(text.substr(slash + 1));
  if (!first || !last || !total || *last < *first || *last + 1 != *total) return std::nullopt;
  return ContentRange{*first, *total};
}

bool is_temporary(long status) { return status == 408 || status == 429 || (status >= 500 && status < 600); }

class Download {
 public:
  Download(const DownloadRequest& request, const DownloadOptions& options)
      : request_(request), options_(options), part_(request.file), resumed_(part_.size()) {}

  DownloadReport run() {
    std::string reasons;
    const std::vector<std::string> urls = ordered_urls();
    for (const std::string& url : urls) {
      try {
        fetch_verified(url);
        const DownloadReport report{url, part_.size(), resumed_};
        part_.finish();
        return report;
      } catch (const UselessAddress& error) {
        reasons += (reasons.empty() ? "" : "; ") + std::string(error.what());
        if (&url != &urls.back()) note(error.what());
      }
    }
    throw IoError(fmt::format("cannot download '{}': {}", request_.file.string(), reasons));
  }

 private:
  /// An address that has brought a part comes first.
  std::vector<std::string> ordered_urls() const {
    std::vector<std::string> urls = request_.urls;
    std::stable_partition(urls.begin(), urls.end(), [&](const std::string& url) { return url == part_.source().url; });
    return urls;
  }

  void note(const std::string& line) const {
    if (options_.note) options_.note(line);
  }

  void fetch_verified(const std::string& url) {
    const bool begun_earlier = part_.size() != 0 && part_.source().url == url;
    try {
      fetch(url);
      verify();
    } catch (const ParseError& error) {
      part_.start_over({});
      // Perhaps what was there did not fit what came.
      if (!begun_earlier || resumed_ == 0) throw UselessAddress(fmt::format("{}: {}", display_url(url), error.what()));
      note(fmt::format("{}; starting again", error.what()));
      resumed_ = 0;
      try {
        fetch(url);
        verify();
      } catch (const ParseError& again) {
        part_.start_over({});
        throw UselessAddress(fmt::format("{}: {}", display_url(url), again.what()));
      }
    }
  }

  void verify() const {
    if (request_.verify) request_.verify(part_.path());
  }

  /// Tries until the whole file is there.
  void fetch(const std::string& url) {
    int failures = 0;
    auto wait_time = options_.first_wait;
    for (int tries = 0;; ++tries) {
      const std::uint64_t before = part_.size();
      std::string reason;
      std::optional<std::uint64_t> retry_after;
      try {
        const HttpResponse response = fetch_rest(url);
        if (is_whole(response)) return;
        reason = describe_shortage(url, response);
        retry_after = parse_number(response.header("retry-after"));
      } catch (const TransferError& error) {
        reason = error.what();
      } catch (const OtherVersion& error) {
        reason = fmt::format("{}: {}", display_url(url), error.what());
      } catch (const HttpError& error) {
        throw UselessAddress(error.what());
      }
      const bool progress = part_.size() > before;
      failures = progress ? 1 : failures + 1;
      if (progress) wait_time = options_.first_wait;
      if (failures >= options_.attempts || tries >= kMaxTries) throw UselessAddress(reason);
      auto pause = wait_time;
      if (retry_after) pause = std::chrono::seconds(std::min<std::uint64_t>(*retry_after, 3600));
      pause = std::min(pause, options_.longest_wait);
      note(fmt::format("{}; trying again", reason));
      wait(pause, options_.check);
      wait_time = std::min(2 * wait_time, options_.longest_wait);
    }
  }

  bool is_whole(const HttpResponse& response) const {
    const std::optional<std::uint64_t>& size = part_.source().size;
    if (response.status != 200 && response.status != 206) return false;
    return size ? part_.size() == *size : response.status == 200 && part_.size() != 0;
  }

  /// Why an answer did not complete the file, if trying again may help.
  std::string describe_shortage(const std::string& url, const HttpResponse& response) {
    const std::string shown = display_url(url);
    if (response.status == 416) {
      part_.start_over({});
      return fmt::format("{}: the file has become shorter on the server", shown);
    }
    if (is_temporary(response.status)) return fmt::format("{}: status {}", shown, response.status);
    if (response.status != 200 && response.status != 206) {
      throw UselessAddress(fmt::format("{}: expected the file, found status {}", shown, response.status));
    }
    if (part_.size() == 0) return fmt::format("{}: the answer is empty", shown);
    return fmt::format("{}: expected {} bytes, found {}", shown, part_.source().size.value_or(0), part_.size());
  }

  /// One request for what is missing.
  HttpResponse fetch_rest(const std::string& url) {
    HttpRequest request{.url = url};
    const std::uint64_t offset = part_.source().url == url ? part_.size() : 0;
    if (offset != 0 && part_.source().size == offset) return HttpResponse{.status = 200};  // only the rest was missing
    if (offset != 0) {
      request.headers.emplace_back("Range", fmt::format("bytes={}-", offset));
      const std::string validator = part_.source().validator();
      if (!validator.empty()) request.headers.emplace_back("If-Range", validator);
    }
    bool begun = false;
    const BodySink sink = [&](const HttpResponse& head, std::string_view bytes) {
      if (head.status != 200 && head.status != 206) return;
      if (!begun) begin_body(url, head, offset);
      begun = true;
      part_.append(bytes);
      if (options_.progress) options_.progress(part_.size(), part_.source().size.value_or(0));
    };
    return send(request, options_.limits, options_.check, sink);
  }

  /// Decides from the headers where the bytes belong.
  void begin_body(const std::string& url, const HttpResponse& head, std::uint64_t offset) {
    PartSource source{url, std::string(head.header("etag")), std::string(head.header("last-modified")), {}};
    if (head.status == 206) {
      const auto range = parse_content_range(head.header("content-range"));
      if (!range || range->first != offset || offset == 0) {
        throw UselessAddress(fmt::format("{}: expected the bytes from {} on, found '{}'", display_url(url), offset,
                                         printable(head.header("content-range"))));
      }
      source.size = range->total;
      if (!source.may_continue(part_.source())) {
        part_.start_over({});
        resumed_ = 0;
        throw OtherVersion();
      }
    } else {
      source.size = parse_number(head.header("content-length"));
      part_.start_over(source);
      resumed_ = 0;
    }
    if (source.size) part_.check_room(*source.size - part_.size());
  }

  const DownloadRequest& request_;
  const DownloadOptions& options_;
  PartFile part_;
  std::uint64_t resumed_;
};

}  // namespace

DownloadReport download(const DownloadRequest& request, const DownloadOptions& options) {
  if (request.urls.empty()) throw ValueError("no address to download from");
  return Download(request, options).run();
}

}  // namespace tilefold::net
