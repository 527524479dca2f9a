/// The ligand whose affinity an input asks for.
#pragma once

#include "tilefold/bio/complex.h"

namespace tilefold::bio {

/// Whether `entity` is the binder of the job's affinity request: its SMILES is standardised then.
bool is_affinity_binder(const Job& job, const Entity& entity);

/// Throws ValueError when a binder of `atoms` atoms is too large for the affinity model.
void check_binder_size(const Job& job, std::int32_t atoms);

/// The requested binder in the structure. Throws ValueError that names the request when there is no such chain, it is
/// no ligand, has copies or several residues, or more atoms than the affinity model can take; warns about sizes that it
/// was not trained on.
AffinityTarget find_affinity_target(const Job& job, const Structure& structure, Diagnostics& diagnostics);

}  // namespace tilefold::bio
