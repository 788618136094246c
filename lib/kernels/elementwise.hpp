#pragma once

#include "lib/array.hpp"

namespace xg::kernels {

// Elementwise kernels of one array. Those in the first group give integers and booleans as float32; NaN stays NaN in
// all.

Array exp(const Array& x);
Array expm1(const Array& x);
Array log(const Array& x);
Array log1p(const Array& x);
Array sqrt(const Array& x);
Array rsqrt(const Array& x);
Array tanh(const Array& x);
/// 1 / (1 + exp(-x)), without overflow.
Array sigmoid(const Array& x);
/// e^-|x| / (1 + e^-|x|)^2: its derivative.
Array sigmoid_slope(const Array& x);
/// log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|)).
Array softplus(const Array& x);
/// The error function 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x, and 1 - erf(x), exact in its tail.
Array erf(const Array& x);
Array erfc(const Array& x);
/// 2 / sqrt(pi) e^(-x^2): the derivative of erf.
Array bell(const Array& x);

Array negative(const Array& x);
Array square(const Array& x);
Array abs(const Array& x);
/// -1, 0 or 1.
Array sign(const Array& x);
Array relu(const Array& x);
/// The next whole number below, above, or nearest (half to even); integers stay as they are.
Array floor(const Array& x);
Array ceil(const Array& x);
Array round(const Array& x);

/// dy * (1 - y) * (1 + y): the gradient of y = tanh(x). All of one shape and floating dtype.
Array tanh_gradient(const Array& dy, const Array& y);
/// dy where y > 0, else 0: the gradient of y = relu(x).
Array relu_gradient(const Array& dy, const Array& y);

}  // namespace xg::kernels
