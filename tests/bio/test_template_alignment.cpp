// Alignments of sequences and the choice of template chains, against those of Biopython and SciPy in the reference.
#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "bio/template_alignment.h"
#include "bio/template_assignment.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

using Segments = std::vector<AlignedSegment>;
using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;

const nlohmann::json& golden() {
  static const nlohmann::json alignments =
      nlohmann::json::parse(std::ifstream(std::string(TILEFOLD_TEST_DATA) + "/golden/templates/alignments.json"));
  return alignments;
}

TEST(TemplateAlignment, GlobalScoreOfTwoZincFingers) {
  EXPECT_EQ(global_score("RSFVCEVCTRAFARQEYLKRHYRSHTNEKQL", "RSFVCEVCTRAFARQEHLKRHYRSHTNEK"), 141);
}

TEST(TemplateAlignment, GapsInBothSequencesMayMeet) {
  // 13 pairs that score -4 each are worse than two gaps of 13.
  EXPECT_EQ(global_score(std::string(13, 'W'), std::string(13, 'P')), -2 * (12 + 12));
}

TEST(TemplateAlignment, LocalSegmentsOfEqualScoreAreAllGiven) {
  EXPECT_EQ(local_segments("RSFVCEVCTRAFARQEYLKRHYRSHTNEKQL", "RSFVCEVCTRAFARQEHLKRHYRSHTNEK"), (Segments{{0, 0, 29}}));
  EXPECT_EQ(local_segments("AAAA", "AA"), (Segments{{0, 0, 2}, {1, 0, 2}, {2, 0, 2}}));
  EXPECT_EQ(local_segments("GWGGWG", "WW"), (Segments{{1, 0, 1}, {1, 1, 1}, {4, 0, 1}, {4, 1, 1}}));
  EXPECT_EQ(local_segments("ACDEFXXKL", "ACDEFGHKL"), (Segments{{0, 0, 9}}));
  EXPECT_EQ(local_segments("GGG", "WWW"), Segments{});
}

TEST(TemplateAlignment, StretchesWithoutScoreAreNotPartOfASegment) {
  EXPECT_EQ(local_segments("CAW", "ACW"), (Segments{{2, 2, 1}}));
  EXPECT_EQ(local_segments("WAA", "WCC"), (Segments{{0, 0, 1}}));
}

std::string random_sequence(int length) {
  std::string sequence;
  std::uint32_t state = 1;
  for (int i = 0; i < length; ++i) {
    state = (state * 1103515245U + 12345U) % 2147483648U;
    sequence += "ACDEFGHIKLMNPQRSTVWY"[(state >> 16U) % 20];
  }
  return sequence;
}

TEST(TemplateAlignment, LongSegmentsAreJoinedByAGapAndTheFirstOneIsGiven) {
  const std::string query = random_sequence(500);
  std::string target = query;
  target.insert(200, "W");
  // 1163 + 1702 - 1000 is more than the second segment has alone.
  EXPECT_EQ(local_segments(query, target), (Segments{{0, 0, 200}}));
  target.insert(200, "WW");
  EXPECT_EQ(local_segments(query, target), (Segments{{200, 203, 300}}));
}

TEST(TemplateAlignment, EqualsTheReference) {
  for (const nlohmann::json& pair : golden().at("pairs")) {
    const std::string query = pair.at("query");
    const std::string target = pair.at("template");
    SCOPED_TRACE(query + " " + target);
    EXPECT_EQ(global_score(query, target), pair.at("global_score").get<double>());
    Segments expected;
    for (const nlohmann::json& record : pair.at("local")) {
      expected.push_back({record.at(0), record.at(2), record.at(1).get<int>() - record.at(0).get<int>()});
    }
    EXPECT_EQ(local_segments(query, target), expected);
  }
}

TEST(TemplateAlignment, LettersOutsideOfTheTableAreFound) {
  EXPECT_EQ(unscored_letter("ABCXYZOUJ*"), '\0');
  for (const nlohmann::json& pair : golden().at("refused")) {
    const std::string query = pair.at("query");
    const std::string target = pair.at("template");
    EXPECT_NE(unscored_letter(query + target), '\0') << query << " " << target;
  }
}

TEST(TemplateAlignment, RefusesTablesThatAreTooLarge) {
  EXPECT_THROW(local_segments(std::string(30'000, 'A'), std::string(30'000, 'A')), ValueError);
  std::string repeats;
  for (int i = 0; i < 400; ++i) repeats += "WG";
  EXPECT_EQ(local_segments(repeats, "W").size(), 400U);
  std::string others;
  for (int i = 0; i < 400; ++i) others += "PPW";
  EXPECT_THROW(local_segments(repeats, others), ValueError);
}

TEST(TemplateAssignment, EqualsTheReference) {
  for (const nlohmann::json& set : golden().at("assignments")) {
    std::vector<std::vector<std::int64_t>> scores;
    for (const std::string query : set.at("queries")) {
      scores.emplace_back();
      for (const std::string target : set.at("templates")) scores.back().push_back(global_score(query, target));
    }
    EXPECT_EQ(scores, set.at("scores").get<std::vector<std::vector<std::int64_t>>>());
    EXPECT_EQ(best_assignment(scores), set.at("pairs").get<Pairs>());
  }
}

TEST(TemplateAssignment, PrefersTheFirstOfEqualOnes) {
  const std::vector<std::int64_t> row(4, 5);
  EXPECT_EQ(best_assignment({row, row}), (Pairs{{0, 0}, {1, 1}}));
  EXPECT_EQ(best_assignment({{5}, {5}, {5}}), (Pairs{{0, 0}}));
  EXPECT_EQ(best_assignment({{1, 2}, {2, 3}}), (Pairs{{0, 0}, {1, 1}}));
  EXPECT_EQ(best_assignment({}), Pairs{});
  EXPECT_EQ(best_assignment({{}, {}}), Pairs{});
}

/// Tries all sets of pairs.
struct Search {
  const std::vector<std::vector<std::int64_t>>& scores;
  std::size_t wanted = std::min(scores.size(), scores.front().size());
  std::vector<bool> used = std::vector<bool>(scores.front().size(), false);
  Pairs current = {}, best = {};
  std::int64_t sum = 0, best_sum = std::numeric_limits<std::int64_t>::min();

  void run(std::size_t row) {
    if (current.size() == wanted) {
      if (sum > best_sum || (sum == best_sum && current < best)) {
        best = current;
        best_sum = sum;
      }
      return;
    }
    if (row == scores.size()) return;
    for (std::size_t column = 0; column < used.size(); ++column) {
      if (used[column]) continue;
      used[column] = true;
      current.emplace_back(row, column);
      sum += scores[row][column];
      run(row + 1);
      sum -= scores[row][column];
      current.pop_back();
      used[column] = false;
    }
    run(row + 1);
  }
};

TEST(TemplateAssignment, IsTheBestOfAllAndTheFirstOfTheBest) {
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    const std::size_t rows = 1 + random() % 5;
    const std::size_t columns = 1 + random() % 5;
    const std::size_t spread = 1 + random() % 6;
    std::vector<std::vector<std::int64_t>> scores(rows, std::vector<std::int64_t>(columns));
    for (auto& row : scores) {
      for (std::int64_t& score : row) score = static_cast<std::int64_t>(random() % spread) - 2;
    }
    Search search{scores};
    search.run(0);
    EXPECT_EQ(best_assignment(scores), search.best);
  }
}

}  // namespace
}  // namespace tilefold::bio
