#include "lib/kernels/factorize.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "lib/kernels/lapack.hpp"

namespace xg::kernels {
namespace {

using lapack::Count;

/// A matrix as LAPACK has it: float64, column by column.
class Columns {
 public:
  Columns(std::int64_t rows, std::int64_t columns)
      : rows_(rows), columns_(columns), values_(static_cast<std::size_t>(rows * columns)) {}
  Columns(const double* row_major, std::int64_t rows, std::int64_t columns) : Columns(rows, columns) {
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = 0; j < columns; ++j) (*this)(i, j) = row_major[i * columns + j];
  }

  double& operator()(std::int64_t i, std::int64_t j) { return values_[static_cast<std::size_t>(j * rows_ + i)]; }
  double* data() { return values_.data(); }
  Count rows() const { return static_cast<Count>(rows_); }
  Count columns() const { return static_cast<Count>(columns_); }
  /// The distance of columns, which LAPACK wants to be at least 1.
  Count step() const { return std::max<Count>(1, rows()); }

  void copy_to(double* row_major) {
    for (std::int64_t i = 0; i < rows_; ++i)
      for (std::int64_t j = 0; j < columns_; ++j) *row_major++ = (*this)(i, j);
  }

 private:
  std::int64_t rows_, columns_;
  std::vector<double> values_;
};

/// Calls f(number, elements, elements of the result) for every matrix; the result holds `shape` for each of them.
template <class F>
Array for_each_matrix(const Array& a, const Shape& shape, F f) {
  const Array from = a.astype(float64).contiguous();
  const std::size_t rank = a.rank();
  Shape result, batch;
  for (std::size_t axis = 0; axis + 2 < rank; ++axis) batch.push_back(a.shape()[axis]);
  result = batch;
  for (const auto extent : shape) result.push_back(extent);
  const Array out = Array::empty(result, float64);
  const std::int64_t size = a.shape()[rank - 2] * a.shape()[rank - 1], step = shape.elements();
  const std::int64_t matrices = size == 0 && step == 0 ? 0 : batch.elements();
  for (std::int64_t i = 0; i < matrices; ++i) f(i, from.data<double>() + i * size, out.data<double>() + i * step);
  return out.astype(a.dtype());
}

std::int64_t rows_of(const Array& a) { return a.shape()[a.rank() - 2]; }
std::int64_t columns_of(const Array& a) { return a.shape().back(); }

[[noreturn]] void fail(const char* op, const Array& a, std::int64_t matrix, const char* why) {
  throw ValueError(concat(op, ": matrix ", matrix, " of shape ", a.shape(), ' ', why));
}

/// LAPACK may not come to an end otherwise.
void check_finite(const char* op, const Array& a, std::int64_t matrix, const double* values) {
  const std::int64_t size = rows_of(a) * columns_of(a);
  if (!std::all_of(values, values + size, [](double v) { return std::isfinite(v); }))
    fail(op, a, matrix, "has an element that is NaN or infinite");
}

/// The P L U factorization in place; the result is 0, or the place of the first zero on U's diagonal.
Count factorize(Columns& a, std::vector<Count>& pivots) {
  pivots.resize(static_cast<std::size_t>(a.rows()));
  return lapack::getrf(a.rows(), a.rows(), a.data(), a.step(), pivots.data());
}

struct Determinant {
  double sign = 1, logarithm = 0, value = 1;
};

Determinant determinant_of(const double* values, std::int64_t n) {
  Determinant result;
  if (n == 0) return result;
  Columns a(values, n, n);
  std::vector<Count> pivots;
  factorize(a, pivots);
  for (std::int64_t i = 0; i < n; ++i) {
    const double factor = pivots[static_cast<std::size_t>(i)] == i + 1 ? a(i, i) : -a(i, i);
    result.value *= factor;
    result.sign *= factor == 0 ? 0 : factor < 0 ? -1 : factor > 0 ? 1 : factor;
    result.logarithm += std::log(std::abs(factor));
  }
  return result;
}

/// Turns columns of q (and of r, if there is one) so that the largest element of each is positive.
void turn(Columns& q, std::int64_t column, Columns* r) {
  std::int64_t largest = 0;
  for (std::int64_t i = 1; i < q.rows(); ++i)
    if (std::abs(q(i, column)) > std::abs(q(largest, column)) * (1 + 1e-9)) largest = i;
  if (q.rows() == 0 || q(largest, column) >= 0) return;
  for (std::int64_t i = 0; i < q.rows(); ++i) q(i, column) = -q(i, column);
  for (std::int64_t i = 0; r && i < r->rows(); ++i) (*r)(i, column) = -(*r)(i, column);
}

}  // namespace

