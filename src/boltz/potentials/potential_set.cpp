#include "boltz/potentials/potential_set.h"

#include "boltz/potentials/chemical_terms.h"
#include "boltz/potentials/contact.h"
#include "boltz/potentials/symmetric_chain_com.h"
#include "boltz/potentials/template_reference.h"
#include "boltz/potentials/vdw_overlap.h"

namespace tilefold::boltz {
namespace {

PotentialWeights constant_weights(double guidance, int interval, double resampling) {
  return {constant(guidance), interval, constant(resampling)};
}

void add_physical(PotentialList& list, const bio::Features& features) {
  const AtomTable atoms(features);
  constexpr double kThirtyDegrees = 0.52360;
  constexpr double kFifteenDegrees = 0.26180;
  list.push_back(std::make_unique<SymmetricChainComPotential>(constant_weights(0.5, 4, 0.5), features, atoms,
                                                              exponential(1.0, 5.0, -2.0)));
  list.push_back(std::make_unique<VdwOverlapPotential>(
      PotentialWeights{steps({0.4}, {0.125, 0.0}), 5, steps({0.6}, {0.01, 0.0})}, features, atoms, 0.225));
  list.push_back(std::make_unique<DistancePotential>("Connections", constant_weights(0.15, 1, 1.0),
                                                     connection_terms(features, atoms, 2.0)));
  list.push_back(std::make_unique<DistancePotential>("PoseBusters", constant_weights(0.01, 1, 0.1),
                                                     molecule_distance_terms(features, atoms, {})));
  list.push_back(std::make_unique<DihedralPotential>("ChiralAtom", constant_weights(0.1, 1, 1.0), false,
                                                     chirality_terms(features, atoms, kThirtyDegrees)));
  list.push_back(std::make_unique<DihedralPotential>("StereoBond", constant_weights(0.05, 1, 1.0), true,
                                                     stereo_bond_terms(features, atoms, kThirtyDegrees)));
  list.push_back(std::make_unique<DihedralPotential>("PlanarBond", constant_weights(0.05, 1, 1.0), true,
                                                     planar_bond_terms(features, atoms, kFifteenDegrees)));
}

void add_forced(PotentialList& list, const bio::Features& features, bool guidance) {
  const Schedule off = constant(0.0);
  const std::int64_t atoms = features.at("atom_pad_mask").volume();
  list.push_back(std::make_unique<ContactPotential>(
      PotentialWeights{guidance ? steps({0.25, 0.75}, {0.0, 0.5, 1.0}) : off, 4, constant(1.0)}, features, atoms,
      exponential(8.0, 0.0, -2.0)));
  list.push_back(std::make_unique<TemplateReferencePotential>(
      PotentialWeights{guidance ? constant(0.1) : off, 2, constant(1.0)}, features));
}

}  // namespace

PotentialList make_potentials(const bio::Features& features, const PotentialChoice& choice) {
  PotentialList list;
  if (choice.physical) add_physical(list, features);
  if (choice.forced) add_forced(list, features, choice.forced_guidance);
  return list;
}

}  // namespace tilefold::boltz
