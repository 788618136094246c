#pragma once

#include "lib/array.hpp"

namespace xg::kernels {

// Trigonometric and hyperbolic kernels of one array; integers and booleans become float32, NaN stays NaN.

Array sin(const Array& x);
Array cos(const Array& x);
Array tan(const Array& x);
Array asin(const Array& x);
Array acos(const Array& x);
Array atan(const Array& x);
/// 1 / (1 + x^2), without overflow: its derivative.
Array atan_slope(const Array& x);
Array sinh(const Array& x);
Array cosh(const Array& x);
Array asinh(const Array& x);
/// 1 / sqrt(1 + x^2), without overflow: its derivative.
Array asinh_slope(const Array& x);
Array acosh(const Array& x);
Array atanh(const Array& x);

}  // namespace xg::kernels
