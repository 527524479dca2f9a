#include "cli/application.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <new>

#include "cli/interrupt.h"
#include "tilefold/error.h"

namespace tilefold::cli {
namespace {

int report(const char* message) {
  std::fprintf(stderr, "tilefold: error: %s\n", message);
  return kFailure;
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App app("Tilefold folds biomolecules with Boltz-2 on CPUs.", "tilefold");
  app.require_subcommand(1);
  app.set_version_flag("--version", "tilefold 0.1.0");
  int exit_code = kSuccess;
  add_predict_command(app, exit_code);
  add_demo_command(app, exit_code);
  add_inspect_command(app);
  add_convert_command(app);
  add_info_command(app);
  install_interrupt_handler();
  try {
    app.parse(argc, argv);
    return exit_code;
  } catch (const CLI::Success& request) {  // --help, --version
    return app.exit(request);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return kUsage;
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
