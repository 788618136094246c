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
constexpr double operations_per_thread = 1e6;

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

void parallel_for(std::int64_t count, std::int64_t grain, double operations,
                  const std::function<void(std::int64_t begin, std::int64_t end)>& piece) {
  const auto worth = static_cast<std::int64_t>(std::clamp(operations / operations_per_thread, 1.0, 1e6));
  const std::int64_t grains = (count + grain - 1) / grain;
  const auto parts = std::min({static_cast<std::int64_t>(num_threads()), worth, grains});
  if (parts <= 1 || omp_in_parallel()) return piece(0, count);
  std::exception_ptr failure;
  std::mutex guard;
#pragma omp parallel for num_threads(static_cast<int>(parts)) schedule(static, 1)
  for (std::int64_t part = 0; part < parts; ++part) {
    const std::int64_t begin = std::min(count, grains * part / parts * grain);
    const std::int64_t end = std::min(count, grains * (part + 1) / parts * grain);
    try {
      if (begin < end) piece(begin, end);
    } catch (...) {
      const std::lock_guard lock(guard);
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace xg
