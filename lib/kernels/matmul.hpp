#pragma once

#include "lib/array.hpp"

namespace xg::kernels {

/// The product of the last two axes of two floating arrays of one dtype; axes before them broadcast. Transposed
/// operands are read in place; (..., n, k) by (k, m) is one product of all rows, where they lie in equal steps. Shapes
/// are the caller's check.
Array matmul(const Array& a, const Array& b);

/// x w + bias for x (N, in), w (in, out), bias (out).
Array affine(const Array& x, const Array& w, const Array& bias);

/// total += a b, for a contiguous total. Where a b is larger, as total was broadcast, its products are added up: one
/// product of all the rows of (..., n, k)^T by (..., n, m), where they lie in equal steps.
void matmul_into(Array& total, const Array& a, const Array& b);

}  // namespace xg::kernels
