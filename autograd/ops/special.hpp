#pragma once

#include "autograd/operand.hpp"

namespace xg {

// Functions around the gamma function, of floating tensors.

/// ln |gamma(x)|; inf at 0 and below at whole numbers. Gradient: dy digamma(x).
XG_API Tensor lgamma(const Operand& x);
/// The derivative of ln gamma(x); -inf at 0, NaN below at whole numbers. Gradient: dy polygamma(1, x).
XG_API Tensor digamma(const Operand& x);
/// The n-th derivative of digamma, (-1)^(n+1) n! zeta(n + 1, x) for n > 0, by recurrence and the asymptotic series,
/// below 0 by reflection (Abramowitz and Stegun, 6.4.6, 6.4.11 and 6.4.7). At 0 and below at whole numbers odd ones are
/// inf; all are NaN for n above 1754, where n! leaves every range. Gradient: dy polygamma(n + 1, x). A negative n is a
/// ValueError.
XG_API Tensor polygamma(int n, const Operand& x);

}  // namespace xg
