#include "autograd/ops/decomposition.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/shape.hpp"
#include "tests/autograd/op_cases.hpp"

namespace xg::testing {
namespace {

/// A matrix of the textbook's algorithms.
struct Matrix {
  std::int64_t rows, columns;
  std::vector<double> numbers;

  Matrix(std::int64_t m, std::int64_t n) : rows(m), columns(n), numbers(static_cast<std::size_t>(m * n)) {}
  double& operator()(std::int64_t i, std::int64_t j) { return numbers[static_cast<std::size_t>(i * columns + j)]; }
};

/// f of every matrix of the last two axes.
Values for_each_matrix(const Values& x, const std::function<Matrix(Matrix)>& f) {
  const std::int64_t m = x.shape[x.shape.rank() - 2], n = x.shape.back();
  Values result;
  for (std::size_t axis = 0; axis + 2 < x.shape.rank(); ++axis) result.shape.push_back(x.shape[axis]);
  const std::int64_t count = result.shape.elements();
  for (std::int64_t i = 0; i < count; ++i) {
    Matrix matrix(m, n);
    std::copy_n(x.numbers.begin() + i * m * n, m * n, matrix.numbers.begin());
    const Matrix made = f(matrix);
    if (i == 0) {
      result.shape.push_back(made.rows);
      result.shape.push_back(made.columns);
    }
    result.numbers.insert(result.numbers.end(), made.numbers.begin(), made.numbers.end());
  }
  return result;
}

Matrix identity(std::int64_t n) {
  Matrix one(n, n);
  for (std::int64_t i = 0; i < n; ++i) one(i, i) = 1;
  return one;
}

Matrix product(Matrix a, Matrix b) {
  Matrix c(a.rows, b.columns);
  for (std::int64_t i = 0; i < a.rows; ++i)
    for (std::int64_t j = 0; j < b.columns; ++j)
      for (std::int64_t k = 0; k < a.columns; ++k) c(i, j) += a(i, k) * b(k, j);
  return c;
}

Matrix mirrored(Matrix a) {
  Matrix t(a.columns, a.rows);
  for (std::int64_t i = 0; i < a.rows; ++i)
    for (std::int64_t j = 0; j < a.columns; ++j) t(j, i) = a(i, j);
  return t;
}

/// Gauss and Jordan's elimination, with the largest pivots; `determinant` is multiplied by that of a.
Matrix eliminated(Matrix a, Matrix b, double* determinant = nullptr) {
  for (std::int64_t k = 0; k < a.rows; ++k) {
    std::int64_t pivot = k;
    for (std::int64_t i = k; i < a.rows; ++i)
      if (std::abs(a(i, k)) > std::abs(a(pivot, k))) pivot = i;
    for (std::int64_t j = 0; j < a.columns; ++j) std::swap(a(k, j), a(pivot, j));
    for (std::int64_t j = 0; j < b.columns; ++j) std::swap(b(k, j), b(pivot, j));
    const double value = a(k, k);
    if (determinant) *determinant *= pivot == k ? value : -value;
    for (std::int64_t j = 0; j < a.columns; ++j) a(k, j) /= value;
    for (std::int64_t j = 0; j < b.columns; ++j) b(k, j) /= value;
    for (std::int64_t i = 0; i < a.rows; ++i) {
      if (i == k) continue;
      const double factor = a(i, k);
      for (std::int64_t j = 0; j < a.columns; ++j) a(i, j) -= factor * a(k, j);
      for (std::int64_t j = 0; j < b.columns; ++j) b(i, j) -= factor * b(k, j);
    }
  }
  return b;
}

Matrix lower_factor(Matrix a) {
  Matrix l(a.rows, a.rows);
  for (std::int64_t i = 0; i < a.rows; ++i)
    for (std::int64_t j = 0; j <= i; ++j) {
      double sum = a(i, j);
      for (std::int64_t k = 0; k < j; ++k) sum -= l(i, k) * l(j, k);
      l(i, j) = i == j ? std::sqrt(sum) : sum / l(j, j);
    }
  return l;
}

/// Gram and Schmidt's orthonormal columns.
Matrix orthonormal(Matrix a) {
  for (std::int64_t j = 0; j < a.columns; ++j) {
    for (int again = 0; again < 2; ++again)
      for (std::int64_t k = 0; k < j; ++k) {
        double along = 0;
        for (std::int64_t i = 0; i < a.rows; ++i) along += a(i, k) * a(i, j);
        for (std::int64_t i = 0; i < a.rows; ++i) a(i, j) -= along * a(i, k);
      }
    double length = 0;
    for (std::int64_t i = 0; i < a.rows; ++i) length += a(i, j) * a(i, j);
    for (std::int64_t i = 0; i < a.rows; ++i) a(i, j) /= std::sqrt(length);
  }
  return a;
}

/// The row of the eigenvalues above the eigenvectors, by Jacobi's rotations.
Matrix eigen(Matrix a) {
  const std::int64_t n = a.rows;
  Matrix v = identity(n);
  for (int sweep = 0; sweep < 50; ++sweep)
    for (std::int64_t p = 0; p < n; ++p)
      for (std::int64_t q = p + 1; q < n; ++q) {
        const double angle = 0.5 * std::atan2(2 * a(p, q), a(q, q) - a(p, p));
        Matrix turn = identity(n);
        turn(p, p) = turn(q, q) = std::cos(angle);
        turn(p, q) = std::sin(angle);
        turn(q, p) = -std::sin(angle);
        a = product(product(mirrored(turn), a), turn);
        v = product(v, turn);
      }
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](auto i, auto j) { return a(i, i) < a(j, j); });
  Matrix result(n + 1, n);
  for (std::int64_t j = 0; j < n; ++j) {
    const std::int64_t from = order[static_cast<std::size_t>(j)];
    std::int64_t largest = 0;
    for (std::int64_t i = 0; i < n; ++i)
      if (std::abs(v(i, from)) > std::abs(v(largest, from))) largest = i;
    result(0, j) = a(from, from);
    for (std::int64_t i = 0; i < n; ++i) result(i + 1, j) = v(largest, from) < 0 ? -v(i, from) : v(i, from);
  }
  return result;
}

