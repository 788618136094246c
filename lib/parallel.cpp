#include "lib/parallel.hpp"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <mutex>

#include "lib/error.hpp"

namespace xg {
namespace {

/// Below this much work a thread costs more to wake than it saves.
constexpr double operations_per_thread = 5e5;

int default_threads() {
  const char* given = std::getenv("XGRAD_NUM_THREADS");
  const int asked = given ? std::atoi(given) : 0;
  return asked > 0 ? asked : omp_get_num_procs();
}

std::atomic<int> threads{0};

}  // namespace

void set_num_threads(int count) {
  if (count < 0) throw ValueError(concat("set_num_threads: the count must not be negative, got ", count));
  threads = count;
}

int num_threads() {
  if (threads == 0) threads = default_threads();
  return threads;
}

namespace detail {

int worthwhile_threads(std::int64_t grains, double operations) {
  if (operations < 2 * operations_per_thread || omp_in_parallel()) return 1;
  const double most = std::min(static_cast<double>(grains), operations / operations_per_thread);
  return static_cast<int>(std::min(static_cast<double>(num_threads()), most));
}

namespace {

/// What the threads of a region share. OpenMP orders memory where they begin and end, but thread checkers cannot see
/// into it: the two counts show them.
struct Region {
  int threads;
  std::int64_t count, grain;
  Piece piece;
  const void* context;
  std::atomic<int> begun{0}, ended{0};
  std::mutex guard{};
  std::exception_ptr failure{};

  void run(int part) {
    begun.load(std::memory_order_acquire);
    const std::int64_t grains = (count + grain - 1) / grain;
    const std::int64_t begin = std::min(count, grains * part / threads * grain);
    const std::int64_t end = std::min(count, grains * (part + 1) / threads * grain);
    try {
      if (begin < end) piece(context, begin, end);
    } catch (...) {
      const std::lock_guard lock(guard);
      failure = std::current_exception();
    }
    ended.fetch_add(1, std::memory_order_release);
  }
};

}  // namespace

void run_pieces(int threads, std::int64_t count, std::int64_t grain, Piece piece, const void* context) {
  Region region{threads, count, grain, piece, context};
  region.begun.store(1, std::memory_order_release);
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int part = 0; part < threads; ++part) region.run(part);
  region.ended.load(std::memory_order_acquire);
  if (region.failure) std::rethrow_exception(region.failure);
}

}  // namespace detail
}  // namespace xg
