#include "boltz/pair_features.h"

#include "boltz/layers.h"

namespace tilefold::boltz {

// Row 0 of the type table ("no bond") is added for every unbonded pair as well.
Tensor bond_features(const Parameters& parameters, const Bonds& bonds) {
  const Tensor weight = parameters["token_bonds.weight"];  // [Cz, 1]
  const Tensor flags = bonds.present * ops::reshape(weight, Shape{weight.shape().dim(0)});
  if (!bonds.kind.defined()) return flags;
  return flags + ops::embedding(without_channel(bonds.kind), parameters["token_bonds_type.weight"]);
}

PairFeatures pair_features(const Parameters& parameters, const TokenIdentity& tokens,
                           const RelativePositionOptions& options, const Bonds& bonds, const Contacts& contacts) {
  const Tensor relative = relative_position_encoder(parameters.scope("rel_pos"), tokens, options);
  const Tensor contact = contact_conditioning(parameters.scope("contact_conditioning"), contacts);
  return {relative, relative + bond_features(parameters, bonds) + contact};
}

}  // namespace tilefold::boltz