Matrix rows(Matrix a, std::int64_t first, std::int64_t count) {
  Matrix part(count, a.columns);
  for (std::int64_t i = 0; i < count; ++i)
    for (std::int64_t j = 0; j < a.columns; ++j) part(i, j) = a(first + i, j);
  return part;
}

/// Drops the last axis but one, of extent 1.
Values row_of(Values x) {
  x.shape.erase(x.shape.rank() - 2);
  return x;
}

/// Well conditioned: 3 on the diagonal, numbers in [0.2, 1) elsewhere.
Tensor regular(const Shape& shape) { return uniform(shape, 0.2, 1) + eye(shape.back(), float64) * 2.5; }

Tensor symmetric(const Tensor& x) { return x + transpose(x, -2, -1); }
Tensor positive(const Tensor& x) {
  const Tensor product = matmul(x, transpose(x, -2, -1));
  return product + eye(product.shape().back(), product.dtype()) * 0.5;
}
Matrix symmetric(Matrix a) {
  Matrix sum = a, t = mirrored(a);
  for (std::size_t i = 0; i < sum.numbers.size(); ++i) sum.numbers[i] += t.numbers[i];
  return sum;
}
Matrix positive(Matrix a) {
  Matrix result = product(a, mirrored(a));
  for (std::int64_t i = 0; i < result.rows; ++i) result(i, i) += 0.5;
  return result;
}

/// Matrices whose eigenvalues and singular values lie apart.
Tensor apart(const Shape& shape) {
  const std::int64_t rows = shape[shape.rank() - 2], columns = shape.back();
  const Array steps = Array::zeros({rows, columns}, float64);
  for (std::int64_t i = 0; i < std::min(rows, columns); ++i)
    steps.data<double>()[i * columns + i] = static_cast<double>(i + 1) * 1.5;
  return uniform(shape, 0.1, 0.4) + Tensor(steps);
}

using One = std::function<Tensor(const Tensor&)>;

OpCase factored(const char* name, const char* variant, std::vector<Inputs> samples, One op,
                std::function<Values(const Values&)> reference) {
  return {.name = name,
          .variant = variant,
          .function = [=](const Inputs& v) { return op(v[0]); },
          .samples = std::move(samples),
          .reference = [=](const Inputs& v) { return reference(Values(v[0])); },
          .magnitude = 4};
}

std::vector<Inputs> squares() { return {{regular({3, 3})}, {regular({2, 2, 2})}, {regular({1, 1})}}; }

