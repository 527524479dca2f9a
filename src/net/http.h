/// HTTP and HTTPS over libcurl: one request, one answer.
///
/// Certificates are checked, proxies come from libcurl's environment variables (http_proxy, https_proxy, all_proxy,
/// no_proxy), and nothing but http and https is ever followed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/interrupt.h"
#include "tilefold/error.h"

namespace tilefold::net {

/// What came from an address cannot be used. The message names the address.
class HttpError : public IoError {
 public:
  using IoError::IoError;
};

/// The connection failed or broke off: the same request may succeed later.
class TransferError : public HttpError {
 public:
  using HttpError::HttpError;
};

struct HttpRequest {
  std::string url;
  /// Fields of a form: then the request is a POST.
  std::vector<std::pair<std::string, std::string>> form{};
  std::vector<std::pair<std::string, std::string>> headers{};
  /// More of them (keys), for the server that `url` names alone.
  std::vector<std::pair<std::string, std::string>> secret_headers{};
  /// HTTP basic authentication when not both are empty.
  std::string username{};
  std::string password{};
};

struct HttpLimits {
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds stall_timeout{30'000};  ///< longest time without a byte in either direction
  std::uint64_t max_body_bytes = std::uint64_t{64} << 20;
  int max_redirects = 5;
};

struct HttpResponse {
  long status = 0;
  std::string url;                             ///< the address that answered, after redirects
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;                            ///< empty when a sink took it

  /// The value of a header by its lower-case name, or an empty text.
  std::string_view header(std::string_view name) const;
};

/// Receives the body piece by piece, with the status and headers that came before it. May throw.
using BodySink = std::function<void(const HttpResponse& head, std::string_view bytes)>;

/// Sends the request and returns the answer, whatever its status. Redirects are followed up to the limit, never from
/// https to http; credentials, secret headers and forms go only to the server that was named. Throws TransferError (no
/// connection, stalled, cut), HttpError (certificate not trusted, body too large, redirects without end, or of a form
/// to another server) or ValueError (not an http address, line breaks in a header); each names the address.
HttpResponse send(const HttpRequest& request, const HttpLimits& limits = {}, const InterruptCheck& check = {},
                  const BodySink& sink = {});

}  // namespace tilefold::net
