#pragma once

#include "autograd/operand.hpp"

namespace xg {

/// The matrix product of the last two axes, (..., m, k) x (..., k, n) -> (..., m, n); axes before them broadcast. A 1-d
/// operand is a row on the left, a column on the right, and its axis goes away, as in NumPy.
/// Gradients: dy b^T and a^T dy.
XG_API Tensor matmul(const Operand& a, const Operand& b);
/// The sum of the products of two vectors of one length: matmul of (n) and (n).
XG_API Tensor dot(const Operand& a, const Operand& b);
/// Every product of an element of the vector a (m) and one of b (n): (m, n).
XG_API Tensor outer(const Operand& a, const Operand& b);
/// The product summed over the last `axes` axes of a and the first of b, whose extents must be equal.
XG_API Tensor tensordot(const Operand& a, const Operand& b, std::size_t axes = 2);
/// The elements of the matrices in the last two axes whose column is `offset` places right of their row, as a new last
/// axis. Gradient: dy at its place, zeros elsewhere.
XG_API Tensor diagonal(const Operand& x, std::int64_t offset = 0);
/// Matrices with the last axis of x as their diagonal `offset`, zeros elsewhere. Gradient: that diagonal of dy.
XG_API Tensor diag(const Operand& x, std::int64_t offset = 0);
/// The sums of the main diagonals of the matrices in the last two axes.
XG_API Tensor trace(const Operand& x);
/// x w + bias, for x (..., in), w (in, out), bias (out).
XG_API Tensor linear(const Operand& x, const Operand& w, const Operand& bias);

}  // namespace xg
