#include "lib/parallel.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "lib/error.hpp"
#include "tests/support/message.hpp"
#include "tests/support/threads.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

constexpr double plenty = 1e12;  // operations: as many threads as there may be

using Parts = std::vector<std::pair<std::int64_t, std::int64_t>>;

/// The parts that were called, in order.
Parts parts_of(std::int64_t count, std::int64_t grain, double operations = plenty) {
  Parts parts;
  std::mutex mutex;
  parallel_for(count, grain, operations, [&](std::int64_t begin, std::int64_t end) {
    const std::lock_guard lock(mutex);
    parts.emplace_back(begin, end);
  });
  std::sort(parts.begin(), parts.end());
  return parts;
}

/// True if the parts fill [0, count) without overlap, are not empty, and are cut at multiples of the grain.
bool fill(const Parts& parts, std::int64_t count, std::int64_t grain) {
  std::int64_t next = 0;
  for (const auto& [begin, end] : parts) {
    if (begin != next || begin % grain != 0 || (end <= begin && count > 0)) return false;
    next = end;
  }
  return next == count;
}

}  // namespace

TEST_CASE("parallel: every count is cut at grains, for every number of threads") {
  for (const int threads : {1, 2, 3, 7}) {
    const Threads set(threads);
    for (const std::int64_t grain : {1, 2, 8, 64})
      for (std::int64_t whole = 0; whole <= 2 * threads + 1; ++whole)
        for (const std::int64_t count : {whole * grain - 1, whole * grain, whole * grain + 1}) {
          if (count < 0) continue;
          const Parts parts = parts_of(count, grain);
          CAPTURE(threads);
          CAPTURE(grain);
          CAPTURE(count);
          CHECK(fill(parts, count, grain));
          const std::int64_t grains = (count + grain - 1) / grain;
          CHECK(static_cast<std::int64_t>(parts.size()) ==
                std::max<std::int64_t>(1, std::min<std::int64_t>(threads, grains)));
        }
  }
}

TEST_CASE("parallel: parts differ by one grain at most") {
  const Threads set(4);
  CHECK(parts_of(6, 1) == Parts{{0, 2}, {2, 4}, {4, 5}, {5, 6}});
  CHECK(parts_of(50, 10) == Parts{{0, 20}, {20, 30}, {30, 40}, {40, 50}});
}

TEST_CASE("parallel: a thread is used for every half million operations") {
  const Threads set(4);
  CHECK(parts_of(100, 1, 0).size() == 1);
  CHECK(parts_of(100, 1, 999'999).size() == 1);
  CHECK(parts_of(100, 1, 1'000'000).size() == 2);
  CHECK(parts_of(100, 1, 1'499'999).size() == 2);
  CHECK(parts_of(100, 1, 1'500'000).size() == 3);
  CHECK(parts_of(100, 1, plenty).size() == 4);
}

TEST_CASE("parallel: the largest counts are cut like others") {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  for (const int threads : {1, 2, 3}) {
    const Threads set(threads);
    for (const std::int64_t grain : {std::int64_t{1}, std::int64_t{64}, most - 1, most})
      for (const std::int64_t count : {most, most - 1, most - 63}) CHECK(fill(parts_of(count, grain), count, grain));
  }
}

TEST_CASE("parallel: an exception reaches the caller from whichever thread, once") {
  const Threads set(4);
  for (std::int64_t failing = 0; failing < 4; ++failing) {
    std::atomic<int> ended{0};
    const auto work = [&] {
      parallel_for(4, 1, plenty, [&](std::int64_t begin, std::int64_t) {
        if (begin == failing) throw std::out_of_range(std::to_string(begin));
        ++ended;
      });
    };
    CHECK(message_of<std::out_of_range>(work) == std::to_string(failing));
    CHECK(ended == 3);
    CHECK(fill(parts_of(100, 3), 100, 3));
  }
}

TEST_CASE("parallel: of several exceptions the first in order is thrown, for any number of threads") {
  for (const int threads : {1, 2, 3, 4}) {
    const Threads set(threads);
    for (int repeat = 0; repeat < 20; ++repeat) {
      const auto work = [] {
        parallel_for(100, 1, plenty, [](std::int64_t begin, std::int64_t end) {
          for (std::int64_t i = begin; i < end; ++i)
            if (i >= 7) throw std::out_of_range(std::to_string(i));
        });
      };
      CHECK(message_of<std::out_of_range>(work) == "7");
    }
  }
}

TEST_CASE("parallel: an error on another thread names the line that it would name on the caller's") {
  const Threads set(2);
  const auto line = std::source_location::current();
  const auto work = [] {
    parallel_for(2, 1, plenty, [](std::int64_t begin, std::int64_t) {
      if (begin == 1) throw ValueError("wrong");
    });
  };
  CHECK(message_of<ValueError>(work) == "wrong");
  const std::string with_line = at_line("wrong", line.file_name(), line.line());
  const CallerScope scope(line);
  CHECK(message_of<ValueError>(work) == with_line);
}

TEST_CASE("parallel: inside a part there is one thread") {
  const Threads set(2);
  std::atomic<int> inner{0}, elsewhere{0};
  parallel_for(2, 1, plenty, [&](std::int64_t, std::int64_t) {
    const auto here = std::this_thread::get_id();
    parallel_for(100, 1, plenty, [&](std::int64_t begin, std::int64_t end) {
      inner += static_cast<int>(end - begin);
      elsewhere += std::this_thread::get_id() != here;
    });
  });
  CHECK(inner == 200);
  CHECK(elsewhere == 0);
}

TEST_CASE("parallel: threads of the program may compute at once, while the number of threads changes") {
  const auto work = [](std::int64_t first) {
    std::vector<std::int64_t> out(1000);
    for (int repeat = 0; repeat < 30; ++repeat) {
      parallel_for(1000, 8, plenty, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) out[static_cast<std::size_t>(i)] = first + i;
      });
      for (std::int64_t i = 0; i < 1000; ++i)
        if (out[static_cast<std::size_t>(i)] != first + i) return false;
    }
    return true;
  };
  std::atomic<int> right{0};
  std::vector<std::thread> running;
  for (int i = 0; i < 3; ++i) running.emplace_back([&right, &work, i] { right += work(1000 * i); });
  for (int i = 0; i < 1000; ++i) set_num_threads(i % 4);
  for (auto& each : running) each.join();
  set_num_threads(0);
  CHECK(right == 3);
}

TEST_CASE("parallel: the number of threads is never 0, nor lost, while another thread sets it") {
  std::atomic<bool> over{false};
  std::thread asking([&] {
    while (!over)
      if (num_threads() < 1) FAIL_CHECK("no thread");
  });
  for (int i = 0; i < 20'000; ++i) {
    set_num_threads(0);
    set_num_threads(3);
    if (num_threads() != 3) FAIL_CHECK("another number than was set");
  }
  over = true;
  asking.join();
  set_num_threads(0);
}
