#pragma once

#include "lib/array.hpp"
#include "lib/kernels/normalize.hpp"

namespace xg::kernels {

// Normalisation of the columns of x (..., n) over all its rows. Parameters and results of one number a column are (n).

/// The mean of every column, and the mean square of what is left without it.
struct Moments {
  Array mean, variance;
};
Moments column_moments(const Array& x);

/// (x - mean) / sqrt(variance + epsilon) gamma + beta.
Array batch_norm(const Array& x, const Moments& moments, const Array& gamma, const Array& beta, double epsilon);

/// The gradients of its inputs, through the moments too.
NormGradient batch_norm_gradient(const Array& dy, const Array& x, const Moments& moments, const Array& gamma,
                                 double epsilon, bool wants_x);

}  // namespace xg::kernels
