#include "net/url.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <memory>

#include "tilefold/error.h"

namespace tilefold::net {
namespace {

using Handle = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

/// Null when the address cannot be parsed.
Handle parse(const std::string& url) {
  Handle handle(curl_url(), curl_url_cleanup);
  if (!handle) throw std::bad_alloc();
  if (curl_url_set(handle.get(), CURLUPART_URL, url.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) handle.reset();
  return handle;
}

std::string part(CURLU* handle, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(handle, which, &text, flags) != CURLUE_OK) return {};
  const std::unique_ptr<char, decltype(&curl_free)> owner(text, curl_free);
  return text;
}

bool is_plain(unsigned char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == '~';
}

void append_encoded(std::string& target, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_plain(byte)) {
      target += c;
    } else if (c == ' ') {
      target += '+';
    } else {
      target += fmt::format("%{:02X}", byte);
    }
  }
}

}  // namespace

Origin origin_of(const std::string& url) {
  const Handle handle = parse(url);
  Origin origin;
  if (handle) {
    origin.scheme = part(handle.get(), CURLUPART_SCHEME);
    origin.host = part(handle.get(), CURLUPART_HOST);
    origin.port = part(handle.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  }
  if ((origin.scheme != "http" && origin.scheme != "https") || origin.host.empty()) {
    throw ValueError(fmt::format("'{}' is not an address that can be asked; expected http://HOST... or https://HOST...",
                                 handle ? display_url(url) : printable(url)));
  }
  return origin;
}

std::string display_url(const std::string& url) {
  const Handle handle = parse(url);
  if (!handle) return printable(url);
  if (part(handle.get(), CURLUPART_USER).empty() && part(handle.get(), CURLUPART_PASSWORD).empty()) {
    return printable(url, 300);
  }
  curl_url_set(handle.get(), CURLUPART_USER, nullptr, 0);
  curl_url_set(handle.get(), CURLUPART_PASSWORD, nullptr, 0);
  return printable(part(handle.get(), CURLUPART_URL), 300);
}

std::string encode_form(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    if (!text.empty()) text += '&';
    append_encoded(text, name);
    text += '=';
    append_encoded(text, value);
  }
  return text;
}

std::string printable(std::string_view text, std::size_t longest) {
  std::string result;
  for (const char c : text.substr(0, longest)) {
    const auto byte = static_cast<unsigned char>(c);
    result += byte < 32 || byte > 126 ? ' ' : c;
  }
  return result + (text.size() > longest ? "..." : "");
}

}  // namespace tilefold::net
