/// The jitted programs of the model: each is traced once per shape of its inputs and shared by all blocks, passes,
/// samples and predictions that use it.
#pragma once

#include <functional>
#include <tuple>
#include <utility>
#include <vector>

#include "boltz/hyper_parameters.h"
#include "tilefold/jit.h"

namespace tilefold::boltz {

using TensorList = std::vector<Tensor>;
using TensorPair = std::pair<Tensor, Tensor>;
using TensorTriple = std::tuple<Tensor, Tensor, Tensor>;

/// A jitted function of parameters and tensors.
template <typename Result, typename... Arguments>
using Program = Jitted<std::function<Result(const Parameters&, const Arguments&...)>>;

/// Structures travel in their list form (`to_list`), in the order of the fields.
struct Programs {
  Programs(const HyperParameters& values, Precision precision);

  // Input and trunk. Pair programs serve every N.
  /// atoms, layout, tokens -> s_inputs
  Program<Tensor, TensorList, TensorList, TensorList> input_embedder;
  /// identity, {token_bonds, type_bonds}, {class, threshold}, constrained, cyclic -> relative positions, all features
  Program<TensorPair, TensorList, TensorList, TensorList, bool, bool> pair_features;
  /// s_inputs, pair features -> s_init, z_init
  Program<TensorPair, Tensor, Tensor> trunk_init;
  /// s_init, z_init, s, z -> s, z
  Program<TensorPair, Tensor, Tensor, Tensor, Tensor> recycle;
  /// z, template row -> v
  Program<Tensor, Tensor, TensorList> template_embedding;
  /// v, stack -> contribution
  Program<Tensor, Tensor, Tensor> template_representation;
  /// z, sum over templates, 1 / number of templates [1, 1, 1] -> z
  Program<Tensor, Tensor, Tensor, Tensor> template_update;
  /// z, pair_mask -> z
  Program<Tensor, Tensor, Tensor> pair_stack;
  /// s_inputs, msa, has_deletion, deletion_value, paired -> m
  Program<Tensor, Tensor, Tensor, Tensor, Tensor, Tensor> msa_embedding;
  /// m, z, pair_mask, msa_mask -> m, z
  Program<TensorPair, Tensor, Tensor, Tensor, Tensor> msa_layer;
  /// s, z, mask, pair_mask -> s, z
  Program<TensorPair, Tensor, Tensor, Tensor, Tensor> pairformer_layer;
  /// z -> logits
  Program<Tensor, Tensor> distogram;
  /// s -> logits
  Program<Tensor, Tensor> b_factor;

  // Conditioning of the diffusion.
  /// z, relative positions -> pair conditioning
  Program<Tensor, Tensor, Tensor> pairwise_conditioning;
  /// atoms, layout, s, pair conditioning -> q, c, encoder biases..., decoder biases...
  Program<TensorList, TensorList, TensorList, Tensor, Tensor> atom_conditioning;
  /// pair conditioning -> bias of one layer
  Program<Tensor, Tensor> token_bias;

  // Score model: fp32 in every precision.
  /// c -> layer conditioning of an atom transformer
  Program<TensorList, Tensor> atom_layers;
  /// s, s_inputs -> single
  Program<Tensor, Tensor, Tensor> single_embedding;
  /// single, times, r, q, layer conditioning, biases, layout -> a, s, q
  Program<TensorTriple, Tensor, Tensor, Tensor, Tensor, TensorList, TensorList, TensorList> score_encode;
  /// a, s, bias, key_bias -> a
  Program<Tensor, Tensor, Tensor, Tensor, Tensor> token_layer;
  /// a, q, layer conditioning, biases, layout -> r_update
  Program<Tensor, Tensor, Tensor, TensorList, TensorList, TensorList> score_decode;

  // Confidence.
  /// s_inputs, s, z, pair features -> s, z
  Program<TensorPair, Tensor, Tensor, Tensor, Tensor> confidence_inputs;
  /// z, representative coordinates -> z
  Program<Tensor, Tensor, Tensor> add_distances;
  /// s, z, same_chain -> logits of plddt, resolved, pae, pde
  Program<TensorList, Tensor, Tensor, Tensor> confidence_heads;
  /// logits of plddt, pae, pde, distogram, number of tokens -> plddt, pae, pde, tm, contact probability
  Program<TensorList, Tensor, Tensor, Tensor, Tensor, std::int64_t> confidence_values;

 private:
  using OptionsFor = std::function<JitOptions(const char* name)>;
  /// `fixed` and `symbolic` programs run in the chosen precision, `full` ones in fp32.
  Programs(const HyperParameters& values, const OptionsFor& fixed, const OptionsFor& symbolic, const OptionsFor& full);
};

}  // namespace tilefold::boltz
