#include <fmt/format.h>
#include <llvm/IR/IRBuilder.h>

#include <algorithm>

#include "codegen/compile.h"
#include "codegen/kernel_lookup.h"
#include "codegen/level_module.h"
#include "codegen/struct_copy.h"
#include "isa/attention_abi.h"
#include "runtime/core_grid.h"
#include "tilefold/error.h"

namespace tilefold::codegen {
namespace {

constexpr const char* kAttentionSymbol = "tilefold_attention_task";
/// Head dimensions that the primitives take.
constexpr std::int64_t kMaxHeadDim = 512;
/// Queries per task are multiples of this where there are so many.
constexpr std::int64_t kQueryGranule = 64;
/// Multiply-adds below which work is not divided further.
constexpr double kTaskWork = 1e6;

using AttentionFunction = void (*)(const isa::AttentionArgs* args, std::int64_t batch, std::int64_t head,
                                   std::int64_t query_begin, std::int64_t query_end, void* scratch);

std::int32_t storage_type(DType dtype) { return dtype == DType::bfloat16 ? isa::kStorageBf16 : isa::kStorageF32; }
std::int64_t ceil_divide(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

void check_attention(const AttentionSpec& spec) {
  if (spec.head_dim < 1 || spec.head_dim > kMaxHeadDim) {
    throw CompileError(fmt::format("attention: head dimension {} is not in [1, {}]", spec.head_dim, kMaxHeadDim));
  }
  for (const DType dtype : {spec.q_dtype, spec.out_dtype, spec.mask_dtype}) {
    if (!is_floating_point(dtype)) {
      throw CompileError(fmt::format("attention: expected bfloat16 or float32 operands, got {}", dtype_name(dtype)));
    }
  }
}

std::vector<std::byte> emit_attention(const AttentionSpec& spec, isa::Isa level) {
  using isa::AttentionArgs;
  LevelModule module(level);
  llvm::IRBuilder<> builder(module.context());
  llvm::Type* i64 = builder.getInt64Ty();
  llvm::Type* pointer = builder.getPtrTy();
  auto* type = llvm::FunctionType::get(builder.getVoidTy(), {pointer, i64, i64, i64, i64, pointer}, false);
  const llvm::FunctionCallee primitive =
      module.primitive(spec.bf16 ? "tilefold_attention_bf16" : "tilefold_attention_f32", type);
  llvm::Function* function = module.add_function(kAttentionSymbol, type, true);
  builder.SetInsertPoint(llvm::BasicBlock::Create(module.context(), "entry", function));
  StructCopy args(builder, function->getArg(0), sizeof(AttentionArgs));
  const auto int32 = [&](std::int32_t value) { return builder.getInt32(static_cast<std::uint32_t>(value)); };
  for (const std::size_t offset :
       {offsetof(AttentionArgs, query), offsetof(AttentionArgs, key), offsetof(AttentionArgs, value),
        offsetof(AttentionArgs, out), offsetof(AttentionArgs, bias), offsetof(AttentionArgs, key_bias)}) {
    args.fix(offset, pointer);
  }
  auto* null = llvm::ConstantPointerNull::get(builder.getPtrTy());
  if (!spec.has_mask) args.fix(offsetof(AttentionArgs, bias), null);
  if (!spec.has_key_bias) args.fix(offsetof(AttentionArgs, key_bias), null);
  args.fix(offsetof(AttentionArgs, head_dim), builder.getInt64(static_cast<std::uint64_t>(spec.head_dim)));
  args.fix(offsetof(AttentionArgs, scale), builder.getInt32Ty());
  args.fix(offsetof(AttentionArgs, qkv_dtype), int32(storage_type(spec.q_dtype)));
  args.fix(offsetof(AttentionArgs, bias_dtype), int32(storage_type(spec.mask_dtype)));
  args.fix(offsetof(AttentionArgs, out_dtype), int32(storage_type(spec.out_dtype)));
  builder.CreateCall(primitive, {args.finish(), function->getArg(1), function->getArg(2), function->getArg(3),
                                 function->getArg(4), function->getArg(5)});
  builder.CreateRetVoid();
  return module.compile(Optimization::full);
}

void check_strides(const LaunchOperand& operand, std::size_t count, const char* name) {
  if (operand.strides.size() == count) return;
  throw ValueError(fmt::format("attention: {} has {} strides, expected {}", name, operand.strides.size(), count));
}

class CompiledAttention final : public AttentionKernel {
 public:
  CompiledAttention(std::shared_ptr<const LoadedObject> object, const AttentionSpec& spec)
      : object_(std::move(object)), spec_(spec) {
    run_ = reinterpret_cast<AttentionFunction>(object_->symbol(kAttentionSymbol));
  }

  void run(const AttentionLaunch& launch) const override {
    const isa::AttentionArgs args = args_of(launch);
    const std::int64_t heads = launch.batch * launch.heads;
    if (heads == 0 || launch.queries == 0) return;
    const std::int64_t group = queries_per_task(launch, cores_for(launch.max_cores));
    const std::int64_t groups = ceil_divide(launch.queries, group);
    const double head_work = static_cast<double>(launch.queries) * static_cast<double>(launch.keys) *
                             static_cast<double>(2 * spec_.head_dim);
    const auto together =
        groups > 1 ? 1 : static_cast<std::int64_t>(std::clamp(kTaskWork / std::max(head_work, 1.0), 1.0, 1e6));
    const auto bytes = static_cast<std::size_t>(isa::attention_scratch_bytes(spec_.head_dim, group));
    const std::int64_t pieces = heads * groups;
    const auto work = [&](std::int64_t task, ThreadScratch& scratch) {
      for (std::int64_t piece = task * together; piece < std::min((task + 1) * together, pieces); ++piece) {
        const std::int64_t head = piece / groups;
        const std::int64_t begin = piece % groups * group;
        run_(&args, head / launch.heads, head % launch.heads, begin, std::min(begin + group, launch.queries),
             scratch.bytes(bytes));
      }
    };
    parallel_for(ceil_divide(pieces, together), launch.max_cores, work);
  }

 private:
  /// Whole heads where they keep all cores busy; otherwise pieces of heads.
  std::int64_t queries_per_task(const AttentionLaunch& launch, std::int64_t cores) const {
    const std::int64_t longest = std::min(launch.queries, isa::kAttentionQueryGroup);
    const std::int64_t heads = launch.batch * launch.heads;
    if (cores == 1 || heads >= 4 * cores) return longest;
    const std::int64_t pieces = ceil_divide(4 * cores, heads);
    const std::int64_t shorter = ceil_divide(ceil_divide(launch.queries, pieces), kQueryGranule) * kQueryGranule;
    return std::min(longest, shorter);
  }

  isa::AttentionArgs args_of(const AttentionLaunch& launch) const {
    check_strides(launch.q, 3, "q");
    check_strides(launch.k, 3, "k");
    check_strides(launch.v, 3, "v");
    check_strides(launch.out, 3, "the result");
    isa::AttentionArgs args{};
    args.query = launch.q.data;
    args.key = launch.k.data;
    args.value = launch.v.data;
    args.out = launch.out.data;
    args.query_batch_stride = launch.q.strides[0];
    args.query_head_stride = launch.q.strides[1];
    args.query_row_stride = launch.q.strides[2];
    args.key_batch_stride = launch.k.strides[0];
    args.key_head_stride = launch.k.strides[1];
    args.key_row_stride = launch.k.strides[2];
    args.value_batch_stride = launch.v.strides[0];
    args.value_head_stride = launch.v.strides[1];
    args.value_row_stride = launch.v.strides[2];
    args.out_batch_stride = launch.out.strides[0];
    args.out_head_stride = launch.out.strides[1];
    args.out_row_stride = launch.out.strides[2];
    if (spec_.has_mask) {
      check_strides(launch.mask, 4, "the mask");
      args.bias = launch.mask.data;
      args.bias_batch_stride = launch.mask.strides[0];
      args.bias_head_stride = launch.mask.strides[1];
      args.bias_row_stride = launch.mask.strides[2];
      args.bias_col_stride = launch.mask.strides[3];
    }
    if (spec_.has_key_bias) {
      check_strides(launch.key_bias, 2, "the key bias");
      // One row serves all keys when it is broadcast; otherwise the primitives want it contiguous.
      if (launch.key_bias.strides[1] != 1 && launch.keys > 1) {
        throw ValueError(
            fmt::format("attention: the key bias has column stride {}, expected 1", launch.key_bias.strides[1]));
      }
      args.key_bias = static_cast<const float*>(launch.key_bias.data);
      args.key_bias_batch_stride = launch.key_bias.strides[0];
    }
    if ((spec_.has_mask && args.bias == nullptr) || (spec_.has_key_bias && args.key_bias == nullptr)) {
      throw ValueError("attention: the kernel expects a mask or key bias, none was given");
    }
    args.head_dim = spec_.head_dim;
    args.queries = launch.queries;
    args.keys = launch.keys;
    args.scale = launch.scale;
    args.qkv_dtype = storage_type(spec_.q_dtype);
    args.bias_dtype = storage_type(spec_.mask_dtype);
    args.out_dtype = storage_type(spec_.out_dtype);
    return args;
  }

  std::shared_ptr<const LoadedObject> object_;
  AttentionSpec spec_;
  AttentionFunction run_ = nullptr;
};

}  // namespace

std::shared_ptr<const AttentionKernel> compile_kernel(const AttentionSpec& spec, isa::Isa level) {
  check_attention(spec);
  return find_kernel<CompiledAttention>(spec.to_string(), level, [&] { return emit_attention(spec, level); }, spec);
}

}  // namespace tilefold::codegen

namespace tilefold {

std::shared_ptr<const AttentionKernel> compile_kernel(const AttentionSpec& spec) {
  return codegen::compile_kernel(spec, isa::active_isa());
}

}  // namespace tilefold
