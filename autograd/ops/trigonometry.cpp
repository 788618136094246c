#include "autograd/ops/trigonometry.hpp"

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/slope.hpp"
#include "autograd/record.hpp"
#include "lib/kernels/trigonometry.hpp"

namespace xg {
namespace {

/// 1 / (1 + x^2).
Tensor atan_slope(const Tensor& x) {
  return slope(
      "atan_slope", x, [&] { return kernels::atan_slope(x.array()); },
      [](const Tensor& at, const Tensor& y) { return at * square(y) * -2.0; });
}

/// 1 / sqrt(1 + x^2).
Tensor asinh_slope(const Tensor& x) {
  return slope(
      "asinh_slope", x, [&] { return kernels::asinh_slope(x.array()); },
      [](const Tensor& at, const Tensor& y) { return -at * cube(y); });
}

/// (1 - x) (1 + x), exact where 1 - x^2 cancels.
Tensor one_less_square(const Tensor& x) { return (1.0 - x) * (1.0 + x); }

}  // namespace

Tensor sin(const Operand& x) {
  return record(
      "sin", [&] { return kernels::sin(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return dy * cos(x.get()); }));
}

Tensor cos(const Operand& x) {
  return record(
      "cos", [&] { return kernels::cos(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return -(dy * sin(x.get())); }));
}

Tensor tan(const Operand& x) {
  return record(
      "tan", [&] { return kernels::tan(x.array()); },
      edge(x, [](const Tensor& dy, const Tensor& y) { return dy * (1.0 + square(y)); }));
}

Tensor asin(const Operand& x) {
  return record(
      "asin", [&] { return kernels::asin(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return dy * rsqrt(one_less_square(x)); }));
}

Tensor acos(const Operand& x) {
  return record(
      "acos", [&] { return kernels::acos(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return -(dy * rsqrt(one_less_square(x))); }));
}

Tensor atan(const Operand& x) {
  return record(
      "atan", [&] { return kernels::atan(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return dy * atan_slope(x); }));
}

Tensor sinh(const Operand& x) {
  return record(
      "sinh", [&] { return kernels::sinh(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return dy * cosh(x.get()); }));
}

Tensor cosh(const Operand& x) {
  return record(
      "cosh", [&] { return kernels::cosh(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return dy * sinh(x.get()); }));
}

Tensor asinh(const Operand& x) {
  return record(
      "asinh", [&] { return kernels::asinh(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return dy * asinh_slope(x); }));
}

Tensor acosh(const Operand& x) {
  return record(
      "acosh", [&] { return kernels::acosh(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return dy / (sqrt(x.get() - 1.0) * sqrt(x.get() + 1.0)); }));
}

Tensor atanh(const Operand& x) {
  return record(
      "atanh", [&] { return kernels::atanh(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return dy / one_less_square(x); }));
}

}  // namespace xg
