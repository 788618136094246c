#pragma once

#include "autograd/operand.hpp"

namespace xg {

// Trigonometric and hyperbolic functions of one tensor, of any shape and element by element. Integers and booleans
// become float32; NaN stays NaN.

/// sin x, x in radians. Gradient: dy cos(x).
XG_API Tensor sin(const Operand& x);
/// cos x, x in radians. Gradient: -dy sin(x).
XG_API Tensor cos(const Operand& x);
/// tan x, x in radians. Gradient: dy (1 + y^2).
XG_API Tensor tan(const Operand& x);
/// The angle in [-pi/2, pi/2] whose sine is x; NaN outside [-1, 1]. Gradient: dy / sqrt(1 - x^2).
XG_API Tensor asin(const Operand& x);
/// The angle in [0, pi] whose cosine is x; NaN outside [-1, 1]. Gradient: -dy / sqrt(1 - x^2).
XG_API Tensor acos(const Operand& x);
/// The angle in [-pi/2, pi/2] whose tangent is x. Gradient: dy / (1 + x^2).
XG_API Tensor atan(const Operand& x);
/// (e^x - e^-x) / 2. Gradient: dy cosh(x).
XG_API Tensor sinh(const Operand& x);
/// (e^x + e^-x) / 2. Gradient: dy sinh(x).
XG_API Tensor cosh(const Operand& x);
/// The inverse of sinh. Gradient: dy / sqrt(x^2 + 1).
XG_API Tensor asinh(const Operand& x);
/// The inverse of cosh that is not negative; NaN below 1. Gradient: dy / sqrt(x^2 - 1).
XG_API Tensor acosh(const Operand& x);
/// The inverse of tanh; infinite at -1 and 1, NaN outside. Gradient: dy / (1 - x^2).
XG_API Tensor atanh(const Operand& x);

}  // namespace xg
