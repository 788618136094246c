#include "autograd/ops/compare.hpp"

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/check.hpp"
#include "autograd/record.hpp"
#include "lib/kernels/compare.hpp"

namespace xg {

Tensor equal(Operand a, Operand b) {
  align("equal", a, b);
  return kernels::equal(a.array(), b.array());
}

Tensor not_equal(Operand a, Operand b) {
  align("not_equal", a, b);
  return kernels::not_equal(a.array(), b.array());
}

Tensor less(Operand a, Operand b) {
  align("less", a, b);
  return kernels::less(a.array(), b.array());
}

Tensor less_equal(Operand a, Operand b) {
  align("less_equal", a, b);
  return kernels::less_equal(a.array(), b.array());
}

Tensor greater(Operand a, Operand b) {
  align("greater", a, b);
  return kernels::less(b.array(), a.array());
}

Tensor greater_equal(Operand a, Operand b) {
  align("greater_equal", a, b);
  return kernels::less_equal(b.array(), a.array());
}

Tensor logical_and(Operand a, Operand b) {
  align("logical_and", a, b);
  return kernels::logical_and(a.array(), b.array());
}

Tensor logical_or(Operand a, Operand b) {
  align("logical_or", a, b);
  return kernels::logical_or(a.array(), b.array());
}

Tensor logical_xor(Operand a, Operand b) {
  align("logical_xor", a, b);
  return kernels::logical_xor(a.array(), b.array());
}

Tensor logical_not(const Operand& x) { return kernels::equal(x.array(), Array::zeros({}, x.dtype())); }

Tensor isnan(const Operand& x) { return kernels::isnan(x.array()); }

Tensor isinf(const Operand& x) { return kernels::isinf(x.array()); }

Tensor isfinite(const Operand& x) { return kernels::isfinite(x.array()); }

Tensor where(const Operand& condition, Operand a, Operand b) {
  align("where", a, b);
  if (condition.dtype() != boolean)
    throw DTypeError(
        concat("where: the condition must be boolean, got ", condition.dtype(), ": compare it with something"),
        condition.where());
  const Shape values = *broadcast_shapes(a.shape(), b.shape());
  if (!broadcast_shapes(condition.shape(), values))
    throw ShapeError(
        concat("where: the condition's shape ", condition.shape(), " does not broadcast with the values' ", values),
        condition.where());
  const Saved chosen(condition);
  return record("where", kernels::where(condition.array(), a.array(), b.array()),
                edge(a, [chosen](const Tensor& dy) { return where(chosen, dy, 0.0); }),
                edge(b, [chosen](const Tensor& dy) { return where(chosen, 0.0, dy); }));
}

}  // namespace xg
