// Inputs that will not fit into memory are refused before anything is computed.
#include <gtest/gtest.h>

#include "cli/memory_check.h"
#include "cli/program.h"
#include "tilefold/error.h"

namespace tilefold::cli_test {
namespace {

TEST(CliMemoryCheck, TheForecastGrowsWithTheSquareOfTheTokens) {
  const boltz::Model model(load_checkpoint(golden("model/tiny_random.ckpt")));
  const auto forecast = [&](std::int64_t tokens, std::int64_t rows) {
    return static_cast<double>(model.forecast_memory({tokens, rows}, Precision::mixed));
  };
  const double fixed = forecast(0, 1);
  EXPECT_GT(fixed, 0);
  EXPECT_NEAR((forecast(2000, 1) - fixed) / (forecast(1000, 1) - fixed), 4.0, 0.01);
  EXPECT_GT(forecast(1000, 1000), forecast(1000, 1));
}

TEST(CliMemoryCheck, RefusesWithTheNumbers) {
  const boltz::Model model(load_checkpoint(golden("model/tiny_random.ckpt")));
  EXPECT_NO_THROW(cli::check_memory(model, {3000, 1}, Precision::mixed, 0, "x.yaml")) << "0: the system does not tell";
  EXPECT_NO_THROW(cli::check_memory(model, {100, 1}, Precision::mixed, std::uint64_t{1} << 40, "x.yaml"));
  try {
    cli::check_memory(model, {3000, 1}, Precision::float32, 1'000'000'000, "x.yaml");
    FAIL();
  } catch (const UnsupportedError& error) {
    const std::string message = error.what();
    EXPECT_TRUE(message.starts_with("x.yaml: 3000 tokens and 1 alignment rows need about ")) << message;
    EXPECT_NE(message.find("1.0 GB are available"), std::string::npos) << message;
    EXPECT_NE(message.find("--no_memory_check"), std::string::npos) << message;
  }
}

TEST(CliMemoryCheck, TheSystemTellsWhatIsAvailable) { EXPECT_GT(cli::available_memory(), 50'000'000U); }

TEST(CliMemoryCheck, AnInputThatIsTooLargeDoesNotStopTheOthers) {
  const TemporaryFolder folder;
  folder.write("jobs/large.fasta", ">A|protein|empty\n" + std::string(200'000, 'G') + "\n");
  folder.write("jobs/small.fasta", ">A|protein|empty\nGASPG\n");
  const RunResult result =
      run({"predict", (folder / "jobs").string(), "--checkpoint", "demo", "--seed", "1", "--recycling_steps", "0",
           "--sampling_steps", "2", "--out_dir", folder.path().string()});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.errors.find("1 predicted, 0 skipped, 1 failed"), std::string::npos) << result.errors;
  ASSERT_EQ(result.error_messages().size(), 1U);
  EXPECT_NE(result.error_messages()[0].find("200000 tokens"), std::string::npos) << result.errors;
}

}  // namespace
}  // namespace tilefold::cli_test
