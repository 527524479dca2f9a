#include "net/http.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <exception>
#include <memory>
#include <optional>

#include "net/url.h"

namespace tilefold::net {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxHeaderBytes = std::size_t{256} << 10;

void initialise_libcurl() {
  static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (result != CURLE_OK) throw IoError(fmt::format("libcurl cannot start: {}", curl_easy_strerror(result)));
}

std::string_view strip(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// One request to one address, without redirects.
class Transfer {
 public:
  Transfer(const HttpRequest& request, const HttpLimits& limits, const BodySink& sink)
      : limits_(limits), sink_(sink), shown_url_(display_url(request.url)) {
    initialise_libcurl();
    easy_.reset(curl_easy_init());
    multi_.reset(curl_multi_init());
    if (!easy_ || !multi_) throw std::bad_alloc();
    response_.url = request.url;
    set_options();
    set_request(request);
  }

  ~Transfer() { curl_multi_remove_handle(multi_.get(), easy_.get()); }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  HttpResponse run(const InterruptCheck& check) {
    curl_multi_add_handle(multi_.get(), easy_.get());
    last_activity_ = Clock::now();
    while (true) {
      int running = 0;
      const CURLMcode code = curl_multi_perform(multi_.get(), &running);
      if (code != CURLM_OK) throw HttpError(fmt::format("{}: {}", shown_url_, curl_multi_strerror(code)));
      if (running == 0) break;
      check_stall();
      curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(kInterruptInterval.count()), nullptr);
      if (check) check();
    }
    throw_on_failure();
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &response_.status);
    return std::move(response_);
  }

  /// Where the server sends us instead, or nothing.
  std::string redirect_target() const {
    char* target = nullptr;
    curl_easy_getinfo(easy_.get(), CURLINFO_REDIRECT_URL, &target);
    return target == nullptr ? std::string() : std::string(target);
  }

 private:
  template <typename Value>
  void set(CURLoption option, Value value) {
    const CURLcode code = curl_easy_setopt(easy_.get(), option, value);
    if (code != CURLE_OK) throw IoError(fmt::format("libcurl refuses an option: {}", curl_easy_strerror(code)));
  }

