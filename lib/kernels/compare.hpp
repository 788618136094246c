#pragma once

#include <compare>

#include "lib/array.hpp"

namespace xg::kernels {

// Elementwise comparisons of two arrays that broadcast; the result is boolean. Anything compared with NaN is false, but
// not_equal.

Array equal(const Array& a, const Array& b);
Array not_equal(const Array& a, const Array& b);
Array less(const Array& a, const Array& b);
Array less_equal(const Array& a, const Array& b);

/// How two numbers are related.
enum class Relation { equal, not_equal, less, less_equal, greater, greater_equal };
/// Whether a relation holds of what <=> gives.
bool holds(Relation relation, std::partial_ordering order);
/// Where x and y, which broadcast, are so related.
Array compare(const Array& x, Relation relation, const Array& y);
/// Where x is so related to a number, which need be no element of x's dtype.
Array compare(const Array& x, Relation relation, const Scalar& number);

// Of elements of any dtype: what is not 0 is true, NaN too.

Array logical_and(const Array& a, const Array& b);
Array logical_or(const Array& a, const Array& b);
Array logical_xor(const Array& a, const Array& b);

// Integers and booleans are finite.

Array isnan(const Array& x);
Array isinf(const Array& x);
Array isfinite(const Array& x);

/// a where the boolean `condition` holds, else b; all three broadcast.
Array where(const Array& condition, const Array& a, const Array& b);

}  // namespace xg::kernels
