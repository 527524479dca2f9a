#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "ops/documentation.h"

namespace tilefold::testing {
namespace {

TEST(Documentation, ThePageOfOperationsIsUpToDate) {
  std::vector<const OperationDefinition*> operations = OperationRegistry::instance().all();
  // Registered by another test of this program.
  std::erase_if(operations, [](const OperationDefinition* operation) { return operation->name == "square_plus_one"; });
  const std::string text = ops::operations_markdown(operations);
  const std::string path = std::string(TILEFOLD_SOURCE_DIR) + "/docs/operations.md";
  if (std::getenv("TILEFOLD_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
  std::ifstream file(path);
  ASSERT_TRUE(file.good()) << path << " is missing; run with TILEFOLD_UPDATE_GOLDEN=1";
  std::stringstream page;
  page << file.rdbuf();
  EXPECT_EQ(page.str(), text) << "run with TILEFOLD_UPDATE_GOLDEN=1";
}

}  // namespace
}  // namespace tilefold::testing
