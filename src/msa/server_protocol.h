/// What is said to and by a ColabFold (MMseqs2) server: options, replies, result archives.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

namespace tilefold::msa {

/// Boltz's options of the same names.
struct ServerOptions {
  std::string url = "https://api.colabfold.com";
  std::string pairing_strategy = "greedy";
  std::optional<std::string> username{};
  std::optional<std::string> password{};
  std::optional<std::string> api_key_header{};  ///< default X-API-Key
  std::optional<std::string> api_key_value{};
};

/// The options with what they leave open from BOLTZ_MSA_USERNAME, BOLTZ_MSA_PASSWORD and MSA_API_KEY_VALUE, checked:
/// ValueError for an address that is none, an unknown strategy, both kinds of credentials, a name without password.
ServerOptions complete_options(ServerOptions options);

/// The request with the credentials of (complete) options.
net::HttpRequest with_credentials(net::HttpRequest request, const ServerOptions& options);

/// The line to show before sequences leave the machine.
std::string notice(const ServerOptions& options);

/// The two kinds of searches.
enum class Search { unpaired, paired };

/// "env", "pairgreedy-env" or "paircomplete-env".
std::string mode_of(Search search, const ServerOptions& options);

/// The sequences as the server wants them: ">101\nSEQUENCE\n>102\n...".
std::string query_text(const std::vector<std::string>& sequences);

/// A reply to a submission or a question: its words in capitals.
struct ServerReply {
  std::string status;  ///< PENDING, COMPLETE, ...
  std::string id;      ///< the ticket; may be empty
};

/// Throws ParseError that names `source` unless the text is a JSON object with a status, and a ticket, if any, that can
/// be part of an address.
ServerReply parse_reply(std::string_view text, const std::string& source);

/// The alignments in a result archive (tar.gz) by sequence, in the order of the query. Throws ParseError that names
/// `source` when the archive is damaged or lacks a file or the alignment of a sequence.
std::vector<std::string> parse_result(std::string_view archive, Search search, std::size_t sequences,
                                      const std::string& source);

}  // namespace tilefold::msa
