/// A bounded map from full key text to compiled programs, least recently used entries first out. Thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace tilefold {

/// Keys are compared in full; `Entry` is what one key holds. The maker runs under the lock, so that a key is made once.
template <typename Entry>
class LruCache {
 public:
  explicit LruCache(std::size_t capacity) : capacity_(capacity) {}

  /// The entry for `key` and whether it was already there.
  std::pair<std::shared_ptr<Entry>, bool> find_or_make(const std::string& key,
                                                       const std::function<std::shared_ptr<Entry>()>& make) {
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(key);
    if (found != index_.end()) {
      order_.splice(order_.begin(), order_, found->second);
      return {found->second->second, true};
    }
    std::shared_ptr<Entry> entry = make();
    order_.emplace_front(key, entry);
    index_.emplace(key, order_.begin());
    if (order_.size() > capacity_) {
      index_.erase(order_.back().first);
      order_.pop_back();
    }
    return {entry, false};
  }

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return order_.size();
  }

 private:
  std::size_t capacity_;
  mutable std::mutex mutex_;
  std::list<std::pair<std::string, std::shared_ptr<Entry>>> order_;
  std::unordered_map<std::string, typename std::list<std::pair<std::string, std::shared_ptr<Entry>>>::iterator> index_;
};

}  // namespace tilefold
