#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <utility>

#include "lib/error.hpp"

namespace xg {

/// The caching allocator behind every array and graph node: blocks aligned to 64 bytes, kept by size class when freed
/// and handed out again. Thread-safe; what it keeps is bounded.
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
XG_API void* allocate(std::size_t bytes, Line where = std::source_location::current());
/// Gives back a block got with the same `bytes`.
XG_API void release(void* block, std::size_t bytes) noexcept;

/// As it is now.
XG_API Statistics statistics();
/// Makes peak_bytes start again from what is used now.
XG_API void reset_peak();
/// Returns every kept block to the system.
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
  T* allocate(std::size_t count) { return static_cast<T*>(pool::allocate(count * sizeof(T), std::source_location{})); }
  /// Gives it back.
  void deallocate(T* block, std::size_t count) noexcept { pool::release(block, count * sizeof(T)); }
  /// All are the same pool.
  bool operator==(const Allocator&) const { return true; }
};

}  // namespace pool

/// The elements that several arrays may share: a counted block with a version number that every in-place change raises.
/// The bytes behind the last element are readable up to the next multiple of 64, so kernels may run whole vectors.
class XG_API Storage {
 public:
  Storage() = default;
  /// `bytes` bytes, uninitialised. More than the system gives are a MemoryError.
  explicit Storage(std::size_t bytes, Line where = std::source_location::current());
  /// Shares the elements.
  Storage(const Storage& other) noexcept : block_(other.block_) {
    if (block_) block_->owners.fetch_add(1, std::memory_order_relaxed);
  }
  /// Takes the other's place.
  Storage(Storage&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  /// Drops the elements it had.
  Storage& operator=(Storage other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Storage() {
    if (block_ && block_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy();
  }

  /// False for none.
  explicit operator bool() const { return block_ != nullptr; }
  /// True if both share their elements.
  bool operator==(const Storage& other) const { return block_ == other.block_; }
  /// The first byte, aligned to 64.
  std::byte* data() const { return reinterpret_cast<std::byte*>(block_ + 1); }
  /// How many there are.
  std::size_t bytes() const { return block_->bytes; }
  /// True if no other array shares these elements.
  bool unique() const { return block_->owners.load(std::memory_order_acquire) == 1; }
  /// How often they were changed in place.
  std::uint64_t version() const { return block_->version.load(std::memory_order_relaxed); }
  /// Must follow every change in place.
  void bump_version() { block_->version.fetch_add(1, std::memory_order_relaxed); }

 private:
  struct alignas(64) Block {
    std::atomic<std::size_t> owners;
    std::atomic<std::uint64_t> version;
    std::size_t bytes;
  };
  void destroy() noexcept;

  Block* block_ = nullptr;
};

}  // namespace xg
