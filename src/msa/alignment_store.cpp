#include "msa/alignment_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "tilefold/error.h"

namespace tilefold::msa {

AlignmentStore::AlignmentStore(ResultCache cache, std::string origin, std::function<void(const std::string&)> note)
    : cache_(std::move(cache)), origin_(std::move(origin)), note_(std::move(note)) {}

std::string AlignmentStore::key_of(const std::string& mode, const std::string& sequence,
                                   std::vector<std::string> set) const {
  std::sort(set.begin(), set.end());
  std::string key = fmt::format("{}\nmode {}\nsequence {}", origin_, mode, sequence);
  for (const std::string& member : set) key += fmt::format("\nwith {}", member);
  return key;
}

std::optional<std::string> AlignmentStore::load(const std::string& mode, const std::string& sequence,
                                                const std::vector<std::string>& set) const {
  std::optional<std::string> text = cache_.load(key_of(mode, sequence, set));
  // Every alignment has at least the query.
  return text && !text->empty() ? text : std::nullopt;
}

void AlignmentStore::keep(const std::string& mode, const std::string& sequence, const std::vector<std::string>& set,
                          const std::string& text) {
  try {
    cache_.store(key_of(mode, sequence, set), text);
  } catch (const IoError& error) {
    if (!failed_ && note_) note_(fmt::format("alignments are not kept: {}", error.what()));
    failed_ = true;
  }
}

}  // namespace tilefold::msa
