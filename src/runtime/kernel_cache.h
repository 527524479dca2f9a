/// Compiled kernels by their full key text: in memory (bounded, least recently used first out) and on disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/disk_cache.h"

namespace tilefold {

struct KernelCacheStatistics {
  std::size_t entries = 0;     // in memory
  std::size_t bytes = 0;       // of their objects
  std::size_t hits = 0;        // found in memory
  std::size_t disk_hits = 0;   // found on disk
  std::size_t misses = 0;      // compiled
  std::size_t evictions = 0;   // from memory
  double compile_seconds = 0;  // in misses
};

/// Thread-safe; a key is compiled once even if several threads ask for it at the same time.
class KernelCache {
 public:
  using Object = std::vector<std::byte>;
  using Compile = std::function<Object()>;
  using Link = std::function<std::shared_ptr<const void>(const Object&)>;

  KernelCache(DiskCache disk, std::size_t capacity_bytes) : disk_(std::move(disk)), capacity_(capacity_bytes) {}
  /// The cache of this process, with the default folder.
  static KernelCache& instance();

  /// The kernel of `key`: from memory, or linked from the object on disk, or compiled. An object from disk that does
  /// not link is compiled anew. Throws what `compile` throws, and CompileError for a miss while misses are errors.
  std::shared_ptr<const void> get(const std::string& key, const Compile& compile, const Link& link);

  KernelCacheStatistics statistics() const;
  void set_capacity(std::size_t bytes);
  /// Turns a miss into a CompileError that shows the key; for checks that a warm cache is complete.
  void set_miss_is_error(bool on);
  /// Forgets everything in memory; running kernels stay valid.
  void clear_memory();
  const DiskCache& disk() const { return disk_; }

 private:
  struct Entry {
    std::mutex making;
    std::shared_ptr<const void> kernel;
    std::size_t bytes = 0;
    std::list<std::string>::iterator order;
  };

  std::shared_ptr<const void> make(Entry& entry, const std::string& key, const Compile& compile, const Link& link);
  void evict(const std::string& keep);

  const DiskCache disk_;
  mutable std::mutex mutex_;
  std::size_t capacity_;
  bool miss_is_error_ = false;
  std::list<std::string> order_;  // most recently used first
  std::unordered_map<std::string, std::shared_ptr<Entry>> entries_;
  KernelCacheStatistics statistics_;
};

}  // namespace tilefold
