#include <doctest/doctest.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <latch>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

#include "lib/array.hpp"
#include "lib/storage.hpp"
#include "tests/support/cache_limit.hpp"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

using namespace xg;

namespace {

std::size_t from_system() { return pool::statistics().system_allocations; }

/// Blocks of one size that are given back together.
class Blocks {
 public:
  Blocks(int count, std::size_t bytes) : bytes_(bytes) {
    for (int i = 0; i < count; ++i) blocks_.push_back(pool::allocate(bytes));
  }
  ~Blocks() {
    for (void* block : blocks_) pool::release(block, bytes_);
  }
  Blocks(const Blocks&) = delete;
  Blocks& operator=(const Blocks&) = delete;

 private:
  std::size_t bytes_;
  std::vector<void*> blocks_;
};

/// Blocks on their way from one thread to another, at most `room` at once.
class Pipe {
 public:
  explicit Pipe(std::size_t room) : room_(room) {}
  void put(void* block) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return blocks_.size() < room_; });
    blocks_.push_back(block);
    changed_.notify_all();
  }
  void* take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !blocks_.empty(); });
    void* block = blocks_.front();
    blocks_.pop_front();
    changed_.notify_all();
    return block;
  }

 private:
  std::size_t room_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<void*> blocks_;
};

/// Freed when all objects of the thread that ends the program are gone.
const Array of_static_lifetime = Array::full({10}, 1);

}  // namespace

TEST_CASE("pool: sizes nobody asks for any more make room for new ones") {
  const CacheLimit limit(4 * mebibyte);
  { const Blocks old(100, mebibyte / 10); }
  { const Blocks fresh(2, mebibyte); }
  const std::size_t before = from_system();
  { const Blocks again(2, mebibyte); }
  CHECK(from_system() == before);
  CHECK(pool::statistics().cached_bytes <= 4 * mebibyte);
}

TEST_CASE("pool: what lies unused longest goes first") {
  const CacheLimit limit(4 * mebibyte);
  { const Blocks first(1, mebibyte), second(1, 3 * mebibyte / 4); }
  { const Blocks touched(1, mebibyte); }
  { const Blocks third(1, 5 * mebibyte / 2); }  // not all three fit
  const std::size_t before = from_system();
  { const Blocks kept(1, mebibyte), also(1, 5 * mebibyte / 2); }
  CHECK(from_system() == before);
  { const Blocks gone(1, 3 * mebibyte / 4); }
  CHECK(from_system() == before + 1);
}

TEST_CASE("pool: a block that is larger than the limit drives nothing out") {
  const CacheLimit limit(4 * mebibyte);
  { const Blocks kept(1, mebibyte); }
  const std::size_t cached = pool::statistics().cached_bytes;
  { const Blocks large(1, 5 * mebibyte); }
  CHECK(pool::statistics().cached_bytes == cached);
}

TEST_CASE("pool: the small blocks of a thread are handed back when it ends") {
  const CacheLimit limit(64 * mebibyte);
  std::thread([] { const Blocks blocks(300, 128); }).join();
  CHECK(pool::statistics().cached_bytes >= 300 * 128);
  const std::size_t before = from_system();
  { const Blocks blocks(300, 128); }
  CHECK(from_system() == before);
}

TEST_CASE("pool: blocks may be taken and given back when the thread's own cache is gone") {
  const CacheLimit limit(64 * mebibyte);
  const auto before = pool::statistics();
  static std::atomic<int> calls{0};
  // Keys are destroyed in the order in which they were made, after everything thread_local.
  static const auto give_back = [](void* block) {
    ++calls;
    pool::release(pool::allocate(1000), 1000);
    pool::release(block, 100);
  };
  std::array<pthread_key_t, 2> keys;
  for (auto& key : keys) REQUIRE(pthread_key_create(&key, give_back) == 0);
  struct AtEnd {
    void* block = pool::allocate(100);
    ~AtEnd() { pool::release(block, 100); }
  };
  std::thread([&] {
    thread_local const AtEnd at_end;
    CHECK(at_end.block != nullptr);
    for (const auto& key : keys) pthread_setspecific(key, pool::allocate(100));
  }).join();
  for (const auto& key : keys) pthread_key_delete(key);
  CHECK(calls == 2);
  CHECK(pool::statistics().used_bytes == before.used_bytes);
  CHECK(pool::statistics().allocations == before.allocations + 5);
  CHECK(of_static_lifetime.size() == 10);
}

