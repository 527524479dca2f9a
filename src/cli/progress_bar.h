/// A progress bar per stage, with the time left.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace tilefold::cli {

/// Draws on standard error: a bar that is redrawn on a terminal, a line per tenth of a stage elsewhere.
class ProgressBar {
 public:
  /// `title` stands before every line, for example the input's name.
  explicit ProgressBar(std::string title);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// `done` of `total` units of `stage`; a new stage name starts a new bar.
  void update(const std::string& stage, std::int64_t done, std::int64_t total);

 private:
  void draw(std::int64_t done, std::int64_t total);
  void finish_stage();

  std::string title_;
  std::string stage_;
  std::chrono::steady_clock::time_point stage_start_;
  std::int64_t last_tenth_ = -1;
  bool terminal_;
  bool line_open_ = false;
};

}  // namespace tilefold::cli
