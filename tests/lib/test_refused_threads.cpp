#include <dlfcn.h>
#include <doctest/doctest.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <limits>
#include <mutex>
#include <set>
#include <thread>

#include "lib/parallel.hpp"

// A program of its own: it decides how many threads the system makes.

namespace {

constexpr int unlimited = std::numeric_limits<int>::max();
std::atomic<int> allowed{unlimited}, running{0}, asked{0};

struct Start {
  void* (*routine)(void*);
  void* argument;
};

void* run(void* given) {
  const Start start = *static_cast<Start*>(given);
  delete static_cast<Start*>(given);
  void* result = start.routine(start.argument);
  --running;
  return result;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int pthread_create(pthread_t* thread, const pthread_attr_t* how,
                                                                     void* (*routine)(void*), void* argument) {
  static const auto real = reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
  ++asked;
  if (++running > allowed) {
    --running;
    return EAGAIN;
  }
  return real(thread, how, run, new Start{routine, argument});
}

using namespace xg;

namespace {

/// On how many threads a region of four parts runs, as the first of a thread, when the system makes so many more.
std::size_t threads_used(int more) {
  std::set<std::thread::id> used;
  std::thread([&] {
    set_num_threads(4);
    allowed = running + more;
    std::mutex mutex;
    std::int64_t sum = 0;
    parallel_for(4, 1, 1e9, [&](std::int64_t begin, std::int64_t end) {
      const std::lock_guard lock(mutex);
      used.insert(std::this_thread::get_id());
      sum += end - begin;
    });
    CHECK(sum == 4);
    allowed = unlimited;
  }).join();
  return used.size();
}

}  // namespace

TEST_CASE("parallel: where the system makes no thread, the caller's does all") { CHECK(threads_used(0) == 1); }

TEST_CASE("parallel: where the system makes few threads, fewer are used") {
  CHECK(threads_used(1) == 1);
  CHECK(threads_used(3) == 2);
}

TEST_CASE("parallel: what was refused is tried again after set_num_threads") {
  CHECK(threads_used(0) == 1);
  CHECK(threads_used(100) == 4);
}

TEST_CASE("parallel: what was refused is not tried at every call") {
  std::thread([] {
    set_num_threads(2);
    allowed = running + 0;
    const auto region = [] { parallel_for(2, 1, 1e9, [](std::int64_t, std::int64_t) {}); };
    region();
    const int before = asked;
    for (int i = 0; i < 10; ++i) region();
    CHECK(asked == before);
    allowed = unlimited;
  }).join();
}
