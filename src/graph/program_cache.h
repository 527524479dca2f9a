/// A bounded map from full keys to compiled programs, least recently used keys first out. Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tilefold {

struct ProgramCacheStatistics {
  std::size_t entries = 0;
  std::size_t hits = 0;
  std::size_t misses = 0;  // programs made
  std::size_t evictions = 0;
};

/// Keys are compared in full. Several programs can share a key; the caller's `fits` tells them apart. One lock is held
/// for the look-up only: while a program is made, other keys are found and made, and threads that want the same program
/// wait for it.
template <typename Program>
class ProgramCache {
 public:
  explicit ProgramCache(std::size_t capacity) : capacity_(capacity) {}
  ProgramCache(const ProgramCache&) = delete;
  ProgramCache& operator=(const ProgramCache&) = delete;

  /// The program under `key` for which fits(const Program&) holds; `make` gives it as a shared pointer if there is
  /// none. What `make` throws is passed on and leaves nothing behind.
  template <typename Fits, typename Make>
  std::shared_ptr<Program> find_or_make(std::string_view key, const Fits& fits, const Make& make) {
    if (std::shared_ptr<Program> found = first_fit(look_up(key), fits)) return found;
    const SlotUse use(*this, key);
    const std::lock_guard making(use.slot().making);
    if (std::shared_ptr<Program> found = first_fit(programs_of(use.slot()), fits)) return found;
    std::shared_ptr<Program> made = make();
    publish(use.slot(), made);
    return made;
  }

  ProgramCacheStatistics statistics() const {
    const std::lock_guard lock(mutex_);
    return {entries_, hits_.load(std::memory_order_relaxed), misses_, evictions_};
  }

 private:
  using Programs = std::vector<std::shared_ptr<Program>>;

  struct Slot {
    std::mutex making;
    // Below: guarded by the cache's mutex.
    std::shared_ptr<const Programs> programs;  // replaced, never changed, so that readers need no lock
    std::size_t users = 0;                     // threads in `find_or_make`; such a slot is not evicted
    std::list<Slot*>::iterator order;
    const std::string* key = nullptr;
  };

  /// Hashes keys of either string type, so that a look-up makes no string.
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  /// Keeps a slot, made if necessary, while its program is made; a slot that stays empty goes with its last user.
  class SlotUse {
   public:
    SlotUse(ProgramCache& cache, std::string_view key) : cache_(cache) {
      const std::lock_guard lock(cache_.mutex_);
      const auto [position, inserted] = cache_.slots_.try_emplace(std::string(key));
      slot_ = &position->second;
      if (inserted) {
        slot_->key = &position->first;
        cache_.order_.push_front(slot_);
        slot_->order = cache_.order_.begin();
      }
      ++slot_->users;
    }
    ~SlotUse() {
      const std::lock_guard lock(cache_.mutex_);
      if (--slot_->users == 0 && !slot_->programs) cache_.erase(*slot_);
    }
    SlotUse(const SlotUse&) = delete;
    SlotUse& operator=(const SlotUse&) = delete;
    Slot& slot() const { return *slot_; }

   private:
    ProgramCache& cache_;
    Slot* slot_ = nullptr;
  };

  template <typename Fits>
  std::shared_ptr<Program> first_fit(const std::shared_ptr<const Programs>& programs, const Fits& fits) {
    if (!programs) return nullptr;
    for (const std::shared_ptr<Program>& program : *programs) {
      if (!fits(*program)) continue;
      hits_.fetch_add(1, std::memory_order_relaxed);
      return program;
    }
    return nullptr;
  }

  std::shared_ptr<const Programs> look_up(std::string_view key) {
    const std::lock_guard lock(mutex_);
    const auto found = slots_.find(key);
    if (found == slots_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second.order);
    return found->second.programs;
  }

  std::shared_ptr<const Programs> programs_of(const Slot& slot) {
    const std::lock_guard lock(mutex_);
    return slot.programs;
  }

  void publish(Slot& slot, const std::shared_ptr<Program>& program) {
    const std::lock_guard lock(mutex_);
    auto programs = slot.programs ? std::make_shared<Programs>(*slot.programs) : std::make_shared<Programs>();
    if (programs->size() >= capacity_ && !programs->empty()) {
      programs->erase(programs->begin());
      --entries_;
      ++evictions_;
    }
    programs->push_back(program);
    slot.programs = std::move(programs);
    ++entries_;
    ++misses_;
    evict();
  }

  void evict() {
    for (auto last = order_.end(); entries_ > capacity_ && last != order_.begin();) {
      Slot& slot = **--last;
      if (slot.users > 0) continue;
      const std::size_t count = slot.programs->size();
      entries_ -= count;
      evictions_ += count;
      ++last;  // stays valid when the slot in front of it goes
      erase(slot);
    }
  }

  void erase(Slot& slot) {
    order_.erase(slot.order);
    slots_.erase(slots_.find(*slot.key));
  }

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Slot, Hash, std::equal_to<>> slots_;
  std::list<Slot*> order_;  // most recently used first
  std::size_t entries_ = 0;
  std::atomic<std::size_t> hits_ = 0;
  std::size_t misses_ = 0;
  std::size_t evictions_ = 0;
};

}  // namespace tilefold
