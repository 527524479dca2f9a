#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/application.h"
#include "cli/boltz_files.h"

namespace tilefold::cli {

void add_download_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<DownloadArguments>();
  CLI::App* command = app.add_subcommand("download", "Fetch the official Boltz-2 weights into the cache folder");
  DownloadArguments& a = *arguments;
  command->add_option("--cache", a.cache, "Folder for the files (default: $BOLTZ_CACHE, else ~/.boltz)");
  command->add_option("--only", a.only, "Which weights (default: both)")
      ->check(CLI::IsMember({"structure", "affinity"}))
      ->type_name("structure|affinity ...");
  command->add_flag("--mols", a.molecules, "Also the component files (mols.tar, 1.9 GB, extracted to mols/)");
  command->add_option("--mirror", a.mirror,
                      "Address of a folder with the files, in place of Boltz's own (also $TILEFOLD_DOWNLOAD_MIRROR)");
  command->callback([arguments, &exit_code] {
    try {
      download_boltz_files(*arguments);
    } catch (const Interrupted&) {
      std::fprintf(stderr, "tilefold: interrupted; the same command goes on where this one stopped\n");
      exit_code = kInterrupted;
    }
  });
}

}  // namespace tilefold::cli
