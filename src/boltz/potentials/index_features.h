/// Reading the index tensors that potentials are made of. A feature that is absent has no entries.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tilefold/bio.h"

namespace tilefold::boltz {

/// The rows of a feature [row_count, n] with entries in [0, bound). Throws ValueError naming the feature for another
/// shape or an entry outside of the range. All rows are empty when the feature is absent.
std::vector<std::vector<std::int32_t>> index_rows(const bio::Features& features, const std::string& name,
                                                  std::int64_t row_count, std::int64_t bound);

/// A feature [count]. Throws ValueError naming it for another shape, or when it is absent and `count` is not 0.
std::vector<std::int32_t> integer_values(const bio::Features& features, const std::string& name, std::int64_t count);
std::vector<float> float_values(const bio::Features& features, const std::string& name, std::int64_t count);

/// What the potentials know about the M padded atoms.
///
/// Reference quirk: padding atoms count as atoms of token 0 and chain 0 where a gradient is given to all atoms of a
/// token or chain.
struct AtomTable {
  explicit AtomTable(const bio::Features& features);

  std::int64_t count() const { return static_cast<std::int64_t>(token.size()); }
  std::int64_t chain_count() const { return static_cast<std::int64_t>(chain_size.size()); }

  std::vector<std::int32_t> token;
  std::vector<std::int32_t> chain;       ///< asym id
  std::vector<char> real;                ///< not padding
  std::vector<float> radius;             ///< van der Waals, Angstrom
  std::vector<std::int64_t> chain_size;  ///< real atoms per asym id
};

}  // namespace tilefold::boltz
