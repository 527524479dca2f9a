// The table that is built with Tilefold, and damaged ones.
#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bio/component_pickle.h"
#include "bio/component_table.h"
#include "bio/text.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

std::string table_bytes() { return read_text_file(component_table_path(), std::uint64_t{1} << 30); }

ComponentTable table_of(const std::string& bytes) {
  auto copy = std::make_shared<std::string>(bytes);
  const std::span<const std::byte> view = std::as_bytes(std::span(copy->data(), copy->size()));
  return ComponentTable({view, copy, "x.tfc"});
}

std::string refusal_of(const std::string& bytes, std::string_view code = "") {
  try {
    const ComponentTable table = table_of(bytes);
    if (!code.empty()) table.find(code);
  } catch (const ParseError& error) {
    return error.what();
  }
  return "";
}

template <typename T>
T number_at(const std::string& bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

template <typename T>
void set_number(std::string& bytes, std::size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof(T));
}

// Places in the file, see tools/component_maker/table.py.
constexpr std::size_t kVersion = 8;
constexpr std::size_t kCount = 12;
constexpr std::size_t kSize = 24;
constexpr std::size_t kSourceSize = 32;
constexpr std::size_t kChecksum = 36;
constexpr std::size_t kIndex = 40;

std::size_t codes_offset(const std::string& bytes) {
  return kIndex + (number_at<std::uint32_t>(bytes, kSourceSize) + 7) / 8 * 8;
}
std::size_t directory_offset(const std::string& bytes) {
  return codes_offset(bytes) + std::size_t{8} * number_at<std::uint32_t>(bytes, kCount);
}

TEST(ComponentTable, HoldsTheWholeDictionary) {
  const ComponentTable table = ComponentTable::open(component_table_path());
  EXPECT_GT(table.size(), 49000U);
  EXPECT_NE(table.source_line().find("biotite"), std::string_view::npos);
  for (std::size_t i = 1; i < table.size(); ++i) ASSERT_LT(table.code(i - 1), table.code(i));
  EXPECT_LE(std::filesystem::file_size(component_table_path()), 15000000U);
  for (const char* code : {"", "a", "ala", "ZZZZZ", "000000000", "A\xff", "~"}) EXPECT_FALSE(table.find(code)) << code;
  EXPECT_FALSE(table.find(std::string_view("ALA\0", 4)));
}

TEST(ComponentTable, EveryComponentCanBeDecoded) {
  const ComponentTable table = ComponentTable::open(component_table_path());
  // Every one would take long: all places in blocks, and all blocks.
  std::set<std::string> kinds;
  for (std::size_t i = 0; i < table.size(); i += 63) {
    const auto component = table.find(table.code(i));
    ASSERT_TRUE(component);
    EXPECT_EQ(component->code, table.code(i));
    EXPECT_FALSE(component->name.empty());
    ASSERT_EQ(component->conformers.size(), 1U);
    EXPECT_EQ(component->conformers[0].size(), component->atoms.size());
    kinds.insert(component->kind);
  }
  EXPECT_TRUE(kinds.contains("NON-POLYMER"));
  const auto last = table.find(table.code(table.size() - 1));
  EXPECT_TRUE(last);
}

const ComponentAtom& atom_of(const Component& component, std::string_view name) {
  for (const ComponentAtom& atom : component.atoms) {
    if (atom.name == name) return atom;
  }
  throw ValueError("no such atom");
}

TEST(ComponentTable, KnowsChemistry) {
  const ComponentTable table = ComponentTable::open(component_table_path());
  const Component heme = *table.find("HEM");
  EXPECT_EQ(heme.atoms.size(), 43U);
  EXPECT_EQ(atom_of(heme, "FE").element, 26);
  EXPECT_GE(std::count_if(heme.bonds.begin(), heme.bonds.end(), [](const ComponentBond& bond) { return bond.dative; }),
            2);
  const Component fumarate = *table.find("FUM");
  int stereo = 0;
  for (const ComponentBond& bond : fumarate.bonds) stereo += bond.stereo == BondStereo::e ? 1 : 0;
  EXPECT_EQ(stereo, 1);
  const Component alanine = *table.find("ALA");
  EXPECT_NE(atom_of(alanine, "CA").chirality, 0);
  EXPECT_EQ(atom_of(alanine, "CB").hydrogens, 3);
  EXPECT_EQ(atom_of(alanine, "CB").chirality, 0);
  EXPECT_TRUE(atom_of(alanine, "OXT").leaving);
  const Component water = *table.find("HOH");
  EXPECT_EQ(water.atoms.size(), 1U);
  EXPECT_EQ(water.atoms[0].hydrogens, 2);
  EXPECT_EQ(atom_of(*table.find("ASX"), "XD1").element, 0);
  EXPECT_EQ(atom_of(*table.find("ZN"), "ZN").charge, 2);
}

