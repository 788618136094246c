#pragma once

#include "autograd/operand.hpp"

namespace xg {

// Systems of equations and factorizations of the matrices in the last two axes, by LAPACK, in float64 inside. Axes in
// front are batch axes. Gradients hold to any order where the factorization is smooth. What cannot be computed (a
// singular matrix to solve, one that is not positive definite, NaN) is a ValueError that names the matrix.

/// X with a X = b for a (..., n, n) and b (..., n, k) or, without batch axes, (n). Batch axes broadcast.
/// Gradients: db = a^-T dX, da = -db X^T (Giles, An extended collection of matrix derivative results, 2008).
XG_API Tensor solve(const Operand& a, const Operand& b);
/// The inverse. Gradient: -y^T dy y^T.
XG_API Tensor inv(const Operand& a);
/// The determinant (...). Gradient: dy y a^-T; a singular matrix has none here (a ValueError).
XG_API Tensor det(const Operand& a);
/// sign(det a) and ln |det a| (...), without overflow: the determinant is sign e^log.
struct SlogDet {
  Tensor sign;  ///< (...), -1, 0 or 1
  Tensor log;   ///< (...), ln |det a|
};
/// Gradient of the logarithm: dy a^-T; the sign has none.
XG_API SlogDet slogdet(const Operand& a);
/// The lower triangular L with a = L L^T, of a symmetric positive definite matrix, of which the lower triangle is read.
/// Gradient: L^-T P L^-1 made symmetric, P the lower triangle of L^T dL with half its diagonal (Murray, Differentiation
/// of the Cholesky decomposition, 2016).
XG_API Tensor cholesky(const Operand& a);
/// What qr() returns.
struct QR {
  Tensor q;  ///< (..., m, n)
  Tensor r;  ///< (..., n, n)
};
/// q (..., m, n) with orthonormal columns and the upper triangular r (..., n, n) with a = q r, for m >= n. r's diagonal
/// is not negative. Gradient: (dq + q C) r^-T, C the lower triangle of r dr^T - dq^T q and its mirror image (Seeger and
/// others, Auto-differentiating linear algebra, 2017); a must have full rank.
XG_API QR qr(const Operand& a);
/// What svd() returns.
struct SVD {
  Tensor u;  ///< (..., m, k)
  Tensor s;  ///< (..., k)
  Tensor v;  ///< (..., n, k)
};
/// a = u diag(s) v^T for u (..., m, k), the singular values s (..., k), largest first, and v (..., n, k), where k =
/// min(m, n). The largest element of every column of u is positive. The gradient (Townsend, Differentiating the
/// singular value decomposition, 2016) is infinite or NaN where two singular values are equal, or one is 0.
XG_API SVD svd(const Operand& a);
/// What eigh() returns.
struct Eigh {
  Tensor values;   ///< (..., n)
  Tensor vectors;  ///< (..., n, n)
};
/// The eigenvalues (..., n), smallest first, and eigenvectors (..., n, n), as columns, of symmetric matrices, of which
/// the lower triangle is read. The largest element of every vector is positive. Gradient: V (diag(dw) + F V^T dV) V^T,
/// F_ij = 1 / (w_j - w_i) (Giles, 2008), made symmetric; infinite or NaN where two eigenvalues are equal.
XG_API Eigh eigh(const Operand& a);
/// X with a X = b for a triangular a (..., n, n), of which only the named triangle is read, and b (..., n, k) or (n).
/// Gradients: as solve, the named triangle of da.
XG_API Tensor triangular_solve(const Operand& a, const Operand& b, bool lower = true);
/// The X (..., n, k) that makes |a X - b| smallest, for a (..., m, n) of full rank with m >= n and b (..., m, k): by
/// qr.
XG_API Tensor lstsq(const Operand& a, const Operand& b);
/// The n-th power of square matrices: products by repeated squaring, of the inverse if n is negative.
XG_API Tensor matrix_power(const Operand& a, int n);

}  // namespace xg
