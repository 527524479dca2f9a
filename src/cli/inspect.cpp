#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/application.h"
#include "cli/checkpoint_choice.h"
#include "tilefold/error.h"

namespace tilefold::cli {
namespace {

void add_metadata(const std::string& entry, ConvertOptions& options) {
  const std::size_t equals = entry.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw ValueError("--metadata: expected KEY=VALUE, found '" + entry + "'");
  }
  options.metadata[entry.substr(0, equals)] = entry.substr(equals + 1);
}

}  // namespace

void add_inspect_command(CLI::App& app) {
  auto file = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("inspect", "List the tensors and hyper-parameters of a checkpoint");
  command->add_option("file", *file, "A .ckpt or .safetensors file, or 'demo'")->required();
  command->callback([file] {
    const Checkpoint checkpoint = *file == "demo" ? demo_checkpoint() : load_checkpoint(*file);
    std::fputs(describe_checkpoint(checkpoint).c_str(), stdout);
  });
}

void add_convert_command(CLI::App& app) {
  auto input = std::make_shared<std::string>();
  auto output = std::make_shared<std::string>();
  auto dtype = std::make_shared<std::string>();
  auto metadata = std::make_shared<std::vector<std::string>>();
  CLI::App* command = app.add_subcommand("convert", "Write a checkpoint as safetensors");
  command->add_option("input", *input, "A .ckpt or .safetensors file")->required();
  command->add_option("output", *output, "The .safetensors file to write")->required();
  command->add_option("--dtype", *dtype, "float32 or bfloat16: converts the matrices");
  command->add_option("--metadata", *metadata, "KEY=VALUE to add to the file, for example tilefold_sampler={...}")
      ->take_all()
      ->expected(1);
  command->callback([=] {
    ConvertOptions options;
    for (const std::string& entry : *metadata) add_metadata(entry, options);
    if (!dtype->empty()) options.dtype = dtype_from_name(*dtype);
    const ConvertReport report = convert_checkpoint(*input, *output, options);
    std::printf("%s: %zu tensors, %zu bytes\n", output->c_str(), report.tensors, report.bytes);
  });
}

}  // namespace tilefold::cli
