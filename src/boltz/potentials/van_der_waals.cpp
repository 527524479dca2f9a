#include "boltz/potentials/van_der_waals.h"

#include <array>

namespace tilefold::boltz {
namespace {

constexpr std::array<float, 93> kRadii = {
    0.0F,  1.2F,  1.4F,  2.2F,  1.9F,  1.8F, 1.7F,  1.6F,  1.55F, 1.5F,  1.54F, 2.4F,  2.2F,  2.1F,  2.1F,  1.95F,
    1.8F,  1.8F,  1.88F, 2.8F,  2.4F,  2.3F, 2.15F, 2.05F, 2.05F, 2.05F, 2.05F, 2.0F,  2.0F,  2.0F,  2.1F,  2.1F,
    2.1F,  2.05F, 1.9F,  1.9F,  2.02F, 2.9F, 2.55F, 2.4F,  2.3F,  2.15F, 2.1F,  2.05F, 2.05F, 2.0F,  2.05F, 2.1F,
    2.2F,  2.2F,  2.25F, 2.2F,  2.1F,  2.1F, 2.16F, 3.0F,  2.7F,  2.5F,  2.48F, 2.47F, 2.45F, 2.43F, 2.42F, 2.4F,
    2.38F, 2.37F, 2.35F, 2.33F, 2.32F, 2.3F, 2.28F, 2.27F, 2.25F, 2.2F,  2.1F,  2.05F, 2.0F,  2.0F,  2.05F, 2.1F,
    2.05F, 2.2F,  2.3F,  2.3F,  2.0F,  2.0F, 2.0F,  2.0F,  2.0F,  2.0F,  2.4F,  2.0F,  2.3F};
/// Of the elements after uranium.
constexpr float kHeavyRadius = 2.0F;
constexpr std::int32_t kLastElement = 118;

}  // namespace

float van_der_waals_radius(std::int32_t atomic_number) {
  if (atomic_number < 0 || atomic_number > kLastElement) return 0;
  const auto index = static_cast<std::size_t>(atomic_number);
  return index < kRadii.size() ? kRadii[index] : kHeavyRadius;
}

}  // namespace tilefold::boltz
