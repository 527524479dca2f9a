/// Turns the items of an input file, YAML or FASTA, into a job: grouping into entities and all checks both share.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tilefold/bio/job.h"

namespace tilefold::bio {

/// One molecule as the file lists it.
struct InputItem {
  ChainType type = ChainType::protein;
  std::string sequence;                 ///< of polymers
  std::vector<std::string> components;  ///< of ligands by code
  bool component_list = false;          ///< the codes were written as a list, which makes another entity
  std::string smiles;                   ///< of ligands by SMILES
  std::vector<std::string> chains;
  std::string msa;  ///< as written: empty = not given, "empty" = single sequence, else a path
  std::vector<Modification> modifications;
  bool cyclic = false;
  std::string where;  ///< "file:line: key", for messages
};

/// Groups `items` by type and sequence and checks them; an item that is refused is left out.
Job make_job(const std::filesystem::path& source, std::vector<InputItem> items, Diagnostics& diagnostics);

Job parse_yaml(std::string_view text, const std::filesystem::path& source, Diagnostics& diagnostics);
Job parse_fasta(std::string_view text, const std::filesystem::path& source, Diagnostics& diagnostics);

}  // namespace tilefold::bio
