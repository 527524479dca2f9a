#include "boltz/confidence_module.h"
#include "boltz/pair_modules.h"
#include "golden.h"
#include "golden_features.h"

namespace tilefold::boltz {
namespace {

/// Runs the confidence module of the golden case (five chains, one of them a ligand with frames, masked tokens) on one
/// sample.
class ConfidenceModule : public testing::TestWithParam<std::int64_t> {
 protected:
  ConfidenceModule() : golden_("confidence_module"), parameters_(golden_.parameters) {}

  Tensor pair_features() const {
    const Bonds bonds{golden_.in("token_bonds"), golden_.column("type_bonds")};
    return boltz::pair_features(parameters_, token_identity(golden_), {true, true}, bonds, contacts(golden_, true)).all;
  }

  ConfidenceLogits logits(const Tensor& coordinates) const {
    const ConfidenceInputs inputs =
        confidence_inputs(parameters_, golden_.in("s_inputs"), golden_.in("s"), golden_.in("z"), pair_features());
    const Tensor mask = golden_.column("token_pad_mask");
    const Tensor pair_mask = ops::unsqueeze(mask, 0) * ops::unsqueeze(mask, 1);
    Tensor s = inputs.s;
    Tensor z = add_distances(parameters_, inputs.z, ops::embedding(golden_.in("token_to_rep_atom.index"), coordinates));
    const std::int64_t blocks = golden_.config.at("pairformer_args").at("num_blocks");
    for (std::int64_t block = 0; block < blocks; ++block)
      std::tie(s, z) = pairformer_layer(parameters_.scope("pairformer_stack.layers", block), s, z, mask, pair_mask);
    const Tensor chain = golden_.column("asym_id");
    const Tensor same = ops::typecast(ops::eq(ops::unsqueeze(chain, 0), ops::unsqueeze(chain, 1)), DType::float32);
    return confidence_heads(parameters_.scope("confidence_heads"), s, z, same);
  }

  ConfidenceValues values(const ConfidenceLogits& found) const {
    const auto tokens = static_cast<std::int64_t>(ops::sum(golden_.in("token_pad_mask"), {}).item());
    return confidence_values(found, golden_.in("pred_distogram_logits"), tokens);
  }

  SampleConfidence scores(const Tensor& coordinates, const ConfidenceValues& found) const {
    return score_sample({coordinates, found, golden_.in("asym_id"), golden_.in("mol_type"), golden_.in("frames_idx"),
                         golden_.in("token_to_rep_atom.index"), golden_.in("atom_to_token.index"),
                         golden_.in("token_pad_mask")});
  }

  Tensor sample_of(const Tensor& stacked) const {
    return ops::squeeze(ops::slice(stacked, 0, GetParam(), GetParam() + 1), 0);
  }
  Tensor expected(const std::string& name) const { return sample_of(golden_.out(name)); }

  GoldenCase golden_;
  Parameters parameters_;
};

TEST_P(ConfidenceModule, MatchesReference) {
  const Tensor coordinates = sample_of(golden_.in("x_pred"));
  const ConfidenceLogits found = logits(coordinates);
  expect_close(found.plddt, expected("plddt_logits"));
  expect_close(found.resolved, expected("resolved_logits"));
  expect_close(found.pae, expected("pae_logits"));
  expect_close(found.pde, expected("pde_logits"));
  const ConfidenceValues numbers = values(found);
  expect_close(numbers.plddt, expected("plddt"));
  expect_close(numbers.pae, expected("pae"));
  expect_close(numbers.pde, expected("pde"));

  const SampleConfidence sample = scores(coordinates, numbers);
  const auto expect_number = [&](const char* name, double value) {
    const double reference = golden_.out(name).data<float>()[static_cast<std::size_t>(GetParam())];
    EXPECT_NEAR(value, reference, kModuleTolerance * std::abs(reference)) << name;
  };
  expect_number("ptm", sample.ptm);
  expect_number("iptm", sample.iptm);
  expect_number("ligand_iptm", sample.ligand_iptm);
  expect_number("protein_iptm", sample.protein_iptm);
  expect_number("complex_plddt", sample.complex_plddt);
  expect_number("complex_iplddt", sample.complex_iplddt);
  expect_number("complex_pde", sample.complex_pde);
  expect_number("complex_ipde", sample.complex_ipde);

  const auto pairs = expected("pair_chains_iptm").to_floats();
  std::size_t next = 0;
  for (const auto& [first, row] : sample.pair_chains_iptm) {
    for (const auto& [second, value] : row) {
      const double reference = pairs.at(next++);
      EXPECT_NEAR(value, reference, kModuleTolerance * std::abs(reference)) << first << " " << second;
    }
  }
  EXPECT_EQ(next, pairs.size());
}

INSTANTIATE_TEST_SUITE_P(Golden, ConfidenceModule, testing::Values(0, 1));

TEST(ConfidenceScore, TakesPtmOnlyWhenNoSampleHasInterfaces) {
  std::vector<SampleConfidence> samples(2);
  samples[0].complex_plddt = samples[1].complex_plddt = 0.5;
  samples[0].ptm = samples[1].ptm = 0.9;
  set_confidence_scores(samples);
  EXPECT_DOUBLE_EQ(samples[0].confidence_score, (4 * 0.5 + 0.9) / 5);
  samples[1].iptm = 0.4;
  set_confidence_scores(samples);
  EXPECT_DOUBLE_EQ(samples[0].confidence_score, 4 * 0.5 / 5);
  EXPECT_DOUBLE_EQ(samples[1].confidence_score, (4 * 0.5 + 0.4) / 5);
}

}  // namespace
}  // namespace tilefold::boltz
