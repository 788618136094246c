#pragma once

#include "autograd/operand.hpp"

namespace xg {

// Elementwise comparisons: boolean tensors, without gradient. Shapes broadcast, dtypes promote. A comparison with NaN
// is false, except not_equal. A number beside integers is compared as it is: no uint8 equals 300, and each is less. One
// beside a floating tensor is rounded to its dtype first, so that `x == 0.1` finds what 0.1 was stored as.

/// Where a = b.
XG_API Tensor equal(Operand a, Operand b);
/// Where a is not b; true for NaN.
XG_API Tensor not_equal(Operand a, Operand b);
/// Where a < b.
XG_API Tensor less(Operand a, Operand b);
/// Where a is at most b.
XG_API Tensor less_equal(Operand a, Operand b);
/// Where a > b.
XG_API Tensor greater(Operand a, Operand b);
/// Where a is at least b.
XG_API Tensor greater_equal(Operand a, Operand b);

// Logic, element by element: boolean tensors, without gradient. What is not 0 is true, NaN too. Shapes broadcast.

/// Where both are true.
XG_API Tensor logical_and(Operand a, Operand b);
/// Where either is true.
XG_API Tensor logical_or(Operand a, Operand b);
/// Where one of both is true and the other is not.
XG_API Tensor logical_xor(Operand a, Operand b);
/// Where x is 0.
XG_API Tensor logical_not(const Operand& x);

// Kinds of numbers: boolean tensors, without gradient. Integers and booleans are finite.

/// Where x is NaN.
XG_API Tensor isnan(const Operand& x);
/// Where x is inf or -inf.
XG_API Tensor isinf(const Operand& x);
/// Where x is neither NaN nor infinite.
XG_API Tensor isfinite(const Operand& x);

/// a where `condition` (boolean) holds, else b; all three broadcast, and the dtypes of a and b promote, numbers being
/// weak as in arithmetic. The gradient goes to the chosen side alone.
XG_API Tensor where(const Operand& condition, Operand a, Operand b);

/// equal(a, b).
inline Tensor operator==(const Operand& a, const Operand& b) { return equal(a, b); }
/// not_equal(a, b).
inline Tensor operator!=(const Operand& a, const Operand& b) { return not_equal(a, b); }
/// less(a, b).
inline Tensor operator<(const Operand& a, const Operand& b) { return less(a, b); }
/// less_equal(a, b).
inline Tensor operator<=(const Operand& a, const Operand& b) { return less_equal(a, b); }
/// greater(a, b).
inline Tensor operator>(const Operand& a, const Operand& b) { return greater(a, b); }
/// greater_equal(a, b).
inline Tensor operator>=(const Operand& a, const Operand& b) { return greater_equal(a, b); }

}  // namespace xg