Array solve(const char* op, const Array& a, const Array& b) {
  const std::int64_t n = rows_of(a), k = columns_of(b);
  const Array right = b.astype(float64).contiguous();
  return for_each_matrix(a, {n, k}, [&](std::int64_t i, const double* values, double* out) {
    Columns matrix(values, n, n), x(right.data<double>() + i * n * k, n, k);
    std::vector<Count> pivots;
    if (n > 0 && factorize(matrix, pivots) > 0) fail(op, a, i, "is singular");
    if (n > 0 && k > 0)
      lapack::getrs(matrix.rows(), x.columns(), matrix.data(), matrix.step(), pivots.data(), x.data(), x.step());
    x.copy_to(out);
  });
}

Array triangular_solve(const char* op, const Array& a, const Array& b, bool lower) {
  const std::int64_t n = rows_of(a), k = columns_of(b);
  const Array right = b.astype(float64).contiguous();
  return for_each_matrix(a, {n, k}, [&](std::int64_t i, const double* matrix, double* out) {
    std::copy_n(right.data<double>() + i * n * k, n * k, out);
    for (std::int64_t step = 0; step < n; ++step) {
      const std::int64_t row = lower ? step : n - 1 - step;
      if (matrix[row * n + row] == 0) fail(op, a, i, "has a zero on its diagonal");
      for (std::int64_t j = lower ? 0 : row + 1; j < (lower ? row : n); ++j)
        for (std::int64_t c = 0; c < k; ++c) out[row * k + c] -= matrix[row * n + j] * out[j * k + c];
      for (std::int64_t c = 0; c < k; ++c) out[row * k + c] /= matrix[row * n + row];
    }
  });
}

Array determinant(const Array& a, bool logarithm) {
  return for_each_matrix(a, {}, [&](std::int64_t, const double* values, double* out) {
    const Determinant found = determinant_of(values, rows_of(a));
    *out = logarithm ? found.logarithm : found.value;
  });
}

Array determinant_sign(const Array& a) {
  return for_each_matrix(
      a, {}, [&](std::int64_t, const double* values, double* out) { *out = determinant_of(values, rows_of(a)).sign; });
}

Array cholesky(const char* op, const Array& a) {
  const std::int64_t n = rows_of(a);
  return for_each_matrix(a, {n, n}, [&](std::int64_t i, const double* values, double* out) {
    check_finite(op, a, i, values);
    Columns l(values, n, n);
    if (n > 0 && lapack::potrf(l.rows(), l.data(), l.step()) > 0) fail(op, a, i, "is not positive definite");
    for (std::int64_t row = 0; row < n; ++row)
      for (std::int64_t column = row + 1; column < n; ++column) l(row, column) = 0;
    l.copy_to(out);
  });
}

