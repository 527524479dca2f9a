// Other programs, started and ended.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "msa/process.h"
#include "weights/archive_builder.h"

namespace tilefold::msa {
namespace {

using namespace std::chrono_literals;
using weights::message_of;
using weights::read_bytes;
using weights::TemporaryFolder;
using weights::write_bytes;

TEST(MsaProcess, PassesArgumentsAsTheyAreAndCollectsTheOutput) {
  const TemporaryFolder folder;
  const auto log = folder / "log";
  const std::vector<std::string> arguments = {
      "/bin/sh", "-c", "printf '%s|' \"$@\"; echo error >&2; cat", "name", "a b", "$HOME; rm x", "'\""};
  EXPECT_TRUE(run_process(arguments, log, {}).success());
  EXPECT_TRUE(run_process({"/bin/echo", "more"}, log, {}).success());
  EXPECT_EQ(read_bytes(log), "a b|$HOME; rm x|'\"|error\nmore\n");
}

TEST(MsaProcess, TellsHowTheProgramEnded) {
  const TemporaryFolder folder;
  const ProcessEnd status = run_process({"/bin/sh", "-c", "exit 3"}, folder / "log", {});
  EXPECT_FALSE(status.success());
  EXPECT_EQ(status.text(), "exit status 3");
  const ProcessEnd killed = run_process({"/bin/sh", "-c", "kill -9 $$"}, folder / "log", {});
  EXPECT_FALSE(killed.success());
  EXPECT_EQ(killed.text(), "signal 9 (Killed)");
}

TEST(MsaProcess, SaysWhatCannotBeStarted) {
  const TemporaryFolder folder;
  const std::string program = (folder / "absent").string();
  EXPECT_EQ(message_of<IoError>([&] { run_process({program}, folder / "log", {}); }),
            "cannot run '" + program + "': No such file or directory");
}

/// Waits until the process is gone (a zombie's parent is not us).
bool disappears(pid_t process) {
  for (int i = 0; i < 500; ++i) {
    if (::kill(process, 0) != 0) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

TEST(MsaProcess, EndsTheProgramAndWhatItStartedWhenInterrupted) {
  const TemporaryFolder folder;
  const auto log = folder / "log";
  const auto check = [&] {
    if (std::filesystem::exists(log) && read_bytes(log).find("ready") != std::string::npos) {
      throw std::logic_error("Ctrl-C");
    }
  };
  // The shell itself is deaf to the first signal.
  EXPECT_THROW(
      run_process({"/bin/sh", "-c", "trap '' TERM; sleep 600 & echo $! $$ ready; wait; sleep 600"}, log, check),
      std::logic_error);
  char* rest = nullptr;
  const std::string text = read_bytes(log);
  const auto child = static_cast<pid_t>(std::strtol(text.c_str(), &rest, 10));
  const auto shell = static_cast<pid_t>(std::strtol(rest, nullptr, 10));
  ASSERT_GT(child, 1);
  ASSERT_GT(shell, 1);
  EXPECT_TRUE(disappears(shell));
  EXPECT_TRUE(disappears(child));
}

TEST(MsaProcess, FindsProgramsAsAShellDoes) {
  EXPECT_TRUE(find_program("sh").has_value());
  EXPECT_EQ(find_program("/bin/sh"), "/bin/sh");
  EXPECT_EQ(find_program("no such program"), std::nullopt);
  EXPECT_EQ(find_program(""), std::nullopt);
  const TemporaryFolder folder;
  const auto file = folder / "tool";
  write_bytes(file, "#!/bin/sh\n");
  EXPECT_EQ(find_program(file.string()), std::nullopt) << "not executable";
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  EXPECT_EQ(find_program(file.string()), file);
}

TEST(MsaProcess, RemovesItsWorkFolder) {
  const TemporaryFolder folder;
  std::filesystem::path path;
  {
    const WorkFolder work(folder / "deep/place");
    path = work.path();
    write_bytes(path / "file", "x");
    std::filesystem::create_symlink("/etc", path / "link");
    EXPECT_EQ(path.parent_path(), folder / "deep/place");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_TRUE(std::filesystem::exists("/etc"));
  write_bytes(folder / "file", "x");
  EXPECT_THROW(WorkFolder(folder / "file/place"), IoError);
}

}  // namespace
}  // namespace tilefold::msa
