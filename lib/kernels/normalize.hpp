#pragma once

#include "lib/array.hpp"

namespace xg::kernels {

/// The gradients of the inputs of a normalisation.
struct NormGradient {
  Array x;  ///< undefined if it is not wanted
  Array gamma, beta;
};

/// (x - mean) / sqrt(variance + epsilon) gamma + beta over the last axis of a floating array (..., n), with gamma and
/// beta (n).
Array layer_norm(const Array& x, const Array& gamma, const Array& beta, double epsilon);
/// The gradients of its inputs.
NormGradient layer_norm_gradient(const Array& dy, const Array& x, const Array& gamma, double epsilon, bool wants_x);

}  // namespace xg::kernels
