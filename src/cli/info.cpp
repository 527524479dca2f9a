#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>

#include "cli/application.h"
#include "cli/checkpoint_choice.h"
#include "isa/cpu.h"
#include "isa/machine_peaks.h"
#include "runtime/disk_cache.h"
#include "tilefold/error.h"
#include "tilefold/jit.h"

namespace tilefold::cli {
namespace {

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

std::string supported_names() {
  std::string names;
  for (const isa::Isa level : isa::supported_levels()) {
    names += names.empty() ? "" : ", ";
    names += isa::isa_name(level);
  }
  return names;
}

std::string kernel_cache_text() {
  const std::filesystem::path folder = DiskCache::default_folder();
  if (folder.empty()) return "off (TILEFOLD_CACHE_DIR is empty)";
  return folder.string() + " (TILEFOLD_CACHE_DIR moves it)";
}

std::string weights_folder_text() {
  try {
    return weights_folder({}).string() + " (BOLTZ_CACHE moves it)";
  } catch (const IoError&) {
    return "none: neither BOLTZ_CACHE nor HOME is set";
  }
}

void print_info(bool measure) {
  fmt::print("CPU      {}\n", cpu_model());
  fmt::print("ISA      {} (supported here: {}; TILEFOLD_ISA forces one)\n", isa::isa_name(isa::active_isa()),
             supported_names());
  fmt::print("threads  {}\n", num_threads());
  fmt::print("kernels  {}\n", kernel_cache_text());
  fmt::print("weights  {}\n", weights_folder_text());
  if (!measure) return;
  fmt::print("measured peaks, {} thread(s):\n{}", num_threads(), isa::to_text(isa::measure_peaks(num_threads())));
}

}  // namespace

void add_info_command(CLI::App& app) {
  auto quick = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("info", "Show the CPU, ISA level, threads, measured peaks and cache folder");
  command->add_flag("--no_peaks", *quick, "Do not measure");
  command->callback([quick] { print_info(!*quick); });
}

}  // namespace tilefold::cli
