/// From an input file to the features the model reads: jobs, components, structure tables, tokens, features.
///
///   for (const auto& path : bio::list_inputs(argument)) {
///     bio::Job job = bio::parse_input(path);
///     bio::Complex complex = bio::build_complex(job, bio::builtin_components());
///     bio::Features features = bio::featurize(complex, {.seed = 7});
///   }
///
/// Malformed files raise ParseError, unsupported requests UnsupportedError, unreadable files IoError; every message is
/// one line that names the file, the place in it and the key.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tilefold/tensor.h"

namespace tilefold::bio {

/// Chain types; the values are those of the model's `mol_type` feature.
enum class ChainType : std::int32_t { protein = 0, dna = 1, rna = 2, nonpolymer = 3 };

/// "protein", "dna", "rna", "ligand".
std::string_view chain_type_name(ChainType type);

// ---------------------------------------------------------------------------------------------------------------------
// Input files

/// A residue replaced by a component of the Chemical Component Dictionary.
struct Modification {
  std::int64_t position = 0;  ///< 1-based residue number in the sequence
  std::string component;      ///< component code, for example "SEP"
  std::string where;          ///< place in the input file, for messages
};

/// All chains with one polymer type and one sequence.
struct Entity {
  ChainType type = ChainType::protein;
  std::string sequence;                           ///< one-letter codes as written
  std::vector<std::string> chains;                ///< chain names in order of emission
  std::optional<std::filesystem::path> msa_path;  ///< a3m or csv; nothing = single sequence
  std::vector<Modification> modifications;        ///< of the first item of the entity
  bool cyclic = false;                            ///< of the first item of the entity
  std::string where;                              ///< place in the input file, for messages
};

/// One prediction to make.
struct Job {
  std::string id;  ///< stem of the input file
  std::filesystem::path source;
  std::vector<Entity> entities;       ///< in order of first appearance; chains are emitted entity by entity
  std::vector<std::string> warnings;  ///< things the user should know, one line each
};

/// The input files that `path` (a file or a flat directory) stands for, sorted by name. Throws IoError when it does not
/// exist or cannot be read, ParseError when a directory holds a sub-directory or a file of another suffix.
std::vector<std::filesystem::path> list_inputs(const std::filesystem::path& path);

/// Reads a `.yaml`/`.yml` or `.fasta`/`.fas`/`.fa` file. Relative MSA paths are looked up in the working directory,
/// then in the folder of the input file.
Job parse_input(const std::filesystem::path& path);

/// Parses text of either format; `source` gives the job id, the suffix that selects the format, and the name in
/// messages.
Job parse_input_text(std::string_view text, const std::filesystem::path& source);

// ---------------------------------------------------------------------------------------------------------------------
// Components

/// A heavy atom of a component.
struct ComponentAtom {
  std::string name;
  std::int32_t element = 0;  ///< atomic number
  std::int32_t charge = 0;
  std::int32_t chirality = 0;       ///< RDKit's tag: 0 unspecified, 1 clockwise, 2 counter-clockwise, ...
  std::string stereo;               ///< "R", "S" or "N", as in the dictionary
  bool leaving = false;             ///< lost when the residue is part of a polymer
  std::array<float, 3> position{};  ///< ideal coordinates in Angstrom
};

/// Bond types of the model (the feature stores type + 1; 0 there means no bond).
enum class BondType : std::int32_t { other = 0, single = 1, double_bond = 2, triple = 3, aromatic = 4, covalent = 5 };

/// A bond between two heavy atoms of a component.
struct ComponentBond {
  std::int32_t first = 0;  ///< index into Component::atoms
  std::int32_t second = 0;
  BondType type = BondType::single;  ///< aromatic bonds have the type aromatic
  std::string stereo;                ///< "E", "Z" or "N"
};

/// A chemical component without its hydrogens.
struct Component {
  std::string code;
  std::string name;
  std::string kind;    ///< for example "L-PEPTIDE LINKING"
  std::string parent;  ///< standard residue it derives from, or empty
  std::vector<ComponentAtom> atoms;
  std::vector<ComponentBond> bonds;
};

/// The component library.
class Components {
 public:
  /// Parses the project's component file (JSON). Throws ParseError.
  static Components parse(std::string_view json);
  /// The component with this code, or null.
  const Component* find(std::string_view code) const;
  /// Codes of all components, ascending.
  std::vector<std::string> codes() const;

