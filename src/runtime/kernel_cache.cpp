#include "runtime/kernel_cache.h"

#include <chrono>

#include "tilefold/error.h"

namespace tilefold {

KernelCache& KernelCache::instance() {
  constexpr std::size_t kCapacity = std::size_t{256} * 1024 * 1024;
  // Never destroyed: kernels may still be released by other static objects at exit.
  static KernelCache* cache = new KernelCache(DiskCache(DiskCache::default_folder()), kCapacity);
  return *cache;
}

std::shared_ptr<const void> KernelCache::get(const std::string& key, const Compile& compile, const Link& link) {
  std::shared_ptr<Entry> entry;
  {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<Entry>& slot = entries_[key];
    if (!slot) {
      slot = std::make_shared<Entry>();
      order_.push_front(key);
      slot->order = order_.begin();
    } else {
      order_.splice(order_.begin(), order_, slot->order);
    }
    entry = slot;
    if (entry->kernel) {
      ++statistics_.hits;
      return entry->kernel;
    }
  }
  const std::lock_guard making(entry->making);
  {
    const std::lock_guard lock(mutex_);
    if (entry->kernel) {
      ++statistics_.hits;
      return entry->kernel;
    }
  }
  return make(*entry, key, compile, link);
}

std::shared_ptr<const void> KernelCache::make(Entry& entry, const std::string& key, const Compile& compile,
                                              const Link& link) {
  const auto keep = [&](std::shared_ptr<const void> kernel, std::size_t bytes, bool from_disk, double seconds) {
    const std::lock_guard lock(mutex_);
    entry.kernel = kernel;
    if (const auto found = entries_.find(key); found != entries_.end() && found->second.get() == &entry) {
      entry.bytes = bytes;
      statistics_.bytes += bytes;
    }
    ++(from_disk ? statistics_.disk_hits : statistics_.misses);
    statistics_.compile_seconds += seconds;
    evict(key);
    return kernel;
  };
  if (const std::optional<Object> stored = disk_.load(key)) {
    try {
      return keep(link(*stored), stored->size(), true, 0);
    } catch (const CompileError&) {  // NOLINT(bugprone-empty-catch)
      // A foreign object under our key: compiled below, which also replaces it.
    }
  }
  bool forbidden = false;
  {
    const std::lock_guard lock(mutex_);
    forbidden = miss_is_error_;
  }
  if (forbidden) throw CompileError("kernel cache: expected the kernel to be there, it is missing; key:\n" + key);
  const auto start = std::chrono::steady_clock::now();
  const Object object = compile();
  std::shared_ptr<const void> kernel = link(object);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  disk_.store(key, object);
  return keep(std::move(kernel), object.size(), false, seconds.count());
}

void KernelCache::evict(const std::string& keep) {
  auto it = order_.end();
  while (statistics_.bytes > capacity_ && it != order_.begin()) {
    --it;
    const auto found = entries_.find(*it);
    if (*it == keep || !found->second->kernel) continue;
    statistics_.bytes -= found->second->bytes;
    ++statistics_.evictions;
    entries_.erase(found);
    it = order_.erase(it);
  }
}

KernelCacheStatistics KernelCache::statistics() const {
  const std::lock_guard lock(mutex_);
  KernelCacheStatistics result = statistics_;
  for (const auto& [key, entry] : entries_) result.entries += entry->kernel ? 1 : 0;
  return result;
}

void KernelCache::set_capacity(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  capacity_ = bytes;
  evict({});
}

void KernelCache::set_miss_is_error(bool on) {
  const std::lock_guard lock(mutex_);
  miss_is_error_ = on;
}

void KernelCache::clear_memory() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
  order_.clear();
  statistics_.bytes = 0;
}

}  // namespace tilefold
