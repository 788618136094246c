#include "autograd/ops/decomposition.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "tests/autograd/op_cases.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

Tensor t(const Tensor& x) { return transpose(x, -2, -1); }

double largest_difference(const Tensor& a, const Tensor& b) { return max(abs(a - b)).item(); }

}  // namespace

TEST_CASE("decompositions: factors have their form and give the matrix again") {
  const Tensor a = uniform({2, 7, 5}), symmetric = uniform({2, 6, 6});
  const auto [q, r] = qr(a);
  CHECK(largest_difference(matmul(q, r), a) < 1e-13);
  CHECK(largest_difference(matmul(t(q), q), eye(5, float64)) < 1e-13);
  for (const Tensor& x : {a, t(a)}) {
    const auto [u, s, v] = svd(x);
    CHECK(largest_difference(matmul(u * expand_dims(s, -2), t(v)), x) < 1e-13);
    CHECK(largest_difference(matmul(t(u), u), eye(5, float64)) < 1e-13);
    CHECK(largest_difference(matmul(t(v), v), eye(5, float64)) < 1e-13);
  }
  const Tensor sum_of_both = symmetric + t(symmetric);
  const auto [w, v] = eigh(sum_of_both);
  CHECK(largest_difference(matmul(v * expand_dims(w, -2), t(v)), sum_of_both) < 1e-13);
}

TEST_CASE("decompositions: of nothing, and of matrices of one element") {
  const Tensor nothing = zeros({0, 0}), one = full({1, 1}, -2);
  CHECK(det(nothing).item() == 1);
  CHECK(inv(nothing).shape() == Shape{0, 0});
  CHECK(solve(nothing, zeros({0, 2})).shape() == Shape{0, 2});
  CHECK(cholesky(zeros({0, 3, 3})).shape() == Shape{0, 3, 3});
  CHECK(qr(zeros({3, 0})).q.shape() == Shape{3, 0});
  CHECK(svd(zeros({0, 3})).s.shape() == Shape{0});
  CHECK(eigh(nothing).values.shape() == Shape{0});
  CHECK(slogdet(one).sign.item() == -1);
  CHECK(svd(one).s.item() == 2);
  CHECK(eigh(one).values.item() == -2);
}

TEST_CASE("determinants: singular matrices, and ones that overflow") {
  const Tensor singular({{1.0, 2.0}, {2.0, 4.0}}, float64);
  CHECK(det(singular).item() == 0);
  CHECK(slogdet(singular).sign.item() == 0);
  CHECK(slogdet(singular).log.item() == -std::numeric_limits<double>::infinity());
  CHECK(slogdet(eye(200, float64) * 1e10).log.item() == Close(200 * std::log(1e10), 1e-12));
  CHECK(std::isnan(det(Tensor({{std::nan(""), 1.0}, {1.0, 1.0}}, float64)).item()));
}

TEST_CASE("decompositions: errors") {
  const Tensor singular({{1.0, 2.0}, {2.0, 4.0}}, float64), nan({{std::nan(""), 1.0}, {1.0, 1.0}}, float64);
  CHECK_ERROR(ValueError, solve(singular, ones({2, 1}, float64)), "solve: matrix 0 of shape (2, 2) is singular");
  CHECK_ERROR(ValueError, inv(stack({eye(2, float64), singular})), "inv: matrix 1 of shape (2, 2, 2) is singular");
  CHECK_ERROR(ValueError, cholesky(singular * -1.0), "cholesky: matrix 0 of shape (2, 2) is not positive definite");
  CHECK_ERROR(ValueError, triangular_solve(zeros({2, 2}), ones({2, 1})),
              "triangular_solve: matrix 0 of shape (2, 2) has a zero on its diagonal");
  for (const auto& [name, call] : std::vector<std::pair<std::string, std::function<void()>>>{
           {"svd", [&] { svd(nan); }}, {"eigh", [&] { eigh(nan); }}, {"qr", [&] { qr(nan); }}})
    CHECK_THROWS_WITH_AS(call(), doctest::Contains((name + ": matrix 0 of shape (2, 2) has an element that is NaN or "
                                                           "infinite").c_str()),
                         ValueError);
  CHECK_ERROR(ShapeError, inv(ones({2, 3})), "inv: square matrices expected, got shape (2, 3)");
  CHECK_ERROR(ShapeError, det(ones({3})), "det: a matrix expected, or several, got shape (3,)");
  CHECK_ERROR(ShapeError, qr(ones({2, 3})),
              "qr: matrices with at least as many rows as columns expected, got shape (2, 3)");
  CHECK_ERROR(ShapeError, solve(ones({3, 3}), ones({2, 1})),
              "solve: shapes (3, 3) and (2, 1) do not match (..., n, n) and (..., n, k)");
  CHECK_ERROR(ShapeError, solve(ones({2, 3, 3}), ones({4, 3, 1})),
              "solve: the batch axes of shapes (2, 3, 3) and (4, 3, 1) do not broadcast");
  CHECK_ERROR(DTypeError, solve(eye(2), ones({2, 1}, float64)),
              "solve: dtypes float32 and float64 differ: convert with astype");
  CHECK_ERROR(DTypeError, eigh(eye(2, int64)),
              "eigh: a float32 or float64 tensor expected, got int64 of shape (2, 2): convert with astype");
}

TEST_CASE("products: errors") {
  CHECK_ERROR(ShapeError, dot(ones({2}), ones({3})), "dot: two vectors of one length expected, got shapes (2,) and (3,)");
  CHECK_ERROR(ShapeError, outer(ones({2, 2}), ones({3})), "outer: two vectors expected, got shapes (2, 2) and (3,)");
  CHECK_ERROR(ShapeError, tensordot(ones({2, 3}), ones({2, 3}), 1),
              "tensordot: the last 1 axes of shape (2, 3) and the first of (2, 3) differ");
  CHECK_ERROR(ShapeError, diagonal(ones({3})), "diagonal: a matrix expected, or several, got shape (3,)");
  CHECK_ERROR(ShapeError, trace(ones({})), "trace: a matrix expected, or several, got shape ()");
  CHECK_ERROR(ShapeError, diag(ones({})), "diag: a vector expected, or several, got shape ()");
}
