#pragma once

#include "lib/array.hpp"

namespace xg::kernels {

// Factorizations by LAPACK of every matrix in the last two axes of `a`, computed in float64 and returned in a's dtype.
// What cannot be factorized throws a ValueError that names `op` and the matrix.

/// X with a X = b, for square a (..., n, n) and b (..., n, k) of the same axes in front. A singular matrix throws.
Array solve(const char* op, const Array& a, const Array& b);
/// The same for a triangular a, of which only that triangle is read. A zero on the diagonal throws.
Array triangular_solve(const char* op, const Array& a, const Array& b, bool lower);
/// The determinants of square matrices (...): with `logarithm`, the logarithm of their absolute value.
Array determinant(const Array& a, bool logarithm);
/// Their signs: -1, 0 or 1.
Array determinant_sign(const Array& a);
/// L with a = L L^T, of which the lower triangle of a is read. A matrix that is not positive definite throws.
Array cholesky(const char* op, const Array& a);
/// Q above R, (..., m + n, n), of the thin factorization a = Q R of matrices (m, n) with m >= n. R's diagonal is not
/// negative, which makes both unique for a matrix of full rank.
Array qr(const char* op, const Array& a);
/// U (m, k) above the row of the singular values, largest first, above V (n, k), for k = min(m, n) and a = U S V^T:
/// (..., m + 1 + n, k). The largest element of every column of U is positive.
Array svd(const char* op, const Array& a);
/// The row of the eigenvalues, smallest first, above the eigenvectors as columns, (..., 1 + n, n), of symmetric
/// matrices, of which the lower triangle is read. The largest element of every eigenvector is positive.
Array eigh(const char* op, const Array& a);

/// Q of qr() of one matrix.
Array orthonormal_columns(const Array& matrix);

}  // namespace xg::kernels
