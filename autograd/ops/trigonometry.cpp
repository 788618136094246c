#include "autograd/ops/trigonometry.hpp"

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/record.hpp"
#include "lib/kernels/trigonometry.hpp"

namespace xg {

Tensor sin(const Operand& x) {
  return record("sin", kernels::sin(x.array()),
                edge(x, [x = Saved(x)](const Tensor& dy) { return dy * cos(x.get()); }));
}

Tensor cos(const Operand& x) {
  return record("cos", kernels::cos(x.array()),
                edge(x, [x = Saved(x)](const Tensor& dy) { return -(dy * sin(x.get())); }));
}

Tensor tan(const Operand& x) {
  return record("tan", kernels::tan(x.array()),
                edge(x, [](const Tensor& dy, const Tensor& y) { return dy * (1.0 + square(y)); }));
}

Tensor asin(const Operand& x) {
  return record("asin", kernels::asin(x.array()),
                edge(x, [x = Saved(x)](const Tensor& dy) { return dy * rsqrt(1.0 - square(x.get())); }));
}

Tensor acos(const Operand& x) {
  return record("acos", kernels::acos(x.array()),
                edge(x, [x = Saved(x)](const Tensor& dy) { return -(dy * rsqrt(1.0 - square(x.get()))); }));
}

Tensor atan(const Operand& x) {
  return record("atan", kernels::atan(x.array()),
                edge(x, [x = Saved(x)](const Tensor& dy) { return dy / (1.0 + square(x.get())); }));
}

Tensor sinh(const Operand& x) {
  return record("sinh", kernels::sinh(x.array()),
                edge(x, [x = Saved(x)](const Tensor& dy) { return dy * cosh(x.get()); }));
}

Tensor cosh(const Operand& x) {
  return record("cosh", kernels::cosh(x.array()),
                edge(x, [x = Saved(x)](const Tensor& dy) { return dy * sinh(x.get()); }));
}

Tensor asinh(const Operand& x) {
  return record("asinh", kernels::asinh(x.array()),
                edge(x, [x = Saved(x)](const Tensor& dy) { return dy * rsqrt(square(x.get()) + 1.0); }));
}

Tensor acosh(const Operand& x) {
  return record("acosh", kernels::acosh(x.array()),
                edge(x, [x = Saved(x)](const Tensor& dy) { return dy * rsqrt(square(x.get()) - 1.0); }));
}

Tensor atanh(const Operand& x) {
  return record("atanh", kernels::atanh(x.array()),
                edge(x, [x = Saved(x)](const Tensor& dy) { return dy / (1.0 - square(x.get())); }));
}

}  // namespace xg
