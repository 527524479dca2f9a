// Coordinates out of structure files that the writers have written.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <gemmi/cif.hpp>

#include "bio/text.h"
#include "tilefold/error.h"
#include "tilefold/output.h"

namespace tilefold::bio {
namespace {

namespace cif = gemmi::cif;

constexpr std::uint64_t kMaxStructureBytes = std::uint64_t{1} << 30;

/// Takes the atoms of a file one by one and compares them with those of the complex.
class CoordinateReader {
 public:
  CoordinateReader(const Complex& complex, const std::string& source) : complex_(complex), source_(source) {}

  void add(std::string_view name, const std::array<std::string_view, 3>& position) {
    const std::size_t index = coordinates_.size() / 3;
    const std::vector<Atom>& atoms = complex_.structure.atoms;
    if (index >= atoms.size() || atoms[index].name != name) {
      throw ParseError(fmt::format("{}: atom {} is {}; expected {}", source_, index + 1, in_quotes(name),
                                   index < atoms.size() ? in_quotes(atoms[index].name) : "the end"));
    }
    for (const std::string_view text : position) coordinates_.push_back(number(strip(text)));
  }

  std::vector<float> finish() && {
    if (coordinates_.size() != 3 * complex_.structure.atoms.size()) {
      throw ParseError(fmt::format("{}: {} atoms; expected the {} of '{}'", source_, coordinates_.size() / 3,
                                   complex_.structure.atoms.size(), complex_.id));
    }
    return std::move(coordinates_);
  }

 private:
  float number(std::string_view text) const {
    float value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
      throw ParseError(fmt::format("{}: {} is no coordinate", source_, in_quotes(text)));
    }
    return value;
  }

  const Complex& complex_;
  const std::string& source_;
  std::vector<float> coordinates_;
};

void read_mmcif(const std::string& text, const std::string& source, CoordinateReader& reader) {
  try {
    cif::Document document = cif::read_memory(text.data(), text.size(), source.c_str());
    if (document.blocks.empty()) throw ParseError(fmt::format("{}: no data block", source));
    cif::Table table = document.blocks[0].find("_atom_site.", {"label_atom_id", "Cartn_x", "Cartn_y", "Cartn_z"});
    for (const cif::Table::Row row : table) reader.add(row.str(0), {row[1], row[2], row[3]});
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw ParseError(fmt::format("{}: not a readable mmCIF file: {}", source, one_line(error.what())));
  }
}

void read_pdb(const std::string& text, CoordinateReader& reader) {
  constexpr std::size_t kCoordinatesEnd = 54;
  LineReader lines(text);
  while (lines.next()) {
    const std::string_view line = lines.line();
    const bool is_atom = line.starts_with("ATOM  ") || line.starts_with("HETATM");
    if (!is_atom || line.size() < kCoordinatesEnd) continue;
    reader.add(strip(line.substr(12, 4)), {line.substr(30, 8), line.substr(38, 8), line.substr(46, 8)});
  }
}

}  // namespace

std::vector<float> read_model_coordinates(const Complex& complex, const std::filesystem::path& path) {
  const std::string source = path.string();
  const std::string text = read_text_file(path, kMaxStructureBytes);
  CoordinateReader reader(complex, source);
  if (path.extension() == ".pdb") {
    read_pdb(text, reader);
  } else {
    read_mmcif(text, source, reader);
  }
  return std::move(reader).finish();
}

}  // namespace tilefold::bio
