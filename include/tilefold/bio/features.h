/// Features: the inputs of the model.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "tilefold/bio/complex.h"
#include "tilefold/diagnostics.h"
#include "tilefold/tensor.h"

namespace tilefold::bio {

/// Residue vocabulary: `<pad>`, gap, 20 amino acids, UNK, A G C U N, DA DG DC DT DN.
inline constexpr std::int32_t kNumResidueTypes = 33;

/// Kinds of token pairs in the feature `contact_conditioning.index`: `unspecified` everywhere when the input has no
/// constraint, else `unselected` where it has none.
enum class ContactKind : std::int32_t {
  unspecified = 0,
  unselected = 1,
  pocket_to_binder = 2,
  binder_to_pocket = 3,
  contact = 4
};

struct FeaturizeOptions {
  std::uint64_t seed = 42;
  std::string method{};                        ///< experimental method to condition on; empty = x-ray diffraction
  std::int64_t max_msa_rows = 16384;           ///< rows of the paired alignment
  const ConformerTable* conformers = nullptr;  ///< reference conformers; null = those of the components
  bool potentials = false;                     ///< add what the physical potentials need
  bool affinity = false;                       ///< add what the affinity model needs
};

/// The model's inputs under the reference's names, without a batch axis.
///
/// N tokens, A atoms padded to a multiple of 32, S MSA rows, T template rows (one empty row when there is none). int32
/// index vectors stand for one-hot tensors and carry the suffix `.index` (-1 = all-zero row):
///   res_type.index [N], ref_element.index [A], ref_atom_name_chars.index [A,4], atom_backbone_feat.index [A],
///   atom_to_token.index [A], token_to_rep_atom.index [N], token_to_center_atom.index [N], r_set_to_rep_atom.index [R],
///   contact_conditioning.index [N,N], template_restype.index [T,N].
/// int32: token_index, residue_index, asym_id, entity_id, sym_id, mol_type, method_feature, modified [N];
///   type_bonds [N,N]; ref_space_uid, ref_chirality, atom_resolved_mask [A]; msa, msa_mask, has_deletion [S,N];
///   frames_idx [1,N,3]; frame_resolved_mask [1,N]; query_to_template [T,N]; template_force [T].
/// float32: token_pad_mask, token_resolved_mask, token_disto_mask, cyclic_period, affinity_token_mask, deletion_mean
///   [N]; token_bonds [N,N,1]; contact_threshold [N,N]; ref_pos [A,3]; ref_charge, atom_pad_mask [A]; msa_paired,
///   deletion_value [S,N]; profile [N,33]; template_frame_rot [T,N,3,3]; template_frame_t, template_cb, template_ca
///   [T,N,3]; template_mask_cb, template_mask_frame, template_mask, visibility_ids [T,N]; template_force_threshold [T].
///
/// Index tensors of the potentials, int32 over atoms or chains, masks as 0 and 1; `n` may be 0:
///   forced pockets and contacts: contact_pair_index [2,n], contact_union_index [n], contact_negation_mask [n], and
///     float32 contact_thresholds [n];
///   with `potentials`: rdkit_bounds_index [2,n], rdkit_bounds_bond_mask [n], rdkit_bounds_angle_mask [n] and float32
///     rdkit_lower_bounds, rdkit_upper_bounds [n]; chiral_atom_index [4,n], chiral_reference_mask [n],
///     chiral_atom_orientations [n]; stereo_bond_index [4,n], stereo_bond_orientations [n];
///     planar_bond_index [6,n], planar_ring_5_index [5,n], planar_ring_6_index [6,n]; connected_chain_index,
///     connected_atom_index [2,n]; symmetric_chain_index [2,n].
/// With `affinity`: profile_affinity [N,33], deletion_mean_affinity [N], affinity_mw [1], all float32.
struct Features {
  std::map<std::string, Tensor, std::less<>> tensors;

  bool contains(std::string_view name) const { return tensors.find(name) != tensors.end(); }
  /// The tensor with this name. Throws ValueError when there is none.
  const Tensor& at(std::string_view name) const;
};

/// Features of a complex. Throws ValueError for an unknown method.
Features featurize(const Complex& complex, const FeaturizeOptions& options, Diagnostics& diagnostics);

/// Replaces the reference conformers by given ones, for example those of another program's run. Throws ValueError
/// unless `positions` is float32 [A,3].
void set_reference_positions(Features& features, const Tensor& positions);

/// Number of rows of the alignment that `featurize` will build, without building it.
std::int64_t count_msa_rows(const Complex& complex, const FeaturizeOptions& options);

}  // namespace tilefold::bio
