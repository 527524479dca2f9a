/// The `tilefold` program: one file per sub-command.
#pragma once

#include <stdexcept>

namespace CLI {
class App;
}

namespace tilefold::cli {

/// Exit codes of the program.
constexpr int kSuccess = 0;
constexpr int kFailure = 1;
constexpr int kUsage = 2;
constexpr int kInterrupted = 130;

/// Thrown between units of work after Ctrl-C.
class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted") {}
};

/// Parses the arguments, runs the sub-command and turns every error into one line on standard error and an exit code.
int run(int argc, char** argv);

// Each adds its sub-command; the sub-command's callback stores the exit code.
void add_predict_command(CLI::App& app, int& exit_code);
void add_demo_command(CLI::App& app, int& exit_code);
void add_download_command(CLI::App& app, int& exit_code);
void add_msa_command(CLI::App& app, int& exit_code);
void add_info_command(CLI::App& app);
void add_inspect_command(CLI::App& app);
void add_convert_command(CLI::App& app);

}  // namespace tilefold::cli