Array qr(const char* op, const Array& a) {
  const std::int64_t m = rows_of(a), n = columns_of(a);
  return for_each_matrix(a, {m + n, n}, [&](std::int64_t i, const double* values, double* out) {
    check_finite(op, a, i, values);
    Columns q(values, m, n), r(n, n);
    if (n == 0) return;
    std::vector<double> scales(static_cast<std::size_t>(n)), work(1);
    lapack::geqrf(q.rows(), q.columns(), q.data(), q.step(), scales.data(), work.data(), -1);
    work.resize(static_cast<std::size_t>(work[0]));
    lapack::geqrf(q.rows(), q.columns(), q.data(), q.step(), scales.data(), work.data(),
                  static_cast<Count>(work.size()));
    for (std::int64_t column = 0; column < n; ++column)
      for (std::int64_t row = 0; row <= column; ++row) r(row, column) = q(row, column);
    lapack::orgqr(q.rows(), q.columns(), q.columns(), q.data(), q.step(), scales.data(), work.data(),
                  static_cast<Count>(work.size()));
    for (std::int64_t row = 0; row < n; ++row) {
      if (!(r(row, row) < 0)) continue;
      for (std::int64_t column = row; column < n; ++column) r(row, column) = -r(row, column);
      for (std::int64_t j = 0; j < m; ++j) q(j, row) = -q(j, row);
    }
    q.copy_to(out);
    r.copy_to(out + m * n);
  });
}

Array svd(const char* op, const Array& a) {
  const std::int64_t m = rows_of(a), n = columns_of(a), k = std::min(m, n);
  return for_each_matrix(a, {m + 1 + n, k}, [&](std::int64_t i, const double* values, double* out) {
    check_finite(op, a, i, values);
    if (k == 0) return;
    Columns matrix(values, m, n), u(m, k), v(k, n), turned(n, k);
    std::vector<double> s(static_cast<std::size_t>(k)), work(1);
    std::vector<Count> whole(static_cast<std::size_t>(8 * k));
    const auto run = [&](Count size) {
      return lapack::gesdd(matrix.rows(), matrix.columns(), matrix.data(), matrix.step(), s.data(), u.data(), u.step(),
                           v.data(), v.step(), work.data(), size, whole.data());
    };
    run(-1);
    work.resize(static_cast<std::size_t>(work[0]));
    if (run(static_cast<Count>(work.size())) != 0) fail(op, a, i, "has singular values that LAPACK did not find");
    for (std::int64_t row = 0; row < n; ++row)
      for (std::int64_t column = 0; column < k; ++column) turned(row, column) = v(column, row);
    for (std::int64_t column = 0; column < k; ++column) turn(u, column, &turned);
    u.copy_to(out);
    std::copy(s.begin(), s.end(), out + m * k);
    turned.copy_to(out + (m + 1) * k);
  });
}

Array eigh(const char* op, const Array& a) {
  const std::int64_t n = rows_of(a);
  return for_each_matrix(a, {1 + n, n}, [&](std::int64_t i, const double* values, double* out) {
    check_finite(op, a, i, values);
    if (n == 0) return;
    Columns vectors(values, n, n);
    std::vector<double> found(static_cast<std::size_t>(n)), work(1);
    std::vector<Count> whole(1);
    const auto run = [&](Count size, Count whole_size) {
      return lapack::syevd(vectors.rows(), vectors.data(), vectors.step(), found.data(), work.data(), size,
                           whole.data(), whole_size);
    };
    run(-1, -1);
    work.resize(static_cast<std::size_t>(work[0]));
    whole.resize(static_cast<std::size_t>(whole[0]));
    if (run(static_cast<Count>(work.size()), static_cast<Count>(whole.size())) != 0)
      fail(op, a, i, "has eigenvalues that LAPACK did not find");
    for (std::int64_t column = 0; column < n; ++column) turn(vectors, column, nullptr);
    std::copy(found.begin(), found.end(), out);
    vectors.copy_to(out + n);
  });
}

Array orthonormal_columns(const Array& matrix) {
  return qr("orthonormal_columns", matrix).slice(0, 0, matrix.shape()[0], 1).contiguous();
}

}  // namespace xg::kernels
