// Input files that cannot be predicted: one clear line each, a failure code, and nothing half-written.
#include <gtest/gtest.h>

#include <algorithm>

#include "cli/program.h"

namespace tilefold::cli_test {
namespace {

using Strings = std::vector<std::string>;

/// A file with what its message must hold.
struct BadFile {
  std::string name;
  std::string text;
  Strings words;
  std::size_t messages = 1;
};

std::string with_sequence(const std::string& body) { return "sequences:\n  - protein: {" + body + "}\n"; }

std::string with_template(const std::string& body) {
  return "sequences:\n  - protein: {id: A, sequence: MKTAY, msa: empty}\ntemplates:\n  - {" + body + "}\n";
}

std::string with_ligand(const std::string& body) {
  return "sequences:\n  - protein: {id: A, sequence: MKTAY, msa: empty}\n  - ligand: {id: L, " + body + "}\n";
}

std::string with_constraint(const std::string& body) {
  return with_ligand("ccd: ATP") + "constraints:\n  - " + body + "\n";
}

/// An affinity request beside a protein A and the molecules of `more`.
std::string with_affinity(const std::string& more, const std::string& binder) {
  return "sequences:\n  - protein: {id: A, sequence: MKTAY, msa: empty}\n" + more +
         "properties:\n  - affinity: {binder: " + binder + "}\n";
}

std::string alias_bomb() {
  std::string text = "a: &a [x, x, x, x, x, x, x, x, x]\n";
  for (char level = 'b'; level <= 'o'; ++level) {
    const std::string inner = std::string("*") + static_cast<char>(level - 1);
    text += std::string(1, level) + ": &" + level + " [";
    for (int i = 0; i < 9; ++i) text += (i == 0 ? "" : ", ") + inner;
    text += "]\n";
  }
  return text + "sequences: *o\n";
}

std::string repeated(const std::string& text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result += text;
  return result;
}

const std::string kGoodProtein = "  - protein: {id: A, sequence: MKTAY, msa: empty}\n";

std::vector<BadFile> bad_files() {
  return {
      {"empty.yaml", "", {"empty"}},
      {"not_yaml.yaml", "sequences: [\n", {"YAML"}},
      {"text.yaml", "hello\n", {"mapping"}},
      {"list.yaml", "- a\n- b\n", {"mapping"}},
      {"no_sequences.yaml", "version: 1\n", {"sequences"}},
      {"sequences_text.yaml", "sequences: MKTAY\n", {"sequences", "list"}},
      {"sequences_none.yaml", "sequences: []\n", {"sequences"}},
      {"version.yaml", "version: 2\nsequences:\n" + kGoodProtein, {"version"}},
      {"version_text.yaml", "version: one\nsequences:\n" + kGoodProtein, {"version", "number"}},
      {"id_number.yaml", with_sequence("id: 1, sequence: MKTAY, msa: empty"), {"id", "'1'"}},
      {"id_missing.yaml", with_sequence("sequence: MKTAY, msa: empty"), {"'id'"}},
      {"id_twice.yaml", "sequences:\n" + kGoodProtein + "  - dna: {id: A, sequence: GAT}\n", {"A"}},
      {"sequence_list.yaml", with_sequence("id: A, sequence: [M, K], msa: empty"), {"sequence", "list"}},
      {"sequence_missing.yaml", with_sequence("id: A, msa: empty"), {"'sequence'"}},
      {"sequence_empty.yaml", with_sequence("id: A, sequence: '', msa: empty"), {"sequence"}},
      {"key_twice.yaml", with_sequence("id: A, id: B, sequence: MKTAY, msa: empty"), {"id", "twice"}},
      {"cyclic.yaml", with_sequence("id: A, sequence: MKTAY, msa: empty, cyclic: maybe"), {"cyclic", "true or false"}},
      {"type.yaml", "sequences:\n  - peptide: {id: A, sequence: MKTAY}\n", {"peptide"}},
      {"alias_bomb.yaml", alias_bomb(), {"sequences"}, 9},  // one per item of the list
      {"deep.yaml", "sequences: " + repeated("[", 20000) + "\n", {"deep.yaml"}},
      {"binary.yaml", std::string("\0\x01\xff\xfe garbage \x80", 13), {"binary.yaml"}},

      {"ligand_code.yaml", with_ligand("ccd: ATQP1"), {"sequences[1].ligand", "'ATQP1'", "similar codes"}},
      {"ligand_nothing.yaml", with_ligand("name: water"), {"either 'ccd' or 'smiles'", "neither"}},
      {"ligand_both.yaml", with_ligand("ccd: ATP, smiles: CCO"), {"either 'ccd' or 'smiles'", "both"}},
      {"smiles_syntax.yaml", with_ligand("smiles: 'C1CC'"), {"sequences[1].ligand", "C1CC"}},
      {"smiles_valence.yaml", with_ligand("smiles: 'C(C)(C)(C)(C)C'"), {"sequences[1].ligand", "C(C)(C)(C)(C)C"}},
      {"bond_atom.yaml",
       with_constraint("bond: {atom1: [A, 1, N], atom2: [L, 1, XX]}"),
       {"constraints[0]", "'XX'", "PG"}},
      {"bond_chain.yaml", with_constraint("bond: {atom1: [Z, 1, N], atom2: [L, 1, PG]}"), {"no chain 'Z'"}},
      {"pocket_residue.yaml", with_constraint("pocket: {binder: L, contacts: [[A, 6]]}"), {"no residue 6", "1 to 5"}},
      {"pocket_atom.yaml", with_constraint("pocket: {binder: L, contacts: [[A, CA]]}"), {"residue by its number"}},
      {"contact_number.yaml", with_constraint("contact: {token1: [A, 1], token2: [L, 1]}"), {"one of its atoms"}},
      {"contact_half.yaml", with_constraint("contact: {token1: [A, 1]}"), {"'token2'"}},
      {"constraint_kind.yaml", with_constraint("angle: {}"), {"constraints[0]", "bond, pocket, contact"}},
      {"template_missing.yaml", with_template("cif: nowhere.cif"), {"nowhere.cif", "not found"}},
      {"template_format.yaml", with_template("cif: template.pdb"), {"template.pdb", "key 'pdb'"}},
      {"template_broken.yaml", with_template("pdb: broken.pdb"), {"broken.pdb, line 1", "characters"}},
      {"template_chain.yaml", with_template("pdb: template.pdb, template_id: A"), {"'A'", "it has A1"}},
      {"template_query.yaml", with_template("pdb: template.pdb, chain_id: B"), {"'B'", "it has A"}},
      {"binder_missing.yaml", with_affinity("", "L"), {"properties[0]", "'L'", "no chain"}},
      {"binder_protein.yaml", with_affinity("", "A"), {"'A'", "is a protein"}},
      {"binder_copies.yaml", with_affinity("  - ligand: {id: [L, M], ccd: ATP}\n", "L"), {"copies (L, M)"}},
      {"binder_residues.yaml", with_affinity("  - ligand: {id: L, ccd: [NAG, NAG]}\n", "L"), {"2 residues"}},
      {"binder_large.yaml",
       with_affinity("  - ligand: {id: L, smiles: '" + repeated("C", 129) + "'}\n", "L"),
       {"129 atoms", "at most 128"}},
      {"binder_metal.yaml", with_affinity("  - ligand: {id: L, smiles: 'c1ccccc1[Fe]'}\n", "L"), {"c1ccccc1[Fe]"}},

      {"modification_code.yaml",
       with_sequence("id: A, sequence: MKTAY, msa: empty, modifications: [{position: 2, ccd: QQQQQ}]"),
       {"QQQQQ"}},
      {"modification_place.yaml",
       with_sequence("id: A, sequence: MKTAY, msa: empty, modifications: [{position: 6, ccd: SEP}]"),
       {"6"}},
      {"modification_type.yaml",
       with_sequence("id: A, sequence: MKTAY, msa: empty, modifications: [{position: two, ccd: SEP}]"),
       {"position", "whole number"}},
      {"gap.yaml", with_sequence("id: A, sequence: MK-AY, msa: empty"), {"'-'"}},

      {"msa_none.yaml", with_sequence("id: A, sequence: MKTAY"), {"msa"}},
      {"msa_missing.yaml", with_sequence("id: A, sequence: MKTAY, msa: nowhere.a3m"), {"nowhere.a3m"}},
      {"msa_suffix.yaml", with_sequence("id: A, sequence: MKTAY, msa: alignment.txt"), {"alignment.txt"}},
      {"msa_rows.yaml", with_sequence("id: A, sequence: MKTAY, msa: unequal.a3m"), {"unequal.a3m"}},
      {"msa_letter.yaml", with_sequence("id: A, sequence: MKTAY, msa: letter.a3m"), {"letter.a3m"}},
      {"msa_columns.yaml", with_sequence("id: A, sequence: MKTAY, msa: columns.csv"), {"columns.csv"}},
      {"msa_folder.yaml", with_sequence("id: A, sequence: MKTAY, msa: folder.a3m"), {"folder.a3m"}},

      {"headerless.fasta", "MKTAY\n", {"headerless.fasta"}},
      {"type.fasta", ">A|peptide|empty\nMKTAY\n", {"peptide"}},
      {"smiles.fasta", ">L|smiles\nCC(O\n", {"record 'L|smiles'", "CC(O"}},
      {"no_sequence.fasta", ">A|protein|empty\n", {"no_sequence.fasta"}},
      {"empty.fasta", "", {"empty"}},
  };
}

/// Alignments and templates that the files above name.
void write_named_files(const TemporaryFolder& folder) {
  folder.write("unequal.a3m", ">q\nMKTAY\n>a\nMKTA\n");
  folder.write("letter.a3m", ">q\nMKTAY\n>a\nMK*AY\n");
  folder.write("columns.csv", "name,sequence\n1,MKTAY\n");
  folder.write("alignment.txt", ">q\nMKTAY\n");
  std::filesystem::create_directory(folder / "folder.a3m");
  const std::string atom = "ATOM      1  CA  MET A   1      11.000  12.000  13.000  1.00 20.00           C\n";
  folder.write("template.pdb", atom);
  folder.write("broken.pdb", atom.substr(0, 40) + "\n");
}

/// With weights for affinities, so that nothing else is refused.
Strings predict(const std::filesystem::path& input, const std::filesystem::path& out) {
  return {"predict",
          "--affinity_checkpoint",
          golden("model/tiny_affinity.ckpt"),
          input.string(),
          "--out_dir",
          out.string(),
          "--checkpoint",
          "demo",
          "--recycling_steps",
          "0",
          "--sampling_steps",
          "2",
          "--seed",
          "1"};
}

TEST(CliRefusesInput, EachMistakeWithOneLineThatNamesTheFile) {
  const TemporaryFolder folder;
  write_named_files(folder);
  std::vector<BadFile> files = bad_files();
  for (const BadFile& file : files) {
    // yaml and fasta files may share a stem, ids may not.
    const std::filesystem::path name(file.name);
    folder.write("jobs_" + name.extension().string().substr(1) + "/" + file.name, file.text);
  }
  for (const char* kind : {"yaml", "fasta"}) {
    const RunResult result =
        run(predict(folder / (std::string("jobs_") + kind), folder / "out"), {.working_folder = folder.path()});
    EXPECT_EQ(result.exit_code, 1) << result.errors;
    const Strings messages = result.error_messages();
    std::size_t expected = 0;
    std::size_t failed = 0;
    for (const BadFile& file : files) {
      if (!file.name.ends_with(std::string(".") + kind)) continue;
      expected += file.messages;
      ++failed;
      const auto names_it = [&](const std::string& message) {
        return message.find("/" + file.name) != std::string::npos;
      };
      const auto is_about_it = [&](const std::string& message) {
        return std::all_of(file.words.begin(), file.words.end(),
                           [&](const std::string& word) { return message.find(word) != std::string::npos; });
      };
      EXPECT_EQ(static_cast<std::size_t>(std::count_if(messages.begin(), messages.end(), names_it)), file.messages)
          << file.name << "\n"
          << result.errors;
      EXPECT_TRUE(std::any_of(messages.begin(), messages.end(),
                              [&](const std::string& message) { return names_it(message) && is_about_it(message); }))
          << file.name << "\n"
          << result.errors;
    }
    EXPECT_EQ(messages.size(), expected) << result.errors;
    EXPECT_NE(result.errors.find("0 predicted, 0 skipped, " + std::to_string(failed) + " failed"), std::string::npos)
        << result.errors;
  }
  for (const std::string& file : files_below(folder / "out")) ADD_FAILURE() << "written: " << file;
  EXPECT_EQ(leftovers_below(folder.path()), Strings{});
}

/// Runs once and expects exactly one line on standard error, with these words, and no results folder.
void expect_one_line(const Strings& arguments, const TemporaryFolder& folder, const Strings& words) {
  const RunResult result = run(arguments, {.working_folder = folder.path()});
  EXPECT_NE(result.exit_code, 0);
  EXPECT_GT(result.exit_code, 0) << "killed by a signal";
  ASSERT_EQ(result.error_text_lines().size(), 1U) << result.errors;
  ASSERT_EQ(result.error_messages().size(), 1U) << result.errors;
  for (const std::string& word : words) {
    EXPECT_NE(result.error_messages()[0].find(word), std::string::npos) << word << ": " << result.errors;
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "out"));
}

TEST(CliRefusesInput, MissingFilesAndUnfitFolders) {
  const TemporaryFolder folder;
  expect_one_line(predict("missing.yaml", "out"), folder, {"missing.yaml", "no such file"});
  folder.write("structure.pdb", "");
  expect_one_line(predict("structure.pdb", "out"), folder, {"structure.pdb", ".yaml"});
  folder.write("mixed/good.fasta", ">A|protein|empty\nMKT\n");
  folder.write("mixed/notes.txt", "hello");
  expect_one_line(predict("mixed", "out"), folder, {"notes.txt"});
  folder.write("nested/inner/good.fasta", ">A|protein|empty\nMKT\n");
  expect_one_line(predict("nested", "out"), folder, {"inner"});
  std::filesystem::create_directory(folder / "nothing");
  expect_one_line(predict("nothing", "out"), folder, {"nothing", "no input file"});
  folder.write("same/a.fasta", ">A|protein|empty\nMKT\n");
  folder.write("same/a.yaml", "sequences:\n" + kGoodProtein);
  expect_one_line(predict("same", "out"), folder, {"a.fasta", "a.yaml"});
}

TEST(CliRefusesInput, TwoInputsForOnePlace) {
  const TemporaryFolder folder;
  folder.write("one/a.fasta", ">A|protein|empty\nMKT\n");
  folder.write("two/a.fasta", ">A|protein|empty\nGGG\n");
  Strings arguments = predict("one/a.fasta", "out");
  arguments.push_back("two/a.fasta");
  expect_one_line(arguments, folder, {"one/a.fasta", "two/a.fasta", "boltz_results_a"});
}

TEST(CliRefusesInput, AMissingInputBeforeTheOthersHaveRun) {
  const TemporaryFolder folder;
  folder.write("good.fasta", ">A|protein|empty\nMKT\n");
  Strings arguments = predict("good.fasta", "out");
  arguments.push_back("missing.yaml");
  expect_one_line(arguments, folder, {"missing.yaml"});
}

TEST(CliRefusesInput, WhatThePdbFormatCannotHoldBeforePredicting) {
  const TemporaryFolder folder;
  folder.write("long.yaml", "sequences:\n  - protein: {id: LONG, sequence: MKT, msa: empty}\n");
  Strings arguments = predict("long.yaml", "out");
  for (const char* more : {"--output_format", "pdb"}) arguments.emplace_back(more);
  const RunResult result = run(arguments, {.working_folder = folder.path()});
  EXPECT_EQ(result.exit_code, 1);
  ASSERT_EQ(result.error_messages().size(), 1U) << result.errors;
  EXPECT_NE(result.error_messages()[0].find("LONG"), std::string::npos) << result.errors;
  EXPECT_EQ(result.errors.find("diffusion"), std::string::npos) << "found out only after the prediction";
  EXPECT_EQ(files_below(folder / "out"), Strings{});
}

TEST(CliRefusesOptions, EachWithOneLine) {
  const TemporaryFolder folder;
  folder.write("good.fasta", ">A|protein|empty\nMKT\n");
  const std::vector<std::pair<Strings, Strings>> cases = {
      {{"--recycling_steps", "-1"}, {"--recycling_steps", "-1"}},
      {{"--recycling_steps", "many"}, {"--recycling_steps", "many"}},
      {{"--sampling_steps", "1"}, {"--sampling_steps", "at least 2"}},
      {{"--sampling_steps", "99999999999999999999"}, {"--sampling_steps"}},
      {{"--sampling_steps", "1000000000"}, {"--sampling_steps", "at most"}},
      {{"--diffusion_samples", "0"}, {"--diffusion_samples", "at least 1"}},
      {{"--max_parallel_samples", "0"}, {"--max_parallel_samples"}},
      {{"--max_msa_seqs", "0"}, {"--max_msa_seqs"}},
      {{"--num_threads", "-2"}, {"--num_threads"}},
      {{"--num_threads", "1000000"}, {"--num_threads", "at most"}},
      {{"--seed", "-3"}, {"--seed"}},
      {{"--output_format", "xyz"}, {"--output_format", "xyz"}},
      {{"--precision", "bf16"}, {"--precision", "bf16"}},
      {{"--model", "boltz1"}, {"--model", "boltz1"}},
      {{"--step_scale", "0"}, {"step_scale"}},
      {{"--step_scale", "nan"}, {"step_scale"}},
      {{"--sigma_min", "0"}, {"sigma_min"}},
      {{"--sigma_max", "inf"}, {"sigma_max"}},
      {{"--sigma_max", "1e-9"}, {"sigma_max", "above sigma_min"}},
      {{"--rho", "0"}, {"rho"}},
      {{"--gamma_0", "-1"}, {"gamma_0"}},
      {{"--noise_scale", "-1"}, {"noise_scale"}},
      {{"--sampling_steps_affinity", "1"}, {"--sampling_steps_affinity", "at least 2"}},
      {{"--diffusion_samples_affinity", "0"}, {"--diffusion_samples_affinity", "at least 1"}},
      {{"--num_subsampled_msa", "0"}, {"--num_subsampled_msa", "at least 1"}},
      {{"--use_msa_server", "--msa_db", "db"}, {"--use_msa_server", "--msa_db"}},
      {{"--use_msa_server", "--msa_server_url", "ftp://x"}, {"ftp://x"}},
      {{"--msa_pairing_strategy", "none"}, {"--msa_pairing_strategy", "none"}},
      {{"--components", "nowhere.cif"}, {"nowhere.cif"}},
      {{"--no_such_option"}, {"--no_such_option"}},
      {{"--out_dir"}, {"--out_dir"}},
  };
  for (const auto& [options, words] : cases) {
    Strings arguments = {"predict", "good.fasta", "--checkpoint", "demo"};
    if (options[0] != "--out_dir") arguments.insert(arguments.end(), {"--out_dir", "out"});
    if (options[0] != "--seed") arguments.insert(arguments.end(), {"--seed", "1"});
    arguments.insert(arguments.end(), options.begin(), options.end());
    SCOPED_TRACE(options[0]);
    const RunResult result = run(arguments, {.working_folder = folder.path()});
    EXPECT_GT(result.exit_code, 0);
    // A run that has loaded the demo weights has also said what they are good for.
    Strings lines = result.error_text_lines();
    std::erase_if(lines, [](const std::string& line) { return line.starts_with("note: the demo weights"); });
    ASSERT_EQ(lines.size(), 1U) << result.errors;
    ASSERT_EQ(result.error_messages().size(), 1U) << result.errors;
    for (const std::string& word : words) {
      EXPECT_NE(lines[0].find(word), std::string::npos) << word << ": " << result.errors;
    }
    EXPECT_FALSE(std::filesystem::exists(folder / "out"));
  }
}

TEST(CliRefusesOptions, AnUnknownMethod) {
  const TemporaryFolder folder;
  folder.write("good.fasta", ">A|protein|empty\nMKT\n");
  Strings arguments = predict("good.fasta", "out");
  arguments.insert(arguments.end(), {"--method", "guesswork"});
  const RunResult result = run(arguments, {.working_folder = folder.path()});
  EXPECT_EQ(result.exit_code, 1);
  ASSERT_EQ(result.error_messages().size(), 1U) << result.errors;
  EXPECT_NE(result.error_messages()[0].find("guesswork"), std::string::npos) << result.errors;
}

TEST(CliRefusesOptions, CommandsThatDoNotExistOrLackArguments) {
  const TemporaryFolder folder;
  expect_one_line({}, folder, {"subcommand"});
  expect_one_line({"fold"}, folder, {"fold"});
  expect_one_line({"predict"}, folder, {"input"});
  expect_one_line({"inspect"}, folder, {"file"});
  expect_one_line({"convert", "only_one.ckpt"}, folder, {"output"});
}

TEST(CliRefusesOptions, UnknownIsaLevels) {
  const TemporaryFolder folder;
  folder.write("good.fasta", ">A|protein|empty\nMKT\n");
  const RunResult result = run({"info", "--no_peaks"}, {.environment = {{"TILEFOLD_ISA", "sse9"}}});
  EXPECT_EQ(result.exit_code, 1);
  ASSERT_EQ(result.error_text_lines().size(), 1U) << result.errors;
  EXPECT_NE(result.errors.find("sse9"), std::string::npos) << result.errors;
  EXPECT_NE(result.errors.find("generic"), std::string::npos) << "the known names are listed: " << result.errors;
}

}  // namespace
}  // namespace tilefold::cli_test
