#include "schedule/bound_program.h"

#include <algorithm>

#include "runtime/profiler.h"

namespace tilefold {
namespace {

/// With more rows, packing an input B for each product does not count, and its packed form is not kept.
constexpr double kRowsForKeptInputs = 4096;

double product_of(const std::vector<std::int64_t>& sizes) {
  double product = 1;
  for (const std::int64_t size : sizes) product *= static_cast<double>(size);
  return product;
}

/// Distinct elements of an operand: loops that stand still do not count.
double touched(const std::vector<std::int64_t>& sizes, const std::vector<std::int64_t>& strides) {
  double elements = 1;
  for (std::size_t i = 0; i < strides.size(); ++i) {
    if (strides[i] != 0) elements *= static_cast<double>(sizes[i]);
  }
  return elements;
}

double bytes_of(const std::vector<LaunchOperand>& operands, const std::vector<OperandAccess>& accesses,
                const std::vector<std::int64_t>& sizes) {
  double bytes = 0;
  for (std::size_t i = 0; i < operands.size(); ++i)
    bytes += touched(sizes, operands[i].strides) * static_cast<double>(element_size(accesses[i].dtype));
  return bytes;
}

double arithmetic(const std::vector<RowInstruction>& body) {
  return static_cast<double>(std::count_if(body.begin(), body.end(), [](const RowInstruction& instruction) {
    if (instruction.kind == RowInstruction::Kind::reduce) return true;
    return instruction.kind == RowInstruction::Kind::scalar && instruction.scalar.op != ScalarOp::operand &&
           instruction.scalar.op != ScalarOp::constant;
  }));
}

}  // namespace

Frame::Frame(const Schedule& schedule, const SymbolBindings& bindings, int max_cores)
    : schedule_(schedule),
      bindings_(bindings),
      max_cores_(max_cores),
      pointers_(schedule.buffers.size()),
      owners_(schedule.buffers.size()) {
  for (const Step& step : schedule.steps) {
    steps_.push_back(std::make_unique<BoundStep>());
    BoundStep& bound = *steps_.back();
    bound.step = &step;
    bound.profile_name = step.profile_name();
    std::visit([&](const auto& action) { bind(bound, action); }, step.action);
  }
}

std::vector<std::int64_t> Frame::evaluate(const std::vector<Dim>& dims) const {
  std::vector<std::int64_t> sizes;
  sizes.reserve(dims.size());
  for (const Dim& dim : dims) sizes.push_back(dim.evaluate(bindings_));
  return sizes;
}

void Frame::bind(LaunchOperand& target, const StepOperand& operand) {
  if (operand.buffer < 0) return;
  target.strides = evaluate(operand.strides);
  const DType dtype = schedule_.buffers[static_cast<std::size_t>(operand.buffer)].dtype;
  patches_.push_back({&target.data, nullptr, operand.buffer,
                      operand.offset.evaluate(bindings_) * static_cast<std::int64_t>(element_size(dtype))});
}

void Frame::bind(ConcreteView& target, const View& view) {
  target.dtype = view.dtype;
  target.sizes = evaluate(view.sizes);
  target.strides = evaluate(view.strides);
  patches_.push_back({nullptr, &target.data, view.buffer,
                      view.offset.evaluate(bindings_) * static_cast<std::int64_t>(element_size(view.dtype))});
}

void Frame::bind(BoundStep& bound, const LoopNestStep& step) {
  LoopNestLaunch& launch = bound.launch.emplace<LoopNestLaunch>();
  launch.sizes = evaluate(step.sizes);
  launch.max_cores = max_cores_;
  launch.inputs.resize(step.inputs.size());
  launch.outputs.resize(step.outputs.size());
  for (std::size_t i = 0; i < step.inputs.size(); ++i) bind(launch.inputs[i], step.inputs[i]);
  for (std::size_t i = 0; i < step.outputs.size(); ++i) bind(launch.outputs[i], step.outputs[i]);
  // Rows without columns are run: reductions of nothing have values.
  bound.empty = product_of({launch.sizes.begin(), launch.sizes.end() - 1}) == 0;
  bound.flops = product_of(launch.sizes) * arithmetic(step.spec.body);
  bound.bytes = bytes_of(launch.inputs, step.spec.inputs, launch.sizes) +
                bytes_of(launch.outputs, step.spec.outputs, launch.sizes);
}

void Frame::bind(BoundStep& bound, const GemmStep& step) {
  GemmLaunch& launch = bound.launch.emplace<GemmLaunch>();
  launch.batch = evaluate(step.batch);
  launch.m = step.m.evaluate(bindings_);
  launch.n = step.n.evaluate(bindings_);
  launch.k = step.k.evaluate(bindings_);
  launch.max_cores = max_cores_;
  bind(launch.a, step.a);
  bind(launch.b, step.b);
  launch.inputs.resize(step.inputs.size());
  launch.outputs.resize(step.outputs.size());
  for (std::size_t i = 0; i < step.inputs.size(); ++i) bind(launch.inputs[i], step.inputs[i]);
  for (std::size_t i = 0; i < step.outputs.size(); ++i) bind(launch.outputs[i], step.outputs[i]);
  std::vector<std::int64_t> sizes = launch.batch;
  sizes.push_back(launch.m);
  sizes.push_back(launch.n);
  bound.empty = product_of(sizes) == 0;
  bound.flops = product_of(sizes) * (2.0 * static_cast<double>(launch.k) + arithmetic(step.spec.epilogue));
  bound.bytes = bytes_of(launch.inputs, step.spec.inputs, sizes) + bytes_of(launch.outputs, step.spec.outputs, sizes);
  sizes.back() = launch.k;
  bound.bytes += touched(sizes, launch.a.strides) * static_cast<double>(element_size(step.spec.a_dtype));
  sizes.back() = launch.n;
  sizes[sizes.size() - 2] = launch.k;
  bound.bytes += touched(sizes, launch.b.strides) * static_cast<double>(element_size(step.spec.b_dtype));
  const bool short_a = product_of(launch.batch) * static_cast<double>(launch.m) <= kRowsForKeptInputs;
  if (!step.b_is_weight && !(step.b_is_input && short_a)) return;
  bound.packed_when_used_again = !step.b_is_weight;
  bound.packed_buffer = step.b.buffer;
  bound.packed_key = step.kernel->packed_key() + "|" + std::to_string(launch.k) + "x" + std::to_string(launch.n);
  for (std::size_t i = launch.b.strides.size() - 2; i < launch.b.strides.size(); ++i)
    bound.packed_key += "," + std::to_string(launch.b.strides[i]);
  bound.packed_key += "@";
}

void Frame::bind(BoundStep& bound, const AttentionStep& step) {
  AttentionLaunch& launch = bound.launch.emplace<AttentionLaunch>();
  launch.batch = step.batch.evaluate(bindings_);
  launch.heads = step.heads.evaluate(bindings_);
  launch.queries = step.queries.evaluate(bindings_);
  launch.keys = step.keys.evaluate(bindings_);
  launch.scale = step.scale;
  launch.max_cores = max_cores_;
  bind(launch.q, step.q);
  bind(launch.k, step.k);
  bind(launch.v, step.v);
  bind(launch.out, step.out);
  bind(launch.mask, step.mask);
  bind(launch.key_bias, step.key_bias);
  const double scores = static_cast<double>(launch.batch * launch.heads) * static_cast<double>(launch.queries) *
                        static_cast<double>(launch.keys);
  bound.empty = launch.batch * launch.heads * launch.queries * step.spec.head_dim == 0;
  bound.flops = 4.0 * scores * static_cast<double>(step.spec.head_dim);
  const double rows = static_cast<double>(launch.batch * launch.heads * step.spec.head_dim);
  bound.bytes = rows * static_cast<double>(2 * launch.queries + 2 * launch.keys) *
                static_cast<double>(element_size(step.spec.q_dtype));
}

void Frame::bind(BoundStep& bound, const NativeStep& step) {
  NativeLaunch& launch = bound.launch.emplace<NativeLaunch>();
  launch.kind = step.kind;
  launch.value = step.value * static_cast<double>(step.repetitions.evaluate(bindings_));
  launch.max_cores = max_cores_;
  launch.inputs.resize(step.inputs.size());
  for (std::size_t i = 0; i < step.inputs.size(); ++i) bind(launch.inputs[i], step.inputs[i]);
  bind(launch.output, step.output);
  bound.bytes = 2 * product_of(launch.output.sizes) * static_cast<double>(element_size(launch.output.dtype));
}

void Frame::launch_unpacked(BoundStep& bound) {
  std::get<GemmLaunch>(bound.launch).packed_b = nullptr;
  bound.packed_source.reset();
}

void Frame::pack_weight(BoundStep& bound) {
  const auto buffer = static_cast<std::size_t>(bound.packed_buffer);
  const std::shared_ptr<Storage>& storage = *owners_[buffer];
  GemmLaunch& launch = std::get<GemmLaunch>(bound.launch);
  if (bound.packed_when_used_again && !storage->settled()) return launch_unpacked(bound);
  // A weak pointer tells storages apart even when one took the address of another. Weights of one file share a storage.
  const bool same_storage = !bound.packed_source.owner_before(storage) && !storage.owner_before(bound.packed_source);
  const std::uint64_t generation = storage->generation();
  if (same_storage && bound.packed_generation == generation && bound.packed_data == launch.b.data) return;
  const auto& step = std::get<GemmStep>(bound.step->action);
  const auto offset = static_cast<const std::byte*>(launch.b.data) - storage->data();
  const auto make = [&] {
    LaunchOperand matrix = launch.b;
    matrix.strides.erase(matrix.strides.begin(), matrix.strides.end() - 2);
    std::shared_ptr<Storage> form = step.kernel->pack_b(matrix, launch.k, launch.n);
    // A weight of a mapped checkpoint: from now on only its packed form is read.
    if (!bound.packed_when_used_again) storage->page_out();
    return form;
  };
  const std::string key = bound.packed_key + std::to_string(offset);
  const std::shared_ptr<Storage> packed =
      bound.packed_when_used_again ? storage->derived_when_asked_again(key, make) : storage->derived(key, make);
  if (!packed) return launch_unpacked(bound);
  launch.packed_b = packed->data();
  bound.packed_source = storage;
  bound.packed_generation = generation;
  bound.packed_data = launch.b.data;
}

std::byte* Frame::small_arena(std::size_t bytes) {
  if (bytes == 0) return nullptr;
  if (!small_arena_ || small_arena_->size() < bytes) small_arena_ = Storage::allocate(bytes);
  return small_arena_->data();
}

void Frame::run() {
  for (const Patch& patch : patches_) {
    std::byte* address = pointers_[static_cast<std::size_t>(patch.buffer)] + patch.bytes;
    if (patch.slot != nullptr) {
      *patch.slot = address;
    } else {
      *patch.native_slot = address;
    }
  }
  for (const std::unique_ptr<BoundStep>& bound : steps_) {
    if (bound->empty) continue;
    const ProfileScope profile(bound->profile_name, bound->flops, bound->bytes);
    const auto& action = bound->step->action;
    if (const auto* nest = std::get_if<LoopNestStep>(&action)) {
      nest->kernel->run(std::get<LoopNestLaunch>(bound->launch));
    } else if (const auto* gemm = std::get_if<GemmStep>(&action)) {
      if (bound->packed_buffer >= 0) pack_weight(*bound);
      gemm->kernel->run(std::get<GemmLaunch>(bound->launch));
    } else if (const auto* attention = std::get_if<AttentionStep>(&action)) {
      attention->kernel->run(std::get<AttentionLaunch>(bound->launch));
    } else if (std::holds_alternative<ChainStep>(action)) {
      run_chain(*bound);
    } else {
      run_native(std::get<NativeLaunch>(bound->launch));
    }
  }
}

BoundProgram::BoundProgram(const Schedule& schedule, const std::vector<Lifetime>& lifetimes, SymbolBindings bindings,
                           int max_cores)
    : schedule_(schedule), bindings_(std::move(bindings)), max_cores_(max_cores) {
  std::vector<std::int64_t> bytes;
  for (const BufferInfo& buffer : schedule.buffers)
    bytes.push_back(buffer.elements.evaluate(bindings_) * static_cast<std::int64_t>(element_size(buffer.dtype)));
  memory_ = plan_memory(lifetimes, bytes);
  for (const TensorType& type : schedule.output_types) {
    TensorType concrete = type;
    concrete.shape = type.shape.evaluate(bindings_);
    output_types_.push_back(std::move(concrete));
  }
}

std::unique_ptr<Frame> BoundProgram::acquire() {
  {
    const std::lock_guard lock(mutex_);
    if (!frames_.empty()) {
      std::unique_ptr<Frame> frame = std::move(frames_.back());
      frames_.pop_back();
      return frame;
    }
  }
  return std::make_unique<Frame>(schedule_, bindings_, max_cores_);
}

void BoundProgram::release(std::unique_ptr<Frame> frame) {
  const std::lock_guard lock(mutex_);
  frames_.push_back(std::move(frame));
}

}  // namespace tilefold
