// Writers against files that the reference wrote (tests/golden/output), table by table, and round trips of npz
// archives.
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <gemmi/cif.hpp>
#include <limits>
#include <sstream>

#include "support/bio_inputs.h"
#include "tilefold/output.h"

namespace tilefold::bio {
namespace {

namespace cif = gemmi::cif;

std::string data_path(const std::string& name) { return std::string(TILEFOLD_TEST_DATA) + "/golden/" + name; }

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Complex input_complex(const std::string& name) { return complex_of_file(data_path("inputs/" + name + ".yaml")); }
Complex modified_complex() { return input_complex("modified"); }

/// Path of a file that the reference wrote for the best sample of a case.
std::string written(const std::string& name, const std::string& suffix) {
  return data_path("output/" + name + "/" + name + "_model_0." + suffix);
}

/// The model that the reference wrote: coordinates and B factors from its atom table.
struct WrittenModel {
  std::vector<float> coordinates;
  std::vector<float> plddt;
};

WrittenModel model_of(cif::Block& block, const Complex& complex) {
  WrittenModel model;
  std::vector<double> b_factors;
  for (const auto& row : block.find("_atom_site.", {"Cartn_x", "Cartn_y", "Cartn_z", "B_iso_or_equiv"})) {
    for (std::size_t axis = 0; axis < 3; ++axis) model.coordinates.push_back(std::stof(row[axis]));
    b_factors.push_back(std::stod(row[3]));
  }
  for (const Token& token : complex.tokens) {
    model.plddt.push_back(static_cast<float>(b_factors.at(static_cast<std::size_t>(token.atom_start)) / 100.0));
  }
  return model;
}

/// Every category of both files, cell by cell; numbers compare as numbers.
void expect_same_tables(cif::Block& expected, cif::Block& found) {
  for (const cif::Item& item : expected.items) {
    if (item.type != cif::ItemType::Loop) continue;
    for (const std::string& tag : item.loop.tags) {
      cif::Column expected_column = expected.find_loop(tag);
      cif::Column found_column = found.find_loop(tag);
      ASSERT_EQ(found_column.length(), expected_column.length()) << tag;
      for (int i = 0; i < expected_column.length(); ++i) {
        const std::string left = cif::as_string(expected_column[i]);
        const std::string right = cif::as_string(found_column[i]);
        if (left == right) continue;
        ASSERT_TRUE(!left.empty() && !right.empty()) << tag << " row " << i << ": " << left << ", found " << right;
        SCOPED_TRACE(tag + ": " + left + ", found " + right);
        ASSERT_NE(left.find_first_of("0123456789"), std::string::npos);
        ASSERT_NEAR(std::stod(left), std::stod(right), 1.001e-3) << tag << " row " << i;
      }
    }
  }
}

class WrittenFiles : public testing::TestWithParam<std::string> {};

TEST_P(WrittenFiles, MmcifTablesEqualTheReferences) {
  const Complex complex = input_complex(GetParam());
  cif::Document expected = cif::read_file(written(GetParam(), "cif"));
  const WrittenModel model = model_of(expected.blocks[0], complex);
  cif::Document found = cif::read_string(to_mmcif(complex, {model.coordinates, model.plddt}));
  expect_same_tables(expected.blocks[0], found.blocks[0]);
}

TEST_P(WrittenFiles, PdbLinesEqualTheReferences) {
  const Complex complex = input_complex(GetParam());
  cif::Document cif_document = cif::read_file(written(GetParam(), "cif"));
  WrittenModel model = model_of(cif_document.blocks[0], complex);
  const std::string expected_text = read_text(written(GetParam(), "pdb"));
  std::istringstream expected(expected_text);
  std::size_t atom = 0;
  for (std::string line; std::getline(expected, line);) {
    if (!line.starts_with("ATOM") && !line.starts_with("HETATM")) continue;
    for (std::size_t axis = 0; axis < 3; ++axis)
      model.coordinates[3 * atom + axis] = std::stof(line.substr(30 + 8 * axis, 8));
    ++atom;
  }
  expected.clear();
  expected.seekg(0);
  std::istringstream found(to_pdb(complex, {model.coordinates, model.plddt}));
  std::string left, right;
  int number = 0;
  while (std::getline(expected, left)) {
    ++number;
    ASSERT_TRUE(static_cast<bool>(std::getline(found, right))) << "the file ends at line " << number;
    if (left.starts_with("ATOM") || left.starts_with("HETATM")) {
      // The model comes from the mmCIF file, whose three decimals may round to another second one.
      constexpr std::size_t kBFactor = 60;
      constexpr std::size_t kWidth = 6;
      ASSERT_NEAR(std::stod(left.substr(kBFactor, kWidth)), std::stod(right.substr(kBFactor, kWidth)), 0.0101);
      right.replace(kBFactor, kWidth, left, kBFactor, kWidth);
    }
    ASSERT_EQ(left, right) << "line " << number;
  }
}

TEST_P(WrittenFiles, CoordinatesAreReadBack) {
  const Complex complex = input_complex(GetParam());
  cif::Document document = cif::read_file(written(GetParam(), "cif"));
  EXPECT_EQ(read_model_coordinates(complex, written(GetParam(), "cif")),
            model_of(document.blocks[0], complex).coordinates);
  const std::vector<float> from_pdb = read_model_coordinates(complex, written(GetParam(), "pdb"));
  const std::vector<float> from_cif = read_model_coordinates(complex, written(GetParam(), "cif"));
  for (std::size_t i = 0; i < from_cif.size(); ++i) ASSERT_NEAR(from_pdb[i], from_cif[i], 5.1e-4);
}

INSTANTIATE_TEST_SUITE_P(Cases, WrittenFiles, testing::Values("nucleic", "modified", "ligand", "glycan"),
                         [](const auto& test) { return test.param; });

/// The cells of some columns of a table as written, "a b" per row.
std::vector<std::string> rows_of(cif::Block& block, const std::string& prefix, const std::vector<std::string>& tags) {
  std::vector<std::string> rows;
  for (const auto& row : block.find(prefix, tags)) {
    std::string text;
    for (std::size_t i = 0; i < tags.size(); ++i) text += (i == 0 ? "" : " ") + row[i];
    rows.push_back(text);
  }
  return rows;
}

// What the reference writes for the same input.
TEST(WriteMmcif, OneResidueIsNoPolymerAndKnownChainsHaveAWeight) {
  const Complex complex = complex_of(
      "sequences:\n"
      "- rna: {id: A, sequence: G}\n"
      "- dna: {id: B, sequence: ACGTACGTACGTACGT}\n"
      "- rna: {id: C, sequence: NA}\n"
      "- protein: {id: D, sequence: XXX, msa: empty}\n"
      "- protein: {id: E, sequence: Q, msa: empty}\n"
      "- ligand: {id: [F, G], ccd: HOH}\n");
  const std::vector<float> coordinates(3 * complex.structure.atoms.size(), 0.0F);
  cif::Document document = cif::read_string(to_mmcif(complex, {coordinates, {}}));
  cif::Block& block = document.blocks[0];
  EXPECT_EQ(rows_of(block, "_entity.", {"id", "type", "src_method", "formula_weight"}),
            (std::vector<std::string>{"1 non-polymer man 300.249", "2 polymer man 4898.195", "3 polymer man .",
                                      "4 polymer man 273.333", "5 non-polymer man .", "6 water nat ."}));
  EXPECT_EQ(rows_of(block, "_pdbx_entity_nonpoly.", {"entity_id", "comp_id"}),
            (std::vector<std::string>{"1 G", "5 GLN", "6 HOH"}));
  EXPECT_EQ(rows_of(block, "_pdbx_nonpoly_scheme.", {"asym_id", "mon_id"}),
            (std::vector<std::string>{"A G", "E GLN", "F HOH", "G HOH"}));
  EXPECT_EQ(rows_of(block, "_entity_poly.", {"entity_id"}), (std::vector<std::string>{"2", "3", "4"}));
  EXPECT_EQ(rows_of(block, "_chem_comp.", {"id", "type", "formula_weight"}).back(), "UNK 'L-peptide linking' 103.121");
  const auto sites = rows_of(block, "_atom_site.", {"group_PDB", "label_comp_id", "label_seq_id", "auth_seq_id"});
  EXPECT_EQ(sites.front(), "ATOM G . 1");
  EXPECT_EQ(sites.back(), "HETATM HOH . 1");
}

TEST(WriteMmcif, ListsAComponentOnce) {
  const Complex complex = complex_of(
      "sequences:\n"
      "- ligand: {id: A, ccd: NAG}\n"
      "- ligand: {id: B, ccd: [NAG, NAG]}\n");
  const std::vector<float> coordinates(3 * complex.structure.atoms.size(), 0.0F);
  cif::Document document = cif::read_string(to_mmcif(complex, {coordinates, {}}));
  EXPECT_EQ(rows_of(document.blocks[0], "_chem_comp.", {"id", "type"}), (std::vector<std::string>{"NAG non-polymer"}));
}

TEST(ReadModel, RefusesFilesOfOtherComplexes) {
  EXPECT_THROW(read_model_coordinates(modified_complex(), written("ligand", "cif")), ParseError);
  EXPECT_THROW(read_model_coordinates(modified_complex(), written("ligand", "pdb")), ParseError);
  EXPECT_THROW(read_model_coordinates(modified_complex(), data_path("inputs/modified.yaml")), ParseError);
  EXPECT_THROW(read_model_coordinates(modified_complex(), "nowhere.cif"), IoError);
}

TEST(WritePdb, RefusesLongChainNames) {
  Complex complex = modified_complex();
  complex.structure.chains[0].name = "LONG";
  const std::vector<float> coordinates(3 * complex.structure.atoms.size(), 0.0F);
  EXPECT_THROW(to_pdb(complex, {coordinates, {}}), UnsupportedError);
}

TEST(Writers, RefuseSizesThatDoNotFitAndNumbersThatAreNotFinite) {
  const Complex complex = modified_complex();
  std::vector<float> coordinates(3 * complex.structure.atoms.size(), 0.0F);
  const std::vector<float> plddt(complex.tokens.size() + 1, 0.5F);
  EXPECT_THROW(to_mmcif(complex, {coordinates, plddt}), TypeError);
  coordinates.back() = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(to_mmcif(complex, {coordinates, {}}), ValueError);
}

/// Inflates the first member of an archive.
std::string first_member(const std::string& archive) {
  std::uint32_t packed = 0, unpacked = 0;
  std::uint16_t name = 0;
  std::memcpy(&packed, archive.data() + 18, 4);
  std::memcpy(&unpacked, archive.data() + 22, 4);
  std::memcpy(&name, archive.data() + 26, 2);
  std::string out(unpacked, '\0');
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, -MAX_WBITS), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(archive.data())) + 30 + name;
  stream.avail_in = packed;
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = unpacked;
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  inflateEnd(&stream);
  return out;
}

