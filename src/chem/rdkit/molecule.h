/// Molecules of RDKit from SMILES and from components. Only this folder may include it: no other header of the project
/// shows RDKit's types.
#pragma once

#include <GraphMol/RWMol.h>
#include <fmt/format.h>

#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "tilefold/bio/component.h"
#include "tilefold/error.h"
#include "tilefold/text.h"

namespace tilefold::chem::rdkit {

using Molecule = std::unique_ptr<RDKit::RWMol>;

/// "SMILES '...'", the subject of messages.
inline std::string subject_of(std::string_view smiles) { return "SMILES " + in_quotes(smiles); }

/// Runs `action`; whatever RDKit throws becomes an ErrorType "subject: what RDKit says".
template <typename ErrorType, typename Action>
auto translating(const std::string& subject, Action&& action) -> decltype(action()) {
  try {
    return action();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    const std::string reason = one_line(error.what());
    throw ErrorType(subject + ": RDKit cannot treat it" + (reason.empty() ? "" : ": ") + reason);
  } catch (...) {
    throw ErrorType(subject + ": RDKit cannot treat it");
  }
}

/// The molecule exactly as written, without valences, aromaticity and stereo. `smiles` comes from smiles_of. Throws
/// ParseError for a notation that cannot be read and for molecules beyond what can be named.
Molecule parse_as_written(const std::string& smiles);

/// The sanitised molecule; hydrogens in brackets have joined their atoms. Throws ParseError, or what RDKit throws.
Molecule parse_sanitized(const std::string& smiles);

/// Throws ParseError "subject: ..." for a molecule with more independent rings than any component of the dictionary:
/// floods of ring bonds take RDKit minutes.
void check_rings(const RDKit::ROMol& molecule, const std::string& subject);

/// Type of a bond as the model knows it.
bio::BondType bond_type_of(const RDKit::Bond& bond);

/// Finds rings as RDKit 2025.03 does: dative bonds close none.
void find_rings(RDKit::RWMol& molecule);

/// Assigns stereochemistry and the ranks it follows from anew.
void assign_stereochemistry(RDKit::RWMol& molecule);

/// The molecule of a component from a library: its heavy atoms in their order, with the bonds, charges, aromaticity and
/// stereo as stored, so that the valence model of another version of RDKit has no say. Hydrogens are atoms if they are
/// stored as such. Throws what RDKit throws.
Molecule molecule_of(const bio::Component& component);

/// Place of each atom among the heavy ones, -1 for hydrogen.
std::vector<std::int32_t> heavy_places(const RDKit::ROMol& molecule);

}  // namespace tilefold::chem::rdkit