/// a^-1 b, b a matrix or a vector, with the same batch axes or none.
Values solution(const Values& a, const Values& b, const std::function<Matrix(Matrix)>& part) {
  const bool vector = b.shape.rank() == 1;
  const std::int64_t n = a.shape.back(), k = vector ? 1 : b.shape.back();
  std::int64_t batch = 0;
  const std::int64_t batches = static_cast<std::int64_t>(b.numbers.size()) / (n * k);
  Values x = for_each_matrix(a, [&](Matrix matrix) {
    Matrix right(n, k);
    std::copy_n(b.numbers.begin() + batch++ % batches * n * k, n * k, right.numbers.begin());
    return eliminated(part(matrix), right);
  });
  if (vector) x.shape.erase(x.shape.rank() - 1);
  return x;
}

OpCase solving(const char* name, const char* variant, const Shape& a, const Shape& b,
               std::function<Tensor(const Tensor&, const Tensor&)> op, std::function<Matrix(Matrix)> part) {
  return {.name = name,
          .variant = variant,
          .function = [=](const Inputs& v) { return op(v[0], v[1]); },
          .samples = {{regular(a), uniform(b)}},
          .reference = [=](const Inputs& v) { return solution(Values(v[0]), Values(v[1]), part); },
          .magnitude = 4};
}

Matrix triangle(Matrix a, bool lower) {
  for (std::int64_t i = 0; i < a.rows; ++i)
    for (std::int64_t j = 0; j < a.columns; ++j)
      if (lower ? j > i : j < i) a(i, j) = 0;
  return a;
}

Cases systems() {
  const auto whole = [](Matrix a) { return a; };
  const auto lower = [](Matrix a) { return triangle(a, true); };
  const auto upper = [](Matrix a) { return triangle(a, false); };
  const auto solved = [](const Tensor& a, const Tensor& b) { return solve(a, b); };
  return {
      solving("solve", "matrix", {3, 3}, {3, 2}, solved, whole),
      solving("solve", "vector", {3, 3}, {3}, solved, whole),
      solving("solve", "batch", {2, 3, 3}, {2, 3, 2}, solved, whole),
      solving("solve", "one right side for all", {2, 2, 2}, {2, 1}, solved, whole),
      solving("triangular_solve", "lower", {3, 3}, {3, 2},
              [](const Tensor& a, const Tensor& b) { return triangular_solve(a, b); }, lower),
      solving("triangular_solve", "upper, vector", {3, 3}, {3},
              [](const Tensor& a, const Tensor& b) { return triangular_solve(a, b, false); }, upper),
      {.name = "lstsq",
       .function = [](const Inputs& v) { return lstsq(v[0], v[1]); },
       .samples = {{apart({4, 2}), uniform({4, 2})}, {apart({3, 3}), uniform({3})}},
       .reference =
           [](const Inputs& v) {
             const Values b(v[1]);
             Values x = for_each_matrix(Values(v[0]), [&](Matrix a) {
               Matrix right(a.rows, static_cast<std::int64_t>(b.numbers.size()) / a.rows);
               right.numbers = b.numbers;
               return eliminated(product(mirrored(a), a), product(mirrored(a), right));
             });
             if (b.shape.rank() == 1) x.shape.erase(1);
             return x;
           },
       .magnitude = 40},
  };
}

Values determinants(const Values& x, double (*f)(double)) {
  Values result = for_each_matrix(x, [&](Matrix a) {
    double determinant = 1;
    eliminated(a, identity(a.rows), &determinant);
    Matrix one(1, 1);
    one(0, 0) = f(determinant);
    return one;
  });
  result = row_of(result);
  result.shape.erase(result.shape.rank() - 1);
  return result;
}

OpCase power(int n) {
  return factored("matrix_power", n < 0 ? "negative" : n == 0 ? "none" : "positive", squares(),
                  [=](const Tensor& x) { return matrix_power(x, n); },
                  [=](const Values& x) {
                    return for_each_matrix(x, [=](Matrix a) {
                      Matrix result = identity(a.rows);
                      const Matrix factor = n < 0 ? eliminated(a, identity(a.rows)) : a;
                      for (int i = 0; i < std::abs(n); ++i) result = product(result, factor);
                      return result;
                    });
                  });
}

