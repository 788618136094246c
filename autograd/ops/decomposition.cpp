#include "autograd/ops/decomposition.hpp"

#include <limits>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/check.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/record.hpp"
#include "lib/kernels/factorize.hpp"

namespace xg {
namespace {

std::int64_t rows_of(const Shape& shape) { return shape[shape.rank() - 2]; }
std::int64_t columns_of(const Shape& shape) { return shape.back(); }

void check_matrix(const char* op, const Operand& a) {
  check_floating(op, a);
  if (a.shape().rank() < 2)
    throw ShapeError(concat(op, ": a matrix expected, or several, got shape ", a.shape()), a.where());
}

void check_square(const char* op, const Operand& a) {
  check_matrix(op, a);
  if (rows_of(a.shape()) != columns_of(a.shape()))
    throw ShapeError(concat(op, ": square matrices expected, got shape ", a.shape()), a.where());
}

/// The transposes of matrices.
Tensor t(const Tensor& x) { return transpose(x, -2, -1); }

/// Rows [start, stop) of matrices.
Tensor rows(const Tensor& x, std::int64_t start, std::int64_t stop) {
  return slice(x, -2, {.start = start, .stop = stop});
}

Tensor row(const Tensor& x, std::int64_t index) { return select(x, index, -2); }

Tensor identity_like(const Tensor& x) { return eye(columns_of(x.shape()), x.dtype()); }

/// The lower triangle and its mirror image.
Tensor mirrored(const Tensor& x) { return tril(x) + t(tril(x, -1)); }

Tensor symmetric(const Tensor& x) { return (x + t(x)) * 0.5; }

/// Element (i, j) is 1 / (values_j - values_i), and 0 on the diagonal.
Tensor reciprocal_differences(const Tensor& values) {
  const Tensor differences = expand_dims(values, -2) - expand_dims(values, -1);
  const Tensor diagonal = eye(columns_of(values.shape()), boolean);
  return where(diagonal, 0.0, 1.0 / where(diagonal, 1.0, differences));
}

/// A system's matrix and right side with the same batch axes, as tensors that broadcasting made.
struct System {
  Tensor a, b;
};

System aligned(const char* op, const Operand& a, const Operand& b) {
  check_square(op, a);
  check_floating(op, b);
  const std::size_t rank = b.shape().rank();
  if (rank < 2 || rows_of(b.shape()) != columns_of(a.shape()))
    throw ShapeError(
        concat(op, ": shapes ", a.shape(), " and ", b.shape(), " do not match (..., n, n) and (..., n, k)"), a.where());
  if (a.dtype() != b.dtype())
    throw DTypeError(concat(op, ": dtypes ", a.dtype(), " and ", b.dtype(), " differ: convert with astype"), a.where());
  Shape of_a = a.shape(), of_b = b.shape();
  of_a[of_a.rank() - 2] = of_a[of_a.rank() - 1] = of_b[rank - 2] = of_b[rank - 1] = 1;
  const auto batch = broadcast_shapes(of_a, of_b);
  if (!batch)
    throw ShapeError(concat(op, ": the batch axes of shapes ", a.shape(), " and ", b.shape(), " do not broadcast"),
                     a.where());
  const auto stretched = [&](const Operand& x) {
    Shape shape = *batch;
    shape[shape.rank() - 2] = rows_of(x.shape());
    shape[shape.rank() - 1] = columns_of(x.shape());
    return shape == x.shape() ? x.tensor() : broadcast_to(x, shape);
  };
  return {stretched(a), stretched(b)};
}

/// Calls solver(a, b) with a right side of two axes.
template <class Solver>
Tensor solve_with(const char* op, const Operand& a, const Operand& b, Solver solver) {
  const CallerScope scope(a.where());
  const bool vector = b.shape().rank() == 1;
  const Tensor right = vector ? expand_dims(b, -1) : b.tensor();
  const System system = aligned(op, a, right);
  const Tensor x = solver(system.a, system.b);
  return vector ? squeeze(x, -1) : x;
}

Tensor solve_square(const Operand& a, const Operand& b) {
  return record(
      "solve", [&] { return kernels::solve("solve", a.array(), b.array()); },
      edge(a, [a = Saved(a)](const Tensor& dy, const Tensor& y) { return -matmul(solve_square(t(a), dy), t(y)); }),
      edge(b, [a = Saved(a)](const Tensor& dy) { return solve_square(t(a), dy); }));
}

Tensor solve_triangle(const Operand& a, const Operand& b, bool lower) {
  const auto backwards = [a = Saved(a), lower](const Tensor& dy) { return solve_triangle(t(a), dy, !lower); };
  return record(
      "triangular_solve", [&] { return kernels::triangular_solve("triangular_solve", a.array(), b.array(), lower); },
      edge(a,
           [backwards, lower](const Tensor& dy, const Tensor& y) {
             const Tensor whole = -matmul(backwards(dy), t(y));
             return lower ? tril(whole) : triu(whole);
           }),
      edge(b, backwards));
}

}  // namespace

Tensor solve(const Operand& a, const Operand& b) {
  return solve_with("solve", a, b, [](const Tensor& p, const Tensor& q) { return solve_square(p, q); });
}

Tensor triangular_solve(const Operand& a, const Operand& b, bool lower) {
  return solve_with("triangular_solve", a, b,
                    [=](const Tensor& p, const Tensor& q) { return solve_triangle(p, q, lower); });
}

Tensor inv(const Operand& a) {
  check_square("inv", a);
  const CallerScope scope(a.where());
  const Array one = identity_like(a).array().broadcast_to(a.shape());
  return record(
      "inv", [&] { return kernels::solve("inv", a.array(), one); },
      edge(a, [](const Tensor& dy, const Tensor& y) { return -matmul(matmul(t(y), dy), t(y)); }));
}

Tensor det(const Operand& a) {
  check_square("det", a);
  return record(
      "det", [&] { return kernels::determinant(a.array(), false); },
      edge(a, [a = Saved(a)](const Tensor& dy, const Tensor& y) {
        return expand_dims(expand_dims(dy * y, -1), -1) * t(inv(a));
      }));
}

SlogDet slogdet(const Operand& a) {
  check_square("slogdet", a);
  const Tensor log = record(
      "slogdet", [&] { return kernels::determinant(a.array(), true); },
      edge(a, [a = Saved(a)](const Tensor& dy) { return expand_dims(expand_dims(dy, -1), -1) * t(inv(a)); }));
  return {kernels::determinant_sign(a.array()), log};
}

Tensor cholesky(const Operand& a) {
  check_square("cholesky", a);
  const CallerScope scope(a.where());
  return record(
      "cholesky", [&] { return kernels::cholesky("cholesky", a.array()); },
      edge(a, [](const Tensor& dy, const Tensor& y) {
        const Tensor product = matmul(t(y), tril(dy));
        const Tensor half = tril(product) * (1.0 - 0.5 * identity_like(product));
        // L^-T P L^-1, without an inverse.
        const Tensor left = solve_triangle(t(y), half, false);
        return symmetric(t(solve_triangle(t(y), t(left), false)));
      }));
}

QR qr(const Operand& a) {
  check_matrix("qr", a);
  const std::int64_t m = rows_of(a.shape()), n = columns_of(a.shape());
  if (m < n)
    throw ShapeError(concat("qr: matrices with at least as many rows as columns expected, got shape ", a.shape()),
                     a.where());
  const CallerScope scope(a.where());
  const Tensor both = record(
      "qr", [&] { return kernels::qr("qr", a.array()); }, edge(a, [m, n](const Tensor& dy, const Tensor& y) {
        const Tensor q = rows(y, 0, m), r = rows(y, m, m + n), dq = rows(dy, 0, m), dr = rows(dy, m, m + n);
        const Tensor inner = dq + matmul(q, mirrored(matmul(r, t(triu(dr))) - matmul(t(dq), q)));
        return t(solve_triangle(r, t(inner), false));
      }));
  return {rows(both, 0, m), rows(both, m, m + n)};
}

SVD svd(const Operand& a) {
  check_matrix("svd", a);
  const CallerScope scope(a.where());
  const std::int64_t m = rows_of(a.shape()), n = columns_of(a.shape());
  const Tensor all = record(
      "svd", [&] { return kernels::svd("svd", a.array()); }, edge(a, [m, n](const Tensor& dy, const Tensor& y) {
        const auto u_of = [m](const Tensor& x) { return rows(x, 0, m); };
        const auto v_of = [m, n](const Tensor& x) { return rows(x, m + 1, m + 1 + n); };
        const Tensor u = u_of(y), v = v_of(y), s = row(y, m);
        const Tensor du = u_of(dy), dv = v_of(dy), ds = row(dy, m);
        const Tensor across = expand_dims(s, -2), down = expand_dims(s, -1);
        const Tensor f = reciprocal_differences(square(s));
        const Tensor ut_du = matmul(t(u), du), vt_dv = matmul(t(v), dv);
        const Tensor core =
            f * (ut_du - t(ut_du)) * across + down * f * (vt_dv - t(vt_dv)) + identity_like(f) * expand_dims(ds, -2);
        const Tensor left = (du - matmul(u, ut_du)) / across;
        const Tensor right = (dv - matmul(v, vt_dv)) / across;
        return matmul(matmul(u, core) + left, t(v)) + matmul(u, t(right));
      }));
  return {rows(all, 0, m), row(all, m), rows(all, m + 1, m + 1 + n)};
}

Eigh eigh(const Operand& a) {
  check_square("eigh", a);
  const CallerScope scope(a.where());
  const std::int64_t n = columns_of(a.shape());
  const Tensor both = record(
      "eigh", [&] { return kernels::eigh("eigh", a.array()); }, edge(a, [n](const Tensor& dy, const Tensor& y) {
        const Tensor v = rows(y, 1, n + 1), dv = rows(dy, 1, n + 1), dw = row(dy, 0);
        const Tensor core =
            reciprocal_differences(row(y, 0)) * matmul(t(v), dv) + identity_like(v) * expand_dims(dw, -2);
        return symmetric(matmul(matmul(v, core), t(v)));
      }));
  return {row(both, 0), rows(both, 1, n + 1)};
}

Tensor lstsq(const Operand& a, const Operand& b) {
  const CallerScope scope(a.where());
  const bool vector = b.shape().rank() == 1;
  check_floating("lstsq", b);
  const auto [q, r] = qr(a);
  const Tensor right = vector ? expand_dims(b, -1) : b.tensor();
  const Tensor x = triangular_solve(r, matmul(t(q), right), false);
  return vector ? squeeze(x, -1) : x;
}

Tensor matrix_power(const Operand& a, int n) {
  check_square("matrix_power", a);
  const CallerScope scope(a.where());
  Tensor square_power = n < 0 ? inv(a) : a.tensor();
  Tensor result;
  for (unsigned left = n < 0 ? 0U - static_cast<unsigned>(n) : static_cast<unsigned>(n); left > 0; left /= 2) {
    if (left % 2 == 1) result = result.defined() ? matmul(result, square_power) : square_power;
    if (left > 1) square_power = matmul(square_power, square_power);
  }
  return result.defined() ? result : broadcast_to(identity_like(a), a.shape());
}

}  // namespace xg
