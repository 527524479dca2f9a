/// Memory for the elements of tensors.
#pragma once

#include <cstddef>

namespace tilefold {

constexpr std::size_t kHugePage = std::size_t{2} * 1024 * 1024;

/// Uninitialised whole cache lines, at least `bytes` bytes, to be given to std::free. Blocks of at least a huge page
/// begin at one and ask the system for whole ones: fewer address translations and page faults. Throws std::bad_alloc.
std::byte* allocate_aligned(std::size_t bytes);

}  // namespace tilefold
