#include "lib/memory_pool.hpp"

#include <pthread.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <new>
#include <thread>
#include <type_traits>
#include <utility>

#include "lib/depot.hpp"
#include "lib/single_threaded.hpp"
#include "lib/thread_local.hpp"

// Each thread keeps small free blocks for itself; what is larger, or too much for it, lies in a depot for all. A lock
// is taken before those below it: the list of threads, a thread's cache, the depot.

namespace xg::pool {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t default_limit = 0;  // a kept block would hide a use after free
#else
constexpr std::size_t default_limit = std::size_t{1} << 30;
#endif

constexpr std::size_t small_count = 20;                    // sizes that threads keep: up to 4 KiB
constexpr std::size_t batch_bytes = std::size_t{1} << 16;  // what a thread hands over at once of a size
constexpr std::size_t bytes_of_a_thread = small_count * 2 * batch_bytes;
constexpr std::int64_t uncounted = std::int64_t{1} << 16;  // bytes a thread may take before it adds them to the total

/// What the machine has in all. Kernels promise more, and end the program that takes it.
std::size_t system_bytes() {
  struct sysinfo info {};
  if (sysinfo(&info) != 0) return most_bytes;
  return (static_cast<std::size_t>(info.totalram) + info.totalswap) * info.mem_unit;
}

void* ask_system(std::size_t bytes) noexcept {
  static const std::size_t limit = system_bytes();
  return bytes > limit ? nullptr : ::operator new (bytes, std::align_val_t{alignment}, std::nothrow);
}

/// A lock that another thread wants once in a blue moon: cheaper to take than a mutex.
class SpinLock {
 public:
  void lock() noexcept {
    if (single_threaded()) return taken_.store(true, std::memory_order_relaxed);
    while (taken_.exchange(true, std::memory_order_acquire)) std::this_thread::yield();
  }
  void unlock() noexcept { taken_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> taken_{false};
};

/// What was handed out and given back.
struct Counts {
  std::int64_t used = 0;  // may be negative for a thread that gives back what others took
  std::int64_t peak = 0;  // the largest `used`
  std::size_t allocations = 0;
  std::size_t system_allocations = 0;

  void take(std::size_t bytes) {
    ++allocations;
    used += static_cast<std::int64_t>(bytes);
    peak = std::max(peak, used);
  }
  void give(std::size_t bytes) { used -= static_cast<std::int64_t>(bytes); }
  /// Moves what the other has counted here.
  void gather(Counts& other) {
    peak = std::max(peak, used + other.peak);
    used += other.used;
    allocations += other.allocations;
    system_allocations += other.system_allocations;
    other = {};
  }
};

/// The free blocks of one size that a thread keeps: a batch that it fills and empties, and a full one or none, so that
/// going to and fro at the edge of a batch needs nobody else (the magazines of Bonwick and Adams, "Magazines and Vmem",
/// USENIX 2001).
struct Shelf {
  FreeBlock* batch = nullptr;
  std::size_t bytes = 0;
  FreeBlock* full = nullptr;

  bool has_room(const SizeClass& size) const { return bytes + size.bytes <= batch_bytes; }
  void push(const SizeClass& size, FreeBlock* block) {
    block->next = std::exchange(batch, block);
    bytes += size.bytes;
  }
  FreeBlock* pop(const SizeClass& size) {
    bytes -= size.bytes;
    return std::exchange(batch, batch->next);
  }
  void load(FreeBlock* other) {
    batch = other;
    bytes = other ? other->bytes : 0;
  }
  /// The batch, with its size written into it; null for none.
  FreeBlock* unload(std::size_t index) {
    if (batch) {
      batch->index = index;
      batch->bytes = std::exchange(bytes, 0);
    }
    return std::exchange(batch, nullptr);
  }
};

/// What one thread keeps, and has counted since the pool gathered that. It has no destructor: blocks are given back by
/// destructors that run after those of a thread.
struct Cache {
  SpinLock guard;
  bool keeps = false;
  Counts counts;
  std::array<Shelf, small_count> shelves{};
  Cache* next = nullptr;

  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const Shelf& shelf : shelves) sum += shelf.bytes + (shelf.full ? shelf.full->bytes : 0);
    return sum;
  }
  void hand_down(Depot& depot, FreeBlock*& evicted) {
    for (std::size_t index = 0; index < small_count; ++index) {
      if (FreeBlock* full = std::exchange(shelves[index].full, nullptr)) depot.put(full, evicted);
      if (FreeBlock* batch = shelves[index].unload(index)) depot.put(batch, evicted);
    }
  }
};

/// Never destroyed, and ready before anything runs.
class Pool {
 public:
  /// Null if the system has no more.
  void* allocate(std::size_t bytes) noexcept;
  void release(void* memory, std::size_t bytes) noexcept;
  Statistics statistics() noexcept;
  void reset_peak() noexcept;
  void empty_cache() noexcept;
  void set_limit(std::size_t bytes) noexcept;

