#include <gtest/gtest.h>

#include "archive/zip_archive.h"
#include "archive/zip_writer.h"
#include "tilefold/error.h"
#include "weights/archive_builder.h"

namespace tilefold::archive {
namespace {

std::string zeros(std::size_t count) { return std::string(count, '\0'); }

TEST(ZipWriter, MembersAreReadBackByName) {
  ZipWriter writer;
  writer.add("a.npy", "some bytes");
  writer.add("folder/empty", "");
  writer.add("large", zeros(300000));
  const ZipArchive archive(weights::source_of(writer.finish()));
  ASSERT_EQ(archive.members().size(), 3U);
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"a.npy", "some bytes"}, {"folder/empty", ""}, {"large", zeros(300000)}};
  for (const auto& [name, data] : expected) {
    const ZipArchive::Member* member = archive.find(name);
    ASSERT_NE(member, nullptr) << name;
    std::string buffer;
    const std::string_view found = archive.read(*member, 300000, buffer);
    EXPECT_EQ(found, data) << name;
    archive.verify(*member, std::as_bytes(std::span(found)));
  }
  EXPECT_LT(archive.find("large")->compressed_size, 3000U);
}

TEST(ZipWriter, AnArchiveWithoutMembersIsOne) {
  EXPECT_TRUE(ZipArchive(weights::source_of(ZipWriter().finish())).members().empty());
}

TEST(ZipWriter, TheSameMembersGiveTheSameBytes) {
  const auto write = [] {
    ZipWriter writer;
    writer.add("x", "content");
    return writer.finish();
  };
  EXPECT_EQ(write(), write());
}

TEST(ZipWriter, RefusesWhatNeedsZip64) {
  ZipWriter writer;
  EXPECT_THROW(writer.add(std::string(70000, 'n'), "data"), UnsupportedError);
  EXPECT_TRUE(ZipArchive(weights::source_of(writer.finish())).members().empty());
}

}  // namespace
}  // namespace tilefold::archive
