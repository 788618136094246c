#pragma once

#include <cstddef>
#include <limits>
#include <new>
#include <source_location>

#include "lib/error.hpp"

namespace xg {

/// The caching allocator behind every array and graph node: blocks aligned to 64 bytes, kept by size class when freed
/// and handed out again. Thread-safe: each thread keeps small blocks for itself, until it ends. What is kept is
/// bounded, and goes back to the system when it has lain unused longest, or when the system has no more to give.
namespace pool {

/// What the pool holds, in bytes and blocks.
struct Statistics {
  std::size_t used_bytes = 0;          ///< in blocks that are handed out now
  std::size_t peak_bytes = 0;          ///< the largest used_bytes so far
  std::size_t cached_bytes = 0;        ///< in blocks that are kept for reuse
  std::size_t allocations = 0;         ///< blocks handed out so far
  std::size_t system_allocations = 0;  ///< of these, blocks that came from the system
};

/// A block of at least `bytes` bytes, aligned to 64. More than the system gives is a MemoryError.
XG_API void* allocate(std::size_t bytes, std::source_location where = std::source_location::current());
/// Gives back a block got with the same `bytes`.
XG_API void release(void* block, std::size_t bytes) noexcept;

/// As it is now.
XG_API Statistics statistics();
/// Makes peak_bytes start again from what is used now.
XG_API void reset_peak();
/// Returns every kept block to the system, whichever thread keeps it.
XG_API void empty_cache();
/// Bounds cached_bytes (default 1 GiB; 0 keeps nothing).
XG_API void set_cache_limit(std::size_t bytes);

/// The pool as an allocator for standard containers.
template <class T>
struct Allocator {
  using value_type = T;  ///< what a container holds
  Allocator() = default;
  /// All are the same pool.
  template <class U>
  Allocator(const Allocator<U>&) {}
  /// Room for so many.
  T* allocate(std::size_t count) {
    if (count > std::numeric_limits<std::size_t>::max() / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(pool::allocate(count * sizeof(T), std::source_location{}));
  }
  /// Gives it back.
  void deallocate(T* block, std::size_t count) noexcept { pool::release(block, count * sizeof(T)); }
  /// All are the same pool.
  bool operator==(const Allocator&) const { return true; }
};

}  // namespace pool

}  // namespace xg