TEST(WriteNpz, HoldsTheArrayInNumPyFormat) {
  const Tensor tensor = Tensor::from_data(Shape{2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6});
  const std::string array = first_member(to_npz({{"pae", tensor}, {"other", Tensor::zeros({0})}}));
  EXPECT_EQ(array.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  EXPECT_NE(array.find("'shape': (2, 3)"), std::string::npos);
  EXPECT_NE(array.find("'descr': '<f4'"), std::string::npos);
  ASSERT_EQ(array.size() % 64, 24U);  // the header is padded to 64 bytes, six floats follow
  EXPECT_EQ(std::memcmp(array.data() + array.size() - 24, tensor.raw(), 24), 0);
}

TEST(WriteNpz, RefusesOtherDtypes) { EXPECT_THROW(to_npz({{"x", Tensor::zeros({2}, DType::bfloat16)}}), TypeError); }

TEST(WriteFile, ReplacesAtomicallyAndNamesThePathInErrors) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "tilefold_write_file_test";
  std::filesystem::create_directories(folder);
  write_file(folder / "a.txt", "one");
  write_file(folder / "a.txt", "two");
  EXPECT_EQ(read_text((folder / "a.txt").string()), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
  try {
    write_file(folder / "missing" / "a.txt", "x");
    FAIL() << "writing into a missing folder must fail";
  } catch (const IoError& error) {
    EXPECT_NE(std::string(error.what()).find("missing"), std::string::npos);
  }
  std::filesystem::create_directories(folder / "taken");
  EXPECT_THROW(write_file(folder / "taken", "x"), IoError);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tilefold::bio
