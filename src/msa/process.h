/// Other programs: started without a shell, watched, ended with everything they started.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "net/interrupt.h"

namespace tilefold::msa {

/// How a program ended.
struct ProcessEnd {
  int exit_status = 0;
  int signal = 0;  ///< that killed it; 0: it ended by itself

  bool success() const { return exit_status == 0 && signal == 0; }
  /// "exit status 1", "signal 9 (Killed)".
  std::string text() const;
};

/// Runs `arguments` (the first is the program's path) to its end; what it prints is appended to `log`, and it reads
/// nothing. When `check` throws, the program and all that it started are ended first. Throws IoError when it cannot be
/// started.
ProcessEnd run_process(const std::vector<std::string>& arguments, const std::filesystem::path& log,
                       const net::InterruptCheck& check);

/// The file that a shell would run for `name`: itself if it has a slash, else the first of that name on PATH. Nothing
/// when there is no such program.
std::optional<std::filesystem::path> find_program(const std::string& name);

/// A fresh folder inside `parent` (empty: the system's folder for such) that disappears with the object.
class WorkFolder {
 public:
  /// Throws IoError.
  explicit WorkFolder(const std::filesystem::path& parent);
  ~WorkFolder();
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace tilefold::msa
