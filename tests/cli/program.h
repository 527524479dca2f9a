// Runs the real `tilefold` program in temporary folders.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/temporary_folder.h"

namespace tilefold::cli_test {

using test::TemporaryFolder;

struct RunOptions {
  std::filesystem::path working_folder{};            ///< empty: the test's own
  std::map<std::string, std::string> environment{};  ///< added to the program's environment
  std::string output_file{};                         ///< where standard output goes; empty: collected
  /// Every write beyond this size of a file fails, as on a full disk.
  std::optional<std::uint64_t> file_size_limit{};
  /// SIGINT is sent as soon as standard error holds this text.
  std::string interrupt_at{};
};

struct RunResult {
  int exit_code = 0;  ///< minus the signal's number when the program was killed
  std::string output;
  std::string errors;

  std::vector<std::string> error_text_lines() const;
  /// Lines of standard error that begin with "tilefold: error: ", without that beginning.
  std::vector<std::string> error_messages() const;
};

/// Runs `tilefold ARGUMENTS...` without the user's weights and with a kernel cache inside the build folder.
RunResult run(const std::vector<std::string>& arguments, const RunOptions& options = {});

std::string read_file(const std::filesystem::path& path);
std::string golden(std::string_view path);  ///< path below tests/golden

/// Relative paths of all regular files below `folder`, sorted.
std::vector<std::string> files_below(const std::filesystem::path& folder);
/// Files and folders that only an unfinished run would leave.
std::vector<std::string> leftovers_below(const std::filesystem::path& folder);
/// Contents by relative path, for comparing two result folders byte by byte.
std::map<std::string, std::string> contents_below(const std::filesystem::path& folder);

}  // namespace tilefold::cli_test
