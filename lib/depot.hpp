#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

namespace xg::pool {

constexpr std::size_t alignment = 64;
constexpr std::size_t class_count = 8 + 4 * 53;
constexpr std::size_t most_bytes = std::size_t{1} << 62;  // what the last class holds

/// Sizes that share their free blocks.
struct SizeClass {
  std::size_t index;
  std::size_t bytes;
};

/// Multiples of 64 up to 512 bytes, then four classes to a power of two: at most a quarter of a block is lost.
constexpr SizeClass size_class(std::size_t bytes) noexcept {
  if (bytes <= 512) {
    const std::size_t steps = std::max<std::size_t>((bytes + 63) / 64, 1);
    return {steps - 1, steps * 64};
  }
  const auto power = static_cast<std::size_t>(std::bit_width(bytes - 1)) - 1;
  const std::size_t step = std::size_t{1} << (power - 2);
  const std::size_t steps = (bytes + step - 1) / step;
  return {8 + (power - 9) * 4 + (steps - 5), steps * step};
}

/// A free block, which itself holds its places in lists: to give a block back takes no memory.
struct FreeBlock {
  FreeBlock* next;  // in its batch: blocks of one size that stay together

  // Only in the first block of a batch:
  std::size_t index;  // of the size class
  std::size_t bytes;  // of the whole batch
  FreeBlock* below;   // in the stack of its size
  FreeBlock* above;
  FreeBlock* older;  // in the order in which the depot got them
  FreeBlock* newer;
};
static_assert(sizeof(FreeBlock) <= alignment, "the smallest block holds its links");

/// Free blocks of all sizes in batches, up to a number of bytes: what has lain there longest makes room for what is
/// new, so that sizes nobody asks for any more go. The caller sees to it that threads take turns.
class Depot {
 public:
  /// One that may keep so many bytes.
  explicit constexpr Depot(std::size_t capacity) : capacity_(capacity) {}

  /// The newest batch of a size; null if there is none.
  FreeBlock* take(std::size_t index) noexcept;
  /// Keeps a batch if there is room for it at all. Batches that must go instead are pushed onto the stack `evicted`.
  void put(FreeBlock* batch, FreeBlock*& evicted) noexcept;
  /// How many bytes it may keep from now on.
  void set_capacity(std::size_t bytes, FreeBlock*& evicted) noexcept;
  /// Gives up everything.
  void clear(FreeBlock*& evicted) noexcept { shrink_to(0, evicted); }
  /// How many bytes it keeps.
  std::size_t bytes() const { return bytes_; }

 private:
  void remove(FreeBlock& batch) noexcept;
  void shrink_to(std::size_t bytes, FreeBlock*& evicted) noexcept;

  std::array<FreeBlock*, class_count> tops_{};
  FreeBlock* oldest_ = nullptr;
  FreeBlock* newest_ = nullptr;
  std::size_t bytes_ = 0;
  std::size_t capacity_;
};

/// Returns a stack of batches to the system.
void return_to_system(FreeBlock* batches) noexcept;

}  // namespace xg::pool
