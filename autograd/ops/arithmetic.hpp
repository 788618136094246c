#pragma once

#include "autograd/indexed.hpp"
#include "autograd/operand.hpp"

namespace xg {

// Elementwise arithmetic. Shapes broadcast as in NumPy (else a ShapeError), dtypes promote as in PyTorch, numbers are
// weak: `x * 2.0` keeps the dtype of a floating x. A number outside the range of the integers it meets is a ValueError,
// as in NumPy 2; what becomes too large among integers wraps around. No arithmetic on booleans: a DTypeError.

/// a + b.
XG_API Tensor add(Operand a, Operand b);
/// a - b.
XG_API Tensor subtract(Operand a, Operand b);
/// a b, element by element.
XG_API Tensor multiply(Operand a, Operand b);
/// a / b; integers give float32.
XG_API Tensor divide(Operand a, Operand b);
/// -x.
XG_API Tensor negative(const Operand& x);
/// a to the power b; integers give float32. The gradient of the base is b a^(b-1), that of the exponent a^b ln a
/// (0 where a = 0 and b > 0).
XG_API Tensor pow(Operand a, Operand b);
/// The larger of a and b; NaN if either is. Where they are equal, each gets half of the gradient.
XG_API Tensor maximum(Operand a, Operand b);
/// The smaller of a and b; NaN if either is. Where they are equal, each gets half of the gradient.
XG_API Tensor minimum(Operand a, Operand b);
/// The angle of the point (x, y) in [-pi, pi]; integers give float32. Gradients: dy x / (x^2 + y^2) for y, and
/// -dy y / (x^2 + y^2) for x.
XG_API Tensor atan2(Operand y, Operand x);
/// ln(e^a + e^b), without overflow; integers give float32. Gradient: dy sigmoid(a - b), and dy sigmoid(b - a).
XG_API Tensor logaddexp(Operand a, Operand b);

/// a - b floor(a / b), which has the sign of b, as Python's %. Integers stay integers; a divisor of 0 is a ValueError
/// there, and gives NaN otherwise. Gradients: dy, and -dy floor(a / b).
XG_API Tensor remainder(Operand a, Operand b);
/// a + (b - a) weight.
XG_API Tensor lerp(Operand a, Operand b, Operand weight);
/// x + scale a b.
XG_API Tensor addcmul(Operand x, Operand a, Operand b, const Scalar& scale = 1);

/// add(a, b).
inline Tensor operator+(const Operand& a, const Operand& b) { return add(a, b); }
/// subtract(a, b).
inline Tensor operator-(const Operand& a, const Operand& b) { return subtract(a, b); }
/// multiply(a, b).
inline Tensor operator*(const Operand& a, const Operand& b) { return multiply(a, b); }
/// divide(a, b).
inline Tensor operator/(const Operand& a, const Operand& b) { return divide(a, b); }
/// negative(x).
inline Tensor operator-(const Operand& x) { return negative(x); }

// Compound assignment changes the elements of a, which keeps its shape and dtype, and all handles see that: the rule of
// training loops, `p -= rate * p.grad()` under NoGrad. While it is recorded, a variable that is no leaf becomes the new
// result, as in `loss += penalty`; a leaf that needs a gradient is a GraphError.

/// a becomes a + b.
inline Tensor& operator+=(Tensor& a, const Operand& b) { return detail::change(a, "+=", add, b); }
/// The elements of that part become a + b.
inline void operator+=(Indexed&& a, const Operand& b) { detail::change(a, "+=", add, b); }
/// a becomes a - b.
inline Tensor& operator-=(Tensor& a, const Operand& b) { return detail::change(a, "-=", subtract, b); }
/// The elements of that part become a - b.
inline void operator-=(Indexed&& a, const Operand& b) { detail::change(a, "-=", subtract, b); }
/// a becomes a b.
inline Tensor& operator*=(Tensor& a, const Operand& b) { return detail::change(a, "*=", multiply, b); }
/// The elements of that part become a b.
inline void operator*=(Indexed&& a, const Operand& b) { detail::change(a, "*=", multiply, b); }
/// a becomes a / b.
inline Tensor& operator/=(Tensor& a, const Operand& b) { return detail::change(a, "/=", divide, b); }
/// The elements of that part become a / b.
inline void operator/=(Indexed&& a, const Operand& b) { detail::change(a, "/=", divide, b); }

}  // namespace xg
