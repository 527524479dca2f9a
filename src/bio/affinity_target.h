/// The ligand whose affinity an input asks for.
#pragma once

#include "tilefold/bio/complex.h"

namespace tilefold::bio {

/// Whether `entity` is the binder of the job's affinity request: its SMILES is standardised then.
bool is_affinity_binder(const Job& job, const Entity& entity);

/// The requested binder in the structure. Throws ValueError that names the request when there is no such chain, it is
/// no ligand, has copies or several residues, or more atoms than the affinity model can take; warns about sizes that it
/// was not trained on.
AffinityTarget find_affinity_target(const Job& job, const Structure& structure, Diagnostics& diagnostics);

}  // namespace tilefold::bio
