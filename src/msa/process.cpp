#include "msa/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <thread>

#include "tilefold/error.h"

namespace tilefold::msa {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookAgain = 10ms;
constexpr auto kTimeToEnd = 2s;

/// The settings of posix_spawn, freed with the object.
class SpawnSettings {
 public:
  explicit SpawnSettings(const std::filesystem::path& log) {
    posix_spawn_file_actions_init(&files_);
    posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files_, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    posix_spawn_file_actions_adddup2(&files_, STDOUT_FILENO, STDERR_FILENO);
    posix_spawnattr_init(&attributes_);
    // A group of its own, so that it can be ended together with the programs it starts.
    posix_spawnattr_setpgroup(&attributes_, 0);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGXFSZ}) sigaddset(&signals, signal);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&files_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  const posix_spawn_file_actions_t* files() const { return &files_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t files_;
  posix_spawnattr_t attributes_;
};

/// True when the process has ended.
bool has_ended(pid_t process, int& status) {
  pid_t result = 0;
  do {
    result = ::waitpid(process, &status, WNOHANG);
  } while (result < 0 && errno == EINTR);
  return result != 0;
}

/// Asks the whole group to end; insists after a while.
void end_group(pid_t process) {
  int status = 0;
  ::kill(-process, SIGTERM);
  const auto last = std::chrono::steady_clock::now() + kTimeToEnd;
  bool ended = false;
  while (!(ended = has_ended(process, status)) && std::chrono::steady_clock::now() < last) {
    std::this_thread::sleep_for(kLookAgain);
  }
  ::kill(-process, SIGKILL);
  while (!ended) {
    std::this_thread::sleep_for(kLookAgain);
    ended = has_ended(process, status);
  }
}

}  // namespace

std::string ProcessEnd::text() const {
  if (signal != 0) return fmt::format("signal {} ({})", signal, ::strsignal(signal));
  return fmt::format("exit status {}", exit_status);
}

ProcessEnd run_process(const std::vector<std::string>& arguments, const std::filesystem::path& log,
                       const net::InterruptCheck& check) {
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  const SpawnSettings settings(log);
  pid_t process = 0;
  const int error =
      ::posix_spawn(&process, pointers[0], settings.files(), settings.attributes(), pointers.data(), ::environ);
  if (error != 0) throw IoError(fmt::format("cannot run '{}': {}", arguments.at(0), std::strerror(error)));
  int status = 0;
  try {
    while (!has_ended(process, status)) net::wait(kLookAgain, check);
  } catch (...) {
    end_group(process);
    throw;
  }
  if (WIFSIGNALED(status)) return {0, WTERMSIG(status)};
  return {WEXITSTATUS(status), 0};
}

std::optional<std::filesystem::path> find_program(const std::string& name) {
  const auto can_run = [](const std::filesystem::path& file) {
    std::error_code ignored;
    return std::filesystem::is_regular_file(file, ignored) && ::access(file.c_str(), X_OK) == 0;
  };
  if (name.empty()) return std::nullopt;
  if (name.find('/') != std::string::npos) {
    if (can_run(name)) return name;
    return std::nullopt;
  }
  const char* variable = std::getenv("PATH");
  std::string_view folders = variable == nullptr ? "" : variable;
  while (!folders.empty()) {
    const std::size_t end = folders.find(':');
    const std::filesystem::path file = std::filesystem::path(folders.substr(0, end)) / name;
    if (can_run(file)) return file;
    folders.remove_prefix(end == std::string_view::npos ? folders.size() : end + 1);
  }
  return std::nullopt;
}

WorkFolder::WorkFolder(const std::filesystem::path& parent) {
  std::error_code error;
  const std::filesystem::path place = parent.empty() ? std::filesystem::temp_directory_path(error) : parent;
  if (!error) std::filesystem::create_directories(place, error);
  if (error) throw IoError(fmt::format("cannot create '{}': {}", place.string(), error.message()));
  std::string pattern = (std::filesystem::absolute(place) / "tilefold_msa_XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw IoError(fmt::format("cannot create a folder in '{}': {}", place.string(), std::strerror(errno)));
  }
  path_ = pattern;
}

WorkFolder::~WorkFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace tilefold::msa
