/// A chain of a template file in the terms of the model: letters to align, and residues with coordinates.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bio/template_file.h"
#include "tilefold/bio/component.h"
#include "tilefold/bio/template.h"
#include "tilefold/diagnostics.h"

namespace tilefold::bio {

/// One letter per residue of the sequence.
std::string sequence_letters(const std::vector<std::string>& residues);

/// For each place of a sequence the observed residue that stands there, or -1. Both follow each other in order; where
/// several alignments are equally good, gaps lie where the observed residues are not bonded to each other. Throws
/// ValueError when the product of the lengths is over kMaxAlignmentCells.
std::vector<std::int32_t> place_observed(const std::vector<std::string>& sequence,
                                         const std::vector<ObservedResidue>& observed);

/// All residues of a chain, observed or not. Warns about observed residues that do not fit into the sequence and about
/// components that the library does not have; `source` is the file's name in messages.
std::shared_ptr<const std::vector<TemplateResidue>> template_residues(const ProteinChain& chain,
                                                                      const ComponentLibrary& components,
                                                                      const std::string& source,
                                                                      Diagnostics& diagnostics);

}  // namespace tilefold::bio
