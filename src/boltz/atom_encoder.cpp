#include "boltz/atom_modules.h"
#include "boltz/layers.h"
#include "tilefold/precision.h"

namespace tilefold::boltz {
namespace {

constexpr std::int64_t kPositionColumns = 3;
constexpr std::int64_t kElements = 128;
constexpr std::int64_t kNameLength = 4;
constexpr std::int64_t kNameCharacters = 64;

/// The linear map of [ref_pos, charge, one-hot element, one-hot name characters], one-hot parts as table rows.
Tensor embed_atom_features(const Parameters& parameters, const AtomFeatures& features) {
  const Tensor weight = parameters["embed_atom_features.weight"];  // [Ca, 388]
  const std::int64_t atoms = features.ref_pos.shape()[0];
  std::int64_t column = 0;
  const auto next = [&](std::int64_t width) {
    column += width;
    return column_table(weight, column - width, column);
  };
  Tensor c = ops::matmul(features.ref_pos, next(kPositionColumns)) + parameters["embed_atom_features.bias"];
  c = c + features.ref_charge * next(1);
  c = c + ops::embedding(features.ref_element, next(kElements));
  for (std::int64_t i = 0; i < kNameLength; ++i) {
    const Tensor characters = ops::reshape(ops::slice(features.ref_atom_name_chars, 1, i, i + 1), Shape{atoms});
    c = c + ops::embedding(characters, next(kNameCharacters));
  }
  return c;
}

/// Values per atom, seen by the queries [W, 32, 1, ...] and the keys [W, 1, 128, ...] of each window.
struct WindowView {
  std::int64_t windows;
  std::int64_t keys;
  std::int64_t queries;
  Tensor key_index;

  WindowView(const AtomLayout& layout, std::int64_t atoms)
      : windows(layout.key_index.shape()[0]),
        keys(layout.key_index.shape()[1]),
        queries(atoms / windows),
        key_index(layout.key_index) {}

  /// x [A, C] -> [W, 32, 1, C]
  Tensor query(const Tensor& x) const { return ops::reshape(x, Shape{windows, queries, 1, x.shape().dim(1)}); }
  /// x [A, C] -> [W, 1, 128, C]; zeros for absent atoms
  Tensor key(const Tensor& x) const { return ops::unsqueeze(ops::embedding(key_index, x), 1); }
};

/// Geometry of atom pairs within one reference conformer: [W, 32, 128, Cp].
Tensor embed_atom_pairs(const Parameters& parameters, const AtomFeatures& features, const WindowView& view) {
  const Dim atoms = features.ref_pos.shape().dim(0);
  const Tensor difference = view.key(features.ref_pos) - view.query(features.ref_pos);  // [W, 32, 128, 3]
  const Tensor closeness = ops::reciprocal(ops::sum(ops::square(difference), {-1}, true) + 1.0);
  const Tensor mask = ops::reshape(features.atom_pad_mask, Shape{atoms, 1});
  const Tensor uid = ops::reshape(features.ref_space_uid, Shape{atoms, 1});
  const Tensor same = ops::typecast(ops::eq(view.query(uid), view.key(uid)), DType::float32);
  const Tensor valid = same * view.query(mask) * view.key(mask);  // [W, 32, 128, 1]
  const auto row = [&](const std::string& name) {
    const Tensor weight = parameters[name + ".weight"];
    return ops::reshape(weight, Shape{weight.shape().dim(0)});
  };
  return valid * (linear_no_bias(parameters, "embed_atompair_ref_pos", difference) +
                  closeness * row("embed_atompair_ref_dist") + row("embed_atompair_mask"));
}

/// Rows of pair features z [N, N, C] for the tokens of each query and key; zeros where either has no token.
Tensor gather_token_pairs(const Tensor& z, const AtomLayout& layout, const WindowView& view) {
  const Dim tokens = z.shape().dim(0);
  const Dim atoms = layout.atom_to_token.shape().dim(0);
  // Shifted by one, so that absent keys (zeros) and padding atoms both mean "no token".
  const Tensor token = ops::reshape(layout.atom_to_token, Shape{atoms, 1}) + 1.0;
  const Tensor query = without_channel(view.query(token));
  const Tensor key = without_channel(view.key(token));
  const Tensor row = (query - 1.0) * static_cast<double>(tokens.value()) + (key - 1.0);
  const Tensor present = ops::logical_and(ops::gt(query, 0.0), ops::gt(key, 0.0));
  const Tensor index = ops::where(present, row, ops::full(Shape{1, 1, 1}, -1.0, DType::int32));
  return ops::embedding(index, ops::reshape(z, Shape{tokens * tokens, z.shape().dim(2)}));
}

}  // namespace

// fp32 in every precision, as the reference switches autocast off.
AtomEmbedding atom_encoder(const Parameters& parameters, const AtomFeatures& features, const AtomLayout& layout,
                           const Tensor& s_trunk, const Tensor& z) {
  const PrecisionScope full(Precision::float32);
  const WindowView view(layout, features.ref_pos.shape()[0]);
  const Tensor q = embed_atom_features(parameters, features);
  Tensor c = q;
  Tensor p = embed_atom_pairs(parameters, features, view);
  if (s_trunk.defined()) {
    const Parameters single = parameters.scope("s_to_c_trans");
    c = c + ops::embedding(layout.atom_to_token, linear_no_bias(single, "1", layer_norm(single, "0", s_trunk)));
    const Parameters pair = parameters.scope("z_to_p_trans");
    p = p + gather_token_pairs(linear_no_bias(pair, "1", layer_norm(pair, "0", z)), layout, view);
  }
  const Tensor activated = ops::relu(c);
  p = p + view.query(linear_no_bias(parameters, "c_to_p_trans_q.1", activated)) +
      view.key(linear_no_bias(parameters, "c_to_p_trans_k.1", activated));
  const Tensor hidden = linear_no_bias(parameters, "p_mlp.1", ops::relu(p), "relu");
  p = p + linear_no_bias(parameters, "p_mlp.5", linear_no_bias(parameters, "p_mlp.3", hidden, "relu"));
  return {q, c, p};
}

}  // namespace tilefold::boltz
