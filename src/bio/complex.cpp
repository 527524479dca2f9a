// From a job to structure tables, tokens and alignments.
#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "bio/constants.h"
#include "bio/text.h"
#include "bio/tokens.h"
#include "tilefold/bio.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

/// A residue before it has a place in the tables; atom indices count from its first atom.
struct ResidueTemplate {
  std::string name;
  std::int32_t type = kUnknownProteinType;
  std::vector<Atom> atoms;
  std::vector<ComponentBond> bonds;
  std::int32_t center = 0;
  std::int32_t disto = 0;
  bool is_standard = false;
};

Atom make_atom(const ComponentAtom& source) {
  return {source.name, source.element, source.charge, source.chirality, source.position};
}

ResidueTemplate standard_template(const StandardResidue& standard, const Component& component) {
  ResidueTemplate result;
  result.name = standard.name;
  result.type = standard.type;
  result.center = standard.center;
  result.disto = standard.disto;
  result.is_standard = true;
  for (const std::string_view name : standard.atoms) {
    const auto found = std::find_if(component.atoms.begin(), component.atoms.end(),
                                    [&](const ComponentAtom& atom) { return atom.name == name; });
    if (found == component.atoms.end()) {
      throw ValueError(fmt::format("component '{}' of the library has no atom '{}'", component.code, name));
    }
    result.atoms.push_back(make_atom(*found));
  }
  return result;
}

/// Atoms in the component's order without leaving atoms. Reference quirks: a component of one heavy atom keeps it even
/// if it is a leaving atom and has no bonds; the type is UNK in nucleic chains too (tokens correct it); center and
/// distogram atom are the first atom.
ResidueTemplate modified_template(const Component& component) {
  ResidueTemplate result;
  result.name = component.code;
  const bool single = component.atoms.size() == 1;
  std::vector<std::int32_t> kept(component.atoms.size(), -1);
  for (std::size_t i = 0; i < component.atoms.size(); ++i) {
    if (component.atoms[i].leaving && !single) continue;
    kept[i] = static_cast<std::int32_t>(result.atoms.size());
    result.atoms.push_back(make_atom(component.atoms[i]));
  }
  for (const ComponentBond& bond : component.bonds) {
    const auto ends = std::minmax(kept[bond.first], kept[bond.second]);
    if (ends.first >= 0) result.bonds.push_back({ends.first, ends.second, bond.type, bond.stereo});
  }
  return result;
}

/// Residue names of an entity: letters, then modifications; selenomethionine is read as methionine.
std::vector<std::string> residue_names(const Entity& entity) {
  std::vector<std::string> names;
  for (const char letter : entity.sequence) {
    const auto name = residue_of_letter(entity.type, letter);
    names.emplace_back(name ? *name : residue_type_name(unknown_type(entity.type)));
  }
  for (const Modification& modification : entity.modifications) {
    std::string& name = names.at(static_cast<std::size_t>(modification.position - 1));
    name = modification.component == "MSE" ? "MET" : modification.component;
  }
  return names;
}

/// Place in the input file that asked for residue `index`.
const std::string& place_of(const Entity& entity, std::size_t index) {
  for (const Modification& modification : entity.modifications) {
    if (modification.position == static_cast<std::int64_t>(index) + 1) return modification.where;
  }
  return entity.where;
}

/// A standard residue of the other polymer class has no backbone atoms to build frames from; the reference fails too.
void check_polymer_class(const Entity& entity, const StandardResidue& standard, const std::string& where) {
  const bool amino_acid = standard.type <= kUnknownProteinType;
  if (amino_acid != (entity.type == ChainType::protein)) {
    throw ValueError(fmt::format("{}: component '{}' is {} and cannot stand in a {} chain", where, standard.name,
                                 amino_acid ? "an amino acid" : "a nucleotide", chain_type_name(entity.type)));
  }
}

