#include "autograd/ops/reduction.hpp"

#include <cmath>
#include <limits>

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/check.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/scan.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/record.hpp"
#include "autograd/sum_to.hpp"
#include "lib/kernels/elementwise.hpp"
#include "lib/kernels/reduce.hpp"
#include "lib/kernels/scan.hpp"

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
  return record(
      op, [&] { return kernel(x.array(), p.mask).reshape(p.result); }, edge(x, rule));
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

/// (sum |x|^order)^(1/order) over the axes, which stay, of the elements divided by the one that rules the sum.
Tensor length_of_order(const Tensor& x, double order, const Axes& axes) {
  const NoGrad values_only;
  const Reduce reduce{axes, true};
  const Tensor size = abs(x), reach = order > 0 ? max(size, reduce) : min(size, reduce);
  const Tensor scale = where(logical_or(reach == 0.0, isinf(reach)), 1.0, reach);
  return pow(sum(pow(size / scale, order), reduce), 1 / order) * scale;
}

/// A norm that is not the Euclidean one.
Tensor norm_of_order(const Operand& x, const NormOptions& options) {
  const CallerScope scope(x.where());
  const Reduce reduce{options.axis, options.keepdims};
  const double order = options.order;
  const Plan p = plan("norm", x, options.axis, options.keepdims);
  if (order == 0) return astype(count_nonzero(x, reduce), x.dtype());
  if (std::isinf(order)) return order > 0 ? max(abs(x), reduce) : min(abs(x), reduce);
  if (order == 1) return sum(abs(x), reduce);
  if (p.folded == 0) return pow(sum(abs(x), reduce), 1 / order);
  return record(
      "norm", [&] { return length_of_order(x, order, options.axis).array().reshape(p.result); },
      edge(x, [x = Saved(x), kept = p.kept, order](const Tensor& dy, const Tensor& y) {
        const Tensor length = reshape(y, kept), none = x.get() == 0.0;
        const Tensor share = abs(x.get()) / where(length == 0.0, 1.0, length);
        return reshape(dy, kept) * where(none, 0.0, sign(x) * pow(where(none, 1.0, share), order - 1));
      }));
}

/// The folded axes as one, the last.
Tensor folded_last(const Tensor& x, const Plan& p) {
  std::vector<int> order, folded;
  Shape shape;
  for (std::size_t axis = 0; axis < x.rank(); ++axis) {
    (p.mask[axis] ? folded : order).push_back(static_cast<int>(axis));
    if (!p.mask[axis]) shape.push_back(x.shape()[axis]);
  }
  order.insert(order.end(), folded.begin(), folded.end());
  shape.push_back(p.folded);
  return reshape(permute(x, order), shape);
}

/// Along the last axis, the product of the elements before each one.
Tensor products_before(const Tensor& x) {
  Shape first = x.shape();
  first[first.rank() - 1] = 1;
  return concatenate({Tensor(Array::full(first, 1, x.dtype())), slice(cumprod(x, -1), -1, {.stop = -1})}, -1);
}

/// Along the last axis, the product of all elements but each one.
Tensor products_of_others(const Tensor& x) {
  if (x.shape().back() == 0) return x;
  return products_before(x) * flip(products_before(flip(x, -1)), -1);
}

/// folded_last() undone.
Tensor unfolded(const Tensor& x, const Plan& p, const Shape& shape) {
  std::vector<std::size_t> order, folded;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) (p.mask[axis] ? folded : order).push_back(axis);
  order.insert(order.end(), folded.begin(), folded.end());
  Shape spread;
  std::vector<int> back(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    spread.push_back(shape[order[i]]);
    back[order[i]] = static_cast<int>(i);
  }
  return permute(reshape(x, spread), back);
}

/// The product along the last axis, in float64 for floating elements.
Array product(const Array& x) {
  const std::size_t last = x.rank() - 1;
  Shape shape = x.shape();
  shape.erase(last);
  const DType dtype = is_floating(x.dtype()) ? x.dtype() : int64;
  if (x.shape()[last] == 0) return Array::full(shape, 1, dtype);
  const Array running = kernels::cumprod(x.astype(is_floating(dtype) ? float64 : int64), last);
  return running.slice(last, x.shape()[last] - 1, 1, 1).reshape(shape).astype(dtype);
}

}  // namespace

Tensor sum(const Operand& x, const Reduce& options) {
  const Plan p = plan("sum", x, options.axis, options.keepdims);
  return record(
      "sum", [&] { return kernels::sum(x.array(), p.mask).reshape(p.result); },
      edge(x, [kept = p.kept, shape = x.shape()](const Tensor& dy) { return broadcast_to(reshape(dy, kept), shape); }));
}

