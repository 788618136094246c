#pragma once

#include "lib/array.hpp"

namespace xg::kernels {

// Elementwise kernels of two arrays, which may have different dtypes (the result has the promoted one) and any shapes
// that broadcast. NaN in either gives NaN, in maximum and minimum too. Integers wrap around. No arithmetic on booleans:
// a DTypeError.

Array add(const Array& a, const Array& b);
Array subtract(const Array& a, const Array& b);
Array multiply(const Array& a, const Array& b);
/// True division: integers give float32.
Array divide(const Array& a, const Array& b);
Array maximum(const Array& a, const Array& b);
Array minimum(const Array& a, const Array& b);
/// a to the power b, as std::pow. Integers give float32.
Array power(const Array& a, const Array& b);
/// b a^(b - 1), the derivative of a^b with respect to a: 0 for b = 0. Right where a^b itself leaves the range.
Array power_slope(const Array& a, const Array& b);
/// a^b ln a, the derivative of a^b with respect to b: 0 for a = 0 and b >= 0, NaN for a < 0.
Array power_growth(const Array& a, const Array& b);
/// The angle of the point (x, y) in [-pi, pi]. Integers give float32.
Array atan2(const Array& y, const Array& x);
/// p / (p^2 + q^2), without overflow: the derivatives of atan2 but for their sign. 0 at infinity, NaN at 0.
Array atan2_slope(const Array& p, const Array& q);
/// ln(e^a + e^b), without overflow. Integers give float32.
Array logaddexp(const Array& a, const Array& b);
/// e^a / (e^a + e^b), the derivative of logaddexp with respect to a: 1/2 for equal ones, infinite ones too.
Array logaddexp_slope(const Array& a, const Array& b);
/// a - b floor(a / b); integers, whose divisors are not 0, stay integers.
Array remainder(const Array& a, const Array& b);

/// total += values, which broadcast to it and have its dtype. Does not raise the version: for buffers nobody else sees.
void add_into(Array& total, const Array& values);

}  // namespace xg::kernels
