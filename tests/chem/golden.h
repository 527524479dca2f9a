/// What the reference makes of molecules (tests/golden/chem), and fixtures for tests that need RDKit.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "chem/chem.h"
#include "tilefold/weights.h"

namespace tilefold::chem {

inline std::string golden_path(const std::string& name) {
  return std::string(TILEFOLD_SOURCE_DIR) + "/tests/golden/" + name;
}

inline nlohmann::json read_json(const std::string& name) {
  std::ifstream file(golden_path(name));
  if (!file) throw std::runtime_error("cannot open " + golden_path(name));
  return nlohmann::json::parse(file);
}

/// Tests of what a build without RDKit refuses.
class ChemTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!is_available()) GTEST_SKIP() << "this build has no RDKit";
  }
};

/// Rows (n0, n1, n2, centre, is_reference, is_r) and so on, as the golden files hold them.
inline nlohmann::json chiral_rows(const Geometry& geometry) {
  auto rows = nlohmann::json::array();
  for (const auto& row : geometry.chiral_atoms) {
    rows.push_back({row.atoms[0], row.atoms[1], row.atoms[2], row.atoms[3], int{row.is_reference}, int{row.is_r}});
  }
  return rows;
}

inline nlohmann::json stereo_rows(const Geometry& geometry) {
  auto rows = nlohmann::json::array();
  for (const auto& row : geometry.stereo_bonds) {
    rows.push_back({row.atoms[0], row.atoms[1], row.atoms[2], row.atoms[3], int{row.is_e}});
  }
  return rows;
}

/// Largest difference to golden bounds; the pairs are all i < j in order, their flags equal.
inline float bounds_difference(const Geometry& geometry, std::int32_t atoms, const Checkpoint& golden,
                               const std::string& name) {
  const std::vector<float> bounds = golden.tensor(name + ".bounds").to_floats();
  const std::vector<float> flags = golden.tensor(name + ".flags").to_floats();
  EXPECT_EQ(geometry.bounds.size(), flags.size());
  if (geometry.bounds.size() != flags.size()) return 1e9F;
  float largest = 0;
  std::size_t k = 0;
  for (std::int32_t i = 0; i < atoms; ++i) {
    for (std::int32_t j = i + 1; j < atoms; ++j, ++k) {
      const auto& bound = geometry.bounds[k];
      EXPECT_EQ(bound.first, i);
      EXPECT_EQ(bound.second, j);
      EXPECT_EQ(int{bound.is_bond} + 2 * int{bound.is_angle}, static_cast<int>(flags[k])) << i << " " << j;
      largest = std::max({largest, std::abs(bound.lower - bounds[2 * k]), std::abs(bound.upper - bounds[2 * k + 1])});
    }
  }
  return largest;
}

}  // namespace tilefold::chem
