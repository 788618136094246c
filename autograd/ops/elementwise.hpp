#pragma once

#include "autograd/operand.hpp"

namespace xg {

// Elementwise functions of one tensor, of any shape. NaN stays NaN. Integers become float32, except in square, abs,
// sign and clip.

/// e^x. Gradient: dy e^x.
XG_API Tensor exp(const Operand& x);
/// ln x; -inf at 0, NaN below. Gradient: dy / x.
XG_API Tensor log(const Operand& x);
/// ln(1 + x), exact for small x. Gradient: dy / (1 + x).
XG_API Tensor log1p(const Operand& x);
/// e^x - 1, exact for small x. Gradient: dy e^x.
XG_API Tensor expm1(const Operand& x);
/// The square root; NaN below 0. Gradient: dy / (2 sqrt(x)).
XG_API Tensor sqrt(const Operand& x);
/// 1 / sqrt(x). Gradient: -dy / (2 x sqrt(x)).
XG_API Tensor rsqrt(const Operand& x);
/// x^2. Gradient: 2 dy x.
XG_API Tensor square(const Operand& x);
/// |x|. Gradient: dy sign(x).
XG_API Tensor abs(const Operand& x);
/// -1, 0 or 1. Its gradient is 0.
XG_API Tensor sign(const Operand& x);
/// x limited to [low, high]. Gradient: dy inside the closed interval, 0 outside. low > high is a ValueError.
XG_API Tensor clip(const Operand& x, double low, double high);
/// The same values in another dtype; itself if it has it already. Gradient: dy in the old dtype; none through integers.
XG_API Tensor astype(const Operand& x, DType dtype);

}  // namespace xg
