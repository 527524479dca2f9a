/// Constraints of the input, found in the structure.
#pragma once

#include "tilefold/bio/complex.h"

namespace tilefold::bio {

/// Finds what the constraints of `job` name: bonds are appended to the structure's table, pockets and contacts to the
/// complex. Addresses that match nothing are refused in `diagnostics`, but for chains in `job.refused_chains`, which
/// are missing for a reason that was given.
void resolve_constraints(const Job& job, Complex& complex, Diagnostics& diagnostics);

/// The chain with this name in the input, or null.
const Chain* find_chain(const Structure& structure, const std::string& name);

}  // namespace tilefold::bio
