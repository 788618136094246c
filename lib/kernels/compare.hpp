#pragma once

#include "lib/array.hpp"

namespace xg::kernels {

// Elementwise comparisons of two arrays that broadcast; the result is boolean. Anything compared with NaN is false, but
// not_equal.

Array equal(const Array& a, const Array& b);
Array not_equal(const Array& a, const Array& b);
Array less(const Array& a, const Array& b);
Array less_equal(const Array& a, const Array& b);

/// a where the boolean `condition` holds, else b; all three broadcast.
Array where(const Array& condition, const Array& a, const Array& b);

}  // namespace xg::kernels
