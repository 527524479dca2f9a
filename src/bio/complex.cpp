// From a job to structure tables, tokens and alignments.
#include "tilefold/bio/complex.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <system_error>
#include <utility>

#include "bio/affinity_target.h"
#include "bio/constants.h"
#include "bio/constraints.h"
#include "bio/place.h"
#include "bio/residue_template.h"
#include "bio/template_input.h"
#include "bio/text.h"
#include "bio/tokens.h"
#include "chem/chem.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

void append_residue(Structure& structure, const Chain& chain, const ResidueTemplate& source, std::int32_t index) {
  const auto first = static_cast<std::int32_t>(structure.atoms.size());
  const auto number = static_cast<std::int32_t>(structure.residues.size());
  structure.residues.push_back({source.name, source.type, index, first, static_cast<std::int32_t>(source.atoms.size()),
                                first + source.center, first + source.disto, source.is_standard, source.component});
  structure.atoms.insert(structure.atoms.end(), source.atoms.begin(), source.atoms.end());
  for (const ComponentBond& bond : source.bonds) {
    structure.bonds.push_back(
        {chain.asym_id, chain.asym_id, number, number, first + bond.first, first + bond.second, bond.type});
  }
}

void append_chain(Structure& structure, const Entity& entity, std::size_t entity_id, std::size_t copy,
                  const std::vector<ResidueTemplate>& templates) {
  Chain chain;
  chain.name = stored_chain_name(entity.chains[copy]);
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
  const std::filesystem::path& written = entity.msa.path;
  std::error_code error;
  if (std::filesystem::exists(written, error)) return written;
  const std::filesystem::path beside = job.source.parent_path() / written;
  if (std::filesystem::exists(beside, error)) return beside;
  throw IoError(fmt::format("MSA file {} not found, neither in the working directory nor beside the input file",
                            in_quotes(written.string())));
}

std::shared_ptr<const Msa> read_entity_msa(const Entity& entity, const Job& job, std::int64_t max_rows,
                                           Diagnostics& diagnostics) {
  switch (entity.msa.kind) {
    case MsaSource::Kind::empty:
      break;
    case MsaSource::Kind::file:
      return at_place(entity.where,
                      [&] { return std::make_shared<Msa>(read_msa(find_msa(entity, job), max_rows, diagnostics)); });
    case MsaSource::Kind::search:
      throw ParseError(
          fmt::format("{}: no MSA given; name an .a3m or .csv file with 'msa', ask for single-sequence mode with 'msa: "
                      "empty' (in FASTA: '>A|protein|empty'), or have it searched with --use_msa_server or --msa_db",
                      entity.where));
  }
  return nullptr;
}

/// The SMILES of an affinity binder, standardised. Throws ValueError when it is too large: before a conformer is made,
/// which takes long for large molecules.
std::string binder_smiles(const Job& job, const Entity& entity, Diagnostics& diagnostics) {
  bool had_fragments = false;
  const std::string smiles =
      at_place(entity.where, [&] { return chem::standardize_smiles(entity.smiles, had_fragments); });
  if (had_fragments) {
    diagnostics.warn(fmt::format("{}: the binder has several fragments; only the largest, {}, is used", entity.where,
                                 in_quotes(smiles)));
  }
  check_binder_size(job, at_place(entity.where, [&] { return chem::count_heavy_atoms(smiles); }));
  return smiles;
}

/// The residue of the `number`-th SMILES of an input.
ResidueTemplate smiles_template(const Job& job, const Entity& entity, int number, Diagnostics& diagnostics) {
  const std::string smiles = is_affinity_binder(job, entity) ? binder_smiles(job, entity, diagnostics) : entity.smiles;
  return at_place(entity.where, [&] {
    return ligand_template(
        std::make_shared<Component>(chem::component_from_smiles(smiles, fmt::format("LIG{}", number))));
  });
}

/// Assembles a complex entity by entity; entities that cannot be made are refused and left out.
class ComplexBuilder {
 public:
  ComplexBuilder(Job job, const ComponentLibrary& components, const ComplexOptions& options, Diagnostics& diagnostics)
      : job_(std::move(job)), components_(components), options_(options), diagnostics_(diagnostics) {}

  Complex build() {
    complex_.id = job_.id;
    for (std::size_t entity = 0; entity < job_.entities.size(); ++entity) add_entity(entity);
    resolve_constraints(job_, complex_, diagnostics_);
    if (job_.affinity && !is_refused(job_.affinity->binder)) {
      diagnostics_.attempt([&] { complex_.affinity = find_affinity_target(job_, complex_.structure, diagnostics_); });
    }
    complex_.templates = read_templates(job_, complex_.structure, components_, diagnostics_);
    diagnostics_.throw_if_refused();
    complex_.tokens = tokenize(complex_.structure);
    return std::move(complex_);
  }

 private:
  bool is_refused(const std::string& chain) const {
    return std::find(job_.refused_chains.begin(), job_.refused_chains.end(), chain) != job_.refused_chains.end();
  }

  std::vector<ResidueTemplate> templates_of(const Entity& entity) {
    if (entity.type != ChainType::nonpolymer) return polymer_templates(entity, components_, diagnostics_);
    if (entity.smiles.empty()) return ligand_templates(entity, components_, diagnostics_);
    ++num_smiles_;
    return {smiles_template(job_, entity, num_smiles_, diagnostics_)};
  }

  void add_entity(std::size_t index) {
    const Entity& entity = job_.entities[index];
    const std::size_t before = diagnostics_.refusals().size();
    std::vector<ResidueTemplate> templates;
    std::shared_ptr<const Msa> msa;
    diagnostics_.attempt([&] { templates = templates_of(entity); });
    const bool complete = diagnostics_.refusals().size() == before;
    diagnostics_.attempt([&] { msa = read_entity_msa(entity, job_, options_.max_msa_seqs, diagnostics_); });
    if (!complete) {
      job_.refused_chains.insert(job_.refused_chains.end(), entity.chains.begin(), entity.chains.end());
      return;
    }
    for (std::size_t copy = 0; copy < entity.chains.size(); ++copy) {
      append_chain(complex_.structure, entity, index, copy, templates);
      complex_.msas.push_back(msa);
    }
    complex_.entity_sequences.push_back(entity.sequence);
  }

  Job job_;
  const ComponentLibrary& components_;
  const ComplexOptions& options_;
  Diagnostics& diagnostics_;
  Complex complex_;
  int num_smiles_ = 0;
};

}  // namespace

std::int64_t Complex::num_atoms() const {
  return std::accumulate(tokens.begin(), tokens.end(), std::int64_t{0},
                         [](std::int64_t sum, const Token& token) { return sum + token.atom_count; });
}

Complex build_complex(const Job& job, const ComponentLibrary& components, const ComplexOptions& options,
                      Diagnostics& diagnostics) {
  return ComplexBuilder(job, components, options, diagnostics).build();
}

}  // namespace tilefold::bio
