#pragma once

#include "autograd/operand.hpp"

namespace xg {

// Elementwise comparisons: boolean tensors, without gradient. Shapes broadcast, dtypes promote. A comparison with NaN
// is false, except not_equal.

XG_API Tensor equal(Operand a, Operand b);
XG_API Tensor not_equal(Operand a, Operand b);
XG_API Tensor less(Operand a, Operand b);
XG_API Tensor less_equal(Operand a, Operand b);
XG_API Tensor greater(Operand a, Operand b);
XG_API Tensor greater_equal(Operand a, Operand b);

// Logic, element by element: boolean tensors, without gradient. What is not 0 is true, NaN too. Shapes broadcast.

XG_API Tensor logical_and(Operand a, Operand b);
XG_API Tensor logical_or(Operand a, Operand b);
/// Where one of both is true and the other is not.
XG_API Tensor logical_xor(Operand a, Operand b);
XG_API Tensor logical_not(const Operand& x);

// Kinds of numbers: boolean tensors, without gradient. Integers and booleans are finite.

XG_API Tensor isnan(const Operand& x);
XG_API Tensor isinf(const Operand& x);
XG_API Tensor isfinite(const Operand& x);

/// a where `condition` (boolean) holds, else b; all three broadcast. The gradient goes to the chosen side alone.
XG_API Tensor where(const Operand& condition, Operand a, Operand b);

inline Tensor operator==(const Operand& a, const Operand& b) { return equal(a, b); }
inline Tensor operator!=(const Operand& a, const Operand& b) { return not_equal(a, b); }
inline Tensor operator<(const Operand& a, const Operand& b) { return less(a, b); }
inline Tensor operator<=(const Operand& a, const Operand& b) { return less_equal(a, b); }
inline Tensor operator>(const Operand& a, const Operand& b) { return greater(a, b); }
inline Tensor operator>=(const Operand& a, const Operand& b) { return greater_equal(a, b); }

}  // namespace xg
