#pragma once

#include "lib/array.hpp"

namespace xg::kernels {

/// ln |gamma(x)| of floating elements.
Array lgamma(const Array& x);
/// The n-th derivative of ln gamma's derivative. At 0 and the whole numbers below it, odd ones are inf, even ones NaN,
/// but with the sign of their side at +0 and -0.
Array polygamma(int n, const Array& x);

}  // namespace xg::kernels
