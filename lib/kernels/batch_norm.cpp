#include "lib/kernels/batch_norm.hpp"

#include <algorithm>
#include <cmath>

#include "lib/kernels/row_cuts.hpp"
#include "lib/parallel.hpp"

namespace xg::kernels {
namespace {

/// The sums of term(place, column) down a panel of columns, in lanes that the compiler keeps in vector registers.
template <std::int64_t width, class T, class Term>
void panel_sums(std::int64_t rows, std::int64_t n, std::int64_t first, const Term& term, T* sums) {
  T lane[width] = {};
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t l = 0; l < width; ++l) lane[l] += term(row * n + first + l, first + l);
  std::copy_n(lane, width, sums + first);
}

/// sums[column] = the sum of term(place, column) over `rows` rows side by side.
template <class T, class Term>
void column_sums(std::int64_t rows, std::int64_t n, const Term& term, T* sums) {
  std::int64_t first = 0;
  for (; first + 64 <= n; first += 64) panel_sums<64>(rows, n, first, term, sums);
  for (; first + 16 <= n; first += 16) panel_sums<16>(rows, n, first, term, sums);
  for (; first < n; ++first) panel_sums<1>(rows, n, first, term, sums);
}

/// Joins the mean and the summed squares about it of `more` rows with those of `count` (Chan, Golub and LeVeque, 1979).
template <class Mean, class Squares>
void join_moments(std::int64_t n, std::int64_t count, double* total, std::int64_t more, Mean mean, Squares squares) {
  const auto a = static_cast<double>(count), b = static_cast<double>(more);
  const double share = b / (a + b), spread = a * share;
  for (std::int64_t c = 0; c < n; ++c) {
    const double distance = mean(c) - total[c];
    total[c] += distance * share;
    total[n + c] += squares(c) + distance * distance * spread;
  }
}

/// Means and summed squares (2, n) of a block, joined with those of the `before` rows of its group.
template <class T>
void fold_moments(const T* x, std::int64_t rows, std::int64_t n, std::int64_t before, double* total) {
  Numbers<T> numbers = zero_numbers<T>(2 * n);
  T *const mean = numbers.data(), *const sums = mean + n;
  // About the first row, so that a large mean costs no digits.
  column_sums(
      rows, n, [=](std::int64_t i, std::int64_t c) { return x[i] - x[c]; }, sums);
  for (std::int64_t c = 0; c < n; ++c) mean[c] = x[c] + sums[c] / static_cast<T>(rows);
  column_sums(
      rows, n, [=](std::int64_t i, std::int64_t c) { return (x[i] - mean[c]) * (x[i] - mean[c]); }, sums);
  join_moments(
      n, before, total, rows, [=](std::int64_t c) { return static_cast<double>(mean[c]); },
      [=](std::int64_t c) { return static_cast<double>(sums[c]); });
}

/// For every row, to[i] = f(i, column).
template <class T, class F>
void for_each_place(const RowCuts& cuts, T* to, F f) {
  const std::int64_t n = cuts.n;
  parallel_for(cuts.rows, 16, 3 * static_cast<double>(cuts.rows * n), [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row)
#pragma GCC ivdep
      for (std::int64_t c = 0; c < n; ++c) to[row * n + c] = f(row * n + c, c);
  });
}

double inverse_deviation(double variance, double epsilon) { return 1 / std::sqrt(variance + epsilon); }

}  // namespace

Moments column_moments(const Array& x) {
  const Array from = x.contiguous();
  const RowCuts cuts(from);
  const std::int64_t n = cuts.n;
  const Moments moments{Array::empty({n}, x.dtype()), Array::empty({n}, x.dtype())};
  dispatch_floating(x.dtype(), [&]<class T>() {
    Numbers<double> total = zero_numbers<double>(2 * n);
    std::int64_t count = 0;
    cuts.for_each(
        2 * n,
        [&](std::int64_t row, std::int64_t rows, std::int64_t before, double* group) {
          fold_moments(from.data<T>() + row * n, rows, n, before, group);
        },
        [&](std::int64_t rows, const double* group) {
          join_moments(
              n, count, total.data(), rows, [=](std::int64_t c) { return group[c]; },
              [=](std::int64_t c) { return group[n + c]; });
          count += rows;
        });
    for (std::int64_t c = 0; c < n; ++c) {
      moments.mean.data<T>()[c] = static_cast<T>(total[static_cast<std::size_t>(c)]);
      moments.variance.data<T>()[c] =
          static_cast<T>(total[static_cast<std::size_t>(n + c)] / static_cast<double>(cuts.rows));
    }
  });
  return moments;
}