 private:
  std::map<std::string, Component, std::less<>> components_;
};

/// The library inside the program: the standard residues and the common modified ones.
const Components& builtin_components();

/// Reference conformers by residue name: conformers x atoms (reference order) x 3, in Angstrom.
using Conformer = std::vector<std::array<float, 3>>;
using ConformerTable = std::map<std::string, std::vector<Conformer>, std::less<>>;

/// Parses {"ALA": [[[x, y, z], ...], ...], ...}. Throws ParseError.
ConformerTable parse_conformers(std::string_view json);

/// The ten conformers per amino acid that the demo weights were trained with.
const ConformerTable& demo_conformers();

// ---------------------------------------------------------------------------------------------------------------------
// Multiple sequence alignments

/// A parsed alignment, rows in file order without duplicates; row 0 is the query.
struct Msa {
  struct Deletion {
    std::int32_t column = 0;  ///< aligned column that follows the inserted residues
    std::int32_t count = 0;
  };
  struct Row {
    std::int32_t taxonomy = -1;  ///< pairing key, -1 = none
    std::int64_t residue_start = 0;
    std::int64_t deletion_start = 0;
    std::int64_t deletion_end = 0;
  };
  std::int64_t columns = 0;  ///< aligned length, the same for every row
  std::vector<Row> rows;
  std::vector<std::int8_t> residues;  ///< vocabulary indices, rows x columns
  std::vector<Deletion> deletions;
};

/// Parses the text of an a3m file; `source` is the name in messages. Reads at most `max_rows` distinct rows.
Msa parse_a3m(std::string_view text, std::string_view source, std::int64_t max_rows);

/// Parses the text of a csv file with the columns `key` and `sequence`.
Msa parse_msa_csv(std::string_view text, std::string_view source, std::int64_t max_rows);

/// Reads an `.a3m` or `.csv` file.
Msa read_msa(const std::filesystem::path& path, std::int64_t max_rows);

// ---------------------------------------------------------------------------------------------------------------------
// Structure tables

struct Atom {
  std::string name;
  std::int32_t element = 0;
  std::int32_t charge = 0;
  std::int32_t chirality = 0;
  std::array<float, 3> reference{};  ///< ideal coordinates of the component, in Angstrom
};

struct Residue {
  std::string name;        ///< component code
  std::int32_t type = 0;   ///< vocabulary index; UNK for modified residues of every chain type
  std::int32_t index = 0;  ///< 0-based position in its chain
  std::int32_t atom_start = 0;
  std::int32_t atom_count = 0;
  std::int32_t center_atom = 0;  ///< CA or C1' (global atom index); first atom of a modified residue
  std::int32_t disto_atom = 0;   ///< CB, C4, C2, ... (global atom index); first atom of a modified residue
  bool is_standard = true;
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

/// A bond inside a modified residue. Bonds between polymer residues are not listed.
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

/// The unit of the trunk: a polymer residue, standard or modified.
struct Token {
  std::int32_t atom_start = 0;
  std::int32_t atom_count = 0;
  std::int32_t residue = 0;        ///< global residue index
  std::int32_t residue_index = 0;  ///< position in the chain
  std::int32_t type = 0;           ///< vocabulary index: UNK, N or DN for modified residues
  std::int32_t chain = 0;          ///< asym id
  std::int32_t center_atom = 0;
  std::int32_t disto_atom = 0;
  bool modified = false;
};

/// Everything about a job that does not depend on random numbers.
struct Complex {
  std::string id;
  Structure structure;
  std::vector<Token> tokens;
  std::vector<std::string> entity_sequences;     ///< by entity id, as written in the input
  std::vector<std::shared_ptr<const Msa>> msas;  ///< by asym id; null = single sequence
  std::vector<std::string> warnings;

