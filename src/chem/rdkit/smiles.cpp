#include <ForceField/ForceField.h>
#include <GraphMol/ForceFieldHelpers/UFF/Builder.h>
#include <GraphMol/MolOps.h>
#include <GraphMol/new_canon.h>

#include <algorithm>
#include <cctype>

#include "chem/rdkit/embedding.h"
#include "chem/rdkit/functions.h"
#include "chem/rdkit/molecule.h"
#include "chem/smiles_text.h"
#include "chem/weight.h"

namespace tilefold::chem::rdkit {

namespace {

using RDKit::Atom;
using RDKit::Bond;
using RDKit::RWMol;

/// What the molecule says about an atom before hydrogens are added.
struct Notation {
  unsigned explicit_hydrogens = 0;
  bool no_implicit = false;
};

std::vector<Notation> notation_of(const RWMol& molecule) {
  std::vector<Notation> result;
  for (const Atom* atom : molecule.atoms()) result.push_back({atom->getNumExplicitHs(), atom->getNoImplicit()});
  return result;
}

/// Names of all atoms: element and canonical rank.
std::vector<std::string> names_of(const RWMol& molecule, const std::string& smiles) {
  std::vector<unsigned> ranks;
  RDKit::Canon::rankMolAtoms(molecule, ranks);
  std::vector<std::string> names;
  for (const Atom* atom : molecule.atoms()) {
    std::string name = atom->getSymbol();
    for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    name += std::to_string(ranks[atom->getIdx()] + 1);
    if (name.size() > 4) {
      // Reference quirk: hydrogens are ranked and checked as well, although they are dropped later.
      throw ParseError(
          fmt::format("{}: expected atom names of at most four characters (element and rank), found {} in a "
                      "molecule of {} atoms with hydrogens",
                      subject_of(smiles), name, molecule.getNumAtoms()));
    }
    names.push_back(std::move(name));
  }
  return names;
}

/// Lets the universal force field improve a conformer; where the field lacks parameters, the conformer stays.
void optimize(RWMol& molecule, int conformer) {
  constexpr int kIterations = 1000;
  constexpr double kVanDerWaalsThreshold = 10;
  try {
    const std::unique_ptr<ForceFields::ForceField> field(
        RDKit::UFF::constructForceField(molecule, kVanDerWaalsThreshold, conformer));
    field->initialize();
    field->minimize(kIterations);
  } catch (const std::runtime_error&) {
    // Reference quirk: failures of the force field are ignored.
  }
}

/// Adds a conformer and returns its number.
int make_conformer(RWMol& molecule, const std::string& smiles, const std::function<void()>& between_attempts) {
  const int conformer = embed(molecule, between_attempts);
  if (conformer < 0) {
    throw ParseError(fmt::format("{}: no conformer can be made; its stereochemistry or rings may be impossible",
                                 subject_of(smiles)));
  }
  optimize(molecule, conformer);
  return conformer;
}

bio::ComponentAtom component_atom(const Atom& atom, const Notation& notation, std::string name) {
  bio::ComponentAtom result;
  result.name = std::move(name);
  result.element = atom.getAtomicNum();
  result.charge = atom.getFormalCharge();
  result.chirality = static_cast<std::int32_t>(atom.getChiralTag());
  result.chirality_feature = bio::chirality_feature_of(result.chirality);
  result.hydrogens = static_cast<std::int32_t>(atom.getTotalNumHs(/*includeNeighbors=*/true));
  result.explicit_hydrogens = static_cast<std::int32_t>(notation.explicit_hydrogens);
  result.radicals = static_cast<std::int32_t>(atom.getNumRadicalElectrons());
  result.no_implicit = notation.no_implicit;
  unsigned rank = 0;
  if (atom.getPropIfPresent(RDKit::common_properties::_CIPRank, rank))
    result.cip_rank = static_cast<std::int32_t>(rank);
  return result;
}

std::vector<bio::ComponentBond> bonds_of(const RWMol& molecule, const std::vector<std::int32_t>& places) {
  std::vector<bio::ComponentBond> result;
  for (const Bond* bond : molecule.bonds()) {
    bio::ComponentBond added;
    added.first = places[bond->getBeginAtomIdx()];
    added.second = places[bond->getEndAtomIdx()];
    if (added.first < 0 || added.second < 0) continue;
    added.type = bond_type_of(*bond);
    added.dative = bond->getBondType() == Bond::DATIVE;
    added.stereo = static_cast<bio::BondStereo>(bond->getStereo());
    if (const auto& atoms = bond->getStereoAtoms(); atoms.size() == 2) {
      added.stereo_atoms = {places[static_cast<std::size_t>(atoms[0])], places[static_cast<std::size_t>(atoms[1])]};
    }
    result.push_back(added);
  }
  return result;
}

bio::Conformer conformer_of(const RWMol& molecule, int number, const std::vector<std::int32_t>& places) {
  const RDKit::Conformer& source = molecule.getConformer(number);
  bio::Conformer result;
  for (unsigned i = 0; i < molecule.getNumAtoms(); ++i) {
    if (places[i] < 0) continue;
    const auto& position = source.getAtomPos(i);
    result.push_back({static_cast<float>(position.x), static_cast<float>(position.y), static_cast<float>(position.z)});
  }
  return result;
}

bio::Component component_of(const std::string& smiles, const std::string& code,
                            const std::function<void()>& between_attempts) {
  const Molecule molecule = parse_sanitized(smiles);
  const auto notations = notation_of(*molecule);
  RDKit::MolOps::addHs(*molecule);
  // Before stereochemistry is assigned anew: that would add what ranks depend on in rings.
  const auto names = names_of(*molecule, smiles);
  assign_stereochemistry(*molecule);
  const auto places = heavy_places(*molecule);
  if (std::all_of(places.begin(), places.end(), [](std::int32_t place) { return place < 0; })) {
    throw ParseError(subject_of(smiles) + ": expected atoms other than hydrogen, found none");
  }
  const int conformer = make_conformer(*molecule, smiles, between_attempts);
  bio::Component component{.code = code, .smiles = smiles};
  for (const Atom* atom : molecule->atoms()) {
    const unsigned i = atom->getIdx();
    if (places[i] >= 0) component.atoms.push_back(component_atom(*atom, notations[i], names[i]));
  }
  component.bonds = bonds_of(*molecule, places);
  component.conformers.push_back(conformer_of(*molecule, conformer, places));
  // The reference stores the molecule without hydrogens, but for those that stand for more than a valence.
  RDKit::MolOps::removeHs(*molecule, /*implicitOnly=*/false, /*updateExplicitCount=*/false, /*sanitize=*/false);
  component.total_atoms = static_cast<std::int32_t>(molecule->getNumAtoms());
  return component;
}

}  // namespace

bio::Component component_from_smiles(const std::string& smiles, const std::string& code,
                                     const std::function<void()>& between_attempts) {
  const std::string text = smiles_of(smiles);
  return translating<ParseError>(subject_of(text), [&] { return component_of(text, code, between_attempts); });
}

std::int32_t count_heavy_atoms(const std::string& smiles) {
  const std::string text = smiles_of(smiles);
  return translating<ParseError>(subject_of(text),
                                 [&] { return static_cast<std::int32_t>(parse_sanitized(text)->getNumHeavyAtoms()); });
}

double weight_of_smiles(const std::string& smiles) {
  const std::string text = smiles_of(smiles);
  return translating<ParseError>(subject_of(text), [&] {
    double weight = 0;
    const Molecule molecule = parse_sanitized(text);
    for (const Atom* atom : molecule->atoms()) {
      weight += atom->getIsotope() == 0 ? element_weight(atom->getAtomicNum()) : atom->getMass();
      // Reference quirk: implicit hydrogens have no weight.
      weight += kHydrogenWeight * atom->getNumExplicitHs();
    }
    return weight;
  });
}

}  // namespace tilefold::chem::rdkit
