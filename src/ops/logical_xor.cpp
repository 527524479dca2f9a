#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_binary({
    .name = "logical_xor",
    .doc = "1 where exactly one of them is not 0, else 0, in the dtype of a.",
    .program =
        [](ScalarProgram& p, int a, int b) {
          const int zero = p.constant(0);
          return p.apply(ScalarOp::ne, p.apply(ScalarOp::ne, a, zero), p.apply(ScalarOp::ne, b, zero));
        },
    .reference = [](double a, double b) { return (a != 0) != (b != 0) ? 1.0 : 0.0; },
});

}  // namespace

Tensor logical_xor(const Tensor& a, const Tensor& b) { return apply_binary(definition, a, b); }
Tensor logical_xor(const Tensor& a, double b) { return apply_binary(definition, a, b); }

}  // namespace tilefold::ops
