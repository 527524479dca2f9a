// Features of the paired alignment.
#include <fmt/format.h>

#include <cmath>
#include <numbers>
#include <utility>

#include "bio/constants.h"
#include "bio/feature_parts.h"
#include "bio/pairing.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

/// Reference quirk: pi/2, where other models have 2/pi.
float deletion_value(std::int32_t count) {
  return static_cast<float>(std::numbers::pi / 2) * std::atan(static_cast<float>(count) / 3.0F);
}

/// Writes column `t` of the alignment features: all rows of one token.
class ColumnWriter {
 public:
  ColumnWriter(std::int64_t rows, std::int64_t tokens)
      : tokens_(tokens),
        msa_(Tensor::full(Shape{rows, tokens}, kGapType, DType::int32)),
        paired_(Tensor::zeros(Shape{rows, tokens})),
        has_deletion_(Tensor::zeros(Shape{rows, tokens}, DType::int32)),
        deletion_(Tensor::zeros(Shape{rows, tokens})),
        profile_(Tensor::zeros(Shape{tokens, kNumResidueTypes})),
        deletion_mean_(Tensor::zeros(Shape{tokens})) {}

  void write(std::int64_t t, const Token& token, const ChainAlignment& chain, const PairedRows& pairing) {
    const auto rows = static_cast<std::int64_t>(pairing.num_rows());
    auto msa = msa_.mutable_data<std::int32_t>();
    auto paired = paired_.mutable_data<float>();
    auto profile = profile_.mutable_data<float>().subspan(static_cast<std::size_t>(t * kNumResidueTypes),
                                                          static_cast<std::size_t>(kNumResidueTypes));
    double total_deletion = 0;
    for (std::int64_t s = 0; s < rows; ++s) {
      const std::int64_t entry = s * static_cast<std::int64_t>(pairing.num_chains) + token.chain;
      const std::int64_t at = s * tokens_ + t;
      const std::int32_t row = pairing.rows[entry];
      paired[at] = pairing.is_paired[entry];
      if (row >= 0) msa[at] = chain.type(row, token.residue_index);
      profile[msa[at]] += 1.0F;
      const std::int32_t inserted = row >= 0 ? chain.deletion(row, token.residue_index) : 0;
      if (inserted > 0) {
        has_deletion_.mutable_data<std::int32_t>()[at] = 1;
        deletion_.mutable_data<float>()[at] = deletion_value(inserted);
        total_deletion += deletion_value(inserted);
      }
    }
    for (float& value : profile) value /= static_cast<float>(rows);
    deletion_mean_.mutable_data<float>()[t] = static_cast<float>(total_deletion / static_cast<double>(rows));
  }

  void finish(Features& features) && {
    features.tensors.insert_or_assign("msa_mask", Tensor::full(msa_.shape(), 1.0, DType::int32));
    features.tensors.insert_or_assign("msa", std::move(msa_));
    features.tensors.insert_or_assign("msa_paired", std::move(paired_));
    features.tensors.insert_or_assign("has_deletion", std::move(has_deletion_));
    features.tensors.insert_or_assign("deletion_value", std::move(deletion_));
    features.tensors.insert_or_assign("profile", std::move(profile_));
    features.tensors.insert_or_assign("deletion_mean", std::move(deletion_mean_));
  }

 private:
  std::int64_t tokens_;
  Tensor msa_;
  Tensor paired_;
  Tensor has_deletion_;
  Tensor deletion_;
  Tensor profile_;
  Tensor deletion_mean_;
};

PairedRows paired_rows(const std::vector<ChainAlignment>& chains, const FeaturizeOptions& options) {
  if (options.max_msa_rows < 1) {
    throw ValueError(fmt::format("max_msa_rows is {}; expected at least 1", options.max_msa_rows));
  }
  return pair_alignments(chains, options.max_msa_rows);
}

/// Profile and mean deletion of the alignment's first row alone.
void add_affinity_features(const Complex& complex, const std::vector<ChainAlignment>& chains, Features& features) {
  Tensor profile = Tensor::zeros(Shape{complex.num_tokens(), kNumResidueTypes});
  auto values = profile.mutable_data<float>();
  for (std::int64_t t = 0; t < complex.num_tokens(); ++t) {
    const Token& token = complex.tokens[t];
    values[t * kNumResidueTypes + chains[token.chain].type(0, token.residue_index)] = 1.0F;
  }
  features.tensors.insert_or_assign("profile_affinity", std::move(profile));
  add_vector<float>(features, "deletion_mean_affinity", complex.num_tokens(), [&](std::int64_t t) {
    const Token& token = complex.tokens[t];
    return deletion_value(chains[token.chain].deletion(0, token.residue_index));
  });
}

}  // namespace

void add_msa_features(const Complex& complex, const FeaturizeOptions& options, Features& features,
                      Diagnostics& diagnostics) {
  const std::vector<ChainAlignment> chains = chain_alignments(complex, diagnostics);
  const PairedRows pairing = paired_rows(chains, options);
  ColumnWriter writer(static_cast<std::int64_t>(pairing.num_rows()), complex.num_tokens());
  for (std::int64_t t = 0; t < complex.num_tokens(); ++t) {
    const Token& token = complex.tokens[t];
    writer.write(t, token, chains[token.chain], pairing);
  }
  std::move(writer).finish(features);
  if (options.affinity) add_affinity_features(complex, chains, features);
}

std::int64_t count_msa_rows(const Complex& complex, const FeaturizeOptions& options) {
  Diagnostics unused;  // the featurizer tells it
  return static_cast<std::int64_t>(paired_rows(chain_alignments(complex, unused), options).num_rows());
}

}  // namespace tilefold::bio
