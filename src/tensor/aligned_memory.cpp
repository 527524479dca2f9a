#include "tensor/aligned_memory.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace tilefold {

std::byte* allocate_aligned(std::size_t bytes) {
  constexpr std::size_t kCacheLine = 64;
  const std::size_t capacity = std::max(bytes + kCacheLine - 1, kCacheLine) / kCacheLine * kCacheLine;
  const bool large = capacity >= kHugePage;
  void* data = nullptr;
  if (::posix_memalign(&data, large ? kHugePage : kCacheLine, capacity) != 0) throw std::bad_alloc();
#if defined(__linux__)
  // Only advice, and for whole huge pages: where it is refused, nothing is lost.
  if (large) ::madvise(data, capacity / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
  return static_cast<std::byte*>(data);
}

}  // namespace tilefold
