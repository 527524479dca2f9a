/// A stub of a ColabFold server: tickets, states, archives made of a3m texts.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "archive/gzip.h"
#include "support/stub_server.h"
#include "support/tar_builder.h"

namespace tilefold::msa {

inline std::string json_reply(const std::string& status, const std::string& id) {
  return "{\"id\": \"" + id + "\", \"status\": \"" + status + "\"}";
}

inline std::string result_archive(const std::map<std::string, std::string>& files) {
  std::string tar;
  for (const auto& [name, data] : files) tar += test::tar_member(name, data);
  return archive::gzip(tar + test::tar_end());
}

/// The sequences in a submission.
inline std::vector<std::string> submitted_sequences(const test::StubRequest& request) {
  std::vector<std::string> sequences;
  const std::string text = request.form()["q"];
  for (std::size_t line = 0; line < text.size();) {
    const std::size_t end = text.find('\n', line);
    if (text[line] != '>') sequences.push_back(text.substr(line, end - line));
    line = end + 1;
  }
  return sequences;
}

/// A server whose alignments are the sequences themselves and one relative each. Tests change what it answers.
class StubSearch {
 public:
  /// States of submissions and of questions, the last one again and again. "429" is the HTTP status.
  std::vector<std::string> submissions = {"PENDING"};
  std::vector<std::string> questions = {"RUNNING", "COMPLETE"};
  /// Comes first; an answer with status 0 lets the stub go on.
  std::function<test::StubResponse(const test::StubRequest&)> before = [](const test::StubRequest&) {
    return test::StubResponse{.status = 0};
  };
  test::StubServer server{[this](const test::StubRequest& request) { return answer(request); }};

  std::vector<std::string> targets() const {
    std::vector<std::string> targets;
    for (const test::StubRequest& request : server.requests()) targets.push_back(request.target);
    return targets;
  }
  void forget() { counts_.clear(); }

 private:
  test::StubResponse answer(const test::StubRequest& request) {
    const test::StubResponse special = before(request);
    if (special.status != 0) return special;
    if (request.target.starts_with("/result/download/")) return {.body = archive(request.target.back() == 'r')};
    const bool is_submission = request.method == "POST";
    if (is_submission) sequences_ = submitted_sequences(request);
    const std::vector<std::string>& states = is_submission ? submissions : questions;
    const std::size_t count = counts_[request.target]++;
    const std::string state = states[std::min(count, states.size() - 1)];
    if (state == "429") return {.status = 429, .headers = {{"Retry-After", "0"}}};
    const std::string kind = request.target.substr(request.target.find_last_of("/-") + 1);
    return {.body = json_reply(state, "t-" + kind)};
  }

  std::string archive(bool paired) const {
    std::string blocks;
    std::size_t number = 101;
    for (const std::string& sequence : sequences_) {
      blocks += ">" + std::to_string(number++) + "\n" + sequence + "\n>relative\n-" + sequence.substr(1) + "\n";
      blocks += '\0';
    }
    if (paired) return result_archive({{"pair.a3m", blocks}});
    return result_archive({{"uniref.a3m", blocks}, {"bfd.mgnify30.metaeuk30.smag30.a3m", ""}});
  }

  std::map<std::string, std::size_t> counts_;
  std::vector<std::string> sequences_;
};

}  // namespace tilefold::msa
