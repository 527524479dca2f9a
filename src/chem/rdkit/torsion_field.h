/// The force field of the last minimisation of a distance-geometry embedding. Only for src/chem/*.cpp, as molecule.h.
#pragma once

#include <DistGeom/BoundsMatrix.h>
#include <ForceField/ForceField.h>
#include <Geometry/point.h>
#include <GraphMol/ForceFieldHelpers/CrystalFF/TorsionPreferences.h>

#include <memory>
#include <vector>

namespace tilefold::chem::rdkit {

using TorsionDetails = ForceFields::CrystalFF::CrystalFFDetails;

/// Torsion preferences, planarity, the bond lengths and angles that `positions` have, and distance bounds of the other
/// pairs. The field moves `positions`, which must outlive it.
std::unique_ptr<ForceFields::ForceField> torsion_field(const TorsionDetails& details,
                                                       const DistGeom::BoundsMatrix& bounds,
                                                       std::vector<RDGeom::Point3D>& positions);

/// Planarity of double bonds and straightness of triple bonds alone.
std::unique_ptr<ForceFields::ForceField> planarity_field(const TorsionDetails& details,
                                                         std::vector<RDGeom::Point3D>& positions);

}  // namespace tilefold::chem::rdkit
