/// Large memory blocks that are used again: arenas of running programs and their outputs. Fresh pages cost more than
/// writing them.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>

namespace tilefold {

/// A process-wide pool. Thread-safe.
class BlockPool {
 public:
  static BlockPool& instance();

  /// Uninitialised memory of at least `bytes` bytes, aligned to 64; it goes back to the pool with the last reference.
  std::shared_ptr<std::byte> acquire(std::size_t bytes);
  /// Gives all unused blocks back to the system.
  void trim();
  std::size_t unused_bytes() const;

 private:
  void release(std::byte* data, std::size_t capacity);

  mutable std::mutex mutex_;
  std::multimap<std::size_t, std::byte*> unused_;  // by capacity
  std::size_t unused_bytes_ = 0;
};

}  // namespace tilefold