  /// The cache of threads that have none of their own. It keeps nothing.
  Cache& shared() { return shared_; }
  void enter(Cache& cache) noexcept;
  void leave(Cache& cache) noexcept;

  /// Stops everything. What other threads keep becomes the depot's, as a child has only the thread that forked.
  void before_fork(const Cache& own) noexcept;
  void in_child(Cache& own) noexcept;

  /// All locks at once, and all that was counted gathered.
  void lock() noexcept;
  void unlock() noexcept;

 private:
  /// A thread keeps blocks as long as all of them together keep no more than half of the limit.
  void grant(Cache& cache);
  void revoke(Cache& cache, FreeBlock*& evicted);
  void fit_depot(FreeBlock*& evicted) { depot_.set_capacity(limit_ - granted_, evicted); }
  void* take_from_batch(Cache& cache, const SizeClass& size) noexcept;
  void* take_from_system(Cache& cache, const SizeClass& size) noexcept;
  void give(Cache& cache, const SizeClass& size, FreeBlock* block) noexcept;

  std::mutex threads_;
  Cache shared_;
  Cache* first_ = &shared_;
  std::mutex depot_guard_;
  Depot depot_{default_limit};
  Counts counts_;
  std::size_t limit_ = default_limit;
  std::size_t granted_ = 0;
};
static_assert(std::is_trivially_destructible_v<Pool> && std::is_trivially_destructible_v<Cache>);

constinit Pool pool;
constinit thread_local Cache own_cache;
XG_THREAD_LOCAL Cache* cache_here = nullptr;

Cache& here() noexcept;

/// Tells the pool when a thread ends, after the thread's own destructors, and when the process forks.
class Events {
 public:
  Events() noexcept : watches_(pthread_key_create(&key_, leave) == 0) {
    pthread_atfork([] { pool.before_fork(here()); }, [] { pool.unlock(); }, [] { pool.in_child(here()); });
  }
  /// False if the system cannot watch another thread.
  bool watch_this_thread() const { return watches_ && pthread_setspecific(key_, &own_cache) == 0; }

 private:
  static void leave(void*) {
    cache_here = &pool.shared();
    pool.leave(own_cache);
  }

  pthread_key_t key_{};
  bool watches_;
};

[[gnu::noinline]] void enter() noexcept {
  static const Events events;
  cache_here = &pool.shared();
  if (!events.watch_this_thread()) return;
  pool.enter(own_cache);
  cache_here = &own_cache;
}

Cache& here() noexcept {
  if (!cache_here) enter();
  return *cache_here;
}

void* Pool::allocate(std::size_t bytes) noexcept {
  if (bytes > most_bytes) return nullptr;
  const SizeClass size = size_class(bytes);
  Cache& cache = here();
  if (size.index < small_count) {
    const std::lock_guard lock(cache.guard);
    Shelf& shelf = cache.shelves[size.index];
    if (shelf.batch && cache.counts.used < uncounted) {
      cache.counts.take(size.bytes);
      return shelf.pop(size);
    }
  }
  void* block = take_from_batch(cache, size);
  return block ? block : take_from_system(cache, size);
}

void Pool::release(void* memory, std::size_t bytes) noexcept {
  const SizeClass size = size_class(bytes);
  auto* const block = new (memory) FreeBlock;
  Cache& cache = here();
  if (size.index < small_count) {
    const std::lock_guard lock(cache.guard);
    Shelf& shelf = cache.shelves[size.index];
    if (cache.keeps && shelf.has_room(size)) {
      cache.counts.give(size.bytes);
      return shelf.push(size, block);
    }
  }
  give(cache, size, block);
}

[[gnu::noinline]] void* Pool::take_from_batch(Cache& cache, const SizeClass& size) noexcept {
  const std::lock_guard own(cache.guard);
  const std::lock_guard all(depot_guard_);
  counts_.gather(cache.counts);
  Shelf none;
  Shelf& shelf = size.index < small_count ? cache.shelves[size.index] : none;
  if (!shelf.batch) shelf.load(shelf.full ? std::exchange(shelf.full, nullptr) : depot_.take(size.index));
  if (!shelf.batch) return nullptr;
  cache.counts.take(size.bytes);
  void* const block = shelf.pop(size);
  FreeBlock* evicted = nullptr;  // none, as the depot has just given more
  if (!cache.keeps)
    if (FreeBlock* rest = shelf.unload(size.index)) depot_.put(rest, evicted);
  return block;
}

[[gnu::noinline]] void* Pool::take_from_system(Cache& cache, const SizeClass& size) noexcept {
  void* block = ask_system(size.bytes);
  if (!block) {
    empty_cache();  // what is kept in other sizes may be enough
    block = ask_system(size.bytes);
  }
  if (!block) return nullptr;
  const std::lock_guard own(cache.guard);
  ++cache.counts.system_allocations;
  cache.counts.take(size.bytes);
  return block;
}

