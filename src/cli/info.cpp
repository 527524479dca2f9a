#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>

#include "cli/application.h"
#include "isa/cpu.h"
#include "isa/machine_peaks.h"
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

void print_info(bool measure) {
  fmt::print("CPU      {}\n", cpu_model());
  fmt::print("ISA      {} (supported here: {}; TILEFOLD_ISA forces one)\n", isa::isa_name(isa::active_isa()),
             supported_names());
  fmt::print("threads  {}\n", num_threads());
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
