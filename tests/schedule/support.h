/// Compares compiled programs with the reference interpreter.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "graph/backend.h"
#include "tilefold/jit.h"
#include "tilefold/ops.h"
#include "tilefold/precision.h"

namespace tilefold::testing {

using Function = std::function<std::vector<Tensor>(const std::vector<Tensor>&)>;

/// Normal numbers of this shape.
Tensor random_tensor(const std::vector<std::int64_t>& sizes, std::uint64_t seed, DType dtype = DType::float32);
/// Integers in [low, high).
Tensor random_integers(const std::vector<std::int64_t>& sizes, std::uint64_t seed, int low, int high);

/// How far a result may be from the reference: rounding errors of `operations` operations in sequence, each on sums of
/// `length` terms, relative to the largest element (and at least to 1, the size of the inputs).
struct Tolerance {
  double operations = 8;
  double length = 1;
};

/// Runs `function` compiled and interpreted on `inputs` and compares every result.
void expect_matches_reference(const Function& function, const std::vector<Tensor>& inputs, const JitOptions& options,
                              Tolerance tolerance);

/// The same in float32 and mixed, static and symbolic.
void expect_matches_in_all_modes(const Function& function, const std::vector<Tensor>& inputs, Tolerance tolerance);

}  // namespace tilefold::testing
