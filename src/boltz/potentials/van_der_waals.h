/// Van der Waals radii of the elements.
#pragma once

#include <cstdint>

namespace tilefold::boltz {

/// In Angstrom, by atomic number (1 to 118); 0 for any other number.
float van_der_waals_radius(std::int32_t atomic_number);

}  // namespace tilefold::boltz
