#pragma once

#include "lib/array.hpp"

namespace xg::kernels {

/// ln |gamma(x)| of floating elements.
Array lgamma(const Array& x);
/// The n-th derivative of ln gamma's derivative, computed in float64; NaN below -10000.
Array polygamma(int n, const Array& x);

}  // namespace xg::kernels
