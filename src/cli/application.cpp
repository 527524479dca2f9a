#include "cli/application.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>

#include "cli/interrupt.h"
#include "tilefold/error.h"

namespace tilefold::cli {
namespace {

/// One line, whatever the message holds.
int report(std::string message, int exit_code = kFailure) {
  std::replace(message.begin(), message.end(), '\n', ' ');
  std::fprintf(stderr, "tilefold: error: %s\n", message.c_str());
  return exit_code;
}

/// Output that did not reach its destination (a full disk, a closed pipe) is a failure.
int finish_output(int exit_code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit_code;
  return report(std::string("cannot write the output: ") + std::strerror(errno));
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App app("Tilefold folds biomolecules with Boltz-2 on CPUs.", "tilefold");
  app.require_subcommand(1);
  app.set_version_flag("--version", "tilefold " TILEFOLD_VERSION);
  int exit_code = kSuccess;
  add_predict_command(app, exit_code);
  add_demo_command(app, exit_code);
  add_download_command(app, exit_code);
  add_msa_command(app, exit_code);
  add_inspect_command(app);
  add_convert_command(app);
  add_info_command(app);
  install_interrupt_handler();
  try {
    app.parse(argc, argv);
    return finish_output(exit_code);
  } catch (const CLI::Success& request) {  // --help, --version
    return finish_output(app.exit(request));
  } catch (const CLI::ParseError& error) {
    return report(std::string(error.what()) + " (see tilefold --help)", kUsage);
  } catch (const Interrupted&) {
    std::fprintf(stderr, "tilefold: interrupted; the unfinished prediction was not written\n");
    return kInterrupted;
  } catch (const std::bad_alloc&) {
    return report("out of memory");
  } catch (const std::exception& error) {
    return report(error.what());
  }
}

}  // namespace tilefold::cli
