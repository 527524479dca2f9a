#include "ops/cost.h"
#include "ops/random_cases.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

TensorType infer(const OperandTypes& operands, const Attributes& attributes) {
  TensorType type = operands[0];
  type.memory_config = attributes.get<MemoryConfig>("memory_config");
  if (type.shape.is_static()) check_memory_config(type.memory_config, type.shape.sizes(), type.layout);
  return type;
}

OperationCase random_case(RandomEngine& engine) {
  const std::int64_t rows = random_integer(engine, 1, 4);
  const std::int64_t columns = random_integer(engine, 1, 2);
  const std::vector<std::int64_t> sizes = {2, 32 * rows, 32 * columns};
  MemoryConfig config;
  config.buffer_type = BufferType::l1;
  if (random_chance(engine, 0.7)) config = create_sharded_memory_config(sizes, {columns, rows}, ShardStrategy::block);
  return {.operands = {dense(sizes, random_dtype(engine))}, .attributes = {{"memory_config", config}}};
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "to_memory_config",
    .doc = "The same tensor placed by another memory config.",
    .kind = OperationKind::movement,
    .operands = {{"input", "tensor of any dtype"}},
    .attributes = {{"memory_config", "placement of the result"}},
    .infer = infer,
    .reference = [](std::span<const ReferenceTensor* const> operands, const Attributes&,
                    const TensorType&) { return *operands[0]; },
    .cost = movement_cost,
    .random_case = random_case,
});

}  // namespace

Tensor to_memory_config(const Tensor& input, const MemoryConfig& memory_config) {
  if (input.memory_config() == memory_config) return input;
  return apply(definition, {input}, {{"memory_config", memory_config}});
}

}  // namespace tilefold::ops