void expect_equal(const ComponentAtom& found, const ComponentAtom& expected) {
  SCOPED_TRACE(expected.name);
  EXPECT_EQ(found.name, expected.name);
  EXPECT_EQ(found.element, expected.element);
  EXPECT_EQ(found.charge, expected.charge);
  EXPECT_EQ(found.chirality, expected.chirality);
  EXPECT_EQ(found.hydrogens, expected.hydrogens);
  EXPECT_EQ(found.explicit_hydrogens, expected.explicit_hydrogens);
  EXPECT_EQ(found.radicals, expected.radicals);
  EXPECT_EQ(found.no_implicit, expected.no_implicit);
  EXPECT_EQ(found.leaving, expected.leaving);
}

void expect_equal(const ComponentBond& found, const ComponentBond& expected) {
  EXPECT_EQ(std::pair(found.first, found.second), std::pair(expected.first, expected.second));
  EXPECT_EQ(found.type, expected.type);
  EXPECT_EQ(found.dative, expected.dative);
  EXPECT_EQ(found.stereo, expected.stereo);
  EXPECT_EQ(found.stereo_atoms, expected.stereo_atoms);
}

// The golden pickles of components were made from the same dictionary without hydrogens.
TEST(ComponentTable, EqualsThePickles) {
  const ComponentTable table = ComponentTable::open(component_table_path());
  const std::filesystem::path folder = std::filesystem::path(TILEFOLD_TEST_DATA) / "golden" / "pickles" / "mols";
  // Made up, stored with hydrogens, without conformer, without leaving flags.
  const std::set<std::string> other = {"LONG", "MARK", "EOH", "EDO", "BTN"};
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string code = entry.path().stem().string();
    if (other.contains(code)) continue;
    SCOPED_TRACE(code);
    const Component expected = parse_component_pickle(read_text_file(entry.path(), 1 << 20), code, code);
    const auto found = table.find(code);
    ASSERT_TRUE(found);
    ASSERT_EQ(found->atoms.size(), expected.atoms.size());
    for (std::size_t i = 0; i < expected.atoms.size(); ++i) expect_equal(found->atoms[i], expected.atoms[i]);
    ASSERT_EQ(found->bonds.size(), expected.bonds.size());
    for (std::size_t i = 0; i < expected.bonds.size(); ++i) expect_equal(found->bonds[i], expected.bonds[i]);
    for (std::size_t i = 0; i < expected.atoms.size(); ++i) {
      EXPECT_EQ(found->conformers[0][i], expected.conformers[0][i]);
    }
    ++compared;
  }
  EXPECT_GE(compared, 50);
}

TEST(ComponentTable, DamagedIndexIsRefused) {
  const std::string whole = table_bytes();
  EXPECT_EQ(refusal_of(whole), "");
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{39}, std::size_t{100}, whole.size() - 1}) {
    EXPECT_TRUE(refusal_of(whole.substr(0, size)).starts_with("x.tfc: ")) << size;
  }
  EXPECT_NE(refusal_of(whole + "x"), "");
  const auto changed = [&](std::size_t offset) {
    std::string bytes = whole.substr(0, directory_offset(whole) + 100000);
    bytes[offset] = static_cast<char>(bytes[offset] ^ 0x10);
    set_number(bytes, kSize, static_cast<std::uint64_t>(bytes.size()));
    return bytes;
  };
  EXPECT_NE(refusal_of(changed(0)).find("not a component table"), std::string::npos);
  EXPECT_NE(refusal_of(changed(kVersion)).find("version 17, expected 1"), std::string::npos);
  for (const std::size_t offset : {kCount, kCount + 2, kCount + 4, kCount + 8, kSourceSize, kSourceSize + 3, kChecksum,
                                   kIndex, codes_offset(whole), directory_offset(whole), directory_offset(whole) + 9}) {
    EXPECT_NE(refusal_of(changed(offset)), "") << offset;
  }
}

