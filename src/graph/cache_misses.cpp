#include "graph/cache_misses.h"

#include <atomic>

#include "tilefold/jit.h"

namespace tilefold {
namespace {

std::atomic<bool> misses_allowed = true;

}  // namespace

void set_cache_misses_allowed(bool allowed) { misses_allowed.store(allowed, std::memory_order_relaxed); }
bool cache_misses_allowed() { return misses_allowed.load(std::memory_order_relaxed); }

void fail_cache_miss(const std::string& who, const std::string& key) {
  throw CompileError(who + ": cache misses are not allowed, and no compiled program is cached for this key: " + key);
}

}  // namespace tilefold
