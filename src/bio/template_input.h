/// Templates of a job, from files to records.
#pragma once

#include <vector>

#include "tilefold/bio/complex.h"

namespace tilefold::bio {

/// Reads the template files of a job and aligns their chains to the protein chains of `structure`. Rows are in the
/// order of the requests; a template that matches no chain gives no row and a warning. What is wrong with a request
/// becomes a refusal, and the others are read all the same.
std::vector<TemplateRow> read_templates(const Job& job, const Structure& structure, const ComponentLibrary& components,
                                        Diagnostics& diagnostics);

}  // namespace tilefold::bio
