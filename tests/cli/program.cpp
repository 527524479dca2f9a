#include "cli/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace tilefold::cli_test {
namespace {

using namespace std::chrono_literals;

constexpr auto kLongestRun = 500s;

/// Everything the child needs, made before the fork.
struct Child {
  std::vector<char*> arguments;
  std::vector<char*> environment;
  std::string output_file;
  std::string error_file;
  std::string working_folder;
  std::optional<std::uint64_t> file_size_limit;
};

void redirect(int descriptor, const std::string& file) {
  const int opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (opened < 0 || ::dup2(opened, descriptor) < 0) ::_exit(125);
  ::close(opened);
}

[[noreturn]] void become_program(const Child& child) {
  redirect(STDOUT_FILENO, child.output_file);
  redirect(STDERR_FILENO, child.error_file);
  if (!child.working_folder.empty() && ::chdir(child.working_folder.c_str()) != 0) ::_exit(125);
  if (child.file_size_limit) {
    ::signal(SIGXFSZ, SIG_IGN);  // write() then fails with EFBIG instead
    const rlimit limit{*child.file_size_limit, *child.file_size_limit};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(125);
  }
  ::execve(child.arguments[0], child.arguments.data(), child.environment.data());
  ::_exit(126);
}

/// The test's own environment without what would lead to the user's files, plus `added`.
std::vector<std::string> make_environment(const std::filesystem::path& home,
                                          const std::map<std::string, std::string>& added) {
  std::map<std::string, std::string> variables;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      variables[std::string(text.substr(0, equals))] = std::string(text.substr(equals + 1));
  }
  variables.erase("BOLTZ_CACHE");
  variables["HOME"] = home.string();
  variables["TILEFOLD_CACHE_DIR"] = TILEFOLD_TEST_KERNEL_CACHE;
  for (const auto& [name, value] : added) variables[name] = value;
  std::vector<std::string> result;
  for (const auto& [name, value] : variables) result.push_back(name + "=" + value);
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

/// Waits for the end; sends SIGINT once when the error file holds the text that was asked for.
int wait_for(pid_t process, const Child& child, const std::string& interrupt_at) {
  const auto end = std::chrono::steady_clock::now() + kLongestRun;
  bool interrupted = interrupt_at.empty();
  int status = 0;
  while (::waitpid(process, &status, WNOHANG) == 0) {
    std::this_thread::sleep_for(5ms);
    if (!interrupted && read_file(child.error_file).find(interrupt_at) != std::string::npos) {
      ::kill(process, SIGINT);
      interrupted = true;
    }
    if (std::chrono::steady_clock::now() > end) {
      ::kill(process, SIGKILL);
      ::waitpid(process, &status, 0);
      throw std::runtime_error("tilefold did not end; its messages:\n" + read_file(child.error_file));
    }
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace

RunResult run(const std::vector<std::string>& arguments, const RunOptions& options) {
  const TemporaryFolder folder;
  std::vector<std::string> argument_texts = {TILEFOLD_PROGRAM};
  argument_texts.insert(argument_texts.end(), arguments.begin(), arguments.end());
  std::vector<std::string> environment_texts = make_environment(folder.path(), options.environment);
  Child child;
  child.arguments = pointers(argument_texts);
  child.environment = pointers(environment_texts);
  child.output_file = options.output_file.empty() ? (folder / "stdout").string() : options.output_file;
  child.error_file = (folder / "stderr").string();
  child.working_folder = options.working_folder.string();
  child.file_size_limit = options.file_size_limit;

  const pid_t process = ::fork();
  if (process < 0) throw std::runtime_error("fork failed");
  if (process == 0) become_program(child);
  RunResult result;
  result.exit_code = wait_for(process, child, options.interrupt_at);
  if (options.output_file.empty()) result.output = read_file(child.output_file);
  result.errors = read_file(child.error_file);
  return result;
}

std::vector<std::string> RunResult::error_text_lines() const {
  std::vector<std::string> lines;
  std::istringstream stream(errors);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> RunResult::error_messages() const {
  constexpr std::string_view beginning = "tilefold: error: ";
  std::vector<std::string> messages;
  for (const std::string& line : error_text_lines()) {
    if (line.starts_with(beginning)) messages.push_back(line.substr(beginning.size()));
  }
  return messages;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::string golden(std::string_view path) {
  return (std::filesystem::path(TILEFOLD_TEST_DATA) / "golden" / path).string();
}

std::vector<std::string> files_below(const std::filesystem::path& folder) {
  std::vector<std::string> files;
  if (!std::filesystem::exists(folder)) return files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path().lexically_relative(folder).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> leftovers_below(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  if (!std::filesystem::exists(folder)) return names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.find(".part") != std::string::npos) names.push_back(entry.path().string());
  }
  return names;
}

std::map<std::string, std::string> contents_below(const std::filesystem::path& folder) {
  std::map<std::string, std::string> contents;
  for (const std::string& file : files_below(folder)) {
    if (!std::filesystem::path(file).filename().string().starts_with("run_")) contents[file] = read_file(folder / file);
  }
  return contents;
}

}  // namespace tilefold::cli_test
