#include "lib/parallel.hpp"

#include <omp.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <exception>
#include <limits>
#include <mutex>
#include <source_location>
#include <string_view>
#include <thread>
#include <vector>

#include "lib/error.hpp"
#include "lib/single_threaded.hpp"

namespace xg {
namespace {

/// Below this much work a thread costs more to wake than it saves.
constexpr double operations_per_thread = 5e5;

int default_threads() {
  int asked = 0;
  if (const char* given = std::getenv("XGRAD_NUM_THREADS")) {
    const std::string_view text = given;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), asked);
    if (error != std::errc{} || end != text.data() + text.size() || asked < 0)
      throw ValueError(concat(
          "XGRAD_NUM_THREADS: a number of threads is expected, or 0 for as many as the machine has, got '", text, "'"));
  }
  return asked > 0 ? asked : omp_get_num_procs();
}

std::atomic<int> threads{0};

/// More threads than the system could make, when that was tried.
constexpr int no_limit = std::numeric_limits<int>::max();
std::atomic<int> most_threads{no_limit};

/// Notes whether this process is the child of one that had threads: OpenMP would wait for them without end.
class Fork {
 public:
  Fork() noexcept { pthread_atfork(look, nullptr, remember); }
  static bool lost_threads() { return lost_.load(std::memory_order_relaxed); }

 private:
  static void look() { had_threads_.store(!single_threaded(), std::memory_order_relaxed); }
  static void remember() {
    if (had_threads_.load(std::memory_order_relaxed)) lost_.store(true, std::memory_order_relaxed);
  }

  static inline std::atomic<bool> had_threads_{true}, lost_{false};
};
const Fork fork_watch;

}  // namespace

void set_num_threads(int count) {
  if (count < 0) throw ValueError(concat("set_num_threads: the count must not be negative, got ", count));
  threads = count > 0 ? count : default_threads();
  most_threads = no_limit;
}

int num_threads() {
  if (Fork::lost_threads()) return 1;
  int count = threads;
  if (count > 0) return count;
  const int found = default_threads();
  return threads.compare_exchange_strong(count, found) ? found : count;
}

namespace detail {

int worthwhile_threads(std::int64_t grains, double operations) {
  if (omp_in_parallel()) return 1;
  // Asked for little work too: what is wrong with the number shows in the first operation, not in the middle of a step.
  const int allowed = num_threads();
  if (operations < 2 * operations_per_thread) return 1;
  const double most = std::min(static_cast<double>(grains), operations / operations_per_thread);
  return static_cast<int>(std::min(static_cast<double>(allowed), most));
}

namespace {

/// How many of so many threads the system has to give. OpenMP ends the program when it cannot make one, so what a
/// thread asks for the first time is tried before: with twice as many, as those that end may be counted a while longer.
int available_threads(int wanted) noexcept {
  thread_local int proven = 1;
  wanted = std::min(wanted, most_threads.load(std::memory_order_relaxed));
  if (wanted <= proven) return wanted;
  std::atomic<bool> over{false};
  std::vector<std::thread> tried;
  try {
    const std::size_t count = 2 * static_cast<std::size_t>(wanted - 1);
    tried.reserve(count);
    while (tried.size() < count) tried.emplace_back([&over] { over.wait(false); });
  } catch (const std::exception&) {
    most_threads.store(1 + static_cast<int>(tried.size() / 2), std::memory_order_relaxed);
  }
  over = true;
  over.notify_all();
  for (std::thread& each : tried) each.join();
  return proven = 1 + static_cast<int>(tried.size() / 2);
}

/// What the threads of a region share. OpenMP orders memory where they begin and end, but thread checkers cannot see
/// into it: the two counts show them.
struct Region {
  int threads;
  std::int64_t count, grain;
  Piece piece;
  const void* context;
  std::source_location line = caller({});
  std::atomic<int> begun{0}, ended{0};
  std::mutex guard{};
  int failed = threads;
  std::exception_ptr failure{};

  /// The first element of a part.
  std::int64_t start(int part) const {
    const std::int64_t all = grains(count, grain), share = all / threads, more = all % threads;
    return part == threads ? count : (part * share + std::min<std::int64_t>(part, more)) * grain;
  }

  /// Of several failures, the one is kept that one thread alone would have met first.
  void run(int part) {
    begun.load(std::memory_order_acquire);
    const CallerScope scope(line);
    try {
      if (start(part) < start(part + 1)) piece(context, start(part), start(part + 1));
    } catch (...) {
      const std::lock_guard lock(guard);
      if (part < failed) failure = std::current_exception();
      failed = std::min(failed, part);
    }
    ended.fetch_add(1, std::memory_order_release);
  }
};

}  // namespace

void run_pieces(int threads, std::int64_t count, std::int64_t grain, Piece piece, const void* context) {
  threads = available_threads(threads);
  if (threads == 1) return piece(context, 0, count);
  Region region{threads, count, grain, piece, context};
  region.begun.store(1, std::memory_order_release);
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int part = 0; part < threads; ++part) region.run(part);
  region.ended.load(std::memory_order_acquire);
  if (region.failure) std::rethrow_exception(region.failure);
}

}  // namespace detail
}  // namespace xg
