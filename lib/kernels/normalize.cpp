#include "lib/kernels/normalize.hpp"

#include <cmath>

#include "lib/kernels/row_cuts.hpp"
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

Array layer_norm(const Array& x, const Array& gamma, const Array& beta, double epsilon) {
  const Array from = x.contiguous(), factor = gamma.contiguous(), shift = beta.contiguous();
  const Array out = Array::empty(x.shape(), x.dtype());
  const std::int64_t n = x.shape().back(), rows = x.size() / n;
  dispatch_floating(x.dtype(), [&]<class T>() {
    const T *const times = factor.data<T>(), *const plus = shift.data<T>();
    parallel_for(rows, 1, 3 * static_cast<double>(x.size()), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        const T* in = from.data<T>() + row * n;
        T* to = out.data<T>() + row * n;
        const T mean = row_mean(in, n), scale = static_cast<T>(row_scale(in, n, mean, epsilon));
        for (std::int64_t i = 0; i < n; ++i) to[i] = (in[i] - mean) * scale * times[i] + plus[i];
      }
    });
  });
  return out;
}

namespace {

/// dx of one row, where it is wanted, and what the row adds to the sums (2, n) of dy and dy unit, for
/// unit = (x - mean) / deviation: dx = (g - mean(g) - unit mean(g unit)) / deviation for g = dy gamma.
template <class T>
void row_gradient(std::int64_t n, const T* dy, const T* x, const T* gamma, double epsilon, T* dx, T* sums) {
  const T mean = row_mean(x, n), scale = static_cast<T>(row_scale(x, n, mean, epsilon));
  T* const along_unit = sums + n;
#pragma GCC ivdep
  for (std::int64_t i = 0; i < n; ++i) {
    sums[i] += dy[i];
    along_unit[i] += dy[i] * ((x[i] - mean) * scale);
  }
  if (!dx) return;
  const auto count = static_cast<double>(n);
  const auto middle = static_cast<T>(row_sum(dy, n, [=](std::int64_t i, T d) { return d * gamma[i]; }) / count);
  const auto along = static_cast<T>(
      row_sum(dy, n, [=](std::int64_t i, T d) { return d * gamma[i] * ((x[i] - mean) * scale); }) / count);
#pragma GCC ivdep
  for (std::int64_t i = 0; i < n; ++i) dx[i] = (dy[i] * gamma[i] - middle - (x[i] - mean) * scale * along) * scale;
}

}  // namespace

NormGradient layer_norm_gradient(const Array& dy, const Array& x, const Array& gamma, double epsilon, bool wants_x) {
  const Array given = dy.contiguous(), from = x.contiguous(), factor = gamma.contiguous();
  const RowCuts cuts(from);
  const std::int64_t n = cuts.n;
  NormGradient result{{}, Array::empty({n}, x.dtype()), Array::empty({n}, x.dtype())};
  if (wants_x) result.x = Array::empty(x.shape(), x.dtype());
  dispatch_floating(x.dtype(), [&]<class T>() {
    T* const dx = wants_x ? result.x.data<T>() : nullptr;
    Numbers<double> total = zero_numbers<double>(2 * n);
    const auto add = [=](const auto* sums, double* to) {
      for (std::int64_t i = 0; i < 2 * n; ++i) to[i] += static_cast<double>(sums[i]);
    };
    cuts.for_each(
        2 * n,
        [&](std::int64_t first, std::int64_t rows, std::int64_t, double* group) {
          Numbers<T> sums = zero_numbers<T>(2 * n);
          for (std::int64_t row = first; row < first + rows; ++row)
            row_gradient(n, given.data<T>() + row * n, from.data<T>() + row * n, factor.data<T>(), epsilon,
                         dx ? dx + row * n : nullptr, sums.data());
          add(sums.data(), group);
        },
        [&](std::int64_t, const double* group) { add(group, total.data()); });
    for (std::int64_t i = 0; i < n; ++i) {
      result.beta.data<T>()[i] = static_cast<T>(total[static_cast<std::size_t>(i)]);
      result.gamma.data<T>()[i] = static_cast<T>(total[static_cast<std::size_t>(n + i)]);
    }
  });
  return result;
}

}  // namespace xg::kernels
