/// Alignments that were found before, by sequence.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "msa/result_cache.h"

namespace tilefold::msa {

/// A view of a cache for one origin (a server, a database). What a search finds for one sequence does not depend on
/// what it is searched with; what is paired depends on the set of all chains, but not on their order.
class AlignmentStore {
 public:
  /// `origin`: everything else that decides what a search finds, lines without an empty one. `note` hears once when
  /// alignments cannot be kept, which does no other harm.
  AlignmentStore(ResultCache cache, std::string origin, std::function<void(const std::string&)> note);

  /// The text for `sequence` in `mode`; `set` are the chains of a paired search (else empty).
  std::optional<std::string> load(const std::string& mode, const std::string& sequence,
                                  const std::vector<std::string>& set = {}) const;
  void keep(const std::string& mode, const std::string& sequence, const std::vector<std::string>& set,
            const std::string& text);

 private:
  std::string key_of(const std::string& mode, const std::string& sequence, std::vector<std::string> set) const;

  ResultCache cache_;
  std::string origin_;
  std::function<void(const std::string&)> note_;
  bool failed_ = false;
};

}  // namespace tilefold::msa
