#pragma once

#include <limits>

#include "autograd/operand.hpp"

namespace xg {

// Elementwise functions of one tensor, of any shape. NaN stays NaN. Integers become float32, except in square, cube,
// abs, sign, floor, ceil, round and clip.

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
/// x^3. Gradient: 3 dy x^2.
XG_API Tensor cube(const Operand& x);
/// |x|; the smallest number of an integer dtype stays, as its opposite is too large. Gradient: dy sign(x).
XG_API Tensor abs(const Operand& x);
/// -1, 0 or 1. Its gradient is 0.
XG_API Tensor sign(const Operand& x);
/// 1 / x. Gradient: -dy / x^2.
XG_API Tensor reciprocal(const Operand& x);
/// The largest whole number that is at most x. Its gradient is 0.
XG_API Tensor floor(const Operand& x);
/// The smallest whole number that is at least x. Its gradient is 0.
XG_API Tensor ceil(const Operand& x);
/// The nearest whole number, half to even. Its gradient is 0.
XG_API Tensor round(const Operand& x);
/// The error function: 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x. Gradient: dy 2 / sqrt(pi) e^(-x^2).
XG_API Tensor erf(const Operand& x);
/// 1 - erf(x), exact where erf(x) is near 1. Gradient: -dy 2 / sqrt(pi) e^(-x^2).
XG_API Tensor erfc(const Operand& x);
/// x limited to [low, high], in x's dtype: integers to the whole numbers there, and bounds may lie beyond its range.
/// Gradient: dy inside the closed interval, 0 outside. low > high is a ValueError.
XG_API Tensor clip(const Operand& x, const Scalar& low, const Scalar& high);
/// What nan_to_num() puts in place.
struct NanToNumOptions {
  double nan = 0;                                                    ///< of NaN
  double infinity = std::numeric_limits<double>::max();              ///< limited to what the dtype can hold
  double negative_infinity = std::numeric_limits<double>::lowest();  ///< of -inf, limited likewise
};
/// x with numbers in place of NaN and infinities. Gradient: dy where x is finite, else 0.
XG_API Tensor nan_to_num(const Operand& x, const NanToNumOptions& options = {});
/// The same values in another dtype; itself if it has it already. Gradient: dy in the old dtype; none through integers.
XG_API Tensor astype(const Operand& x, DType dtype);

}  // namespace xg