[[gnu::noinline]] void Pool::give(Cache& cache, const SizeClass& size, FreeBlock* block) noexcept {
  FreeBlock* evicted = nullptr;
  {
    const std::lock_guard own(cache.guard);
    const std::lock_guard all(depot_guard_);
    cache.counts.give(size.bytes);
    counts_.gather(cache.counts);
    Shelf none;
    Shelf& shelf = size.index < small_count ? cache.shelves[size.index] : none;
    if (!shelf.has_room(size)) {
      if (shelf.full) depot_.put(shelf.full, evicted);
      shelf.full = shelf.unload(size.index);
    }
    shelf.push(size, block);
    if (!cache.keeps || size.index >= small_count) depot_.put(shelf.unload(size.index), evicted);
  }
  return_to_system(evicted);
}

Statistics Pool::statistics() noexcept {
  const std::lock_guard all(*this);
  std::size_t cached = depot_.bytes();
  for (const Cache* cache = first_; cache; cache = cache->next) cached += cache->bytes();
  return {.used_bytes = static_cast<std::size_t>(counts_.used),
          .peak_bytes = static_cast<std::size_t>(counts_.peak),
          .cached_bytes = cached,
          .allocations = counts_.allocations,
          .system_allocations = counts_.system_allocations};
}

void Pool::reset_peak() noexcept {
  const std::lock_guard all(*this);
  counts_.peak = counts_.used;
}

void Pool::empty_cache() noexcept {
  FreeBlock* evicted = nullptr;
  {
    const std::lock_guard all(*this);
    for (Cache* cache = first_; cache; cache = cache->next) cache->hand_down(depot_, evicted);
    depot_.clear(evicted);
  }
  return_to_system(evicted);
}

void Pool::set_limit(std::size_t bytes) noexcept {
  FreeBlock* evicted = nullptr;
  {
    const std::lock_guard all(*this);
    limit_ = bytes;
    for (Cache* cache = first_; cache; cache = cache->next) revoke(*cache, evicted);
    for (Cache* cache = first_; cache; cache = cache->next) grant(*cache);
    fit_depot(evicted);
  }
  return_to_system(evicted);
}

void Pool::enter(Cache& cache) noexcept {
  FreeBlock* evicted = nullptr;
  {
    const std::lock_guard all(*this);
    cache.next = std::exchange(first_, &cache);
    grant(cache);
    fit_depot(evicted);
  }
  return_to_system(evicted);
}

void Pool::leave(Cache& cache) noexcept {
  FreeBlock* evicted = nullptr;
  {
    const std::lock_guard all(*this);
    revoke(cache, evicted);
    fit_depot(evicted);
    Cache** link = &first_;
    while (*link != &cache) link = &(*link)->next;
    *link = cache.next;
  }
  return_to_system(evicted);
}

void Pool::grant(Cache& cache) {
  cache.keeps = &cache != &shared_ && granted_ + bytes_of_a_thread <= limit_ / 2;
  if (cache.keeps) granted_ += bytes_of_a_thread;
}

void Pool::revoke(Cache& cache, FreeBlock*& evicted) {
  cache.hand_down(depot_, evicted);
  if (std::exchange(cache.keeps, false)) granted_ -= bytes_of_a_thread;
}

void Pool::before_fork(const Cache& own) noexcept {
  lock();
  FreeBlock* evicted = nullptr;
  for (Cache* cache = first_; cache; cache = cache->next)
    if (cache != &own) cache->hand_down(depot_, evicted);
  return_to_system(evicted);
}

void Pool::in_child(Cache& own) noexcept {
  first_ = &shared_;
  shared_.next = nullptr;
  if (&own != &shared_) own.next = std::exchange(first_, &own);
  granted_ = own.keeps ? bytes_of_a_thread : 0;
  FreeBlock* evicted = nullptr;
  fit_depot(evicted);  // nothing: it becomes larger
  unlock();
}

void Pool::lock() noexcept {
  threads_.lock();
  for (Cache* cache = first_; cache; cache = cache->next) cache->guard.lock();
  depot_guard_.lock();
  for (Cache* cache = first_; cache; cache = cache->next) counts_.gather(cache->counts);
}

void Pool::unlock() noexcept {
  depot_guard_.unlock();
  for (Cache* cache = first_; cache; cache = cache->next) cache->guard.unlock();
  threads_.unlock();
}

}  // namespace

void* allocate(std::size_t bytes, std::source_location where) {
  if (void* block = pool.allocate(bytes)) return block;
  throw MemoryError(concat("the system has no memory for ", bytes, " bytes"), where);
}
void release(void* block, std::size_t bytes) noexcept { pool.release(block, bytes); }
Statistics statistics() { return pool.statistics(); }
void reset_peak() { pool.reset_peak(); }
void empty_cache() { pool.empty_cache(); }
void set_cache_limit(std::size_t bytes) { pool.set_limit(bytes); }

}  // namespace xg::pool
