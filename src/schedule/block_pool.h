/// Large memory blocks that are used again: arenas of running programs and their outputs. Fresh pages cost more than
/// writing them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace tilefold {

/// A pool that keeps blocks after their last use for as long as that does not raise the process's peak: blocks in use
/// and unused ones together never take more than `floor` bytes or what was in use at once before, whichever is more.
/// Unused blocks alone never take more than `ceiling` bytes (or `floor`). Thread-safe; outlives its blocks.
class BlockPool {
 public:
  BlockPool(std::size_t floor, std::size_t ceiling) : floor_(floor), ceiling_(ceiling) {}
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  ~BlockPool() { trim(); }
  /// The one of the process.
  static BlockPool& instance();

  /// Uninitialised memory of at least `bytes` bytes, aligned to 64; it goes back to the pool with the last reference.
  std::shared_ptr<std::byte> acquire(std::size_t bytes);
  /// Gives all unused blocks back to the system, and forgets how much was in use.
  void trim();
  std::size_t unused_bytes() const;

 private:
  void release(std::byte* data, std::size_t capacity);
  /// The smallest unused block of that capacity, a little more, or when the pool is full several times as much; or
  /// null. `capacity` becomes its own.
  std::byte* take_unused(std::size_t& capacity);
  /// Takes out of the pool what it may no longer keep, the block that has been unused for longest first.
  std::vector<std::byte*> evicted();

  mutable std::mutex mutex_;
  const std::size_t floor_;
  const std::size_t ceiling_;
  /// By capacity, and among equal ones the one given back last first: it may still be in a cache.
  std::map<std::pair<std::size_t, std::uint64_t>, std::byte*> unused_;
  std::map<std::uint64_t, std::size_t> capacities_;  // of unused blocks, the one given back last first
  std::uint64_t next_ = UINT64_MAX;                  // numbers fall with time
  std::size_t unused_bytes_ = 0;
  std::size_t used_bytes_ = 0;
  std::size_t most_used_bytes_ = 0;
};

}  // namespace tilefold
