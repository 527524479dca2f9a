// Reference conformers: parsing of data/demo/reference_conformers.json.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "tilefold/bio/component.h"
#include "tilefold/error.h"

extern "C" const unsigned char tilefold_demo_conformers_json[];
extern "C" const unsigned char tilefold_demo_conformers_json_end[];

namespace tilefold::bio {
namespace {

using nlohmann::json;

std::string_view embedded(const unsigned char* begin, const unsigned char* end) {
  return {reinterpret_cast<const char*>(begin), static_cast<std::size_t>(end - begin)};
}

}  // namespace

ConformerTable parse_conformers(std::string_view text) {
  ConformerTable table;
  std::string code;
  try {
    const json document = json::parse(text);
    for (const auto& [key, value] : document.items()) {
      code = key;
      auto conformers = value.get<std::vector<Conformer>>();
      for (const Conformer& conformer : conformers) {
        if (conformer.empty() || conformer.size() != conformers.front().size()) {
          throw ParseError(
              fmt::format("conformer file, residue '{}': conformers differ in their number of atoms", key));
        }
      }
      table.emplace(key, std::move(conformers));
    }
  } catch (const json::exception& error) {
    throw ParseError(fmt::format("conformer file, residue '{}': {}", code, error.what()));
  }
  return table;
}

const ConformerTable& demo_conformers() {
  static const ConformerTable table =
      parse_conformers(embedded(tilefold_demo_conformers_json, tilefold_demo_conformers_json_end));
  return table;
}

}  // namespace tilefold::bio
