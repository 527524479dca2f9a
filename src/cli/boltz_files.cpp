#include "cli/boltz_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <system_error>

#include "cli/checkpoint_choice.h"
#include "cli/interrupt.h"
#include "cli/progress_bar.h"
#include "net/archive_check.h"
#include "net/download.h"
#include "net/extract.h"
#include "tilefold/error.h"

namespace tilefold::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMirrorVariable = "TILEFOLD_DOWNLOAD_MIRROR";
constexpr const char* kGateway = "https://model-gateway.boltz.bio/";
constexpr const char* kHub = "https://huggingface.co/boltz-community/boltz-2/resolve/main/";

struct BoltzFile {
  std::string name;
  std::vector<std::string> sources;  ///< folders it can be fetched from, in the order of Boltz 2.2.1
  void (*check)(const fs::path&, const net::InterruptCheck&);
};

const BoltzFile kStructureWeights{"boltz2_conf.ckpt", {kGateway, kHub}, net::check_zip};
const BoltzFile kAffinityWeights{"boltz2_aff.ckpt", {kGateway, kHub}, net::check_zip};
const BoltzFile kMolecules{"mols.tar", {kHub}, net::check_tar};

std::vector<std::string> urls_of(const BoltzFile& file, std::string mirror) {
  if (!mirror.empty()) {
    if (!mirror.ends_with('/')) mirror += '/';
    return {mirror + file.name};
  }
  std::vector<std::string> urls;
  for (const std::string& source : file.sources) urls.push_back(source + file.name);
  return urls;
}

void note(const std::string& line) { std::fprintf(stderr, "tilefold: %s\n", line.c_str()); }

/// True when the file is there and intact; says so when it is damaged.
bool is_complete(const BoltzFile& file, const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return false;
  try {
    file.check(path, throw_if_interrupted);
    return true;
  } catch (const ParseError& error) {
    note(fmt::format("{}; downloading it again", error.what()));
    return false;
  }
}

void fetch(const BoltzFile& file, const fs::path& folder, const std::string& mirror) {
  const fs::path path = folder / file.name;
  if (is_complete(file, path)) {
    fmt::print("{}: complete, kept\n", path.string());
    return;
  }
  ProgressBar bar("download (MiB)");
  net::DownloadOptions options;
  options.check = throw_if_interrupted;
  options.note = note;
  options.progress = [&](std::uint64_t done, std::uint64_t total) {
    if (total != 0)
      bar.update(file.name, static_cast<std::int64_t>(done >> 20), static_cast<std::int64_t>(total >> 20));
  };
  const auto verify = [&](const fs::path& part) { file.check(part, throw_if_interrupted); };
  const net::DownloadReport report = net::download({urls_of(file, mirror), path, verify}, options);
  const std::string resumed = report.resumed != 0 ? fmt::format(", {} of them earlier", report.resumed) : "";
  fmt::print("{}: {} bytes from {}{}\n", path.string(), report.bytes, report.url, resumed);
}

/// "ATP.pkl": component codes are short, and the archive holds nothing else that is of use.
bool is_component_file(std::string_view name) {
  constexpr std::string_view kSuffix = ".pkl";
  if (!name.ends_with(kSuffix)) return false;
  const std::string_view code = name.substr(0, name.size() - kSuffix.size());
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !code.empty() && code.size() <= 32 && std::all_of(code.begin(), code.end(), allowed);
}

void fetch_molecules(const fs::path& folder, const std::string& mirror) {
  const fs::path target = folder / "mols";
  std::error_code ignored;
  if (fs::is_directory(target, ignored) && !fs::exists(folder / kMolecules.name, ignored)) {
    fmt::print("{}: is there, kept (without {} its files cannot be checked)\n", target.string(), kMolecules.name);
    return;
  }
  fetch(kMolecules, folder, mirror);
  ProgressBar bar("extract (MiB)");
  net::ExtractOptions options{.wanted = is_component_file, .check = throw_if_interrupted};
  options.progress = [&](std::uint64_t done, std::uint64_t total) {
    bar.update("mols", static_cast<std::int64_t>(done >> 20), static_cast<std::int64_t>(total >> 20));
  };
  const net::ExtractReport report = net::extract_folder(folder / kMolecules.name, target, options);
  fmt::print("{}: {} files written, {} kept, {} other members left out\n", target.string(), report.written, report.kept,
             report.left_out);
}

std::string mirror_of(const DownloadArguments& arguments) {
  if (arguments.mirror) return *arguments.mirror;
  const char* variable = std::getenv(kMirrorVariable);
  return variable == nullptr ? std::string() : std::string(variable);
}

}  // namespace

void download_boltz_files(const DownloadArguments& arguments) {
  const fs::path folder = weights_folder(arguments.cache);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw IoError(fmt::format("cannot create '{}': {}", folder.string(), error.message()));
  const std::string mirror = mirror_of(arguments);
  const auto wanted = [&](const char* name) {
    const auto& only = arguments.only;
    return only.empty() || std::find(only.begin(), only.end(), name) != only.end();
  };
  if (wanted("structure")) fetch(kStructureWeights, folder, mirror);
  if (wanted("affinity")) fetch(kAffinityWeights, folder, mirror);
  if (arguments.molecules) fetch_molecules(folder, mirror);
}

}  // namespace tilefold::cli
