/// Chains of the same organism: which hits of several queries belong together.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tilefold::msa {

/// Which taxa are paired: those that two chains have, or those that all have.
enum class PairingStrategy { greedy, complete };

/// "greedy" or "complete"; ValueError otherwise.
PairingStrategy parse_pairing_strategy(const std::string& name);

/// Collects the best hit of every query and taxon, then makes rows of those that belong together.
class Pairing {
 public:
  /// Columns of the hit table (convertalis --format-output), separated by tabs.
  static constexpr std::string_view kColumns = "query,taxid,qstart,qend,qaln,taln";

  /// `queries` by the name they have in the table.
  explicit Pairing(std::vector<std::pair<std::string, std::string>> queries);

  /// A line of the table; the lines of a query go from its best hit to its worst. Hits without a taxon (0) count
  /// for nothing. Throws ParseError that quotes the line when it is no hit of the queries.
  void add(std::string_view line);

  /// Per query an a3m text: the query, then a row per paired taxon in ascending order, gaps where the query has no hit
  /// of the taxon. Row i of all queries is the same taxon.
  std::vector<std::string> blocks(PairingStrategy strategy) const;

 private:
  struct Query {
    std::string name;
    std::string sequence;
    std::map<std::int64_t, std::string> best;  ///< aligned row by taxon
  };
  std::vector<Query> queries_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

}  // namespace tilefold::msa
