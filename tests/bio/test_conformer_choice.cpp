// The reference's choice of conformers: numbers of NumPy's default_rng(42).choice(n).
#include <gtest/gtest.h>

#include <vector>

#include "bio/conformer_choice.h"

namespace tilefold::bio {
namespace {

std::vector<std::uint32_t> choices(std::uint32_t count) {
  ConformerChoice choice;
  std::vector<std::uint32_t> result;
  for (int i = 0; i < 12; ++i) result.push_back(choice.next(count));
  return result;
}

TEST(ConformerChoice, IsNumPys) {
  EXPECT_EQ(choices(10), (std::vector<std::uint32_t>{0, 7, 6, 4, 4, 8, 0, 6, 2, 0, 5, 9}));
  EXPECT_EQ(choices(7), (std::vector<std::uint32_t>{0, 5, 4, 3, 3, 6, 0, 4, 1, 0, 3, 6}));
  EXPECT_EQ(choices(3), (std::vector<std::uint32_t>{0, 2, 1, 1, 1, 2, 0, 2, 0, 0, 1, 2}));
  EXPECT_EQ(choices(2), (std::vector<std::uint32_t>{0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 1, 1}));
}

TEST(ConformerChoice, OneConformerUsesUpNothing) {
  ConformerChoice choice;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(choice.next(1), 0U);
  EXPECT_EQ(choice.next(10), 0U);
  EXPECT_EQ(choice.next(1), 0U);
  EXPECT_EQ(choice.next(10), 7U);
}

}  // namespace
}  // namespace tilefold::bio
