// gzip in memory, whole and damaged.
#include <gtest/gtest.h>

#include <cstdint>

#include "archive/gzip.h"
#include "weights/archive_builder.h"

namespace tilefold::archive {
namespace {

using weights::message_of;

constexpr std::size_t kMegabyte = std::size_t{1} << 20;

std::string noise(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : bytes) byte = static_cast<char>((state = state * 1664525U + 1013904223U) >> 24);
  return bytes;
}

TEST(ArchiveGzip, RestoresWhatItPacked) {
  for (const std::string& bytes : {std::string(), std::string("a"), std::string(200'000, 'a'), noise(200'000)}) {
    EXPECT_EQ(gunzip(gzip(bytes), kMegabyte, "x"), bytes);
  }
}

TEST(ArchiveGzip, ReadsSeveralMembersAndIgnoresPadding) {
  EXPECT_EQ(gunzip(gzip("one ") + gzip("") + gzip("two"), kMegabyte, "x"), "one two");
  EXPECT_EQ(gunzip(gzip("one") + std::string(100, '\0'), kMegabyte, "x"), "one");
}

TEST(ArchiveGzip, RefusesWhatIsNotWhole) {
  const std::string packed = gzip(noise(1000));
  for (const std::size_t size : {std::size_t{2}, std::size_t{10}, std::size_t{500}, packed.size() - 1}) {
    EXPECT_EQ(message_of<ParseError>([&] { gunzip(packed.substr(0, size), kMegabyte, "x"); }),
              "x: the gzip archive is truncated");
  }
  std::string damaged = packed;
  damaged[packed.size() - 6] ^= 1;  // in the checksum
  EXPECT_NE(message_of<ParseError>([&] { gunzip(damaged, kMegabyte, "x"); }).find("x: the gzip archive is damaged"),
            std::string::npos);
  EXPECT_EQ(message_of<ParseError>([&] { gunzip("<html>\nBusy</html>", kMegabyte, "x"); }),
            "x: expected a gzip archive, found '<html>\\x0aBusy</html>'");
  EXPECT_EQ(message_of<ParseError>([&] { gunzip("", kMegabyte, "x"); }), "x: expected a gzip archive, found nothing");
}

TEST(ArchiveGzip, BoundsWhatItUnpacks) {
  const std::string packed = gzip(std::string(100'000, 'a'));
  EXPECT_EQ(gunzip(packed, 100'000, "x").size(), 100'000U);
  EXPECT_EQ(message_of<ParseError>([&] { gunzip(packed, 99'999, "x"); }),
            "x: the gzip archive holds more than the allowed 99999 bytes");
}

}  // namespace
}  // namespace tilefold::archive
