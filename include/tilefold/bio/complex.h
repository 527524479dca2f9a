/// Structure tables, tokens and alignments of a job: everything that does not depend on random numbers.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tilefold/bio/component.h"
#include "tilefold/bio/job.h"
#include "tilefold/bio/msa.h"
#include "tilefold/bio/template.h"

namespace tilefold::bio {

struct Atom {
  std::string name;
  std::int32_t element = 0;
  std::int32_t charge = 0;
  std::int32_t chirality = 0;
  std::int32_t component_atom = 0;  ///< index into the atoms of its residue's component
};

struct Residue {
  std::string name;        ///< component code, or "LIG<k>" for the k-th SMILES
  std::int32_t type = 0;   ///< vocabulary index; UNK for modified residues and ligands
  std::int32_t index = 0;  ///< 0-based position in its chain
  std::int32_t atom_start = 0;
  std::int32_t atom_count = 0;
  std::int32_t center_atom = 0;  ///< CA or C1' (global atom index); first atom of a modified residue or ligand
  std::int32_t disto_atom = 0;   ///< CB, C4, C2, ... (global atom index); first atom of a modified residue or ligand
  bool is_standard = true;
  std::shared_ptr<const Component> component;
};

struct Chain {
  std::string name;
  ChainType type = ChainType::protein;
  std::int32_t entity_id = 0;
  std::int32_t sym_id = 0;   ///< number of this copy among the chains of its entity
  std::int32_t asym_id = 0;  ///< position in Structure::chains
  std::int32_t atom_start = 0;
  std::int32_t atom_count = 0;
  std::int32_t residue_start = 0;
  std::int32_t residue_count = 0;
  std::int32_t cyclic_period = 0;  ///< residues of a cyclic chain, else 0
};

/// A bond inside a modified residue or ligand, or one that a constraint adds. Bonds between polymer residues are not
/// listed.
struct Bond {
  std::int32_t chain_1 = 0;
  std::int32_t chain_2 = 0;
  std::int32_t residue_1 = 0;  ///< global residue index
  std::int32_t residue_2 = 0;
  std::int32_t atom_1 = 0;  ///< global atom index
  std::int32_t atom_2 = 0;
  BondType type = BondType::single;
};

struct Structure {
  std::vector<Atom> atoms;
  std::vector<Residue> residues;
  std::vector<Chain> chains;
  std::vector<Bond> bonds;
};

/// The unit of the trunk: a polymer residue, standard or modified, or an atom of a ligand.
struct Token {
  std::int32_t atom_start = 0;
  std::int32_t atom_count = 0;
  std::int32_t residue = 0;        ///< global residue index
  std::int32_t residue_index = 0;  ///< position of the residue in its chain
  std::int32_t type = 0;           ///< vocabulary index: UNK, N or DN for modified residues, UNK for ligands
  std::int32_t chain = 0;          ///< asym id
  std::int32_t center_atom = 0;
  std::int32_t disto_atom = 0;
  bool modified = false;
};

/// A token that a constraint names, found in the structure: a residue, or one atom of a ligand.
struct TokenReference {
  std::int32_t residue = 0;  ///< global residue index
  std::int32_t atom = -1;    ///< global atom index of a ligand atom; -1 for a polymer residue
};

struct Pocket {
  std::int32_t binder = 0;  ///< asym id
  std::vector<TokenReference> contacts;
  float max_distance = 6.0F;
  bool force = false;
};

struct Contact {
  TokenReference token_1;
  TokenReference token_2;
  float max_distance = 6.0F;
  bool force = false;
};

/// The ligand whose affinity is asked for.
struct AffinityTarget {
  std::int32_t chain = 0;       ///< asym id
  double molecular_weight = 0;  ///< as the reference computes it
};

struct Complex {
  std::string id;
  Structure structure;
  /// All tokens of the structure, or those of a crop.
  std::vector<Token> tokens;
  std::vector<std::string> entity_sequences;     ///< by entity id, as written in the input; empty for ligands
  std::vector<std::shared_ptr<const Msa>> msas;  ///< by asym id; null = single sequence
  std::vector<Pocket> pockets;
  std::vector<Contact> contacts;
  std::vector<TemplateRow> templates;
  std::optional<AffinityTarget> affinity;

  std::int64_t num_tokens() const { return static_cast<std::int64_t>(tokens.size()); }
  /// Atoms of the tokens.
  std::int64_t num_atoms() const;
  /// Atoms padded to a multiple of the atom window (32).
  std::int64_t num_padded_atoms() const { return (num_atoms() + 31) / 32 * 32; }
};

struct ComplexOptions {
  std::int64_t max_msa_seqs = 8192;  ///< rows read from each MSA file
};

/// Structure tables, tokens, MSAs and templates of a job. Throws what `diagnostics` has refused, be it while the input
/// was parsed or here: unknown components, addresses that match nothing, unreadable files.
Complex build_complex(const Job& job, const ComponentLibrary& components, const ComplexOptions& options,
                      Diagnostics& diagnostics);

/// Limits of the complex that the affinity model is given; the defaults are those that it was trained with.
struct CropLimits {
  std::int64_t max_tokens = 256;
  std::int64_t max_atoms = 2048;
  std::int64_t max_other_tokens = 200;  ///< tokens that are no ligand atoms
  std::int64_t neighbourhood = 10;      ///< tokens of a chain that are taken together
};

/// The complex with the tokens around the binder only, by `coordinates` [atoms, 3] of its structure in Angstrom. Tokens
/// are visited from the binder outwards, each with its neighbours in the chain, until a limit is met. Throws ValueError
/// when no affinity is asked for or nothing fits the limits.
Complex crop_around_binder(const Complex& complex, std::span<const float> coordinates, const CropLimits& limits = {});

}  // namespace tilefold::bio
