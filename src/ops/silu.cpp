#include <cmath>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "silu",
    .doc = "x * sigmoid(x), computed as x / (1 + exp(-x)).",
    .program =
        [](ScalarProgram& p, int x) {
          const int power = p.apply(ScalarOp::exp, p.apply(ScalarOp::neg, x));
          return p.apply(ScalarOp::divide, x, p.apply(ScalarOp::add, p.constant(1), power));
        },
    .reference = [](double x) { return x / (1.0 + std::exp(-x)); },
});

}  // namespace

Tensor silu(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
