#include "msa/server_protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "archive/gzip.h"
#include "msa/alignment.h"
#include "net/tar.h"
#include "net/url.h"
#include "tilefold/error.h"

namespace tilefold::msa {
namespace {

constexpr std::int64_t kFirstQuery = 101;
constexpr std::size_t kMaxResultBytes = std::size_t{2} << 30;

void take_from_environment(std::optional<std::string>& option, const char* variable) {
  if (option) return;
  const char* value = std::getenv(variable);
  if (value != nullptr && *value != '\0') option = value;
}

bool is_given(const std::optional<std::string>& option) { return option && !option->empty(); }

bool is_ticket(std::string_view id) {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return id.size() <= 200 && std::all_of(id.begin(), id.end(), allowed);
}

/// The names of the members, for a message.
std::string list_names(const std::map<std::string, std::string_view>& files) {
  std::string names;
  for (const auto& [name, data] : files) names += (names.empty() ? "" : ", ") + net::printable(name, 60);
  return names.empty() ? "no files" : net::printable(names, 300);
}

}  // namespace

ServerOptions complete_options(ServerOptions options) {
  take_from_environment(options.username, "BOLTZ_MSA_USERNAME");
  take_from_environment(options.password, "BOLTZ_MSA_PASSWORD");
  take_from_environment(options.api_key_value, "MSA_API_KEY_VALUE");
  net::origin_of(options.url);
  while (options.url.ends_with('/')) options.url.pop_back();
  if (options.pairing_strategy != "greedy" && options.pairing_strategy != "complete") {
    throw ValueError(fmt::format("--msa_pairing_strategy: expected greedy or complete, found '{}'",
                                 net::printable(options.pairing_strategy)));
  }
  const bool name = is_given(options.username);
  const bool password = is_given(options.password);
  if (name != password) {
    throw ValueError(
        fmt::format("MSA server: found a {} without a {} (--msa_server_username, --msa_server_password, "
                    "BOLTZ_MSA_USERNAME, BOLTZ_MSA_PASSWORD)",
                    name ? "user name" : "password", name ? "password" : "user name"));
  }
  if (name && is_given(options.api_key_value)) {
    throw ValueError(
        "MSA server: found both a user name with password and an API key; expected one kind of credentials "
        "(--msa_server_username and --msa_server_password, or --api_key_value)");
  }
  return options;
}

net::HttpRequest with_credentials(net::HttpRequest request, const ServerOptions& options) {
  if (is_given(options.api_key_value)) {
    // Reference quirk: with an API key the body is called JSON, though it is a form.
    request.headers.emplace_back("Content-Type", "application/json");
    request.secret_headers.emplace_back(is_given(options.api_key_header) ? *options.api_key_header : "X-API-Key",
                                        *options.api_key_value);
  } else if (is_given(options.username)) {
    request.username = *options.username;
    request.password = *options.password;
  }
  return request;
}

std::string notice(const ServerOptions& options) {
  return fmt::format("the sequences of proteins without an alignment are sent to the MSA server {}",
                     net::display_url(options.url));
}

std::string mode_of(Search search, const ServerOptions& options) {
  return search == Search::unpaired ? "env" : fmt::format("pair{}-env", options.pairing_strategy);
}

std::string query_text(const std::vector<std::string>& sequences) {
  std::string text;
  std::int64_t number = kFirstQuery;
  for (const std::string& sequence : sequences) text += fmt::format(">{}\n{}\n", number++, sequence);
  return text;
}

ServerReply parse_reply(std::string_view text, const std::string& source) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  const auto word = [&](const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  if (!json.is_object() || word("status").empty()) {
    throw ParseError(fmt::format("{}: expected a JSON reply with a status, found '{}'; is this an MMseqs2 server?",
                                 source, net::printable(text, 60)));
  }
  ServerReply reply{word("status"), word("id")};
  if (!is_ticket(reply.id)) {
    throw ParseError(fmt::format("{}: expected the id of a ticket, found '{}'", source, net::printable(reply.id, 60)));
  }
  return reply;
}

std::vector<std::string> parse_result(std::string_view archive, Search search, std::size_t sequences,
                                      const std::string& source) {
  const std::string bytes = archive::gunzip(archive, kMaxResultBytes, source);
  std::map<std::string, std::string_view> files;
  net::TarReader reader(bytes, source);
  while (const auto member = reader.next()) {
    if (member->is_file) files[member->name.substr(member->name.starts_with("./") ? 2 : 0)] = member->data;
  }
  const std::vector<const char*> wanted =
      search == Search::paired ? std::vector<const char*>{"pair.a3m"}
                               : std::vector<const char*>{"uniref.a3m", "bfd.mgnify30.metaeuk30.smag30.a3m"};
  std::vector<std::string> alignments(sequences);
  for (const char* name : wanted) {
    const auto file = files.find(name);
    if (file == files.end()) {
      throw ParseError(fmt::format("{}: expected {} in the archive, found {}", source, name, list_names(files)));
    }
    for (const auto& [query, block] : split_blocks(file->second, fmt::format("{}: {}", source, name))) {
      const std::int64_t index = query - kFirstQuery;
      if (index >= 0 && index < static_cast<std::int64_t>(sequences)) alignments[index] += block;
    }
  }
  for (std::size_t i = 0; i < sequences; ++i) {
    if (alignments[i].empty()) {
      throw ParseError(fmt::format("{}: the archive has no alignment of sequence {}", source, i + 1));
    }
  }
  return alignments;
}

}  // namespace tilefold::msa
