// One request, one answer, and everything that can go wrong on the way.
#include <gtest/gtest.h>

#include <cstdlib>

#include "net/http.h"
#include "net/url.h"
#include "support/stub_server.h"
#include "weights/archive_builder.h"

namespace tilefold::net {
namespace {

using namespace std::chrono_literals;
using test::StubRequest;
using test::StubResponse;
using test::StubServer;
using weights::message_of;

class WithoutProxies : public testing::Environment {
 public:
  void SetUp() override { test::forget_proxies(); }
};
const auto* const kWithoutProxies = testing::AddGlobalTestEnvironment(new WithoutProxies);

TEST(NetHttp, GetsABodyWithItsStatusAndHeaders) {
  StubServer server([](const StubRequest&) {
    return StubResponse{.status = 203, .body = std::string("a\0b", 3), .headers = {{"X-Kind", " stub "}}};
  });
  const HttpResponse response = send({.url = server.url() + "/path?x=1"});
  EXPECT_EQ(response.status, 203);
  EXPECT_EQ(response.body, std::string("a\0b", 3));
  EXPECT_EQ(response.header("x-kind"), "stub");
  EXPECT_EQ(response.header("absent"), "");
  const StubRequest request = server.requests().at(0);
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/path?x=1");
  EXPECT_TRUE(request.header("user-agent").starts_with("tilefold/")) << request.header("user-agent");
}

TEST(NetHttp, PostsAFormWithHeadersAndCredentials) {
  StubServer server([](const StubRequest&) { return StubResponse{.body = "ok"}; });
  send({.url = server.url(),
        .form = {{"q", ">101\nMK+&=% Ä\n"}, {"mode", "env"}},
        .headers = {{"X-Empty", ""}, {"Content-Type", "application/json"}},
        .secret_headers = {{"X-API-Key", "secret"}},
        .username = "me",
        .password = "pass:word"});
  const StubRequest request = server.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.body, "q=%3E101%0AMK%2B%26%3D%25+%C3%84%0A&mode=env");
  EXPECT_EQ(request.header("x-api-key"), "secret");
  EXPECT_EQ(request.headers.count("x-empty"), 1U);
  EXPECT_EQ(request.header("content-type"), "application/json");
  EXPECT_EQ(request.header("authorization"), "Basic bWU6cGFzczp3b3Jk");
  EXPECT_EQ(request.headers.count("expect"), 0U);
}

TEST(NetHttp, GivesABodyToASinkWithTheHeadOfTheAnswer) {
  const std::string content(300'000, 'x');
  StubServer server([&](const StubRequest&) { return StubResponse{.status = 404, .body = content}; });
  std::string collected;
  const HttpResponse response = send({.url = server.url()}, {}, {}, [&](const HttpResponse& head, std::string_view b) {
    EXPECT_EQ(head.status, 404);
    EXPECT_EQ(head.header("content-length"), "300000");
    collected += b;
  });
  EXPECT_EQ(collected, content);
  EXPECT_EQ(response.body, "");
}

TEST(NetHttp, LetsExceptionsOfASinkThrough) {
  StubServer server([](const StubRequest&) { return StubResponse{.body = "x"}; });
  EXPECT_EQ(message_of<ValueError>([&] {
              send({.url = server.url()}, {}, {},
                   [](const HttpResponse&, std::string_view) { throw ValueError("no"); });
            }),
            "no");
}

/// Sends "/0" on to "/1" and so on, and answers at "/3".
StubResponse redirecting(const StubRequest& request) {
  const int step = std::atoi(request.target.c_str() + 1);
  if (step == 3) return {.body = request.method};
  return {.status = step == 1 ? 303 : 307, .body = "moved", .headers = {{"Location", "/" + std::to_string(step + 1)}}};
}

TEST(NetHttp, FollowsRedirectsWithoutTheirBodies) {
  StubServer server(redirecting);
  std::string collected;
  const auto sink = [&](const HttpResponse&, std::string_view bytes) { collected += bytes; };
  const HttpResponse response = send({.url = server.url() + "/0", .form = {{"a", "b"}}}, {}, {}, sink);
  EXPECT_EQ(response.url, server.url() + "/3");
  EXPECT_EQ(collected, "GET");  // since the 303
  EXPECT_EQ(server.requests().at(1).body, "a=b");
  EXPECT_EQ(message_of<HttpError>([&] { send({.url = server.url() + "/0"}, {.max_redirects = 2}); }),
            server.url() + "/0: more than 2 redirects");
}

TEST(NetHttp, KeepsSecretsFromOtherServersThatARedirectNames) {
  StubServer other([](const StubRequest&) { return StubResponse{}; });
  StubServer server([&](const StubRequest&) {
    return StubResponse{.status = 302, .headers = {{"Location", other.url() + "/there"}}};
  });
  send({.url = server.url(),
        .headers = {{"Range", "bytes=1-"}},
        .secret_headers = {{"X-API-Key", "secret"}},
        .username = "me",
        .password = "word"});
  EXPECT_EQ(server.requests().at(0).header("x-api-key"), "secret");
  const StubRequest request = other.requests().at(0);
  EXPECT_EQ(request.target, "/there");
  EXPECT_EQ(request.headers.count("x-api-key"), 0U);
  EXPECT_EQ(request.headers.count("authorization"), 0U);
  EXPECT_EQ(request.header("range"), "bytes=1-");
  EXPECT_EQ(message_of<HttpError>([&] { send({.url = server.url(), .form = {{"q", "MKTAY"}}}); }),
            server.url() + ": redirects what it is sent to another server, " + other.url() + "/there");
  EXPECT_EQ(other.requests().size(), 1U);
}

TEST(NetHttp, RedirectsToNothingButHttp) {
  StubServer server(
      [](const StubRequest&) { return StubResponse{.status = 302, .headers = {{"Location", "file:///etc/passwd"}}}; });
  EXPECT_EQ(message_of<ValueError>([&] { send({.url = server.url()}); }),
            "'file:///etc/passwd' is not an address that can be asked; expected http://HOST... or https://HOST...");
}

TEST(NetHttp, NamesTheAddressWhenTheConnectionFails) {
  std::string url;
  {
    url = StubServer([](const StubRequest&) { return StubResponse{}; }).url();
  }
  const std::string message = message_of<TransferError>([&] { send({.url = url + "/x"}); });
  EXPECT_NE(message.find(url + "/x: Failed to connect"), std::string::npos) << message;
}

TEST(NetHttp, NoticesDroppedAndCutAndHangingConnections) {
  StubResponse answer;
  StubServer server([&](const StubRequest&) { return answer; });
  const auto attempt = [&] { send({.url = server.url()}, {.stall_timeout = 150ms}); };
  answer = {.drop = true};
  EXPECT_NE(message_of<TransferError>(attempt).find("Empty reply from server"), std::string::npos);
  answer = {.body = "0123456789", .cut_after = 4};
  EXPECT_NE(message_of<TransferError>(attempt).find("6 bytes remaining"), std::string::npos);
  answer = {.hang = true};
  EXPECT_EQ(message_of<TransferError>(attempt), server.url() + ": the server has sent nothing for 0.1 s");
  answer = {.body = "0123456789", .cut_after = 4, .hang = true};
  EXPECT_EQ(message_of<TransferError>(attempt), server.url() + ": the server has sent nothing for 0.1 s");
}

TEST(NetHttp, BoundsTheBody) {
  StubServer server([](const StubRequest&) { return StubResponse{.body = std::string(1000, 'x')}; });
  EXPECT_EQ(send({.url = server.url()}, {.max_body_bytes = 1000}).body.size(), 1000U);
  EXPECT_EQ(message_of<HttpError>([&] { send({.url = server.url()}, {.max_body_bytes = 999}); }),
            server.url() + ": the answer has more than the allowed 999 bytes");
}

TEST(NetHttp, BoundsTheHeaders) {
  StubServer server([](const StubRequest&) {
    StubResponse response;
    for (int i = 0; i < 40; ++i) response.headers.emplace_back("X-Long", std::string(8000, 'x'));
    return response;
  });
  const std::string message = message_of<HttpError>([&] { send({.url = server.url()}); });
  EXPECT_NE(message.find("headers have more than 262144 bytes"), std::string::npos) << message;
}

TEST(NetHttp, EndsWhenTheInterruptCheckThrows) {
  StubServer server([](const StubRequest&) { return StubResponse{.hang = true}; });
  int calls = 0;
  const auto check = [&] {
    if (++calls == 3) throw std::logic_error("Ctrl-C");
  };
  EXPECT_THROW(send({.url = server.url()}, {}, check), std::logic_error);
  calls = 0;
  EXPECT_THROW(wait(1h, check), std::logic_error);
}

TEST(NetHttp, AsksTheProxyOfTheEnvironment) {
  StubServer proxy([](const StubRequest&) { return StubResponse{.body = "from the proxy"}; });
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  const HttpResponse response = send({.url = "http://weights.invalid/file"});
  test::forget_proxies();
  EXPECT_EQ(response.body, "from the proxy");
  EXPECT_EQ(proxy.requests().at(0).target, "http://weights.invalid/file");
}

TEST(NetHttp, RefusesAddressesAndHeadersThatCannotBe) {
  for (const char* url : {"", "example.org/x", "ftp://example.org/x", "http://", "file:///etc/passwd", "http://a b/"}) {
    const std::string message = message_of<ValueError>([&] { send({.url = url}); });
    EXPECT_NE(message.find("expected http://HOST... or https://HOST..."), std::string::npos) << message;
  }
  const std::vector<std::pair<std::string, std::string>> headers = {
      {"X-Key", "a\r\nHost: b"}, {"X:Key", "a"}, {"X Key", "a"}, {"", "a"}, {"X-Key\n", "a"}};
  for (const auto& header : headers) {
    EXPECT_THROW(send({.url = "http://127.0.0.1:1", .headers = {header}}), ValueError) << header.first;
  }
}

TEST(NetUrl, HidesPasswordsInMessages) {
  EXPECT_EQ(display_url("https://me:word@example.org/x?y=1"), "https://example.org/x?y=1");
  EXPECT_EQ(display_url("http://example.org:8080/"), "http://example.org:8080/");
  EXPECT_EQ(origin_of("https://me:word@Example.org/x").port, "443");
  EXPECT_EQ(printable("a\nb\x80"), "a b ");
}

}  // namespace
}  // namespace tilefold::net
