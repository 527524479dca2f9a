/// Structure templates, aligned to the chains of a complex.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tilefold::bio {

/// A residue of a template chain, observed or not.
struct TemplateResidue {
  std::int32_t type = 0;   ///< vocabulary index; UNK for residues that are not standard
  bool has_frame = false;  ///< N, CA and C are observed
  bool has_disto = false;  ///< the residue and its distogram atom are observed
  std::array<float, 3> n{};
  std::array<float, 3> ca{};  ///< 0 when not observed
  std::array<float, 3> c{};
  std::array<float, 3> disto{};  ///< CB, CA of glycine, or the first atom; 0 when not observed
};

/// A template chain laid over a query chain. The aligned stretch says how; the whole chain counts.
struct TemplateRecord {
  std::int32_t chain = 0;                                        ///< asym id of the query chain
  std::string template_chain;                                    ///< name of the chain in the template file
  std::int32_t query_start = 0;                                  ///< first aligned residue of the query chain, from 0
  std::int32_t template_start = 0;                               ///< the residue of the template chain on it
  std::int32_t length = 0;                                       ///< of the aligned stretch
  std::shared_ptr<const std::vector<TemplateResidue>> residues;  ///< the whole template chain

  /// Residue i of the template lies on residue i - offset() of the query.
  std::int32_t offset() const { return template_start - query_start; }
};

/// All records of one template file: one row of the template features.
struct TemplateRow {
  std::string name;  ///< stem of the file
  std::vector<TemplateRecord> records;
  std::optional<float> force_threshold;  ///< Angstrom; steer the sampler towards the template
};

}  // namespace tilefold::bio
