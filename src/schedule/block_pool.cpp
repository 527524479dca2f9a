#include "schedule/block_pool.h"

#include <cstdlib>
#include <new>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace tilefold {
namespace {

constexpr std::size_t kSmall = std::size_t{64} * 1024;
constexpr std::size_t kHugePage = std::size_t{2} * 1024 * 1024;
/// What may lie unused; beyond it the largest blocks go back to the system.
constexpr std::size_t kMaxUnusedBytes = std::size_t{768} * 1024 * 1024;

std::size_t rounded(std::size_t bytes) {
  const std::size_t step = bytes < kHugePage ? kSmall : kHugePage;
  return (bytes + step - 1) / step * step;
}

std::byte* allocate(std::size_t capacity) {
  const std::size_t alignment = capacity < kHugePage ? 64 : kHugePage;
  void* data = std::aligned_alloc(alignment, capacity);
  if (data == nullptr) throw std::bad_alloc();
#if defined(__linux__)
  if (capacity >= kHugePage) madvise(data, capacity, MADV_HUGEPAGE);  // fewer page faults; fine when refused
#endif
  return static_cast<std::byte*>(data);
}

}  // namespace

BlockPool& BlockPool::instance() {
  // Never destroyed: tensors with static lifetime give their blocks back after it would be gone.
  static BlockPool* pool = new BlockPool();
  return *pool;
}

std::shared_ptr<std::byte> BlockPool::acquire(std::size_t bytes) {
  const std::size_t wanted = rounded(bytes == 0 ? 1 : bytes);
  std::byte* data = nullptr;
  std::size_t capacity = wanted;
  {
    const std::lock_guard lock(mutex_);
    const auto fit = unused_.lower_bound(wanted);
    if (fit != unused_.end() && fit->first <= wanted + wanted / 4) {
      capacity = fit->first;
      data = fit->second;
      unused_bytes_ -= capacity;
      unused_.erase(fit);
    }
  }
  if (data == nullptr) data = allocate(capacity);
  return {data, [this, capacity](std::byte* block) { release(block, capacity); }};
}

void BlockPool::release(std::byte* data, std::size_t capacity) {
  std::vector<std::byte*> freed;
  {
    const std::lock_guard lock(mutex_);
    unused_.emplace(capacity, data);
    unused_bytes_ += capacity;
    while (unused_bytes_ > kMaxUnusedBytes) {
      const auto largest = std::prev(unused_.end());
      unused_bytes_ -= largest->first;
      freed.push_back(largest->second);
      unused_.erase(largest);
    }
  }
  for (std::byte* block : freed) std::free(block);
}

void BlockPool::trim() {
  std::multimap<std::size_t, std::byte*> unused;
  {
    const std::lock_guard lock(mutex_);
    unused.swap(unused_);
    unused_bytes_ = 0;
  }
  for (const auto& [capacity, data] : unused) std::free(data);
}

std::size_t BlockPool::unused_bytes() const {
  const std::lock_guard lock(mutex_);
  return unused_bytes_;
}

}  // namespace tilefold
