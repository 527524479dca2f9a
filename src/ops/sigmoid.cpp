#include <cmath>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "sigmoid",
    .doc = "1 / (1 + exp(-x)).",
    .program =
        [](ScalarProgram& p, int x) {
          const int one = p.constant(1);
          const int power = p.apply(ScalarOp::exp, p.apply(ScalarOp::neg, x));
          return p.apply(ScalarOp::divide, one, p.apply(ScalarOp::add, one, power));
        },
    .reference = [](double x) { return 1.0 / (1.0 + std::exp(-x)); },
});

}  // namespace

Tensor sigmoid(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
