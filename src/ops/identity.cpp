#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "identity",
    .doc = "A copy.",
    .program =
        [](ScalarProgram& p, int x) {
          (void)p;
          return x;
        },
    .reference = [](double x) { return x; },
    .integers = true,
});

}  // namespace

Tensor identity(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
