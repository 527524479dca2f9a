/// A small HTTP server on 127.0.0.1 for tests: answers what it is told, also in the ways that servers should not.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace tilefold::test {

struct StubRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
  /// The fields of a form.
  std::map<std::string, std::string> form() const;
};

struct StubResponse {
  int status = 200;
  std::string body{};
  std::vector<std::pair<std::string, std::string>> headers{};
  std::optional<std::uint64_t> content_length{};  ///< another one than the body's
  bool without_length = false;                    ///< the end of the connection ends the body
  std::optional<std::size_t> cut_after{};         ///< closes the connection after so many bytes of the body
  bool drop = false;                              ///< closes without a word
  bool hang = false;                              ///< sends no (further) byte until the client goes away
};

/// Serves each connection once, in threads of its own.
class StubServer {
 public:
  using Handler = std::function<StubResponse(const StubRequest&)>;

  explicit StubServer(Handler handler) : handler_(std::move(handler)) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (socket_ < 0 || ::bind(socket_, generic, size) != 0 || ::listen(socket_, 64) != 0 ||
        ::getsockname(socket_, generic, &size) != 0) {
      throw std::runtime_error("the stub server cannot listen");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { accept_all(); });
  }

  ~StubServer() {
    stop_ = true;
    thread_.join();
    for (std::thread& connection : connections_) connection.join();
    ::close(socket_);
  }
  StubServer(const StubServer&) = delete;
  StubServer& operator=(const StubServer&) = delete;

  /// "http://127.0.0.1:PORT".
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  std::vector<StubRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void accept_all() {
    while (!stop_) {
      pollfd waiting{socket_, POLLIN, 0};
      if (::poll(&waiting, 1, 10) <= 0) continue;
      const int connection = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection >= 0) connections_.emplace_back([this, connection] { serve(connection); });
    }
  }

  void serve(int connection) {
    if (const std::optional<StubRequest> request = read_request(connection)) {
      StubResponse response;
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(*request);
        response = handler_(*request);
      }
      answer(connection, response);
    }
    ::close(connection);
  }

  /// False when the server stops or the client has gone.
  bool receive(int connection, std::string& text) const {
    while (!stop_) {
      pollfd waiting{connection, POLLIN, 0};
      if (::poll(&waiting, 1, 10) <= 0) continue;
      char buffer[65536];
      const ssize_t count = ::recv(connection, buffer, sizeof(buffer), 0);
      if (count <= 0) return false;
      text.append(buffer, static_cast<std::size_t>(count));
      return true;
    }
    return false;
  }

  std::optional<StubRequest> read_request(int connection) const {
    std::string text;
    std::size_t end = std::string::npos;
    while ((end = text.find("\r\n\r\n")) == std::string::npos) {
      if (!receive(connection, text)) return std::nullopt;
    }
    StubRequest request;
    const std::size_t first_space = text.find(' ');
    const std::size_t second_space = text.find(' ', first_space + 1);
    request.method = text.substr(0, first_space);
    request.target = text.substr(first_space + 1, second_space - first_space - 1);
    for (std::size_t line = text.find("\r\n") + 2; line < end;) {
      const std::size_t line_end = text.find("\r\n", line);
      const std::size_t colon = text.find(':', line);
      std::string name = text.substr(line, colon - line);
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      const std::size_t value = text.find_first_not_of(' ', colon + 1);
      request.headers[name] = text.substr(value, line_end - value);
      line = line_end + 2;
    }
    const std::size_t length = std::strtoull(request.header("content-length").c_str(), nullptr, 10);
    while (text.size() < end + 4 + length) {
      if (!receive(connection, text)) return std::nullopt;
    }
    request.body = text.substr(end + 4, length);
    return request;
  }

  static void send_all(int connection, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  void answer(int connection, const StubResponse& response) const {
    if (response.drop) return;
    if (!response.hang || response.cut_after) {
      std::string head = "HTTP/1.1 " + std::to_string(response.status) + " Stub\r\nConnection: close\r\n";
      for (const auto& [name, value] : response.headers) head.append(name).append(": ").append(value).append("\r\n");
      if (!response.without_length) {
        const std::uint64_t length = response.content_length.value_or(response.body.size());
        head += "Content-Length: " + std::to_string(length) + "\r\n";
      }
      send_all(connection, head + "\r\n");
      send_all(connection, std::string_view(response.body).substr(0, response.cut_after.value_or(std::string::npos)));
    }
    std::string ignored;
    while (response.hang && receive(connection, ignored)) {
    }
  }

  Handler handler_;
  int socket_ = -1;
  int port_ = 0;
  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;
  std::vector<StubRequest> requests_;
  std::thread thread_;
  std::vector<std::thread> connections_;
};

inline std::map<std::string, std::string> StubRequest::form() const {
  std::map<std::string, std::string> fields;
  std::string name;
  std::string value;
  bool in_value = false;
  for (std::size_t i = 0; i <= body.size(); ++i) {
    if (i == body.size() || body[i] == '&') {
      fields[name] = value;
      name.clear();
      value.clear();
      in_value = false;
    } else if (body[i] == '=' && !in_value) {
      in_value = true;
    } else if (body[i] == '%') {
      (in_value ? value : name) += static_cast<char>(std::strtol(body.substr(i + 1, 2).c_str(), nullptr, 16));
      i += 2;
    } else {
      (in_value ? value : name) += body[i] == '+' ? ' ' : body[i];
    }
  }
  return fields;
}

/// What a well-behaved server answers for a file: ranges, If-Range, an ETag.
inline StubResponse serve_file(const StubRequest& request, const std::string& content, const std::string& etag) {
  StubResponse response{.headers = {{"ETag", etag}, {"Accept-Ranges", "bytes"}}};
  const std::string range = request.header("range");
  const std::string condition = request.header("if-range");
  if (!range.starts_with("bytes=") || (!condition.empty() && condition != etag)) {
    response.body = content;
    return response;
  }
  const std::size_t first = std::strtoull(range.c_str() + 6, nullptr, 10);
  const std::string total = std::to_string(content.size());
  if (first >= content.size()) {
    response.status = 416;
    response.headers.emplace_back("Content-Range", "bytes */" + total);
    return response;
  }
  response.status = 206;
  response.headers.emplace_back(
      "Content-Range", "bytes " + std::to_string(first) + "-" + std::to_string(content.size() - 1) + "/" + total);
  response.body = content.substr(first);
  return response;
}

/// Proxies of the machine must not come between a test and its server. For the start of a test program.
inline void forget_proxies() {
  for (const char* name :
       {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"})
    ::unsetenv(name);
}

}  // namespace tilefold::test