Cases of_squares() {
  Cases cases{
      factored("inv", "", squares(), [](const Tensor& x) { return inv(x); },
               [](const Values& x) {
                 return for_each_matrix(x, [](Matrix a) { return eliminated(a, identity(a.rows)); });
               }),
      factored("det", "", squares(), [](const Tensor& x) { return det(x); },
               [](const Values& x) { return determinants(x, [](double d) { return d; }); }),
      factored("slogdet", "logarithm", squares(), [](const Tensor& x) { return slogdet(x).log; },
               [](const Values& x) { return determinants(x, [](double d) { return std::log(std::abs(d)); }); }),
      factored("cholesky", "", {{apart({3, 3})}, {apart({2, 2, 2})}, {apart({1, 1})}},
               [](const Tensor& x) { return cholesky(positive(x)); },
               [](const Values& x) { return for_each_matrix(x, [](Matrix a) { return lower_factor(positive(a)); }); }),
      power(3),
      power(-2),
      factored("eigh", "values", {{apart({3, 3})}, {apart({2, 2, 2})}},
               [](const Tensor& x) { return eigh(symmetric(x)).values; },
               [](const Values& x) {
                 return row_of(for_each_matrix(x, [](Matrix a) { return rows(eigen(symmetric(a)), 0, 1); }));
               }),
      factored("eigh", "vectors", {{apart({3, 3})}, {apart({2, 2, 2})}},
               [](const Tensor& x) { return eigh(symmetric(x)).vectors; },
               [](const Values& x) {
                 return for_each_matrix(x, [](Matrix a) { return rows(eigen(symmetric(a)), 1, a.rows); });
               }),
  };
  OpCase sign = factored("slogdet", "sign", {{regular({3, 3})}, {regular({2, 2, 2}) * -1.0}},
                         [](const Tensor& x) { return slogdet(x).sign; },
                         [](const Values& x) {
                           return determinants(x, [](double d) { return d < 0 ? -1.0 : d > 0 ? 1.0 : 0.0; });
                         });
  OpCase none = power(0);
  sign.differentiable = none.differentiable = false;
  cases.push_back(sign);
  cases.push_back(none);
  return cases;
}

Cases of_rectangles() {
  const std::vector<Inputs> tall{{apart({4, 3})}, {apart({2, 3, 2})}, {apart({2, 2})}};
  const auto singular_values = [](Matrix a) {
    const Matrix squared = rows(eigen(a.rows < a.columns ? product(a, mirrored(a)) : product(mirrored(a), a)), 0, 1);
    Matrix result = squared;
    for (std::int64_t i = 0; i < result.columns; ++i)
      result(0, i) = std::sqrt(Matrix(squared)(0, result.columns - 1 - i));
    return result;
  };
  // Of a^T a, the largest eigenvalue first.
  const auto squared_vectors = [](Matrix a) {
    Matrix vectors = rows(eigen(product(mirrored(a), a)), 1, a.columns), result = vectors;
    for (std::int64_t i = 0; i < a.columns; ++i)
      for (std::int64_t j = 0; j < a.columns; ++j) {
        const double element = vectors(i, a.columns - 1 - j);
        result(i, j) = element * element;
      }
    return result;
  };
  const auto itself = [](const Values& x) { return x; };
  const auto recomposed = [](const Tensor& x) {
    const auto [u, s, v] = svd(x);
    return matmul(u * expand_dims(s, -2), transpose(v, -2, -1));
  };
  std::vector<Inputs> any = tall;
  any.push_back({apart({2, 4})});
  return {
      factored("qr", "q", tall, [](const Tensor& x) { return qr(x).q; },
               [](const Values& x) { return for_each_matrix(x, orthonormal); }),
      factored("qr", "r", tall, [](const Tensor& x) { return qr(x).r; },
               [](const Values& x) {
                 return for_each_matrix(x, [](Matrix a) {
                   return triangle(product(mirrored(orthonormal(a)), a), false);
                 });
               }),
      factored("svd", "singular values", any, [](const Tensor& x) { return svd(x).s; },
               [=](const Values& x) { return row_of(for_each_matrix(x, singular_values)); }),
      factored("svd", "put together again", any, recomposed, itself),
      factored("svd", "squares of right vectors", tall,
               [](const Tensor& x) {
                 const Tensor v = svd(x).v;
                 return v * v;
               },
               [=](const Values& x) { return for_each_matrix(x, squared_vectors); }),
      factored("svd", "squares of left vectors", tall,
               [](const Tensor& x) {
                 const Tensor v = svd(transpose(x, -2, -1)).u;
                 return v * v;
               },
               [=](const Values& x) { return for_each_matrix(x, squared_vectors); }),
  };
}

}  // namespace

Cases decomposition_cases() {
  Cases cases = systems();
  for (Cases& more : std::vector<Cases>{of_squares(), of_rectangles()})
    for (OpCase& op : more) cases.push_back(std::move(op));
  return cases;
}

}  // namespace xg::testing
