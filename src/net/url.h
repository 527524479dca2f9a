/// Addresses: their parts, the form encoding, and how they appear in messages.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tilefold::net {

/// What decides whether two addresses belong to the same server.
struct Origin {
  std::string scheme;  ///< "http" or "https"
  std::string host;
  std::string port;  ///< always a number

  bool operator==(const Origin&) const = default;
};

/// Throws ValueError that names the address unless it is a well-formed http:// or https:// address with a host.
Origin origin_of(const std::string& url);

/// The address without a user name and a password in it, fit for messages; unreadable ones are only quoted.
std::string display_url(const std::string& url);

/// `name=value&...` as browsers send forms (application/x-www-form-urlencoded, spaces as '+').
std::string encode_form(const std::vector<std::pair<std::string, std::string>>& fields);

/// Foreign text on one line of printable characters, cut after `longest` characters.
std::string printable(std::string_view text, std::size_t longest = 120);

}  // namespace tilefold::net
