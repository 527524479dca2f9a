#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <unordered_map>

#include "tensor/aligned_memory.h"
#include "tilefold/tensor.h"

namespace tilefold {

struct Storage::DerivedForms {
  std::mutex mutex;
  std::unordered_map<std::string, std::shared_ptr<Storage>> forms;
};

std::shared_ptr<Storage> Storage::allocate(std::size_t bytes) {
  std::shared_ptr<Storage> storage(new Storage());
  storage->data_ = allocate_aligned(bytes);
  storage->size_ = bytes;
  storage->owned_ = true;
  storage->derived_ = std::make_unique<DerivedForms>();
  return storage;
}

std::shared_ptr<Storage> Storage::wrap(void* data, std::size_t bytes, std::shared_ptr<const void> owner) {
  std::shared_ptr<Storage> storage(new Storage());
  storage->data_ = static_cast<std::byte*>(data);
  storage->size_ = bytes;
  storage->owner_ = std::move(owner);
  storage->derived_ = std::make_unique<DerivedForms>();
  return storage;
}

Storage::~Storage() {
  if (owned_) std::free(data_);
}

void Storage::page_out() const {
#ifdef MADV_PAGEOUT
  if (owned_ || size_ == 0) return;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto address = reinterpret_cast<std::uintptr_t>(data_);
  const auto begin = (address + page - 1) / page * page;
  const auto end = (address + size_) / page * page;
  // Only advice: where the kernel does not know it, the pages stay.
  if (begin < end) ::madvise(data_ + (begin - address), end - begin, MADV_PAGEOUT);
#endif
}

std::shared_ptr<Storage> Storage::derived(const std::string& key,
                                          const std::function<std::shared_ptr<Storage>()>& make) {
  const std::lock_guard lock(derived_->mutex);
  std::shared_ptr<Storage>& form = derived_->forms[key];
  if (!form) form = make();
  return form;
}

std::shared_ptr<Storage> Storage::derived_when_asked_again(const std::string& key,
                                                           const std::function<std::shared_ptr<Storage>()>& make) {
  const std::lock_guard lock(derived_->mutex);
  const auto [entry, first] = derived_->forms.try_emplace(key);
  if (!first && !entry->second) entry->second = make();
  return entry->second;
}

void Storage::forget_derived() {
  const std::lock_guard lock(derived_->mutex);
  derived_->forms.clear();
  generation_.fetch_add(1, std::memory_order_release);
}

}  // namespace tilefold
