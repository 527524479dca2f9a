// Large files over lines that break.
#include <gtest/gtest.h>

#include "net/archive_check.h"
#include "net/download.h"
#include "net/part_file.h"
#include "support/stub_server.h"
#include "weights/archive_builder.h"

namespace tilefold::net {
namespace {

using namespace std::chrono_literals;
using test::serve_file;
using test::StubRequest;
using test::StubResponse;
using test::StubServer;
using weights::message_of;
using weights::read_bytes;
using weights::TemporaryFolder;

std::string content_of(char letter, std::size_t size = 500'000) {
  std::string content(size, letter);
  for (std::size_t i = 0; i < size; i += 97) content[i] = static_cast<char>(i / 97);
  return content;
}

/// Tries in milliseconds; keeps the notes.
struct Quick {
  std::vector<std::string> notes;
  DownloadOptions options{
      .attempts = 3, .first_wait = 1ms, .longest_wait = 4ms, .note = [this](const std::string& line) {
        notes.push_back(line);
      }};
  Quick() { options.limits.stall_timeout = 200ms; }
};

class NetDownload : public testing::Test {
 protected:
  DownloadRequest request(const std::vector<std::string>& urls) const { return {.urls = urls, .file = file_}; }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  using Names = std::vector<std::string>;

  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_ / "model.ckpt";
  std::string content_ = content_of('w');
};

TEST_F(NetDownload, LeavesTheWholeFileAndNothingElse) {
  StubServer server([&](const StubRequest& r) { return serve_file(r, content_, "\"v1\""); });
  std::vector<std::pair<std::uint64_t, std::uint64_t>> steps;
  Quick quick;
  quick.options.progress = [&](std::uint64_t done, std::uint64_t total) { steps.emplace_back(done, total); };
  const DownloadReport report = download(request({server.url() + "/model.ckpt"}), quick.options);
  EXPECT_EQ(read_bytes(file_), content_);
  EXPECT_EQ(names(), Names{"model.ckpt"});
  EXPECT_EQ(report.bytes, content_.size());
  EXPECT_EQ(report.resumed, 0U);
  EXPECT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(steps.back(), (std::pair<std::uint64_t, std::uint64_t>(content_.size(), content_.size())));
  EXPECT_TRUE(std::is_sorted(steps.begin(), steps.end()));
}

TEST_F(NetDownload, GoesOnWhereTheLineBroke) {
  int count = 0;
  StubServer server([&](const StubRequest& r) {
    StubResponse response = serve_file(r, content_, "\"v1\"");
    if (++count < 8) response.cut_after = 60'000;
    return response;
  });
  Quick quick;
  download(request({server.url()}), quick.options);
  EXPECT_EQ(read_bytes(file_), content_);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 8U);  // more than three tries: each one has brought something
  EXPECT_EQ(requests[0].header("range"), "");
  EXPECT_EQ(requests[1].header("range"), "bytes=60000-");
  EXPECT_EQ(requests[1].header("if-range"), "\"v1\"");
  EXPECT_EQ(requests[7].header("range"), "bytes=420000-");
  EXPECT_EQ(quick.notes.size(), 7U);
}

/// Lets a download stop after the first 100,000 bytes, as Ctrl-C does.
void interrupt_after_some(const DownloadRequest& request, const DownloadOptions& options) {
  struct Stop {};
  DownloadOptions stopping = options;
  stopping.progress = [](std::uint64_t done, std::uint64_t) {
    if (done >= 100'000) throw Stop();
  };
  EXPECT_THROW(download(request, stopping), Stop);
}

TEST_F(NetDownload, GoesOnInALaterRun) {
  StubServer server([&](const StubRequest& r) { return serve_file(r, content_, "\"v1\""); });
  Quick quick;
  interrupt_after_some(request({server.url()}), quick.options);
  EXPECT_EQ(names(), (Names{"model.ckpt.part", "model.ckpt.part.json"}));
  const std::uint64_t there = std::filesystem::file_size(folder_ / "model.ckpt.part");
  EXPECT_GE(there, 100'000U);
  const DownloadReport report = download(request({server.url()}), quick.options);
  EXPECT_EQ(report.resumed, there);
  EXPECT_EQ(read_bytes(file_), content_);
  EXPECT_EQ(server.requests().at(1).header("range"), "bytes=" + std::to_string(there) + "-");
}

TEST_F(NetDownload, GoesOnBehindARedirectToAnotherServer) {
  StubServer storage([&](const StubRequest& r) { return serve_file(r, content_, "\"v1\""); });
  StubServer server([&](const StubRequest&) {
    return StubResponse{.status = 302, .headers = {{"Location", storage.url() + "/signed"}}};
  });
  Quick quick;
  interrupt_after_some(request({server.url()}), quick.options);
  EXPECT_GE(download(request({server.url()}), quick.options).resumed, 100'000U);
  EXPECT_EQ(read_bytes(file_), content_);
  EXPECT_NE(storage.requests().at(1).header("range"), "");
}

TEST_F(NetDownload, DoesNotMixTwoVersionsOfAFile) {
  std::string etag = "\"v1\"";
  StubServer server([&](const StubRequest& r) { return serve_file(r, content_, etag); });
  Quick quick;
  interrupt_after_some(request({server.url()}), quick.options);
  etag = "\"v2\"";
  content_ = content_of('n', 400'000);
  const DownloadReport report = download(request({server.url()}), quick.options);
  EXPECT_EQ(report.resumed, 0U);
  EXPECT_EQ(read_bytes(file_), content_);
}

TEST_F(NetDownload, DoesNotTrustServersThatIgnoreIfRange) {
  std::string etag = "\"v1\"";
  StubServer server([&](StubRequest r) {
    r.headers.erase("if-range");
    return serve_file(r, content_, etag);
  });
  Quick quick;
  interrupt_after_some(request({server.url()}), quick.options);
  etag = "\"v2\"";
  content_ = content_of('n');
  download(request({server.url()}), quick.options);
  EXPECT_EQ(read_bytes(file_), content_);
  EXPECT_EQ(quick.notes, std::vector<std::string>{server.url() + ": the file has changed on the server; trying again"});
}

TEST_F(NetDownload, ComparesSizesWhereTheServerNamesNoVersion) {
  const auto without_tag = [&](const StubRequest& r) {
    StubResponse response = serve_file(r, content_, "");
    response.headers.erase(response.headers.begin());
    return response;
  };
  StubServer server(without_tag);
  Quick quick;
  interrupt_after_some(request({server.url()}), quick.options);
  EXPECT_EQ(download(request({server.url()}), quick.options).resumed > 0, true);
  EXPECT_EQ(server.requests().at(1).header("if-range"), "");
  interrupt_after_some(request({server.url()}), quick.options);
  content_ = content_of('n', 600'000);
  EXPECT_EQ(download(request({server.url()}), quick.options).resumed, 0U);
  EXPECT_EQ(read_bytes(file_), content_);
}

TEST_F(NetDownload, BeginsAnewWhenTheServerIgnoresRanges) {
  StubServer server([&](StubRequest r) {
    r.headers.erase("range");
    return serve_file(r, content_, "\"v1\"");
  });
  Quick quick;
  interrupt_after_some(request({server.url()}), quick.options);
  EXPECT_EQ(download(request({server.url()}), quick.options).resumed, 0U);
  EXPECT_EQ(read_bytes(file_), content_);
}

TEST_F(NetDownload, BeginsAnewWhenTheFileHasBecomeShorter) {
  StubServer server([&](StubRequest r) {
    r.headers.erase("if-range");
    return serve_file(r, content_, "\"v1\"");
  });
  Quick quick;
  interrupt_after_some(request({server.url()}), quick.options);
  content_ = content_of('n', 50'000);
  download(request({server.url()}), quick.options);
  EXPECT_EQ(read_bytes(file_), content_);
}

TEST_F(NetDownload, RefusesAnswersToAnotherRange) {
  StubServer server([&](const StubRequest& r) {
    StubResponse response = serve_file(r, content_, "\"v1\"");
    if (response.status == 206) response.headers.back().second = "bytes 7-499999/500000";
    return response;
  });
  Quick quick;
  interrupt_after_some(request({server.url()}), quick.options);
  const std::string message = message_of<IoError>([&] { download(request({server.url()}), quick.options); });
  EXPECT_NE(message.find("expected the bytes from "), std::string::npos) << message;
  EXPECT_NE(message.find("found 'bytes 7-499999/500000'"), std::string::npos) << message;
}

TEST_F(NetDownload, GoesToTheNextAddressWhenOneIsOfNoUse) {
  StubServer server([&](const StubRequest& r) {
    return r.target == "/gone" ? StubResponse{.status = 404, .body = "no such file"} : serve_file(r, content_, "\"1\"");
  });
  Quick quick;
  const DownloadReport report = download(request({server.url() + "/gone", server.url() + "/here"}), quick.options);
  EXPECT_EQ(report.url, server.url() + "/here");
  EXPECT_EQ(read_bytes(file_), content_);
  EXPECT_EQ(server.requests().size(), 2U);
  EXPECT_EQ(quick.notes, std::vector<std::string>{server.url() + "/gone: expected the file, found status 404"});
}

TEST_F(NetDownload, NamesEveryAddressWhenNoneWorks) {
  StubServer server([&](const StubRequest& r) { return StubResponse{.status = r.target == "/a" ? 404 : 503}; });
  Quick quick;
  EXPECT_EQ(message_of<IoError>([&] { download(request({server.url() + "/a", server.url() + "/b"}), quick.options); }),
            "cannot download '" + file_.string() + "': " + server.url() + "/a: expected the file, found status 404; " +
                server.url() + "/b: status 503");
  EXPECT_EQ(server.requests().size(), 4U);  // 404 once, 503 three times
  EXPECT_EQ(names(), Names{});
}

TEST_F(NetDownload, WaitsAsLongAsABusyServerSaysButNotLongerThanAllowed) {
  int count = 0;
  StubServer server([&](const StubRequest& r) {
    if (++count < 3) return StubResponse{.status = 429, .headers = {{"Retry-After", "3600"}}};
    return serve_file(r, content_, "\"v1\"");
  });
  Quick quick;
  download(request({server.url()}), quick.options);
  EXPECT_EQ(read_bytes(file_), content_);
}

TEST_F(NetDownload, GivesUpOnServersThatHangOrDropOrSendTooLittle) {
  StubResponse answer;
  StubServer server([&](const StubRequest&) { return answer; });
  Quick quick;
  const auto message = [&](const StubResponse& given) {
    answer = given;
    return message_of<IoError>([&] { download(request({server.url()}), quick.options); });
  };
  EXPECT_NE(message({.drop = true}).find("Empty reply"), std::string::npos);
  EXPECT_NE(message({.hang = true}).find("has sent nothing for 0.2 s"), std::string::npos);
  EXPECT_NE(message({.body = ""}).find("the answer is empty"), std::string::npos);
  EXPECT_NE(message({.body = "abc", .content_length = 9}).find("6 bytes remaining"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(NetDownload, RenamesOnlyWhatIsIntact) {
  const std::string good = weights::ZipBuilder().add("a/data/0", content_).finish();
  std::string served = good;
  served[1000] ^= 1;
  StubServer server([&](const StubRequest& r) { return serve_file(r, served, "\"v1\""); });
  DownloadRequest wanted = request({server.url()});
  wanted.verify = [](const std::filesystem::path& path) { check_zip(path); };
  Quick quick;
  const std::string message = message_of<IoError>([&] { download(wanted, quick.options); });
  EXPECT_NE(message.find("checksum of member"), std::string::npos) << message;
  EXPECT_EQ(names(), Names{});
  served = good;
  download(wanted, quick.options);
  EXPECT_EQ(read_bytes(file_), good);
}

TEST_F(NetDownload, BeginsAnewWhenWhatAnEarlierRunLeftSpoilsTheArchive) {
  const std::string good = weights::ZipBuilder().add("a/data/0", content_).finish();
  StubServer server([&](const StubRequest& r) { return serve_file(r, good, "\"v1\""); });
  DownloadRequest wanted = request({server.url()});
  wanted.verify = [](const std::filesystem::path& path) { check_zip(path); };
  Quick quick;
  interrupt_after_some(wanted, quick.options);
  std::string part = read_bytes(folder_ / "model.ckpt.part");
  part[5000] ^= 1;
  weights::write_bytes(folder_ / "model.ckpt.part", part);
  download(wanted, quick.options);
  EXPECT_EQ(read_bytes(file_), good);
  ASSERT_EQ(quick.notes.size(), 1U);
  EXPECT_NE(quick.notes[0].find("; starting again"), std::string::npos);
}

TEST_F(NetDownload, DropsAPartWhoseSourceIsNotKnown) {
  StubServer server([&](const StubRequest& r) { return serve_file(r, content_, "\"v1\""); });
  for (const char* record : {"", "{", "[1]", "{\"url\": 7}", "{\"url\": \"http://x\", \"size\": 3}"}) {
    weights::write_bytes(folder_ / "model.ckpt.part", "left from something else");
    weights::write_bytes(folder_ / "model.ckpt.part.json", record);
    Quick quick;
    EXPECT_EQ(download(request({server.url()}), quick.options).resumed, 0U);
    EXPECT_EQ(read_bytes(file_), content_);
  }
}

TEST_F(NetDownload, RefusesToWriteBesideAnotherProcess) {
  const PartFile other(file_);
  const std::string message = message_of<IoError>([&] { download(request({"http://127.0.0.1:1/"}), {}); });
  EXPECT_EQ(message, "'" + file_.string() + ".part' is being written by another process");
}

TEST_F(NetDownload, SaysWhenTheDiskHasNoRoom) {
  StubServer server(
      [&](const StubRequest&) { return StubResponse{.body = "beginning", .content_length = std::uint64_t{1} << 60}; });
  Quick quick;
  const std::string message = message_of<IoError>([&] { download(request({server.url()}), quick.options); });
  EXPECT_NE(message.find("1152921504606846976 bytes are still to come and the disk has room for"), std::string::npos)
      << message;
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(NetDownload, SaysWhenTheFolderCannotBeWrittenTo) {
  DownloadRequest wanted = request({"http://127.0.0.1:1/"});
  wanted.file = folder_ / "absent" / "file";
  EXPECT_NE(message_of<IoError>([&] { download(wanted, {}); }).find("cannot create"), std::string::npos);
}

}  // namespace
}  // namespace tilefold::net