  void set_options() {
    set(CURLOPT_ERRORBUFFER, error_text_.data());
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);  // see `send`
    set(CURLOPT_USERAGENT, "tilefold/" TILEFOLD_VERSION);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits_.connect_timeout.count()));
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
    set(CURLOPT_WRITEDATA, this);
  }

  void set_request(const HttpRequest& request) {
    set(CURLOPT_URL, request.url.c_str());
    if (!request.username.empty() || !request.password.empty()) {
      set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
      set(CURLOPT_USERNAME, request.username.c_str());
      set(CURLOPT_PASSWORD, request.password.c_str());
    }
    if (!request.form.empty()) {
      body_ = encode_form(request.form);
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
      set(CURLOPT_POSTFIELDS, body_.c_str());
      add_header_line("Expect:");  // no waiting for "100 Continue"
    }
    for (const auto& [name, value] : request.headers) add_header(name, value);
    for (const auto& [name, value] : request.secret_headers) add_header(name, value);
    set(CURLOPT_HTTPHEADER, headers_.get());
  }

  void add_header(const std::string& name, const std::string& value) {
    constexpr std::string_view kBreaks("\r\n\0", 3);
    if (name.empty() || name.find_first_of(": ") != std::string::npos ||
        (name + value).find_first_of(kBreaks) != std::string::npos) {
      throw ValueError(
          fmt::format("'{}' cannot be the name of an HTTP header, or its value has line breaks", printable(name)));
    }
    // libcurl's way to send a header without a value.
    add_header_line(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }

  void add_header_line(const std::string& line) {
    curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(headers_.release());
    headers_.reset(longer);
  }

  void check_stall() {
    curl_off_t uploaded = 0;
    curl_off_t connected_after = 0;  // microseconds, 0 before
    curl_easy_getinfo(easy_.get(), CURLINFO_SIZE_UPLOAD_T, &uploaded);
    curl_easy_getinfo(easy_.get(), CURLINFO_PRETRANSFER_TIME_T, &connected_after);
    if (uploaded != uploaded_ || connected_after == 0) last_activity_ = Clock::now();
    uploaded_ = uploaded;
    if (Clock::now() - last_activity_ < limits_.stall_timeout) return;
    throw TransferError(fmt::format("{}: the server has sent nothing for {:.1f} s", shown_url_,
                                    static_cast<double>(limits_.stall_timeout.count()) / 1000.0));
  }

  void throw_on_failure() {
    if (failure_) std::rethrow_exception(failure_);
    int left = 0;
    CURLcode code = CURLE_OK;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg == CURLMSG_DONE) code = message->data.result;
    }
    if (code == CURLE_OK) return;
    const std::string reason = error_text_[0] != '\0' ? error_text_.data() : curl_easy_strerror(code);
    const std::string message = fmt::format("{}: {}", shown_url_, printable(reason, 300));
    switch (code) {
      case CURLE_PEER_FAILED_VERIFICATION:
      case CURLE_SSL_CACERT_BADFILE:
      case CURLE_SSL_CERTPROBLEM:
        throw HttpError(message);
      default:
        throw TransferError(message);
    }
  }

  static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self) {
    return static_cast<Transfer*>(self)->guarded(size, [&](Transfer& t) { t.take_header({data, size}); });
  }

  static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self) {
    return static_cast<Transfer*>(self)->guarded(size, [&](Transfer& t) { t.take_body({data, size}); });
  }

  /// Exceptions cannot pass through libcurl: they are kept, and a short count ends the transfer.
  template <typename Action>
  std::size_t guarded(std::size_t size, const Action& action) {
    last_activity_ = Clock::now();
    try {
      action(*this);
      return size;
    } catch (...) {
      failure_ = std::current_exception();
      return size == 0 ? 1 : 0;
    }
  }

  void take_header(std::string_view line) {
    header_bytes_ += line.size();
    if (header_bytes_ > kMaxHeaderBytes) {
      throw HttpError(fmt::format("{}: the answer's headers have more than {} bytes", shown_url_, kMaxHeaderBytes));
    }
    if (line.starts_with("HTTP/")) {  // again after "100 Continue"
      response_.headers.clear();
      return;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    response_.headers[name] = strip(line.substr(colon + 1));
  }

  void take_body(std::string_view bytes) {
    body_bytes_ += bytes.size();
    if (body_bytes_ > limits_.max_body_bytes) {
      throw HttpError(
          fmt::format("{}: the answer has more than the allowed {} bytes", shown_url_, limits_.max_body_bytes));
    }
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &response_.status);
    if (sink_) {
      sink_(response_, bytes);
    } else {
      response_.body += bytes;
    }
  }

  const HttpLimits& limits_;
  const BodySink& sink_;
  std::string shown_url_;
  std::string body_;
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers_{nullptr, curl_slist_free_all};
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy_{nullptr, curl_easy_cleanup};
  std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)> multi_{nullptr, curl_multi_cleanup};
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  HttpResponse response_;
  std::exception_ptr failure_;
  Clock::time_point last_activity_;
  std::size_t header_bytes_ = 0;
  std::uint64_t body_bytes_ = 0;
  curl_off_t uploaded_ = 0;
};

bool is_redirect(long status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// The same server, or its protected side.
bool may_share_secrets(const Origin& from, const Origin& to) {
  const bool upgrade = from.scheme == "http" && from.port == "80" && to.scheme == "https" && to.port == "443";
  return from == to || (upgrade && from.host == to.host);
}

}  // namespace

std::string_view HttpResponse::header(std::string_view name) const {
  const auto found = headers.find(std::string(name));
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

HttpResponse send(const HttpRequest& request, const HttpLimits& limits, const InterruptCheck& check,
                  const BodySink& sink) {
  BodySink inner;
  if (sink) {
    inner = [&sink](const HttpResponse& head, std::string_view bytes) {
      if (!is_redirect(head.status)) sink(head, bytes);
    };
  }
  HttpRequest current = request;
  Origin origin = origin_of(current.url);
  for (int redirects = 0;; ++redirects) {
    Transfer transfer(current, limits, inner);
    HttpResponse response = transfer.run(check);
    const std::string target = is_redirect(response.status) ? transfer.redirect_target() : std::string();
    if (target.empty()) return response;
    if (redirects == limits.max_redirects) {
      throw HttpError(fmt::format("{}: more than {} redirects", display_url(request.url), limits.max_redirects));
    }
    const Origin next = origin_of(target);
    if (origin.scheme == "https" && next.scheme == "http") {
      throw HttpError(
          fmt::format("{}: redirects to the unprotected address {}", display_url(current.url), display_url(target)));
    }
    // A form is sent again (the usual reason is http -> https), except where the server asks for the result by GET.
    if (response.status == 303) current.form.clear();
    if (!may_share_secrets(origin, next)) {
      if (!current.form.empty()) {
        throw HttpError(fmt::format("{}: redirects what it is sent to another server, {}", display_url(current.url),
                                    display_url(target)));
      }
      current.secret_headers.clear();
      current.username.clear();
      current.password.clear();
    }
    current.url = target;
    origin = next;
  }
}

}  // namespace tilefold::net
