#include "archive/zip_archive.h"
#include "weights/archive_builder.h"

namespace tilefold::archive {
namespace {

using weights::message_of;
using weights::source_of;
using weights::u16;
using weights::u32;
using weights::u64;
using weights::ZipBuilder;

std::string member_text(const ZipArchive& archive, const std::string& name) {
  const ZipArchive::Member* member = archive.find(name);
  EXPECT_NE(member, nullptr) << name;
  return member == nullptr ? "" : std::string(as_text(archive.stored_bytes(*member)));
}

TEST(ZipArchive, ReadsStoredMembers) {
  const ZipArchive archive(source_of(ZipBuilder().add("a/x", "hello").add("a/y", "").finish()));
  ASSERT_EQ(archive.members().size(), 2U);
  EXPECT_EQ(member_text(archive, "a/x"), "hello");
  EXPECT_EQ(member_text(archive, "a/y"), "");
  EXPECT_EQ(archive.find("a/z"), nullptr);
}

TEST(ZipArchive, ReadsZip64FieldsBetweenOtherExtraFields) {
  const ZipArchive archive(source_of(ZipBuilder(true).add("a/x", "hello").add("a/y", "world!").finish()));
  ASSERT_EQ(archive.members().size(), 2U);
  EXPECT_EQ(archive.members()[1].size, 6U);
  EXPECT_EQ(member_text(archive, "a/x"), "hello");
  EXPECT_EQ(member_text(archive, "a/y"), "world!");
}

TEST(ZipArchive, FindsTheEndBehindAComment) {
  const ZipArchive archive(source_of(ZipBuilder().add("x", "1").finish("PK\x05\x06 is not the end")));
  EXPECT_EQ(member_text(archive, "x"), "1");
}

TEST(ZipArchive, DataIsAlignedAndInPlace) {
  const ByteSource source = source_of(ZipBuilder().add("r/data/0", "0123").add("r/data/1", "4567").finish());
  const ZipArchive archive(source);
  for (const auto& member : archive.members()) {
    const auto bytes = archive.stored_bytes(member);
    EXPECT_GE(bytes.data(), source.bytes.data());
    EXPECT_LE(bytes.data() + bytes.size(), source.bytes.data() + source.size());
    EXPECT_EQ((bytes.data() - source.bytes.data()) % 64, 0);
  }
}

TEST(ZipArchive, RefusesEveryTruncation) {
  for (const bool zip64 : {false, true}) {
    const std::string whole = ZipBuilder(zip64).add("r/data.pkl", "abc").add("r/data/0", "defg").finish();
    for (std::size_t length = 0; length < whole.size(); ++length) {
      EXPECT_THROW(ZipArchive(source_of(whole.substr(0, length))), ParseError) << length;
    }
  }
}

TEST(ZipArchive, RefusesDuplicateNames) {
  const std::string message =
      message_of<ParseError>([] { ZipArchive(source_of(ZipBuilder().add("x", "1").add("x", "2").finish())); });
  EXPECT_NE(message.find("'x' twice"), std::string::npos) << message;
}

/// A one-member archive with `value` written over the directory entry at `offset`.
ZipArchive patched(std::size_t offset, const std::string& value) {
  std::string bytes = ZipBuilder().add("name", "0123456789").finish();
  bytes.replace(bytes.find("PK\x01\x02") + offset, value.size(), value);
  return ZipArchive(source_of(bytes));
}

TEST(ZipArchive, ChecksSizesAndOffsetsOfMembers) {
  const auto read = [](const ZipArchive& archive) { archive.stored_bytes(archive.members()[0]); };
  EXPECT_NO_THROW(read(patched(8, u16(0))));
  EXPECT_THROW(read(patched(8, u16(1))), UnsupportedError);                        // encrypted
  EXPECT_THROW(read(patched(10, u16(12))), UnsupportedError);                      // bzip2
  EXPECT_THROW(read(patched(20, u32(11))), ParseError);                            // two sizes
  EXPECT_THROW(read(patched(20, u32(200) + u32(200))), ParseError);                // into the directory
  EXPECT_THROW(read(patched(20, u32(0xFFFFFFFF) + u32(0xFFFFFFFF))), ParseError);  // without a ZIP64 field
  EXPECT_THROW(read(patched(42, u32(1))), ParseError);                             // no header there
  EXPECT_THROW(read(patched(42, u32(0xFFFFFFF0))), ParseError);                    // outside
  EXPECT_THROW(read(patched(46, "mane")), ParseError);                             // another name
}

TEST(ZipArchive, ChecksTheDirectory) {
  EXPECT_THROW(patched(28, u16(0xFFFF)), ParseError);  // name longer than the directory
  EXPECT_THROW(patched(0, "XX"), ParseError);
  std::string bytes = ZipBuilder().add("name", "0123456789").finish();
  const std::size_t end = bytes.find("PK\x05\x06");
  const auto with = [&](std::size_t offset, const std::string& value) {
    std::string copy = bytes;
    copy.replace(end + offset, value.size(), value);
    return source_of(copy);
  };
  EXPECT_NO_THROW(ZipArchive(with(4, u16(0))));
  EXPECT_THROW(ZipArchive(with(4, u16(1))), UnsupportedError);
  EXPECT_THROW(ZipArchive(with(10, u16(500))), ParseError);
  EXPECT_THROW(ZipArchive(with(12, u32(0xFFFFFF))), ParseError);
  EXPECT_THROW(ZipArchive(with(16, u32(0xFFFFFF))), ParseError);
}

TEST(ZipArchive, ChecksZip64Records) {
  const std::string bytes = ZipBuilder(true).add("name", "0123456789").finish();
  const std::size_t record = bytes.find("PK\x06\x06");
  const std::size_t locator = bytes.find("PK\x06\x07");
  const auto with = [&](std::size_t offset, const std::string& value) {
    std::string copy = bytes;
    copy.replace(offset, value.size(), value);
    return source_of(copy);
  };
  EXPECT_NO_THROW(ZipArchive(with(record, "PK")));
  EXPECT_THROW(ZipArchive(with(locator + 8, u64(~std::uint64_t{0}))), ParseError);
  EXPECT_THROW(ZipArchive(with(locator + 8, u64(3))), ParseError);
  EXPECT_THROW(ZipArchive(with(record + 32, u64(std::uint64_t{1} << 60))), ParseError);
  EXPECT_THROW(ZipArchive(with(record + 40, u64(~std::uint64_t{0} - 10))), ParseError);
  EXPECT_THROW(ZipArchive(with(record + 48, u64(std::uint64_t{1} << 40))), ParseError);
}

TEST(ZipArchive, LimitsAndVerifies) {
  const ZipArchive archive(source_of(ZipBuilder().add("x", "hello").finish()));
  const ZipArchive::Member& member = archive.members()[0];
  std::string buffer;
  EXPECT_EQ(archive.read(member, 5, buffer), "hello");
  EXPECT_THROW(archive.read(member, 4, buffer), ParseError);
  EXPECT_NO_THROW(archive.verify(member, archive.stored_bytes(member)));
  const std::string other = "hallo";
  EXPECT_THROW(archive.verify(member, std::as_bytes(std::span(other))), ParseError);
}

}  // namespace
}  // namespace tilefold::archive
