#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_binary({
    .name = "bitwise_or",
    .doc = "Bitwise or of integers, exact in int32.",
    .program = [](ScalarProgram& p, int a, int b) { return p.apply(ScalarOp::bitwise_or, a, b); },
    .reference =
        [](double a, double b) {
          return static_cast<double>(static_cast<std::int64_t>(a) | static_cast<std::int64_t>(b));
        },
    .integers_only = true,
});

}  // namespace

Tensor bitwise_or(const Tensor& a, const Tensor& b) { return apply_binary(definition, a, b); }
Tensor bitwise_or(const Tensor& a, double b) { return apply_binary(definition, a, b); }

}  // namespace tilefold::ops
