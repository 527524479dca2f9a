#include "cli/progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

namespace tilefold::cli {
namespace {

constexpr std::int64_t kWidth = 30;

std::string clock_text(double seconds) {
  const std::int64_t whole = std::lround(seconds);
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

ProgressBar::ProgressBar(std::string title) : title_(std::move(title)), terminal_(::isatty(STDERR_FILENO) == 1) {}

ProgressBar::~ProgressBar() { finish_stage(); }

void ProgressBar::update(const std::string& stage, std::int64_t done, std::int64_t total) {
  if (stage != stage_) {
    finish_stage();
    stage_ = stage;
    stage_start_ = std::chrono::steady_clock::now();
    last_tenth_ = -1;
  }
  draw(done, total);
}

void ProgressBar::draw(std::int64_t done, std::int64_t total) {
  const double fraction = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 1.0;
  const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - stage_start_).count();
  const std::string time = done >= total ? fmt::format("done in {}", clock_text(elapsed))
                           : done > 0    ? fmt::format("{} left", clock_text(elapsed / fraction * (1.0 - fraction)))
                                         : std::string("");
  if (terminal_) {
    const auto filled = static_cast<std::int64_t>(fraction * kWidth);
    std::fprintf(stderr, "\r\033[K%s  %-12s [%s%s] %lld/%lld  %s", title_.c_str(), stage_.c_str(),
                 std::string(static_cast<std::size_t>(filled), '#').c_str(),
                 std::string(static_cast<std::size_t>(kWidth - filled), '.').c_str(), static_cast<long long>(done),
                 static_cast<long long>(total), time.c_str());
    line_open_ = true;
  } else {
    const auto tenth = static_cast<std::int64_t>(fraction * 10);
    if (tenth == last_tenth_) return;
    last_tenth_ = tenth;
    std::fprintf(stderr, "%s  %-12s %lld/%lld  %s\n", title_.c_str(), stage_.c_str(), static_cast<long long>(done),
                 static_cast<long long>(total), time.c_str());
  }
  std::fflush(stderr);
}

void ProgressBar::finish_stage() {
  if (line_open_) std::fprintf(stderr, "\n");
  line_open_ = false;
}

}  // namespace tilefold::cli
