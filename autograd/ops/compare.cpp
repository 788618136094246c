#include "autograd/ops/compare.hpp"

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/check.hpp"
#include "autograd/record.hpp"
#include "lib/kernels/compare.hpp"

namespace xg {

namespace {

using kernels::Relation;

/// The relation of b to a, if this is that of a to b.
Relation mirrored(Relation relation) {
  switch (relation) {
    case Relation::less:
      return Relation::greater;
    case Relation::less_equal:
      return Relation::greater_equal;
    case Relation::greater:
      return Relation::less;
    case Relation::greater_equal:
      return Relation::less_equal;
    default:
      return relation;
  }
}

/// A comparison. A number is compared as it is, not as what the tensor's dtype would make of it.
Tensor compared(const char* op, const Operand& a, Relation relation, const Operand& b) {
  if (a.is_number() && b.is_number()) return Tensor(kernels::holds(relation, a.number() <=> b.number()));
  if (a.is_number()) return kernels::compare(b.array(), mirrored(relation), a.number());
  if (b.is_number()) return kernels::compare(a.array(), relation, b.number());
  check_broadcast(op, a, b);
  return kernels::compare(a.array(), relation, b.array());
}

Tensor combined(const char* op, const Operand& a, const Operand& b, Array (*kernel)(const Array&, const Array&)) {
  const auto truth = [](const Operand& x) {
    return x.is_number() ? Array::full({}, x.number() != 0, boolean) : x.array();
  };
  const Array x = truth(a), y = truth(b);
  if (!a.is_number() && !b.is_number()) check_broadcast(op, a, b);
  return kernel(x, y);
}

}  // namespace

Tensor equal(Operand a, Operand b) { return compared("equal", a, Relation::equal, b); }
Tensor not_equal(Operand a, Operand b) { return compared("not_equal", a, Relation::not_equal, b); }
Tensor less(Operand a, Operand b) { return compared("less", a, Relation::less, b); }
Tensor less_equal(Operand a, Operand b) { return compared("less_equal", a, Relation::less_equal, b); }
Tensor greater(Operand a, Operand b) { return compared("greater", a, Relation::greater, b); }

Tensor greater_equal(Operand a, Operand b) { return compared("greater_equal", a, Relation::greater_equal, b); }

Tensor logical_and(Operand a, Operand b) { return combined("logical_and", a, b, kernels::logical_and); }

Tensor logical_or(Operand a, Operand b) { return combined("logical_or", a, b, kernels::logical_or); }

Tensor logical_xor(Operand a, Operand b) { return combined("logical_xor", a, b, kernels::logical_xor); }

Tensor logical_not(const Operand& x) { return kernels::compare(x.array(), Relation::equal, 0); }

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
  return record(
      "where", [&] { return kernels::where(condition.array(), a.array(), b.array()); },
      edge(a, [chosen](const Tensor& dy) { return where(chosen, dy, 0.0); }),
      edge(b, [chosen](const Tensor& dy) { return where(chosen, 0.0, dy); }));
}

}  // namespace xg
