#include "autograd/ops/reduction.hpp"

#include <limits>

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/check.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/record.hpp"
#include "autograd/sum_to.hpp"
#include "lib/kernels/elementwise.hpp"
#include "lib/kernels/reduce.hpp"

namespace xg {
namespace {

using kernels::AxisMask;

/// A reduction's axes, the shape with them at extent 1, and the shape of the result.
struct Plan {
  AxisMask mask;
  Shape kept;
  Shape result;
  std::int64_t folded = 1;
};

Plan plan(const char* op, const Operand& x, const Axes& axes, bool keepdims) {
  Plan p;
  p.mask = axis_mask(op, axes, x.shape(), x.where());
  for (std::size_t axis = 0; axis < x.shape().rank(); ++axis) {
    const std::int64_t extent = x.shape()[axis];
    p.kept.push_back(p.mask[axis] ? 1 : extent);
    if (p.mask[axis]) p.folded *= extent;
    if (!p.mask[axis] || keepdims) p.result.push_back(p.kept[axis]);
  }
  return p;
}

void check_not_empty(const char* op, const Operand& x, const Plan& p) {
  if (p.folded == 0)
    throw ShapeError(concat(op, ": nothing to reduce along the empty axes of shape ", x.shape()), x.where());
}

Tensor extreme(const char* op, const Operand& x, const Reduce& options,
               Array (*kernel)(const Array&, const AxisMask&)) {
  const Plan p = plan(op, x, options.axis, options.keepdims);
  check_not_empty(op, x, p);
  const auto rule = [x = Saved(x), kept = p.kept, axes = options.axis](const Tensor& dy, const Tensor& y) {
    const Tensor chosen = astype(x.get() == reshape(y.detach(), kept), dy.dtype());
    const Tensor ties = sum(chosen, {.axis = axes, .keepdims = true});
    return chosen * (reshape(dy, kept) / ties);
  };
  return record(op, kernel(x.array(), p.mask).reshape(p.result), edge(x, rule));
}

Tensor index_of_extreme(const char* op, const Operand& x, const Reduce& options,
                        Array (*kernel)(const Array&, std::size_t)) {
  const Plan p = plan(op, x, options.axis, options.keepdims);
  check_not_empty(op, x, p);
  if (options.axis.all()) return kernel(x.array().reshape({x.array().size()}), 0).reshape(p.result);
  if (options.axis.list().size() != 1)
    throw ShapeError(concat(op, ": one axis or none expected, got ", options.axis.list().size()), x.where());
  return kernel(x.array(), normalize_axis(op, options.axis.list()[0], x.shape().rank(), x.where())).reshape(p.result);
}

/// ln sum(e^x) over the axes, which stay.
Tensor logsumexp_value(const Tensor& x, const Plan& p, const Axes& axes) {
  const NoGrad values_only;
  const Tensor largest = kernels::max(x.array(), p.mask);
  // An infinite maximum must not be subtracted from itself.
  const Tensor top = where(abs(largest) == std::numeric_limits<double>::infinity(), 0.0, largest);
  return log(sum(exp(x - top), {.axis = axes, .keepdims = true})) + top;
}

}  // namespace

Tensor sum(const Operand& x, const Reduce& options) {
  const Plan p = plan("sum", x, options.axis, options.keepdims);
  return record(
      "sum", kernels::sum(x.array(), p.mask).reshape(p.result),
      edge(x, [kept = p.kept, shape = x.shape()](const Tensor& dy) { return broadcast_to(reshape(dy, kept), shape); }));
}

Tensor sum_squares(const Operand& x) {
  check_floating("sum_squares", x);
  return record("sum_squares", kernels::sum_squares(x.array()),
                edge(x, [x = Saved(x)](const Tensor& dy) { return x * (dy * 2.0); }));
}

Tensor mean(const Operand& x, const Reduce& options) {
  const CallerScope scope(x.where());
  const Plan p = plan("mean", x, options.axis, options.keepdims);
  const Tensor value = is_floating(x.dtype()) ? x.tensor() : astype(x, float32);
  return sum(Operand(value, x.where()), options) / static_cast<double>(p.folded);
}

Tensor max(const Operand& x, const Reduce& options) { return extreme("max", x, options, kernels::max); }

Tensor min(const Operand& x, const Reduce& options) { return extreme("min", x, options, kernels::min); }

Tensor argmax(const Operand& x, const Reduce& options) {
  return index_of_extreme("argmax", x, options, kernels::argmax);
}

Tensor argmin(const Operand& x, const Reduce& options) {
  return index_of_extreme("argmin", x, options, kernels::argmin);
}

Tensor var(const Operand& x, const VarianceOptions& options) {
  check_floating("var", x);
  const CallerScope scope(x.where());
  const Plan p = plan("var", x, options.axis, options.keepdims);
  const Tensor centred = x - mean(x, {.axis = options.axis, .keepdims = true});
  const Tensor squares = sum(square(centred), {.axis = options.axis, .keepdims = options.keepdims});
  return squares / (static_cast<double>(p.folded) - options.correction);
}

Tensor stddev(const Operand& x, const VarianceOptions& options) {
  check_floating("stddev", x);
  const CallerScope scope(x.where());
  return sqrt(var(x, options));
}

Tensor norm(const Operand& x, const Reduce& options) {
  check_floating("norm", x);
  const Plan p = plan("norm", x, options.axis, options.keepdims);
  const Array squares = kernels::sum(kernels::square(x.array()), p.mask);
  return record("norm", kernels::sqrt(squares).reshape(p.result),
                edge(x, [x = Saved(x), kept = p.kept](const Tensor& dy, const Tensor& y) {
                  const Tensor length = reshape(y, kept);
                  const Tensor none = length == 0.0;
                  return reshape(dy, kept) * where(none, 0.0, x.get() / where(none, 1.0, length));
                }));
}

Tensor logsumexp(const Operand& x, const Reduce& options) {
  check_floating("logsumexp", x);
  const Plan p = plan("logsumexp", x, options.axis, options.keepdims);
  check_not_empty("logsumexp", x, p);
  return record("logsumexp", logsumexp_value(x, p, options.axis).array().reshape(p.result),
                edge(x, [x = Saved(x), kept = p.kept](const Tensor& dy, const Tensor& y) {
                  return reshape(dy, kept) * exp(x - reshape(y, kept));
                }));
}

Tensor sum_to(const Tensor& gradient, const Shape& shape, DType dtype) {
  Tensor result = gradient;
  if (broadcasts_to(result.shape(), shape)) {
    if (result.shape() != shape) result = broadcast_to(result, shape);
  } else {
    const std::size_t lead = result.rank() - shape.rank();
    std::vector<int> stretched;
    for (std::size_t axis = 0; axis < result.rank(); ++axis)
      if (axis < lead || (shape[axis - lead] == 1 && result.shape()[axis] != 1))
        stretched.push_back(static_cast<int>(axis));
    result = reshape(sum(result, {.axis = Axes(std::span<const int>(stretched)), .keepdims = true}), shape);
  }
  return result.dtype() == dtype ? result : astype(result, dtype);
}

}  // namespace xg
