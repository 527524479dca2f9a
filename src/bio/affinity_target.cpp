#include "bio/affinity_target.h"

#include <fmt/format.h>

#include <algorithm>

#include "bio/constraints.h"
#include "bio/text.h"
#include "chem/chem.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

constexpr std::int32_t kMostAtoms = 128;
constexpr std::int32_t kMostTrainedAtoms = 56;

/// Throws ValueError when the binder cannot be one.
void check_binder_entity(const Job& job) {
  const AffinityRequest& request = *job.affinity;
  const auto found = std::find_if(job.entities.begin(), job.entities.end(),
                                  [&](const Entity& entity) { return is_affinity_binder(job, entity); });
  const auto refuse = [&](const std::string& reason) {
    throw ValueError(fmt::format("{}: the binder {} {}", request.where, in_quotes(request.binder), reason));
  };
  if (found == job.entities.end()) refuse("is no chain of this input");
  if (found->type != ChainType::nonpolymer) {
    refuse(fmt::format("is a {}; affinities are predicted for ligands", chain_type_name(found->type)));
  }
  if (found->chains.size() > 1) {
    refuse(fmt::format("has copies ({}); expected a ligand that occurs once", fmt::join(found->chains, ", ")));
  }
  if (found->components.size() > 1) {
    refuse(fmt::format("has {} residues; expected a ligand of one", found->components.size()));
  }
}

}  // namespace

bool is_affinity_binder(const Job& job, const Entity& entity) {
  return job.affinity &&
         std::find(entity.chains.begin(), entity.chains.end(), job.affinity->binder) != entity.chains.end();
}

void check_binder_size(const Job& job, std::int32_t atoms) {
  if (atoms <= kMostAtoms) return;
  throw ValueError(fmt::format("{}: the binder {} has {} atoms; affinities are predicted for at most {}",
                               job.affinity->where, in_quotes(job.affinity->binder), atoms, kMostAtoms));
}

AffinityTarget find_affinity_target(const Job& job, const Structure& structure, Diagnostics& diagnostics) {
  const AffinityRequest& request = *job.affinity;
  check_binder_entity(job);
  const Chain& chain = *find_chain(structure, request.binder);
  const Component& component = *structure.residues[chain.residue_start].component;
  const std::int32_t atoms = component.total_atoms;
  check_binder_size(job, atoms);
  if (atoms > kMostTrainedAtoms) {
    diagnostics.warn(
        fmt::format("{}: the binder {} has {} atoms; the affinity model was trained on at most {}, its "
                    "estimate may be inaccurate",
                    request.where, in_quotes(request.binder), atoms, kMostTrainedAtoms));
  }
  return {.chain = chain.asym_id, .molecular_weight = chem::affinity_weight(component)};
}

}  // namespace tilefold::bio
