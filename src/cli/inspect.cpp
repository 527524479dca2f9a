#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/application.h"
#include "cli/checkpoint_choice.h"

namespace tilefold::cli {

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
  CLI::App* command = app.add_subcommand("convert", "Write a checkpoint as safetensors");
  command->add_option("input", *input, "A .ckpt or .safetensors file")->required();
  command->add_option("output", *output, "The .safetensors file to write")->required();
  command->add_option("--dtype", *dtype, "float32 or bfloat16: converts the matrices");
  command->callback([=] {
    ConvertOptions options;
    if (!dtype->empty()) options.dtype = dtype_from_name(*dtype);
    const ConvertReport report = convert_checkpoint(*input, *output, options);
    std::printf("%s: %zu tensors, %zu bytes\n", output->c_str(), report.tensors, report.bytes);
  });
}

}  // namespace tilefold::cli
