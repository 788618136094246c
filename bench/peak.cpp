#include "bench/peak.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <vector>

namespace bench {
namespace {

/// The shortest of several runs.
double seconds(const std::function<void()>& run) {
  double best = 1e30;
  for (int i = 0; i < 10; ++i) {
    const auto start = std::chrono::steady_clock::now();
    run();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

#ifdef __AVX512F__
constexpr int vector_bytes = 64;
#else
constexpr int vector_bytes = 32;
#endif
typedef float Vector __attribute__((vector_size(vector_bytes)));
constexpr int lanes = vector_bytes / 4, chains = 12, rounds = 1000000;

/// Each chain waits for itself alone; there are more of them than a multiply-add takes cycles on two ports.
Vector multiply_add(Vector factor) {
  Vector sum[chains] = {};
  for (int i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
    for (Vector& chain : sum) chain = chain * factor + factor;
  }
  Vector total{};
  for (const Vector& chain : sum) total += chain;
  return total;
}

}  // namespace

double peak_flops() {
  volatile float sink = 0.5f;
  const double time = seconds([&] { sink = multiply_add(Vector{} + sink * 1e-3f)[0]; });
  return 2.0 * lanes * chains * rounds / time;
}

double peak_bandwidth() {
  constexpr std::size_t count = std::size_t{1} << 25;
  std::vector<float> a(count, 1), b(count, 2), c(count);
  const double time = seconds([&] {
    for (std::size_t i = 0; i < count; ++i) c[i] = a[i] + b[i];
    volatile float sink = c[count / 2];
    static_cast<void>(sink);
  });
  return 3.0 * count * sizeof(float) / time;
}

}  // namespace bench
