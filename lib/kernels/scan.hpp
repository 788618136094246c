#pragma once

#include "lib/array.hpp"

namespace xg::kernels {

// Running results along an axis: element i of what comes before it, and itself.

/// Sums; integers and booleans give int64.
Array cumsum(const Array& x, std::size_t axis);
/// Products; integers and booleans give int64.
Array cumprod(const Array& x, std::size_t axis);
/// The int64 index of the first largest element so far; of the first NaN from there on.
Array running_argmax(const Array& x, std::size_t axis);
Array running_argmin(const Array& x, std::size_t axis);

/// The values of s[i] = a[i] s[i - 1] + b[i] along an axis, with s[0] = b[0]; floating arrays of one shape and dtype.
Array recurrence(const Array& a, const Array& b, std::size_t axis);

/// The int64 indices that sort along an axis: equal elements keep their order, NaN counts as the largest.
Array argsort(const Array& x, std::size_t axis, bool descending);

}  // namespace xg::kernels