Tensor sum_squares(const Operand& x) {
  check_floating("sum_squares", x);
  return record(
      "sum_squares", [&] { return kernels::sum_squares(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return x * (dy * 2.0); }));
}

Tensor mean(const Operand& x, const Reduce& options) {
  const CallerScope scope(x.where());
  const Plan p = plan("mean", x, options.axis, options.keepdims);
  const auto count = static_cast<double>(p.folded);
  if (is_floating(x.dtype())) return sum(x, options) / count;
  // Only sums of int64 could be larger than one.
  const Tensor total = x.dtype() == int64 ? sum(astype(x, float64), options) : astype(sum(x, options), float64);
  return astype(total / count, float32);
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
  const Plan p = plan("stddev", x, options.axis, options.keepdims);
  const Tensor centred = x - mean(x, {.axis = options.axis, .keepdims = true});
  const double count = static_cast<double>(p.folded) - options.correction;
  return norm(centred, {.axis = options.axis, .keepdims = options.keepdims}) / std::sqrt(count);
}

Tensor norm(const Operand& x, const NormOptions& options) {
  check_floating("norm", x);
  if (options.order != 2) return norm_of_order(x, options);
  const Plan p = plan("norm", x, options.axis, options.keepdims);
  return record(
      "norm", [&] { return kernels::norm(x.array(), p.mask).reshape(p.result); },
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
  return record(
      "logsumexp", [&] { return logsumexp_value(x, p, options.axis).array().reshape(p.result); },
      edge(x, [x = Saved(x), kept = p.kept](const Tensor& dy, const Tensor& y) {
        return reshape(dy, kept) * exp(x - reshape(y, kept));
      }));
}

Tensor prod(const Operand& x, const Reduce& options) {
  const Plan p = plan("prod", x, options.axis, options.keepdims);
  const auto kernel = [&] {
    const NoGrad values_only;
    return product(folded_last(x, p).array()).reshape(p.result);
  };
  return record("prod", kernel, edge(x, [x = Saved(x), p](const Tensor& dy) {
                  return reshape(dy, p.kept) * unfolded(products_of_others(folded_last(x, p)), p, x.get().shape());
                }));
}

Tensor any(const Operand& x, const Reduce& options) { return count_nonzero(x, options) > 0; }

Tensor all(const Operand& x, const Reduce& options) { return count_nonzero(logical_not(x), options) == 0; }

Tensor count_nonzero(const Operand& x, const Reduce& options) {
  const Plan p = plan("count_nonzero", x, options.axis, options.keepdims);
  return kernels::sum(x.array().astype(boolean), p.mask).reshape(p.result);
}

Tensor quantile(const Operand& x, double q, const Reduce& options) {
  if (!(q >= 0 && q <= 1)) throw ValueError(concat("quantile: q must lie in [0, 1], got ", q), x.where());
  const CallerScope scope(x.where());
  const Plan p = plan("quantile", x, options.axis, options.keepdims);
  check_not_empty("quantile", x, p);
  const Tensor sorted = sort(folded_last(is_floating(x.dtype()) ? x.tensor() : astype(x, float32), p));
  const double place = q * static_cast<double>(p.folded - 1);
  const auto below = static_cast<std::int64_t>(place);
  const double part = place - static_cast<double>(below);
  Tensor result = select(sorted, below, -1);
  if (part > 0) result = result * (1 - part) + select(sorted, below + 1, -1) * part;
  const Tensor largest = select(sorted, -1, -1);  // NaN comes last
  return reshape(where(isnan(largest), largest, result), p.result);
}

Tensor median(const Operand& x, const Reduce& options) { return quantile(x, 0.5, options); }

Tensor sum_to(Tensor gradient, const Shape& shape, DType dtype) {
  if (broadcasts_to(gradient.shape(), shape)) {
    if (gradient.shape() != shape) gradient = broadcast_to(gradient, shape);
  } else {
    const std::size_t lead = gradient.rank() - shape.rank();
    std::vector<int> stretched;
    for (std::size_t axis = 0; axis < gradient.rank(); ++axis)
      if (axis < lead || (shape[axis - lead] == 1 && gradient.shape()[axis] != 1))
        stretched.push_back(static_cast<int>(axis));
    gradient = reshape(sum(gradient, {.axis = Axes(std::span<const int>(stretched)), .keepdims = true}), shape);
  }
  if (gradient.dtype() != dtype) gradient = astype(gradient, dtype);
  return gradient;
}

}  // namespace xg
