#include "bio/template_file.h"

#include "archive/gzip.h"
#include "bio/text.h"
#include "tilefold/error.h"

namespace tilefold::bio {

std::vector<ProteinChain> read_template_file(const std::filesystem::path& path, bool pdb, Diagnostics& diagnostics) {
  const std::string source = path.string();
  std::string text = read_text_file(path, kMaxTemplateBytes);
  if (archive::is_gzip(text)) text = archive::gunzip(text, kMaxTemplateBytes, source);
  return pdb ? parse_template_pdb(text, source, diagnostics) : parse_template_cif(text, source);
}

}  // namespace tilefold::bio