ResidueTemplate make_template(const Entity& entity, const std::string& name, const std::string& where,
                              const Components& components) {
  const Component* component = components.find(name);
  if (component == nullptr) {
    throw ValueError(
        fmt::format("{}: unknown component {}; the built-in library has {} codes: the standard residues and common "
                    "modified ones",
                    where, in_quotes(name), components.codes().size()));
  }
  const StandardResidue* standard = find_standard_residue(name);
  if (standard == nullptr) return modified_template(*component);
  check_polymer_class(entity, *standard, where);
  return standard_template(*standard, *component);
}

std::vector<ResidueTemplate> make_templates(const Entity& entity, const Components& components) {
  const std::vector<std::string> names = residue_names(entity);
  std::vector<ResidueTemplate> templates;
  for (std::size_t i = 0; i < names.size(); ++i) {
    templates.push_back(make_template(entity, names[i], place_of(entity, i), components));
  }
  return templates;
}

void append_residue(Structure& structure, const Chain& chain, const ResidueTemplate& source, std::int32_t index) {
  const auto first = static_cast<std::int32_t>(structure.atoms.size());
  const auto number = static_cast<std::int32_t>(structure.residues.size());
  structure.residues.push_back({source.name, source.type, index, first, static_cast<std::int32_t>(source.atoms.size()),
                                first + source.center, first + source.disto, source.is_standard});
  structure.atoms.insert(structure.atoms.end(), source.atoms.begin(), source.atoms.end());
  for (const ComponentBond& bond : source.bonds) {
    structure.bonds.push_back(
        {chain.asym_id, chain.asym_id, number, number, first + bond.first, first + bond.second, bond.type});
  }
}

void append_chain(Structure& structure, const Entity& entity, std::size_t entity_id, std::size_t copy,
                  const std::vector<ResidueTemplate>& templates) {
  Chain chain;
  chain.name = entity.chains[copy];
  chain.type = entity.type;
  chain.entity_id = static_cast<std::int32_t>(entity_id);
  chain.sym_id = static_cast<std::int32_t>(copy);
  chain.asym_id = static_cast<std::int32_t>(structure.chains.size());
  chain.atom_start = static_cast<std::int32_t>(structure.atoms.size());
  chain.residue_start = static_cast<std::int32_t>(structure.residues.size());
  chain.residue_count = static_cast<std::int32_t>(templates.size());
  chain.cyclic_period = entity.cyclic ? chain.residue_count : 0;
  std::int32_t index = 0;
  for (const ResidueTemplate& residue : templates) append_residue(structure, chain, residue, index++);
  chain.atom_count = static_cast<std::int32_t>(structure.atoms.size()) - chain.atom_start;
  structure.chains.push_back(std::move(chain));
}

/// The MSA file of an entity: as written, else relative to the folder of the input file.
std::filesystem::path find_msa(const Entity& entity, const Job& job) {
  const std::filesystem::path& written = *entity.msa_path;
  std::error_code error;
  if (std::filesystem::exists(written, error)) return written;
  const std::filesystem::path beside = job.source.parent_path() / written;
  if (std::filesystem::exists(beside, error)) return beside;
  throw IoError(fmt::format("{}: MSA file {} not found, neither in the working directory nor beside the input file",
                            entity.where, in_quotes(written.string())));
}

}  // namespace

Complex build_complex(const Job& job, const Components& components, const ComplexOptions& options) {
  Complex complex;
  complex.id = job.id;
  complex.warnings = job.warnings;
  for (std::size_t entity_id = 0; entity_id < job.entities.size(); ++entity_id) {
    const Entity& entity = job.entities[entity_id];
    const std::vector<ResidueTemplate> templates = make_templates(entity, components);
    std::shared_ptr<const Msa> msa;
    if (entity.msa_path) msa = std::make_shared<Msa>(read_msa(find_msa(entity, job), options.max_msa_seqs));
    for (std::size_t copy = 0; copy < entity.chains.size(); ++copy) {
      append_chain(complex.structure, entity, entity_id, copy, templates);
      complex.msas.push_back(msa);
    }
    complex.entity_sequences.push_back(entity.sequence);
  }
  complex.tokens = tokenize(complex.structure);
  return complex;
}

}  // namespace tilefold::bio
