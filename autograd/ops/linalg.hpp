#pragma once

#include "autograd/operand.hpp"

namespace xg {

/// The matrix product of the last two axes, (..., m, k) x (..., k, n) -> (..., m, n); axes before them broadcast. A 1-d
/// operand is a row on the left, a column on the right, and its axis goes away, as in NumPy.
/// Gradients: dy b^T and a^T dy.
XG_API Tensor matmul(const Operand& a, const Operand& b);
/// x w + bias, for x (..., in), w (in, out), bias (out).
XG_API Tensor linear(const Operand& x, const Operand& w, const Operand& bias);

}  // namespace xg
