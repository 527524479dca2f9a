// `tilefold predict --components`: residues and ligands of a user's own.
#include <gtest/gtest.h>

#include <gemmi/model.hpp>

#include "cli/program.h"
#include "cli/structures.h"

namespace tilefold::cli_test {
namespace {

using Strings = std::vector<std::string>;

// Propanol as a ligand, and alanine with a chlorine for a hydrogen as a residue; no dictionary has either of these
// codes.
constexpr const char* kComponents = R"(data_PRL9
_chem_comp.id PRL9
_chem_comp.type non-polymer
loop_
_chem_comp_atom.comp_id
_chem_comp_atom.atom_id
_chem_comp_atom.type_symbol
_chem_comp_atom.charge
_chem_comp_atom.pdbx_leaving_atom_flag
_chem_comp_atom.pdbx_model_Cartn_x_ideal
_chem_comp_atom.pdbx_model_Cartn_y_ideal
_chem_comp_atom.pdbx_model_Cartn_z_ideal
PRL9 C1 C 0 N 0.0 0.0 0.0
PRL9 C2 C 0 N 1.5 0.0 0.0
PRL9 C3 C 0 N 2.0 1.4 0.0
PRL9 OX O 0 N 3.4 1.4 0.2
loop_
_chem_comp_bond.comp_id
_chem_comp_bond.atom_id_1
_chem_comp_bond.atom_id_2
_chem_comp_bond.value_order
PRL9 C1 C2 SING
PRL9 C2 C3 SING
PRL9 C3 OX SING
data_ALQ9
_chem_comp.id ALQ9
_chem_comp.type 'L-PEPTIDE LINKING'
loop_
_chem_comp_atom.comp_id
_chem_comp_atom.atom_id
_chem_comp_atom.type_symbol
_chem_comp_atom.charge
_chem_comp_atom.pdbx_leaving_atom_flag
_chem_comp_atom.pdbx_model_Cartn_x_ideal
_chem_comp_atom.pdbx_model_Cartn_y_ideal
_chem_comp_atom.pdbx_model_Cartn_z_ideal
ALQ9 N N 0 N -1.0 1.0 0.0
ALQ9 CA C 0 N 0.0 0.0 0.0
ALQ9 C C 0 N 1.2 0.6 0.6
ALQ9 O O 0 N 1.4 1.8 0.6
ALQ9 OXT O 0 Y 2.1 -0.3 1.2
ALQ9 CB C 0 N -0.5 -1.2 0.8
ALQ9 CL Cl 0 N -2.1 -1.9 0.2
loop_
_chem_comp_bond.comp_id
_chem_comp_bond.atom_id_1
_chem_comp_bond.atom_id_2
_chem_comp_bond.value_order
ALQ9 N CA SING
ALQ9 CA C SING
ALQ9 C O DOUB
ALQ9 C OXT SING
ALQ9 CA CB SING
ALQ9 CB CL SING
)";

constexpr const char* kInput =
    "sequences:\n"
    "  - protein: {id: A, sequence: GAS, msa: empty, modifications: [{position: 2, ccd: ALQ9}]}\n"
    "  - ligand: {id: L, ccd: PRL9}\n";

Strings predict(const std::filesystem::path& input, const std::filesystem::path& out, const Strings& more) {
  Strings arguments = {"predict", input.string(),     "--out_dir", out.string(),        "--checkpoint",
                       "demo",    "--sampling_steps", "2",         "--recycling_steps", "0"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

Strings atoms_of(const gemmi::Residue& residue) {
  Strings names;
  for (const gemmi::Atom& atom : residue.atoms) names.push_back(atom.name);
  return names;
}

TEST(CliComponents, OwnResiduesAndLigandsArePredicted) {
  const TemporaryFolder folder;
  const auto input = folder.write("own.yaml", kInput);
  const RunResult result =
      run(predict(input, folder / "out", {"--components", folder.write("own.cif", kComponents).string()}));
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const gemmi::Structure structure = read_structure(folder / "out/boltz_results_own/predictions/own/own_model_0.cif");
  const auto& chains = structure.models.at(0).chains;
  ASSERT_EQ(chains.size(), 2U);
  EXPECT_EQ(chains[0].residues.at(1).name, "ALQ9");
  EXPECT_EQ(atoms_of(chains[0].residues[1]), (Strings{"N", "CA", "C", "O", "CB", "CL"})) << "OXT leaves";
  EXPECT_EQ(chains[1].residues.at(0).name, "PRL9");
  EXPECT_EQ(atoms_of(chains[1].residues[0]), (Strings{"C1", "C2", "C3", "OX"}));
}

TEST(CliComponents, AnUnknownCodeNamesTheOption) {
  const TemporaryFolder folder;
  const RunResult result = run(predict(folder.write("own.yaml", kInput), folder / "out", {}));
  EXPECT_NE(result.exit_code, 0);
  EXPECT_NE(result.errors.find("ALQ9"), std::string::npos) << result.errors;
  EXPECT_NE(result.errors.find("PRL9"), std::string::npos) << "all refusals of a file at once\n" << result.errors;
  EXPECT_NE(result.errors.find("--components FILE"), std::string::npos) << result.errors;
}

// RDKit's sixty shared libraries would take every run 20 ms.
TEST(CliComponents, RdkitIsLoadedOnlyWhereItIsNeeded) {
  const TemporaryFolder folder;
  const auto loaded_for = [&](const std::string& name, const std::string& ligand) {
    const std::string text = "sequences:\n  - protein: {id: A, sequence: GAS, msa: empty}\n" + ligand;
    const RunResult result =
        run(predict(folder.write(name + ".yaml", text), folder / name, {}), {.environment = {{"LD_DEBUG", "files"}}});
    EXPECT_EQ(result.exit_code, 0) << name;
    EXPECT_NE(result.errors.find("libtilefold.so"), std::string::npos) << "the loader says nothing";
    return result.errors.find("libRDKit") != std::string::npos;
  };
  EXPECT_FALSE(loaded_for("none", ""));
  EXPECT_FALSE(loaded_for("code", "  - ligand: {id: L, ccd: ATP}\n"));
  EXPECT_EQ(loaded_for("smiles", "  - ligand: {id: L, smiles: CCO}\n"), true);
}

}  // namespace
}  // namespace tilefold::cli_test
