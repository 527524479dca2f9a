#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "codegen/compile.h"
#include "codegen/gemm_emitter.h"
#include "codegen/gemm_launch.h"
#include "codegen/kernel_lookup.h"
#include "runtime/core_grid.h"

namespace tilefold::codegen {
namespace {

/// Packed panels that are worth a task of their own.
constexpr std::int64_t kPackTaskBytes = std::int64_t{128} * 1024;
/// Memory for packing that a thread keeps between launches.
constexpr std::size_t kKeptPackBytes = std::size_t{64} * 1024 * 1024;

std::int64_t ceil_divide(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// Where the launching thread packs B for all tasks; given back when it is large.
class PackBuffer {
 public:
  explicit PackBuffer(std::size_t bytes) : bytes_(bytes) { memory_ = scratch().bytes(bytes); }
  ~PackBuffer() {
    if (bytes_ > kKeptPackBytes) scratch() = ThreadScratch();
  }
  PackBuffer(const PackBuffer&) = delete;
  PackBuffer& operator=(const PackBuffer&) = delete;
  std::byte* memory() const { return memory_; }

 private:
  static ThreadScratch& scratch() {
    thread_local ThreadScratch kept;
    return kept;
  }
  std::size_t bytes_;
  std::byte* memory_;
};

/// Packs B; shared by all kernels with the same types.
class GemmPack {
 public:
  explicit GemmPack(std::shared_ptr<const LoadedObject> object)
      : object_(std::move(object)), run_(reinterpret_cast<PackFunction>(object_->symbol(kPackSymbol))) {}
  PackFunction run() const { return run_; }

 private:
  std::shared_ptr<const LoadedObject> object_;
  PackFunction run_;
};

std::shared_ptr<const GemmPack> find_pack(bool bf16, DType b_dtype, isa::Isa level) {
  const std::string text = fmt::format("gemm_pack {} b {}\n", bf16 ? "bf16" : "f32", dtype_name(b_dtype));
  return find_kernel<GemmPack>(text, level, [&] { return emit_gemm_pack(bf16, b_dtype, level); });
}

class CompiledGemm final : public GemmKernel {
 public:
  CompiledGemm(std::shared_ptr<const LoadedObject> object, const GemmSpec& spec, isa::Isa level)
      : object_(std::move(object)), packer_(find_pack(spec.bf16, spec.b_dtype, level)), spec_(spec) {
    task_ = reinterpret_cast<GemmFunction>(object_->symbol(kGemmSymbol));
    pack_ = packer_->run();
    const isa::IsaTraits& traits = isa::traits(level);
    block_rows_ = spec.bf16 ? traits.gemm_block_rows_bf16 : traits.gemm_block_rows_f32;
    for (const auto* accesses : {&spec_.inputs, &spec_.outputs}) {
      for (const OperandAccess& access : *accesses) {
        element_bytes_.push_back(static_cast<std::int64_t>(element_size(access.dtype)));
      }
    }
  }

  void run(const GemmLaunch& launch) const override {
    const GemmShape shape = gemm_shape(spec_, launch);
    if (shape.entries == 0 || shape.m == 0 || shape.n == 0) return;
    const bool packed = launch.packed_b != nullptr;
    const GemmTasks tasks =
        divide(shape, packed_bytes(shape.k, shape.n), block_rows_, packed, cores_for(launch.max_cores));
    if (packed) {
      run_tasks_of(launch, shape, tasks, 0, shape.entries, static_cast<const std::byte*>(launch.packed_b));
    } else if (tasks.pack_in_task) {
      run_tasks_of(launch, shape, tasks, 0, shape.entries, nullptr);
    } else {
      const PackBuffer buffer(static_cast<std::size_t>(packed_bytes(shape.k, shape.n)));
      const std::int64_t step = shape.b_shared ? shape.entries : 1;
      for (std::int64_t entry = 0; entry < shape.entries; entry += step) {
        pack_all(b_of(launch, shape, entry), shape.b.row, shape.b.column, shape.k, shape.n, buffer.memory(),
                 launch.max_cores);
        run_tasks_of(launch, shape, tasks, entry, entry + step, buffer.memory());
      }
    }
  }

  std::shared_ptr<Storage> pack_b(const LaunchOperand& b, std::int64_t k, std::int64_t n) const override {
    if (b.strides.size() != 2) {
      throw ValueError(fmt::format("pack_b: expected 2 strides (K, N), got {}", b.strides.size()));
    }
    std::shared_ptr<Storage> packed = Storage::allocate(static_cast<std::size_t>(packed_bytes(k, n)));
    pack_all(b.data, b.strides[0], b.strides[1], k, n, packed->data(), 0);
    return packed;
  }

  // One layout for all levels.
  std::string packed_key() const override {
    return spec_.bf16 ? "gemm b bf16 panels of 32" : "gemm b f32 panels of 32";
  }

 private:
  std::int64_t packed_bytes(std::int64_t k, std::int64_t n) const {
    return spec_.bf16 ? isa::gemm_packed_b_bytes_bf16(k, n) : isa::gemm_packed_b_bytes_f32(k, n);
  }

  const void* b_of(const GemmLaunch& launch, const GemmShape& shape, std::int64_t entry) const {
    return static_cast<const std::byte*>(launch.b.data) +
           shape.b.offset(shape.batch, entry) * static_cast<std::int64_t>(element_size(spec_.b_dtype));
  }

  void pack_all(const void* b, std::int64_t row_stride, std::int64_t column_stride, std::int64_t k, std::int64_t n,
                std::byte* out, int max_cores) const {
    const std::int64_t panels = ceil_divide(n, isa::kGemmPanelColumns);
    const std::int64_t panel_bytes = panels == 0 ? 0 : packed_bytes(k, n) / panels;
    const std::int64_t step = std::max<std::int64_t>(1, kPackTaskBytes / std::max<std::int64_t>(panel_bytes, 1));
    const auto work = [&](std::int64_t task, ThreadScratch&) {
      pack_(b, row_stride, column_stride, k, n, task * step, std::min((task + 1) * step, panels), out);
    };
    parallel_for(ceil_divide(panels, step), max_cores, work);
  }

  /// Entries [begin, end), all with the packed B `b`, or packing their own if it is null.
  void run_tasks_of(const GemmLaunch& launch, const GemmShape& shape, const GemmTasks& tasks, std::int64_t begin,
                    std::int64_t end, const std::byte* b) const {
    const std::int64_t entry_tasks = ceil_divide(end - begin, tasks.entries_per_task);
    const auto work = [&](std::int64_t task, ThreadScratch& scratch) {
      const std::int64_t column = task % tasks.column_tasks * tasks.columns_per_task;
      const std::int64_t row = task / tasks.column_tasks % tasks.row_tasks * tasks.rows_per_task;
      const std::int64_t first = begin + task / (tasks.column_tasks * tasks.row_tasks) * tasks.entries_per_task;
      const std::int64_t last = std::min(first + tasks.entries_per_task, end);
      for (std::int64_t entry = first; entry < last; ++entry) {
        const bool same_b = entry > first && shape.b_shared;
        run_block(launch, shape, entry, {row, std::min(row + tasks.rows_per_task, shape.m)},
                  {column, std::min(column + tasks.columns_per_task, shape.n)}, b, same_b, scratch);
      }
    };
    parallel_for(entry_tasks * tasks.row_tasks * tasks.column_tasks, launch.max_cores, work);
  }

  struct Range {
    std::int64_t begin, end;
  };

  void run_block(const GemmLaunch& launch, const GemmShape& shape, std::int64_t entry, Range rows, Range columns,
                 const std::byte* b, bool same_b, ThreadScratch& scratch) const {
    const std::int64_t own_b = b == nullptr ? packed_bytes(shape.k, shape.n) : 0;
    std::byte* memory = scratch.bytes(static_cast<std::size_t>(own_b + isa::gemm_scratch_bytes(shape.k)));
    if (b == nullptr && !same_b) {
      pack_(b_of(launch, shape, entry), shape.b.row, shape.b.column, shape.k, shape.n, 0,
            ceil_divide(shape.n, isa::kGemmPanelColumns), memory);
    }
    std::array<void*, kMaxEpilogueOperands> pointers;
    std::array<std::int64_t, 2 * kMaxEpilogueOperands> strides;
    for (std::size_t i = 0; i < shape.epilogue.size(); ++i) {
      const std::size_t inputs = launch.inputs.size();
      void* data = i < inputs ? launch.inputs[i].data : launch.outputs[i - inputs].data;
      pointers[i] = static_cast<std::byte*>(data) + shape.epilogue[i].offset(shape.batch, entry) * element_bytes_[i];
      strides[2 * i] = shape.epilogue[i].row;
      strides[2 * i + 1] = shape.epilogue[i].column;
    }
    EpilogueContext context{pointers.data(), strides.data()};
    const isa::GemmArgs args{
        .a = static_cast<const std::byte*>(launch.a.data) +
             shape.a.offset(shape.batch, entry) * static_cast<std::int64_t>(element_size(spec_.a_dtype)),
        .a_row_stride = shape.a.row,
        .a_col_stride = shape.a.column,
        .b_packed = b == nullptr ? memory : b,
        .m = shape.m,
        .n = shape.n,
        .k = shape.k,
        .hook_context = &context,
        .a_dtype = spec_.a_dtype == DType::bfloat16 ? isa::kStorageBf16 : isa::kStorageF32,
        .has_prologue = 0};
    task_(&args, rows.begin, rows.end, columns.begin, columns.end, memory + own_b);
  }

  std::shared_ptr<const LoadedObject> object_;
  std::shared_ptr<const GemmPack> packer_;
  GemmSpec spec_;
  GemmFunction task_ = nullptr;
  PackFunction pack_ = nullptr;
  std::int64_t block_rows_ = 1;
  std::vector<std::int64_t> element_bytes_;  // of the epilogue operands
};

}  // namespace

std::shared_ptr<const GemmKernel> compile_kernel(const GemmSpec& spec, isa::Isa level) {
  check_gemm(spec);
  return find_kernel<CompiledGemm>(spec.to_string(), level, [&] { return emit_gemm(spec, level); }, spec, level);
}

}  // namespace tilefold::codegen

namespace tilefold {

std::shared_ptr<const GemmKernel> compile_kernel(const GemmSpec& spec) {
  return codegen::compile_kernel(spec, isa::active_isa());
}

}  // namespace tilefold
