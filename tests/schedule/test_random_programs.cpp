/// Random programs over the registered operations, against the reference interpreter.
#include "support.h"

namespace tilefold {
namespace {

using testing::expect_matches_in_all_modes;
using testing::random_tensor;
using Tensors = std::vector<Tensor>;

/// Draws the same program for the same seed, whatever the sizes are.
class ProgramMaker {
 public:
  ProgramMaker(std::uint64_t seed, Tensors values) : engine_(seed), values_(std::move(values)) {}

  Tensors make(int operations) {
    for (int i = 0; i < operations; ++i) values_.push_back(step());
    Tensors results = {values_.back()};
    for (int i = pick(3); i > 0; --i) results.push_back(any());
    return results;
  }

 private:
  int pick(int count) { return std::uniform_int_distribution<int>(0, count - 1)(engine_); }
  /// Later values are drawn more often, so that chains grow.
  const Tensor& any() {
    const int count = static_cast<int>(values_.size());
    return values_[static_cast<std::size_t>(std::max(pick(count), pick(count)))];
  }

  Tensor step() {
    const Tensor x = any();
    switch (pick(10)) {
      case 0:
      case 1:
        return unary(x);
      case 2:
      case 3:
        return binary(x);
      case 4:
        return reduced(x);
      case 5:
        return normalized(x);
      case 6:
        return product(x);
      case 7:
        return moved(x);
      case 8:
        return reshaped(x);
      default:
        return joined(x);
    }
  }

  Tensor unary(const Tensor& x) {
    switch (pick(7)) {
      case 0:
        return ops::tanh(x);
      case 1:
        return ops::sigmoid(x);
      case 2:
        return ops::silu(x);
      case 3:
        return ops::abs(x);
      case 4:
        return ops::multiply(x, 0.5);
      case 5:
        return ops::clamp(x, -2.0, 2.0);
      default:
        return ops::relu(x);
    }
  }

  /// A value of the same shape, or a reduction of x that broadcasts against it.
  Tensor binary(const Tensor& x) {
    Tensor y;
    for (const Tensor& candidate : values_) {
      if (candidate.shape() == x.shape() && pick(2) == 0) y = candidate;
    }
    if (!y.defined()) y = x.rank() == 0 ? x : ops::max(x, {pick(x.rank())}, true);
    switch (pick(4)) {
      case 0:
        return x + y;
      case 1:
        return ops::tanh(x) * y;
      case 2:
        return ops::minimum(x, y);
      default:
        return y - x;
    }
  }

  Tensor reduced(const Tensor& x) {
    if (x.rank() == 0) return ops::neg(x);
    std::vector<int> dims = {pick(x.rank())};
    if (x.rank() > 1 && pick(3) == 0) dims = {0, x.rank() - 1};
    const bool keep = x.rank() < 3 || pick(2) == 0;
    return pick(2) == 0 ? ops::mean(x, dims, keep) : ops::max(x, dims, keep);
  }

  Tensor normalized(const Tensor& x) {
    if (x.rank() == 0) return ops::tanh(x);
    if (pick(2) == 0) return ops::softmax(x, pick(x.rank()));
    return ops::tanh(x) - ops::mean(ops::tanh(x), {-1}, true);
  }

  /// x times its own transpose, or a batch of it; kept at the size of the inputs by tanh.
  Tensor product(const Tensor& x) {
    if (x.rank() < 2) return ops::tanh(x);
    const Tensor y = ops::tanh(x);
    Tensor z = ops::softmax(x, -1);
    if (pick(2) == 0) z = ops::sigmoid(unary(x)) * z;
    Tensor result = pick(2) == 0 ? ops::matmul(z, y, {.transpose_b = true}) : ops::matmul(z, ops::transpose(y, -1, -2));
    if (pick(2) == 0) result = ops::silu(result + 0.25);
    return result;
  }

  Tensor moved(const Tensor& x) {
    if (x.rank() < 2) return ops::unsqueeze(x, 0);
    std::vector<int> dims(static_cast<std::size_t>(x.rank()));
    for (int i = 0; i < x.rank(); ++i) dims[static_cast<std::size_t>(i)] = i;
    std::shuffle(dims.begin(), dims.end(), engine_);
    return ops::permute(x, dims);
  }

  Tensor reshaped(const Tensor& x) {
    if (x.rank() < 2 || x.rank() > 3) return x.rank() == 0 ? ops::unsqueeze(x, 0) : ops::unsqueeze(x, pick(x.rank()));
    std::vector<Dim> dims = x.shape().dims();
    const auto i = static_cast<std::size_t>(pick(x.rank() - 1));
    dims[i] = dims[i] * dims[i + 1];
    dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    return ops::reshape(x, Shape(dims));
  }

  Tensor joined(const Tensor& x) {
    if (x.rank() == 0 || x.rank() > 3) return ops::neg(x);
    const int axis = pick(x.rank());
    const Tensor both = ops::concat({ops::tanh(x), x}, axis);
    if (pick(2) == 0) return ops::slice(both, axis, 0, x.shape().dim(axis));
    // Sizes do not grow without end.
    return ops::slice(both, axis, x.shape().dim(axis), both.shape().dim(axis));
  }

  std::mt19937_64 engine_;
  Tensors values_;
};

TEST(RandomPrograms, MatchTheReference) {
  constexpr std::int64_t kSizes[] = {1, 2, 3, 5, 8, 13, 17, 31};
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    SCOPED_TRACE(seed);
    const std::int64_t n = kSizes[seed % 8];
    const std::int64_t m = kSizes[seed / 8 % 8];
    const Tensors inputs = {random_tensor({n, m, 6}, seed), random_tensor({n, 1, 6}, seed + 1),
                            random_tensor({m, 6}, seed + 2)};
    expect_matches_in_all_modes(
        [&](const Tensors& x) { return ProgramMaker(seed, x).make(3 + static_cast<int>(seed % 14)); }, inputs,
        {.operations = 64, .length = 64});
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace tilefold
