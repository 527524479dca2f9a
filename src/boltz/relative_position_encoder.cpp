#include "boltz/layers.h"
#include "boltz/pair_features.h"

namespace tilefold::boltz {
namespace {

constexpr std::int64_t kResidueRange = 32;                    // r_max
constexpr std::int64_t kChainRange = 2;                       // s_max
constexpr std::int64_t kResidueRows = 2 * kResidueRange + 2;  // the last one: another chain
constexpr std::int64_t kChainRows = 2 * kChainRange + 2;      // the last one: another entity
constexpr double kNoPeriod = 10000;

/// A value per pair from a value per token: `first` [N, 1] by rows and `second` [1, N] by columns.
struct PairView {
  Tensor first;
  Tensor second;
  explicit PairView(const Tensor& column) : first(column), second(ops::transpose(column, 0, 1)) {}
  Tensor equal() const { return ops::eq(first, second); }
  Tensor difference() const { return first - second; }
};

/// Row of an offset table: the offset shifted and clipped where `valid`, the last row elsewhere.
Tensor offset_row(const Tensor& offset, std::int64_t range, const Tensor& valid) {
  const Tensor clipped = ops::clamp(offset + static_cast<double>(range), 0.0, static_cast<double>(2 * range));
  return ops::where(valid, clipped, ops::full(Shape{1, 1}, static_cast<double>(2 * range + 1), DType::int32));
}

/// d - period * rint(d / period) toward zero; the period is that of the second token.
Tensor around_the_cycle(const Tensor& difference, const Tensor& cyclic_period) {
  const Tensor column = ops::where(ops::gt(cyclic_period, 0.0), cyclic_period, ops::full(Shape{1, 1}, kNoPeriod));
  const Tensor period = ops::transpose(column, 0, 1);  // [1, N]
  const Tensor offset = ops::typecast(difference, DType::float32);
  return ops::typecast(ops::trunc(offset - period * ops::round(offset / period)), DType::int32);
}

}  // namespace

// The one-hot product of the paper is a sum of three table rows and one conditional row.
Tensor relative_position_encoder(const Parameters& parameters, const TokenIdentity& tokens,
                                 const RelativePositionOptions& options) {
  const Tensor same_chain = PairView(tokens.asym_id).equal();  // [N, N]
  const Tensor same_residue = PairView(tokens.residue_index).equal();
  const Tensor same_entity = PairView(tokens.entity_id).equal();

  Tensor residue_offset = PairView(tokens.residue_index).difference();
  if (options.cyclic) residue_offset = around_the_cycle(residue_offset, tokens.cyclic_period);
  const Tensor residue_row = offset_row(residue_offset, kResidueRange, same_chain);
  const Tensor token_row =
      offset_row(PairView(tokens.token_index).difference(), kResidueRange, ops::logical_and(same_chain, same_residue));
  const Tensor chain_row = offset_row(PairView(tokens.sym_id).difference(), kChainRange,
                                      options.fix_sym_check ? same_entity : ops::logical_not(same_chain));

  const Tensor weight = parameters["linear_layer.weight"];  // [Cz, 66 + 66 + 1 + 6]
  const auto rows = [&](const Tensor& index, std::int64_t start, std::int64_t count) {
    return ops::embedding(index, column_table(weight, start, start + count));
  };
  const Tensor entity_row = column_table(weight, 2 * kResidueRows, 2 * kResidueRows + 1);  // [1, Cz]
  return rows(residue_row, 0, kResidueRows) + rows(token_row, kResidueRows, kResidueRows) +
         with_channel(ops::typecast(same_entity, DType::float32)) * entity_row +
         rows(chain_row, 2 * kResidueRows + 1, kChainRows);
}

}  // namespace tilefold::boltz
