// Results of searches on disk.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "archive/gzip.h"
#include "msa/result_cache.h"
#include "weights/archive_builder.h"

namespace tilefold::msa {
namespace {

using weights::read_bytes;
using weights::TemporaryFolder;
using weights::write_bytes;

const std::string kKey = "server http://x\nmode env\nsequence MKTAY";

class MsaResultCache : public testing::Test {
 protected:
  TemporaryFolder folder_;
  ResultCache cache_{folder_ / "deep/msa"};
};

TEST_F(MsaResultCache, GivesBackWhatWasStoredUnderTheSameKey) {
  EXPECT_EQ(cache_.load(kKey), std::nullopt);
  const std::string result = ">101\nMKTAY\n\n>x\nMKT-Y\n";
  cache_.store(kKey, result);
  cache_.store(kKey + "A", "");
  EXPECT_EQ(cache_.load(kKey), result);
  EXPECT_EQ(cache_.load(kKey + "A"), "");
  EXPECT_EQ(cache_.load(kKey + "B"), std::nullopt);
  EXPECT_EQ(ResultCache(folder_ / "deep/msa").load(kKey), result);
  cache_.store(kKey, "newer");
  EXPECT_EQ(cache_.load(kKey), "newer");
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "deep/msa")) {
    EXPECT_EQ(entry.path().extension(), ".gz");
    ++files;
  }
  EXPECT_EQ(files, 2U);
}

TEST_F(MsaResultCache, ComparesTheWholeKey) {
  cache_.store(kKey, "result");
  // Another key whose hash leads to the same file.
  std::filesystem::copy_file(cache_.file_of(kKey), cache_.file_of(kKey + "Y"));
  EXPECT_EQ(cache_.load(kKey + "Y"), std::nullopt);
  std::filesystem::copy_file(cache_.file_of(kKey), cache_.file_of(kKey.substr(0, kKey.size() - 1)));
  EXPECT_EQ(cache_.load(kKey.substr(0, kKey.size() - 1)), std::nullopt);
}

TEST_F(MsaResultCache, TakesDamagedEntriesForMissingOnes) {
  const std::string result = ">101\nMKTAY\n>b\nMRTAY\n";
  cache_.store(kKey, result);
  const std::filesystem::path file = cache_.file_of(kKey);
  const std::string bytes = read_bytes(file);
  std::size_t misses = 0;
  for (std::size_t i = 10; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] ^= 4;
    write_bytes(file, damaged);
    // Unused bits of the last block make no difference.
    EXPECT_EQ(cache_.load(kKey).value_or(result), result) << "byte " << i;
    misses += cache_.load(kKey) ? 0 : 1;
  }
  EXPECT_GT(misses, bytes.size() - 15);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    write_bytes(file, bytes.substr(0, size));
    EXPECT_EQ(cache_.load(kKey), std::nullopt) << size << " bytes";
  }
  write_bytes(file, archive::gzip("tilefold alignment 2\n" + kKey + "\n\nresult"));
  EXPECT_EQ(cache_.load(kKey), std::nullopt) << "another format";
  write_bytes(file, bytes);
  EXPECT_TRUE(cache_.load(kKey).has_value());
}

TEST_F(MsaResultCache, WaitsForNothingThatIsNoFile) {
  cache_.store(kKey, "result");
  std::filesystem::remove(cache_.file_of(kKey));
  ASSERT_EQ(::mkfifo(cache_.file_of(kKey).c_str(), 0600), 0);
  EXPECT_EQ(cache_.load(kKey), std::nullopt);
}

TEST_F(MsaResultCache, RefusesAmbiguousKeysAndPlacesThatCannotBeWrittenTo) {
  for (const char* key : {"", "a\n\nb", "\na", "a\n"}) EXPECT_THROW(cache_.store(key, "x"), ValueError) << key;
  write_bytes(folder_ / "file", "x");
  EXPECT_THROW(ResultCache(folder_ / "file/msa").store(kKey, "x"), IoError);
  EXPECT_EQ(ResultCache(folder_ / "file/msa").load(kKey), std::nullopt);
}

TEST_F(MsaResultCache, IsOffWithoutAFolder) {
  const ResultCache off;
  off.store(kKey, "x");
  EXPECT_EQ(off.load(kKey), std::nullopt);
}

}  // namespace
}  // namespace tilefold::msa
