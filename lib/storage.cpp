#include "lib/storage.hpp"

#include <sys/sysinfo.h>

#include <algorithm>
#include <array>
#include <bit>
#include <mutex>
#include <new>
#include <vector>

namespace xg {
namespace pool {
namespace {

constexpr std::size_t alignment = 64;
constexpr std::size_t most_bytes = std::size_t{1} << 62;  // what the largest class holds
constexpr std::size_t class_count = 8 + 4 * 58;

#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t default_limit = 0;  // a kept block would hide a use after free
#else
constexpr std::size_t default_limit = std::size_t{1} << 30;
#endif

/// What the machine has in all. Kernels promise more, and end the program that takes it.
std::size_t system_bytes() {
  struct sysinfo info {};
  if (sysinfo(&info) != 0) return most_bytes;
  return (static_cast<std::size_t>(info.totalram) + info.totalswap) * info.mem_unit;
}

[[noreturn]] void refuse(std::size_t bytes, Line where) {
  throw MemoryError(concat("the system has no memory for ", bytes, " bytes"), where);
}

struct SizeClass {
  std::size_t index;
  std::size_t bytes;
};

/// Multiples of 64 up to 512 bytes, then four classes to a power of two: at most a quarter of a block is lost.
SizeClass size_class(std::size_t bytes) noexcept {
  if (bytes <= 512) {
    const std::size_t steps = std::max<std::size_t>((bytes + 63) / 64, 1);
    return {steps - 1, steps * 64};
  }
  const auto power = static_cast<std::size_t>(std::bit_width(bytes - 1)) - 1;
  const std::size_t step = std::size_t{1} << (power - 2);
  const std::size_t steps = (bytes + step - 1) / step;
  return {8 + (power - 9) * 4 + (steps - 5), steps * step};
}

class Pool {
 public:
  void* allocate(std::size_t bytes, Line where) {
    if (bytes > most_bytes) refuse(bytes, where);
    const SizeClass cls = size_class(bytes);
    {
      const std::lock_guard lock(mutex_);
      if (auto& kept = kept_[cls.index]; !kept.empty()) {
        void* block = kept.back();
        kept.pop_back();
        statistics_.cached_bytes -= cls.bytes;
        count_use(cls.bytes);
        return block;
      }
    }
    static const std::size_t limit = system_bytes();
    void* block = cls.bytes > limit ? nullptr : ::operator new (cls.bytes, std::align_val_t{alignment}, std::nothrow);
    if (!block) refuse(bytes, where);
    const std::lock_guard lock(mutex_);
    ++statistics_.system_allocations;
    count_use(cls.bytes);
    return block;
  }

  void release(void* block, std::size_t bytes) noexcept {
    const SizeClass cls = size_class(bytes);
    {
      const std::lock_guard lock(mutex_);
      statistics_.used_bytes -= cls.bytes;
      if (statistics_.cached_bytes + cls.bytes <= limit_ && keep(cls, block)) return;
    }
    ::operator delete (block, std::align_val_t{alignment});
  }

  Statistics statistics() {
    const std::lock_guard lock(mutex_);
    return statistics_;
  }

  void reset_peak() {
    const std::lock_guard lock(mutex_);
    statistics_.peak_bytes = statistics_.used_bytes;
  }

  void empty_cache() {
    const std::lock_guard lock(mutex_);
    for (auto& kept : kept_) {
      for (void* block : kept) ::operator delete (block, std::align_val_t{alignment});
      kept.clear();
      kept.shrink_to_fit();
    }
    statistics_.cached_bytes = 0;
  }

  void set_limit(std::size_t bytes) {
    {
      const std::lock_guard lock(mutex_);
      limit_ = bytes;
      if (statistics_.cached_bytes <= limit_) return;
    }
    empty_cache();
  }

 private:
  bool keep(const SizeClass& cls, void* block) noexcept {
    try {
      kept_[cls.index].push_back(block);
    } catch (const std::bad_alloc&) {
      return false;
    }
    statistics_.cached_bytes += cls.bytes;
    return true;
  }

  void count_use(std::size_t bytes) {
    ++statistics_.allocations;
    statistics_.used_bytes += bytes;
    statistics_.peak_bytes = std::max(statistics_.peak_bytes, statistics_.used_bytes);
  }

  std::mutex mutex_;
  std::array<std::vector<void*>, class_count> kept_;
  Statistics statistics_;
  std::size_t limit_ = default_limit;
};

/// Never destroyed: arrays with static lifetime may be freed after any static of ours.
Pool& instance() {
  static Pool& pool = *new Pool;
  return pool;
}

}  // namespace

void* allocate(std::size_t bytes, Line where) { return instance().allocate(bytes, where); }
void release(void* block, std::size_t bytes) noexcept { instance().release(block, bytes); }
Statistics statistics() { return instance().statistics(); }
void reset_peak() { instance().reset_peak(); }
void empty_cache() { instance().empty_cache(); }
void set_cache_limit(std::size_t bytes) { instance().set_limit(bytes); }

}  // namespace pool

namespace {

/// Room for the header before the elements and for one whole vector behind them.
template <class Block>
std::size_t block_bytes(std::size_t bytes) {
  return sizeof(Block) + bytes + 64;
}

}  // namespace

Storage::Storage(std::size_t bytes, Line where)
    : block_(new (pool::allocate(block_bytes<Block>(bytes), where)) Block{.owners = 1, .version = 0, .bytes = bytes}) {}

void Storage::destroy() noexcept { pool::release(block_, block_bytes<Block>(block_->bytes)); }

}  // namespace xg
