#include "runtime/profiler.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

namespace tilefold {
namespace {

TEST(Profiler, CountsStepsWhileItIsOn) {
  Profiler& profiler = Profiler::instance();
  profiler.clear();
  const std::string other = "short";
  const std::string name = "layers.0.\"norm\"";
  {
    const ProfileScope scope(name, 10, 20);
  }
  EXPECT_TRUE(profiler.totals().empty());
  profiler.enable(true, true);
  for (int i = 0; i < 3; ++i) {
    const ProfileScope scope(name, 10, 20);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  {
    const ProfileScope scope(other, 1, 1);
  }
  profiler.enable(false);
  {
    const ProfileScope scope(name, 10, 20);
  }
  const std::vector<StepProfile> totals = profiler.totals();
  ASSERT_EQ(totals.size(), 2u);
  EXPECT_EQ(totals[0].name, name);
  EXPECT_EQ(totals[0].calls, 3);
  EXPECT_EQ(totals[0].flops, 30);
  EXPECT_EQ(totals[0].bytes, 60);
  EXPECT_GE(totals[0].seconds, 0.006);
  const auto trace = nlohmann::json::parse(profiler.chrome_trace());
  ASSERT_EQ(trace["traceEvents"].size(), 4u);
  EXPECT_EQ(trace["traceEvents"][0]["name"], name);
  EXPECT_GE(trace["traceEvents"][0]["dur"].get<double>(), 2000.0);
  profiler.clear();
  EXPECT_TRUE(profiler.totals().empty());
  EXPECT_TRUE(profiler.events().empty());
}

}  // namespace
}  // namespace tilefold