TEST_CASE("pool: a thread that only takes and one that only gives back do not grow") {
  const CacheLimit limit(64 * mebibyte);
  constexpr int count = 20'000;
  const auto before = pool::statistics();
  Pipe pipe(32);
  std::thread consumer([&] {
    for (int i = 0; i < count; ++i) pool::release(pipe.take(), 256);
  });
  for (int i = 0; i < count; ++i) pipe.put(pool::allocate(256));
  consumer.join();
  const auto after = pool::statistics();
  CHECK(after.used_bytes == before.used_bytes);
  CHECK(after.allocations == before.allocations + count);
  CHECK(after.system_allocations - before.system_allocations < 1000);
  CHECK(after.cached_bytes < 1000 * 256);
}

TEST_CASE("pool: statistics count what threads hold that still run") {
  const CacheLimit limit(64 * mebibyte);
  pool::reset_peak();
  const auto before = pool::statistics();
  std::latch taken(3), seen(1);
  const auto hold = [&] {
    const Blocks blocks(10, 64);
    taken.count_down();
    seen.wait();
  };
  std::thread one(hold), two(hold);
  taken.arrive_and_wait();
  const auto during = pool::statistics();
  seen.count_down();
  one.join();
  two.join();
  CHECK(during.used_bytes == before.used_bytes + 20 * 64);
  CHECK(during.allocations == before.allocations + 20);
  CHECK(during.system_allocations == before.system_allocations + 20);
  const auto after = pool::statistics();
  CHECK(after.used_bytes == before.used_bytes);
  CHECK(after.peak_bytes == before.used_bytes + 20 * 64);
  CHECK(after.cached_bytes == 20 * 64);
}

TEST_CASE("pool: the peak of one thread is exact, for blocks of any size") {
  pool::reset_peak();
  const std::size_t before = pool::statistics().used_bytes;
  {
    const Blocks small(100, 64);
    { const Blocks large(1, mebibyte), more(50, 64); }
    const Blocks again(20, 64);
  }
  CHECK(pool::statistics().peak_bytes == before + 150 * 64 + mebibyte);
  pool::reset_peak();
  CHECK(pool::statistics().peak_bytes == before);
}

TEST_CASE("pool: empty_cache and a limit of 0 reach what other threads keep") {
  const CacheLimit limit(64 * mebibyte);
  std::latch kept(2), emptied(1), kept_again(2), bounded(1), tried(2), end(1);
  std::thread other([&] {
    { const Blocks blocks(100, 64); }
    kept.count_down();
    emptied.wait();
    { const Blocks blocks(100, 64); }
    kept_again.count_down();
    bounded.wait();
    { const Blocks blocks(100, 64); }
    tried.count_down();
    end.wait();
  });
  kept.arrive_and_wait();
  CHECK(pool::statistics().cached_bytes == 6400);
  pool::empty_cache();
  CHECK(pool::statistics().cached_bytes == 0);
  emptied.count_down();
  kept_again.arrive_and_wait();
  CHECK(pool::statistics().cached_bytes == 6400);
  pool::set_cache_limit(0);
  CHECK(pool::statistics().cached_bytes == 0);
  bounded.count_down();
  tried.arrive_and_wait();
  CHECK(pool::statistics().cached_bytes == 0);
  end.count_down();
  other.join();
}

TEST_CASE("pool: the limit holds for all threads together") {
  const CacheLimit limit(2 * mebibyte);
  std::latch all(8);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (std::size_t bytes = 64; bytes <= 8192; bytes += 64) const Blocks blocks(32, bytes);
      all.arrive_and_wait();
      CHECK(pool::statistics().cached_bytes <= 2 * mebibyte);
    });
  for (auto& thread : threads) thread.join();
}

TEST_CASE("pool: may be looked at and emptied while threads use it") {
  const CacheLimit limit(64 * mebibyte);
  const std::size_t before = pool::statistics().used_bytes;
  std::atomic<bool> over{false};
  const auto use = [&] {
    while (!over) const Blocks few(3, 64), many(200, 512), large(2, 10'000);
  };
  std::thread one(use), two(use);
  for (int i = 0; i < 200; ++i) {
    CHECK(pool::statistics().used_bytes < before + mebibyte);
    pool::empty_cache();
    pool::set_cache_limit(i % 2 * 8 * mebibyte);
    pool::reset_peak();
  }
  over = true;
  one.join();
  two.join();
  CHECK(pool::statistics().used_bytes == before);
}

TEST_CASE("pool: no size is so large that its block would be small") {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  for (const std::size_t bytes : {most, most - 63, most - 127, most - 128, most / 2, most / 4 + 2})
    CHECK_THROWS(Storage(bytes));
}

#ifdef __SANITIZE_ADDRESS__
TEST_CASE("pool: a use after free is seen by the address sanitizer") {
  for (const std::size_t bytes : {64, 4096, 100'000}) {
    void* block = pool::allocate(bytes);
    pool::release(block, bytes);
    CHECK(__asan_address_is_poisoned(block));
  }
}
#endif
