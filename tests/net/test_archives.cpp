// tar and other archives, whole and damaged.
#include <gtest/gtest.h>

#include "net/archive_check.h"
#include "net/tar.h"
#include "support/tar_builder.h"
#include "weights/archive_builder.h"

namespace tilefold::net {
namespace {

using test::tar_data;
using test::tar_end;
using test::tar_header;
using test::tar_member;
using weights::message_of;
using weights::TemporaryFolder;
using weights::ZipBuilder;

constexpr std::size_t kMegabyte = std::size_t{1} << 20;

std::vector<std::pair<std::string, std::string>> files_in(const std::string& bytes) {
  std::vector<std::pair<std::string, std::string>> files;
  TarReader reader(bytes, "x.tar");
  while (const auto member = reader.next()) {
    files.emplace_back(member->name, member->is_file ? std::string(member->data) : "(no file)");
  }
  return files;
}

using Files = std::vector<std::pair<std::string, std::string>>;

TEST(NetTar, ReadsFilesFoldersAndLinks) {
  const std::string bytes = tar_header("mols/", 0, '5') + tar_member("mols/ATP.pkl", "data") + tar_member("empty", "") +
                            tar_member("block", std::string(512, 'b')) + tar_header("link", 0, '2') +
                            tar_header("hard", 4, '1') + tar_end();
  EXPECT_EQ(files_in(bytes), (Files{{"mols/", "(no file)"},
                                    {"mols/ATP.pkl", "data"},
                                    {"empty", ""},
                                    {"block", std::string(512, 'b')},
                                    {"link", "(no file)"},
                                    {"hard", "(no file)"}}));
}

TEST(NetTar, ReadsLongNamesOfEachKind) {
  const std::string name = std::string(150, 'n') + "/file";
  const std::string record = "path=" + name + "\n";
  const std::string pax = "165 " + record + "20 comment=anything\n";
  ASSERT_EQ(record.size() + 4, 165U);
  const std::string bytes = tar_member("ignored", pax, 'x') + tar_member("short", "a") +
                            tar_member("././@LongLink", name + '\0', 'L') + tar_member("short", "b") +
                            tar_header("file", 1, '0', "folder/inner") + tar_data("c") + tar_member("plain", "d") +
                            tar_end();
  EXPECT_EQ(files_in(bytes), (Files{{name, "a"}, {name, "b"}, {"folder/inner/file", "c"}, {"plain", "d"}}));
}

TEST(NetTar, ReadsSizesInBinaryAndInPaxHeaders) {
  std::string header = tar_header("binary", 3);
  header.replace(124, 12, std::string("\x80\0\0\0\0\0\0\0\0\0\0\x03", 12));
  header.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  char octal[8];
  std::snprintf(octal, sizeof(octal), "%06o", sum);
  header.replace(148, 7, std::string(octal, 7));
  const std::string bytes = header + tar_data("abc") + tar_member("pax", "9 size=2\n", 'x') + tar_header("sized", 0) +
                            tar_data("hi") + tar_end();
  EXPECT_EQ(files_in(bytes), (Files{{"binary", "abc"}, {"sized", "hi"}}));
}

TEST(NetTar, RefusesWhatIsNotWhole) {
  const std::string bytes = tar_member("a", "data") + tar_member("b", std::string(600, 'b'));
  EXPECT_EQ(files_in(bytes + std::string(512, '\0')).size(), 2U);  // one block of zeros is mark enough
  const auto message = [](const std::string& text) { return message_of<ParseError>([&] { files_in(text); }); };
  EXPECT_EQ(message(bytes), "x.tar: tar archive: truncated, the end-of-archive mark is missing at byte 2560");
  EXPECT_EQ(message(""), "x.tar: tar archive: truncated, the end-of-archive mark is missing at byte 0");
  EXPECT_EQ(message(bytes.substr(0, 2000)),
            "x.tar: tar archive: truncated, a member should have 600 bytes and 464 are left, at byte 1536");
  EXPECT_EQ(message(std::string(2000, 'x')), "x.tar: tar archive: not a tar archive, no header at byte 0");
  std::string damaged = bytes + tar_end();
  damaged[1024 + 5] = 'x';
  EXPECT_EQ(message(damaged), "x.tar: tar archive: damaged header at byte 1024");
  EXPECT_EQ(message(tar_member("p", "99 path=x\n", 'x') + tar_end()),
            "x.tar: tar archive: damaged pax header at byte 1024");
  EXPECT_EQ(message(tar_header("long", 2 * kMegabyte, 'L') + std::string(3 * kMegabyte, 'n')),
            "x.tar: tar archive: a name or pax header of more than a megabyte at byte 512");
}

TEST(NetArchiveCheck, ComparesTheChecksumOfEveryMemberOfAZip) {
  const TemporaryFolder folder;
  const std::string good = ZipBuilder().add("a/data.pkl", "pickle").add("a/data/0", std::string(1000, 'w')).finish();
  const auto file = folder / "x.ckpt";
  weights::write_bytes(file, good);
  check_zip(file);
  int calls = 0;
  check_zip(file, [&] { ++calls; });
  EXPECT_EQ(calls, 2);
  const auto message = [&](const std::string& bytes) {
    weights::write_bytes(file, bytes);
    return message_of<ParseError>([&] { check_zip(file); });
  };
  std::string damaged = good;
  damaged[good.find("wwww")] = 'v';
  EXPECT_NE(message(damaged).find("checksum of member 'a/data/0'"), std::string::npos);
  EXPECT_NE(message(good.substr(0, good.size() - 1)).find("truncated"), std::string::npos);
  EXPECT_EQ(message("<html>Log in</html>"), file.string() +
                                                ": expected a ZIP archive (PyTorch checkpoint), found "
                                                "'<html>Log in</html>'");
  EXPECT_NE(message("").find("found ''"), std::string::npos);
}

TEST(NetArchiveCheck, WalksToTheEndOfATar) {
  const TemporaryFolder folder;
  const auto file = folder / "x.tar";
  weights::write_bytes(file, tar_member("a", "data") + tar_end());
  check_tar(file);
  weights::write_bytes(file, tar_member("a", "data"));
  EXPECT_THROW(check_tar(file), ParseError);
}

}  // namespace
}  // namespace tilefold::net
