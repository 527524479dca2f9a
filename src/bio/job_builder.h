/// Turns the items of an input file, YAML or FASTA, into a job: grouping into entities and all checks both share.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tilefold/bio.h"

namespace tilefold::bio {

/// One polymer as the file lists it.
struct InputItem {
  ChainType type = ChainType::protein;
  std::string sequence;
  std::vector<std::string> chains;
  std::string msa;  ///< as written: empty = not given, "empty" = single sequence, else a path
  std::vector<Modification> modifications;
  bool cyclic = false;
  std::string where;  ///< "file:line: key", for messages
};

/// Groups `items` by type and sequence and checks them. `warnings` become those of the job.
Job make_job(const std::filesystem::path& source, std::vector<InputItem> items, std::vector<std::string> warnings);

Job parse_yaml(std::string_view text, const std::filesystem::path& source);
Job parse_fasta(std::string_view text, const std::filesystem::path& source);

}  // namespace tilefold::bio
