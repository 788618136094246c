#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <utility>

#include "lib/memory_pool.hpp"

namespace xg {

/// The elements that several arrays may share: a counted block with a version number that every in-place change raises.
/// The bytes behind the last element are readable up to the next multiple of 64, so kernels may run whole vectors.
class XG_API Storage {
 public:
  Storage() = default;
  /// `bytes` bytes, uninitialised. More than the system gives are a MemoryError.
  explicit Storage(std::size_t bytes, std::source_location where = std::source_location::current());
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