Array batch_norm(const Array& x, const Moments& moments, const Array& gamma, const Array& beta, double epsilon) {
  const Array from = x.contiguous(), factor = gamma.contiguous(), shift = beta.contiguous();
  const Array out = Array::empty(x.shape(), x.dtype());
  const RowCuts cuts(from);
  dispatch_floating(x.dtype(), [&]<class T>() {
    Numbers<T> scales = zero_numbers<T>(cuts.n);
    for (std::int64_t c = 0; c < cuts.n; ++c)
      scales[static_cast<std::size_t>(c)] = static_cast<T>(
          inverse_deviation(static_cast<double>(moments.variance.data<T>()[c]), epsilon) * factor.data<T>()[c]);
    for_each_place(cuts, out.data<T>(),
                   [in = from.data<T>(), mean = moments.mean.data<T>(), scale = scales.data(), add = shift.data<T>()](
                       std::int64_t i, std::int64_t c) { return (in[i] - mean[c]) * scale[c] + add[c]; });
  });
  return out;
}

namespace {

/// The sums of dy and of dy (x - mean) down the columns: (2, n).
template <class T>
Numbers<double> gradient_sums(const T* dy, const T* x, const T* mean, const RowCuts& cuts) {
  const std::int64_t n = cuts.n;
  Numbers<double> total = zero_numbers<double>(2 * n);
  const auto add = [=](const auto* sums, double* to) {
    for (std::int64_t i = 0; i < 2 * n; ++i) to[i] += static_cast<double>(sums[i]);
  };
  cuts.for_each(
      2 * n,
      [&](std::int64_t row, std::int64_t rows, std::int64_t, double* group) {
        Numbers<T> sums = zero_numbers<T>(2 * n);
        const T *const g = dy + row * n, *const in = x + row * n;
        column_sums(
            rows, n, [=](std::int64_t i, std::int64_t) { return g[i]; }, sums.data());
        column_sums(
            rows, n, [=](std::int64_t i, std::int64_t c) { return g[i] * (in[i] - mean[c]); }, sums.data() + n);
        add(sums.data(), group);
      },
      [&](std::int64_t, const double* group) { add(group, total.data()); });
  return total;
}

}  // namespace

NormGradient batch_norm_gradient(const Array& dy, const Array& x, const Moments& moments, const Array& gamma,
                                 double epsilon, bool wants_x) {
  const Array given = dy.contiguous(), from = x.contiguous(), factor = gamma.contiguous();
  const RowCuts cuts(from);
  const std::int64_t n = cuts.n;
  NormGradient result{{}, Array::empty({n}, x.dtype()), Array::empty({n}, x.dtype())};
  if (wants_x) result.x = Array::empty(x.shape(), x.dtype());
  dispatch_floating(x.dtype(), [&]<class T>() {
    const T *const g = given.data<T>(), *const in = from.data<T>(), *const mean = moments.mean.data<T>();
    const Numbers<double> sums = gradient_sums(g, in, mean, cuts);
    // dx = scale (dy - mean(dy) - (x - mean) slope), with slope = mean(dy (x - mean)) / (variance + epsilon).
    Numbers<T> constants = zero_numbers<T>(3 * n);
    T *const scale = constants.data(), *const middle = scale + n, *const slope = middle + n;
    for (std::int64_t c = 0; c < n; ++c) {
      const double inverse = inverse_deviation(static_cast<double>(moments.variance.data<T>()[c]), epsilon);
      const double sum = sums[static_cast<std::size_t>(c)], along = sums[static_cast<std::size_t>(n + c)];
      result.beta.data<T>()[c] = static_cast<T>(sum);
      result.gamma.data<T>()[c] = static_cast<T>(along * inverse);
      scale[c] = static_cast<T>(inverse * static_cast<double>(factor.data<T>()[c]));
      middle[c] = static_cast<T>(sum / static_cast<double>(cuts.rows));
      slope[c] = static_cast<T>(along * inverse * inverse / static_cast<double>(cuts.rows));
    }
    if (wants_x)
      for_each_place(cuts, result.x.data<T>(), [=](std::int64_t i, std::int64_t c) {
        return (g[i] - middle[c] - (in[i] - mean[c]) * slope[c]) * scale[c];
      });
  });
  return result;
}

}  // namespace xg::kernels
