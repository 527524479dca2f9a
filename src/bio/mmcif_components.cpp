#include "bio/mmcif_components.h"

#include <array>

namespace tilefold::bio {
namespace {

constexpr std::array<DescribedComponent, 4> kRna = {{
    {"A", "A", "ADENOSINE-5'-MONOPHOSPHATE", "C10 H14 N5 O7 P", 347.221},
    {"C", "C", "CYTIDINE-5'-MONOPHOSPHATE", "C9 H14 N3 O8 P", 323.197},
    {"G", "G", "GUANOSINE-5'-MONOPHOSPHATE", "C10 H14 N5 O8 P", 363.221},
    {"U", "U", "URIDINE-5'-MONOPHOSPHATE", "C9 H13 N2 O9 P", 324.181},
}};
constexpr std::array<DescribedComponent, 4> kDna = {{
    {"DA", "A", "2'-DEOXYADENOSINE-5'-MONOPHOSPHATE", "C10 H14 N5 O6 P", 331.222},
    {"DC", "C", "2'-DEOXYCYTIDINE-5'-MONOPHOSPHATE", "C9 H14 N3 O7 P", 307.197},
    {"DG", "G", "2'-DEOXYGUANOSINE-5'-MONOPHOSPHATE", "C10 H14 N5 O7 P", 347.221},
    {"DT", "T", "THYMIDINE-5'-MONOPHOSPHATE", "C10 H15 N2 O8 P", 322.208},
}};
constexpr std::array<DescribedComponent, 1> kProtein = {{{"UNK", "X", "UNKNOWN", "C4 H9 N O2", 103.121}}};

// What two residues lose when they join, and what the first nucleotide of a chain lacks.
constexpr double kWater = 18.015;
constexpr double kPhosphate = 62.972;

template <std::size_t count>
const DescribedComponent* find(const std::array<DescribedComponent, count>& table, std::string_view code) {
  for (const DescribedComponent& component : table) {
    if (component.code == code) return &component;
  }
  return nullptr;
}

}  // namespace

const DescribedComponent* describe_component(ChainType type, std::string_view code) {
  switch (type) {
    case ChainType::protein:
      return find(kProtein, code);
    case ChainType::dna:
      return find(kDna, code);
    case ChainType::rna:
      return find(kRna, code);
    case ChainType::nonpolymer:
      break;
  }
  return nullptr;
}

std::optional<double> polymer_weight(ChainType type, const std::vector<std::string_view>& codes) {
  double weight = type == ChainType::protein ? 0.0 : -kPhosphate;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const DescribedComponent* component = describe_component(type, codes[i]);
    if (component == nullptr) return std::nullopt;
    weight += component->weight - (i == 0 ? 0.0 : kWater);
  }
  return weight;
}

}  // namespace tilefold::bio