  std::int64_t num_tokens() const { return static_cast<std::int64_t>(tokens.size()); }
  std::int64_t num_atoms() const { return static_cast<std::int64_t>(structure.atoms.size()); }
  /// Atoms padded to a multiple of the atom window (32).
  std::int64_t num_padded_atoms() const { return (num_atoms() + 31) / 32 * 32; }
};

struct ComplexOptions {
  std::int64_t max_msa_seqs = 8192;  ///< rows read from each MSA file
};

/// Structure tables, tokens and MSAs of a job. Throws ValueError for unknown components.
Complex build_complex(const Job& job, const Components& components, const ComplexOptions& options = {});

// ---------------------------------------------------------------------------------------------------------------------
// Features

/// Residue vocabulary: `<pad>`, gap, 20 amino acids, UNK, A G C U N, DA DG DC DT DN.
inline constexpr std::int32_t kNumResidueTypes = 33;

struct FeaturizeOptions {
  std::uint64_t seed = 42;
  std::string method{};                        ///< experimental method to condition on; empty = x-ray diffraction
  std::int64_t max_msa_rows = 16384;           ///< rows of the paired alignment
  const ConformerTable* conformers = nullptr;  ///< reference conformers; null = ideal coordinates
};

/// The model's inputs under the reference's names, without a batch axis.
///
/// N tokens, A atoms padded to a multiple of 32, S MSA rows. int32 index vectors stand for one-hot tensors and carry
/// the suffix `.index` (-1 = all-zero row):
///   res_type.index [N], ref_element.index [A], ref_atom_name_chars.index [A,4], atom_backbone_feat.index [A],
///   atom_to_token.index [A], token_to_rep_atom.index [N], token_to_center_atom.index [N], r_set_to_rep_atom.index [R],
///   contact_conditioning.index [N,N], template_restype.index [1,N].
/// int32: token_index, residue_index, asym_id, entity_id, sym_id, mol_type, method_feature, modified [N];
///   type_bonds [N,N]; ref_space_uid, ref_chirality, atom_resolved_mask [A]; msa, msa_mask, has_deletion [S,N];
///   frames_idx [1,N,3]; frame_resolved_mask, query_to_template [1,N].
/// float32: token_pad_mask, token_resolved_mask, token_disto_mask, cyclic_period, affinity_token_mask, deletion_mean
///   [N]; token_bonds [N,N,1]; contact_threshold [N,N]; ref_pos [A,3]; ref_charge, atom_pad_mask [A]; msa_paired,
///   deletion_value [S,N]; profile [N,33]; template_frame_rot [1,N,3,3]; template_frame_t, template_cb, template_ca
///   [1,N,3]; template_mask_cb, template_mask_frame, template_mask, visibility_ids [1,N].
struct Features {
  std::map<std::string, Tensor, std::less<>> tensors;
  std::vector<std::string> warnings;

  /// The tensor with this name. Throws ValueError when there is none.
  const Tensor& at(std::string_view name) const;
};

/// Features of a complex. Throws ValueError for an unknown method.
Features featurize(const Complex& complex, const FeaturizeOptions& options = {});

/// Replaces the reference conformers by given ones, for example those of another program's run. Throws ValueError
/// unless `positions` is float32 [A,3].
void set_reference_positions(Features& features, const Tensor& positions);

/// Number of rows of the alignment that `featurize` will build, without building it.
std::int64_t count_msa_rows(const Complex& complex, const FeaturizeOptions& options = {});

}  // namespace tilefold::bio
