// Template files in both formats, with their chains aligned to a query as far as records and residues.
#include <algorithm>
#include <cmath>

#include "bio/template_alignment.h"
#include "bio/template_chain.h"
#include "bio/template_file.h"
#include "fuzz/text_target.h"

namespace {

using namespace tilefold;

void check(bool condition) {
  if (!condition) std::abort();
}

void check_chain(bio::ProteinChain chain, Diagnostics& diagnostics) {
  check(!chain.observed.empty());
  for (const bio::ObservedResidue& residue : chain.observed) {
    for (const bio::ObservedAtom& atom : residue.atoms) {
      for (const double coordinate : atom.position) check(std::isfinite(coordinate));
    }
  }
  if (chain.sequence.empty()) {
    for (const bio::ObservedResidue& residue : chain.observed) chain.sequence.push_back(residue.name);
  }
  const std::string letters = bio::sequence_letters(chain.sequence);
  check(letters.size() == chain.sequence.size() && bio::unscored_letter(letters) == '\0');
  bio::global_score("MKVLAAGIVGEGGSX", letters);
  for (const bio::AlignedSegment& segment : bio::local_segments("MKVLAAGIVGEGGSX", letters)) {
    check(segment.query_start >= 0 && segment.target_start >= 0 && segment.length > 0);
    check(segment.query_start + segment.length <= 15);
    check(segment.target_start + segment.length <= static_cast<std::int64_t>(letters.size()));
  }
  const auto residues = bio::template_residues(chain, bio::default_components(), "fuzz", diagnostics);
  check(residues->size() == chain.sequence.size());
  for (const bio::TemplateResidue& residue : *residues) check(residue.type >= 2 && residue.type < 33);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run_text_target<Error>(data, size, [](std::string_view text) {
    Diagnostics diagnostics;
    const bool cif = text.find("_atom_site") != std::string_view::npos;
    auto chains =
        cif ? bio::parse_template_cif(text, "fuzz.cif") : bio::parse_template_pdb(text, "fuzz.pdb", diagnostics);
    for (bio::ProteinChain& chain : chains) check_chain(std::move(chain), diagnostics);
    for (const std::string& warning : diagnostics.warnings()) check(warning.find('\n') == std::string::npos);
  });
}
