/// Input files: what the user asks for, before any component or alignment is read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tilefold/diagnostics.h"

namespace tilefold::bio {

/// Chain types; the values are those of the model's `mol_type` feature.
enum class ChainType : std::int32_t { protein = 0, dna = 1, rna = 2, nonpolymer = 3 };

/// "protein", "dna", "rna", "ligand".
std::string_view chain_type_name(ChainType type);

/// A residue replaced by a component of the Chemical Component Dictionary.
struct Modification {
  std::int64_t position = 0;  ///< 1-based residue number in the sequence
  std::string component;      ///< component code, for example "SEP"
  std::string where;          ///< place in the input file, for messages
};

/// Where the alignment of a protein comes from.
struct MsaSource {
  enum class Kind : std::uint8_t {
    empty,   ///< single-sequence mode, asked for
    file,    ///< an a3m or csv file
    search,  ///< to be made by an MSA server or a local search
  };
  Kind kind = Kind::empty;
  std::filesystem::path path{};  ///< of a file, as written

  bool operator==(const MsaSource&) const = default;
};

/// All chains with one type and one sequence, component list or SMILES.
struct Entity {
  ChainType type = ChainType::protein;
  std::string sequence;                     ///< polymers: one-letter codes as written
  std::vector<std::string> components;      ///< ligands by component code: one residue each
  std::string smiles;                       ///< ligands by SMILES, as written
  std::vector<std::string> chains;          ///< chain names in order of emission
  MsaSource msa;                            ///< of proteins
  std::vector<Modification> modifications;  ///< of the first item of the entity
  bool cyclic = false;                      ///< of the first item of the entity
  std::string where;                        ///< place in the input file, for messages
};

/// An atom as constraints name it.
struct AtomAddress {
  std::string chain;
  std::int64_t residue = 0;  ///< 1-based residue number; position in the component list of a ligand
  std::string atom;
};

/// A token as constraints name it: a residue of a polymer or an atom of a ligand's first residue.
struct TokenAddress {
  std::string chain;
  std::int64_t residue = 0;  ///< 1-based residue number of a polymer; 0 when an atom is named
  std::string atom;
};

struct BondConstraint {
  AtomAddress atom_1;
  AtomAddress atom_2;
  std::string where;
};

struct PocketConstraint {
  std::string binder;  ///< chain name
  std::vector<TokenAddress> contacts;
  double max_distance = 6.0;  ///< Angstrom
  bool force = false;         ///< also steer the sampler
  std::string where;
};

struct ContactConstraint {
  TokenAddress token_1;
  TokenAddress token_2;
  double max_distance = 6.0;  ///< Angstrom
  bool force = false;
  std::string where;
};

struct Constraints {
  std::vector<BondConstraint> bonds;
  std::vector<PocketConstraint> pockets;
  std::vector<ContactConstraint> contacts;
};

/// A structure file whose chains serve as templates.
struct TemplateRequest {
  std::filesystem::path path;             ///< as written
  bool pdb = false;                       ///< PDB format, else mmCIF
  std::vector<std::string> chains;        ///< query chains; empty = all proteins of the input
  std::vector<std::string> file_chains;   ///< chains of the file; empty = all its proteins
  std::optional<double> force_threshold;  ///< Angstrom; steer the sampler towards the template
  std::string where;
};

struct AffinityRequest {
  std::string binder;  ///< chain name of a ligand
  std::string where;
};

/// One prediction to make.
struct Job {
  std::string id;  ///< stem of the input file
  std::filesystem::path source;
  std::vector<Entity> entities;  ///< in order of first appearance; chains are emitted entity by entity
  Constraints constraints;
  std::vector<TemplateRequest> templates;
  std::optional<AffinityRequest> affinity;
  std::vector<std::string> refused_chains;  ///< chains of items that were refused; nothing more is said about them
};

/// The input files that `path` (a file or a flat directory) stands for, sorted by name. Throws IoError when it does not
/// exist or cannot be read, ParseError when a directory holds a sub-directory or a file of another suffix.
std::vector<std::filesystem::path> list_inputs(const std::filesystem::path& path);

/// Reads a `.yaml`/`.yml` or `.fasta`/`.fas`/`.fa` file. What is refused is collected in `diagnostics`, and the job
/// then holds the rest: `build_complex` finds what is wrong in that and throws all of it. Throws by itself only when
/// the file cannot be read or is no YAML or FASTA at all.
Job parse_input(const std::filesystem::path& path, Diagnostics& diagnostics);

/// Parses text of either format; `source` gives the job id, the suffix that selects the format, and the name in
/// messages.
Job parse_input_text(std::string_view text, const std::filesystem::path& source, Diagnostics& diagnostics);

}  // namespace tilefold::bio
