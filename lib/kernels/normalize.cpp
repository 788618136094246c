#include "lib/kernels/normalize.hpp"

#include <cmath>

#include "lib/parallel.hpp"

namespace xg::kernels {
namespace {

/// The sum of term(i, x[i]) over a row, in lanes that the compiler keeps in vector registers.
template <class T, class Term>
double row_sum(const T* x, std::int64_t count, Term term) {
  constexpr std::int64_t lanes = 64;
  T partial[lanes] = {};
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    for (std::int64_t l = 0; l < lanes; ++l) partial[l] += term(i + l, x[i + l]);
  double total = 0;
  for (; i < count; ++i) total += static_cast<double>(term(i, x[i]));
  for (const T lane : partial) total += static_cast<double>(lane);
  return total;
}

/// 1 / sqrt(variance + epsilon) of a row with that mean.
template <class T>
double row_scale(const T* x, std::int64_t n, T mean, double epsilon) {
  const double squares = row_sum(x, n, [=](std::int64_t, T v) { return (v - mean) * (v - mean); });
  return 1 / std::sqrt(squares / static_cast<double>(n) + epsilon);
}

template <class T>
T row_mean(const T* x, std::int64_t n) {
  return static_cast<T>(row_sum(x, n, [](std::int64_t, T v) { return v; }) / static_cast<double>(n));
}

}  // namespace

Array standardize(const Array& x, double epsilon) {
  const Array from = x.contiguous(), out = Array::empty(x.shape(), x.dtype());
  const std::int64_t n = x.shape().back(), rows = x.size() / n;
  dispatch_floating(x.dtype(), [&]<class T>() {
    parallel_for(rows, 1, 3 * static_cast<double>(x.size()), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        const T* in = from.data<T>() + row * n;
        T* to = out.data<T>() + row * n;
        const T mean = row_mean(in, n), scale = static_cast<T>(row_scale(in, n, mean, epsilon));
        for (std::int64_t i = 0; i < n; ++i) to[i] = (in[i] - mean) * scale;
      }
    });
  });
  return out;
}

Array standardize_gradient(const Array& dy, const Array& x, const Array& y, double epsilon) {
  const Array given = dy.contiguous(), from = x.contiguous(), value = y.contiguous();
  const Array out = Array::empty(x.shape(), x.dtype());
  const std::int64_t n = x.shape().back(), rows = x.size() / n;
  dispatch_floating(x.dtype(), [&]<class T>() {
    parallel_for(rows, 1, 6 * static_cast<double>(x.size()), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        const T* g = given.data<T>() + row * n;
        const T* v = value.data<T>() + row * n;
        const T* in = from.data<T>() + row * n;
        T* to = out.data<T>() + row * n;
        const T scale = static_cast<T>(row_scale(in, n, row_mean(in, n), epsilon)), mean = row_mean(g, n);
        const auto along =
            static_cast<T>(row_sum(g, n, [=](std::int64_t i, T d) { return d * v[i]; }) / static_cast<double>(n));
        for (std::int64_t i = 0; i < n; ++i) to[i] = (g[i] - mean - v[i] * along) * scale;
      }
    });
  });
  return out;
}

}  // namespace xg::kernels