TEST(ComponentTable, DamagedBlocksAreRefusedWhenTheyAreRead) {
  const std::string whole = table_bytes();
  const ComponentTable table = table_of(whole);
  const std::string first(table.code(0));
  const std::string later(table.code(table.size() - 1));
  const auto begin = static_cast<std::size_t>(number_at<std::uint64_t>(whole, directory_offset(whole)));
  std::string bytes = whole;
  bytes[begin + 1000] = static_cast<char>(bytes[begin + 1000] ^ 4);
  EXPECT_NE(refusal_of(bytes, first).find("wrong checksum"), std::string::npos);
  EXPECT_EQ(refusal_of(bytes, later), "");
  // A block that lies outside, or has another size when decoded, in a directory with a right checksum.
  const auto with_entry = [&](std::size_t field, auto value) {
    std::string result = whole;
    set_number(result, directory_offset(whole) + field, value);
    const std::size_t size = begin - kIndex;
    const auto* index = reinterpret_cast<const Bytef*>(result.data() + kIndex);
    set_number(result, kChecksum, static_cast<std::uint32_t>(crc32_z(crc32_z(0, nullptr, 0), index, size)));
    return result;
  };
  EXPECT_EQ(refusal_of(with_entry(0, std::uint64_t{begin}), first), "");
  EXPECT_NE(refusal_of(with_entry(0, ~std::uint64_t{0}), first).find("outside"), std::string::npos);
  EXPECT_NE(refusal_of(with_entry(8, ~std::uint32_t{0}), first), "");
  EXPECT_NE(refusal_of(with_entry(12, std::uint32_t{100}), first).find("decompressed"), std::string::npos);
  EXPECT_NE(refusal_of(with_entry(12, ~std::uint32_t{0}), first), "");
}

/// A decoded block of these columns.
std::string block_of(const std::vector<std::string>& columns) {
  std::string sizes, bodies;
  for (const std::string& column : columns) {
    const auto size = static_cast<std::uint32_t>(column.size());
    sizes.append(reinterpret_cast<const char*>(&size), sizeof(size));
    bodies += column;
  }
  return sizes + bodies;
}

TEST(ComponentTable, WrongColumnsAreRefused) {
  const auto refused = [](const std::string& block) {
    try {
      decode_component(block, 1, 0, "x");
    } catch (const ParseError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  // One component of one atom, no bond: the columns in their order, then what each holds.
  const auto zeros = [](std::size_t count) { return std::string(count, '\0'); };
  // clang-format off
  const std::vector<std::string> columns = {
      // counts, lengths of texts, flags, kept hydrogens, texts
      "\1" + zeros(1), zeros(2), zeros(2), zeros(1), zeros(1), "\2", "", "",
      // atoms
      "C1" + zeros(2), "\6", zeros(1), "\x21", "\4", zeros(1), zeros(1), "\1", "\xff\xff",
      // bonds and coordinates
      "", "", "", "", std::string("\xe8\x18\0\3\xfc\0", 6), ""};
  // clang-format on
  const Component component = decode_component(block_of(columns), 1, 0, "x");
  ASSERT_EQ(component.atoms.size(), 1U);
  EXPECT_EQ(component.atoms[0].name, "C1");
  EXPECT_EQ(component.atoms[0].chirality, 2);
  EXPECT_EQ(component.atoms[0].chirality_feature, 1);
  EXPECT_EQ(component.atoms[0].cip_rank, -1);
  EXPECT_TRUE(component.atoms[0].leaving);
  EXPECT_EQ(component.total_atoms, 3);
  EXPECT_EQ(component.conformers[0][0], (std::array<float, 3>{1.0F, -1.0F, 0.0F}));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::vector<std::string> changed = columns;
    changed[i] += std::string(12, '\1');
    EXPECT_NE(refused(block_of(changed)), "") << i;
    if (columns[i].empty()) continue;
    changed[i] = columns[i].substr(1);
    EXPECT_NE(refused(block_of(changed)), "") << i;
  }
  const auto with = [&](std::size_t column, const std::string& value) {
    std::vector<std::string> changed = columns;
    changed[column] = value;
    return refused(block_of(changed));
  };
  EXPECT_NE(with(8, "c1" + zeros(2)), "");
  EXPECT_NE(with(8, zeros(4)), "");
  EXPECT_NE(with(9, "\1"), "");
  EXPECT_NE(with(9, "\xc8"), "");
  EXPECT_NE(with(11, "\x27"), "");
  EXPECT_NE(with(11, "\x91"), "");
  EXPECT_NE(refused(block_of(columns).substr(0, 30)), "");
}

}  // namespace
}  // namespace tilefold::bio
