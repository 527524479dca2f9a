#include "schedule/block_pool.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#if defined(__linux__)
#include <unistd.h>
#endif

#include "tensor/aligned_memory.h"

namespace tilefold {
namespace {

constexpr std::size_t kSmall = std::size_t{64} * 1024;
/// How many times as large as wanted a block may be when the pool may not grow.
constexpr std::size_t kLargestWaste = 16;
constexpr std::size_t kFloor = std::size_t{768} * 1024 * 1024;

std::size_t rounded(std::size_t bytes) {
  const std::size_t step = bytes < kHugePage ? kSmall : kHugePage;
  return (bytes + step - 1) / step * step;
}

/// A quarter of the machine's memory.
std::size_t process_ceiling() {
#if defined(__linux__)
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGESIZE);
  if (pages > 0 && page > 0) return static_cast<std::size_t>(pages) / 4 * static_cast<std::size_t>(page);
#endif
  return kFloor;
}

}  // namespace

BlockPool& BlockPool::instance() {
  // Never destroyed: tensors with static lifetime give their blocks back after it would be gone.
  static BlockPool* pool = new BlockPool(kFloor, process_ceiling());
  return *pool;
}

std::shared_ptr<std::byte> BlockPool::acquire(std::size_t bytes) {
  std::size_t capacity = rounded(bytes == 0 ? 1 : bytes);
  std::byte* data = nullptr;
  std::vector<std::byte*> freed;
  {
    const std::lock_guard lock(mutex_);
    data = take_unused(capacity);
    used_bytes_ += capacity;
    most_used_bytes_ = std::max(most_used_bytes_, used_bytes_);
    freed = evicted();
  }
  for (std::byte* block : freed) std::free(block);  // first, so that it can serve the allocation
  if (data == nullptr) {
    try {
      data = allocate_aligned(capacity);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      used_bytes_ -= capacity;
      throw;
    }
  }
  return {data, [this, capacity](std::byte* block) { release(block, capacity); }};
}

std::byte* BlockPool::take_unused(std::size_t& capacity) {
  const auto fit = unused_.lower_bound({capacity, 0});
  if (fit == unused_.end()) return nullptr;
  const std::size_t found = fit->first.first;
  const std::size_t together = std::max(floor_, most_used_bytes_);
  // A new block would push out unused ones: a larger one is as good, unless it raises the peak itself.
  const bool full = used_bytes_ + unused_bytes_ + capacity > together && used_bytes_ + found <= together;
  if (found > (full ? kLargestWaste * capacity : capacity + capacity / 4)) return nullptr;
  capacity = found;
  std::byte* const data = fit->second;
  unused_bytes_ -= capacity;
  capacities_.erase(fit->first.second);
  unused_.erase(fit);
  return data;
}

std::vector<std::byte*> BlockPool::evicted() {
  std::vector<std::byte*> blocks;
  const std::size_t together = std::max(floor_, most_used_bytes_);
  const std::size_t kept = std::min(together - std::min(together, used_bytes_), std::max(floor_, ceiling_));
  while (unused_bytes_ > kept) {
    const auto oldest = std::prev(capacities_.end());
    const auto block = unused_.find({oldest->second, oldest->first});
    unused_bytes_ -= oldest->second;
    blocks.push_back(block->second);
    unused_.erase(block);
    capacities_.erase(oldest);
  }
  return blocks;
}

void BlockPool::release(std::byte* data, std::size_t capacity) {
  std::vector<std::byte*> freed;
  {
    const std::lock_guard lock(mutex_);
    const std::uint64_t number = next_--;
    unused_.emplace(std::pair(capacity, number), data);
    capacities_.emplace(number, capacity);
    unused_bytes_ += capacity;
    used_bytes_ -= capacity;
    freed = evicted();
  }
  for (std::byte* block : freed) std::free(block);
}

void BlockPool::trim() {
  std::map<std::pair<std::size_t, std::uint64_t>, std::byte*> unused;
  {
    const std::lock_guard lock(mutex_);
    unused.swap(unused_);
    capacities_.clear();
    unused_bytes_ = 0;
    most_used_bytes_ = used_bytes_;
  }
  for (const auto& [key, data] : unused) std::free(data);
}

std::size_t BlockPool::unused_bytes() const {
  const std::lock_guard lock(mutex_);
  return unused_bytes_;
}

}  // namespace tilefold
