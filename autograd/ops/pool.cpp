#include "autograd/ops/pool.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/check.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/record.hpp"
#include "lib/extent.hpp"
#include "lib/kernels/index.hpp"
#include "lib/kernels/pool.hpp"

namespace xg {
namespace {

using kernels::AxisWindows;
using kernels::Windows;

Shape pooled_shape(const Shape& x, const Windows& windows) {
  Shape shape = x;
  for (std::size_t axis = 1; axis + 1 < x.rank(); ++axis) shape[axis] = windows[3 - (x.rank() - 2) + axis - 1].count;
  return shape;
}

/// The transpose of choosing elements: dy at their places in zeros.
Tensor put(const Operand& dy, const Tensor& places, const Shape& shape) {
  const auto kernel = [&] {
    Array total = Array::zeros({shape.elements()}, dy.dtype());
    kernels::add_at(total, places.array().reshape({places.size()}), 0, dy.array().reshape({places.size()}));
    return total.reshape(shape);
  };
  return record("max_pool_back", kernel,
                edge(dy, [places = Saved(places)](const Tensor& g) { return take(reshape(g, {-1}), places); }));
}

Tensor maxima(const char* op, const Operand& x, const Windows& windows) {
  Array places = Array::empty(pooled_shape(x.shape(), windows), int64);
  return record(
      op, [&] { return kernels::max_pool(x.array(), windows, places); },
      edge(x,
           [places = Saved(Tensor(places)), shape = x.shape()](const Tensor& dy) { return put(dy, places, shape); }));
}

Tensor averages(const char* op, const Operand& x, const Windows& windows);

Tensor shares(const Operand& dy, const Windows& windows, const Shape& x) {
  return record(
      "average_pool_back", [&] { return kernels::average_pool_transpose(dy.array(), windows, x); },
      edge(dy, [windows](const Tensor& g) { return averages("average_pool", g, windows); }));
}

Tensor averages(const char* op, const Operand& x, const Windows& windows) {
  return record(
      op, [&] { return kernels::average_pool(x.array(), windows, pooled_shape(x.shape(), windows)); },
      edge(x, [windows, shape = x.shape()](const Tensor& dy) { return shares(dy, windows, shape); }));
}

/// Windows at equal distances; `same` chooses the padding.
AxisWindows axis_windows(std::int64_t extent, std::int64_t size, std::int64_t stride, std::int64_t padding, bool same,
                         const ExtentArithmetic& checked) {
  std::int64_t total = checked.multiply(2, padding);
  if (same) total = std::max<std::int64_t>(0, checked.add((divide_up(extent, stride) - 1) * stride, size) - extent);
  const std::int64_t room = checked.add(extent, total) - size;
  return {extent, room < 0 ? 0 : room / stride + 1, size, stride, total / 2};
}

void check_not_empty(const char* op, const Operand& x) {
  const Shape& shape = x.shape();
  if (std::find(shape.begin() + 1, shape.end() - 1, 0) != shape.end() - 1)
    throw ShapeError(concat(op, ": nothing to pool along the empty spatial axes of shape ", shape), x.where());
}

Windows plan(const char* op, const Operand& x, const PoolOptions& options, std::size_t axes) {
  check_floating(op, x);
  const Shape& shape = x.shape();
  if (shape.rank() != axes + 2)
    throw ShapeError(concat(op, ": (batch, ", axes, axes == 1 ? " spatial axis" : " spatial axes",
                            ", channels) expected, got shape ", shape),
                     x.where());
  const auto window = options.window.resolve(op, "the window", axes, 1, x.where());
  const auto stride = options.stride.resolve(op, "the stride", axes, 0, x.where());
  const auto padding = options.padding.sides().resolve(op, "the padding", axes, 0, x.where());
  if (options.padding.causal()) throw ValueError(concat(op, ": \"causal\" padding is for conv1d alone"), x.where());
  check_not_empty(op, x);
  const ExtentArithmetic checked(op, x.where());
  Windows windows;
  for (std::size_t axis = 3 - axes; axis < 3; ++axis) {
    const std::int64_t extent = shape[1 + axis - (3 - axes)], step = stride[axis] == 0 ? window[axis] : stride[axis];
    if (padding[axis] >= window[axis])
      throw ValueError(concat(op, ": the padding ", padding[axis], " must be smaller than the window ", window[axis]),
                       x.where());
    windows[axis] = axis_windows(extent, window[axis], step, padding[axis], options.padding.same(), checked);
    if (windows[axis].count == 0)
      throw ShapeError(concat(op, ": a window of ", window[axis], " reaches over shape ", shape), x.where());
  }
  return windows;
}

/// x with `count` samples along an axis.
Tensor resized(const Tensor& x, int axis, std::int64_t count, Interpolation interpolation) {
  const std::int64_t extent = x.shape()[axis];
  const double step = static_cast<double>(extent) / static_cast<double>(count);
  Shape along = Shape::filled(x.rank(), 1);
  along[axis] = count;
  const Array lower = Array::empty({count}, int64), upper = Array::empty({count}, int64);
  const Array weight = Array::empty(along, float64);
  for (std::int64_t i = 0; i < count; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * step;
    const double place = interpolation == Interpolation::nearest ? std::floor(centre) : std::max(0.0, centre - 0.5);
    const auto below = std::min(extent - 1, static_cast<std::int64_t>(place));
    lower.data<std::int64_t>()[i] = below;
    upper.data<std::int64_t>()[i] = std::min(extent - 1, below + 1);
    weight.data<double>()[i] = place - std::floor(place);
  }
  const Tensor first = take(x, Tensor(lower), axis);
  if (interpolation == Interpolation::nearest) return first;
  return lerp(first, take(x, Tensor(upper), axis), Tensor(weight.astype(x.dtype())));
}

Windows adaptive_plan(const char* op, const Operand& x, const PerAxis& size) {
  check_floating(op, x);
  const Shape& shape = x.shape();
  if (shape.rank() < 3 || shape.rank() > 5)
    throw ShapeError(concat(op, ": (batch, one to three spatial axes, channels) expected, got shape ", shape),
                     x.where());
  const std::size_t axes = shape.rank() - 2;
  const auto counts = size.resolve(op, "the size", axes, 1, x.where());
  check_not_empty(op, x);
  const ExtentArithmetic checked(op, x.where());
  Windows windows;
  for (std::size_t axis = 3 - axes; axis < 3; ++axis) {
    AxisWindows& along = windows[axis];
    along = {.extent = shape[1 + axis - (3 - axes)], .count = counts[axis], .even = true};
    checked.add(checked.multiply(along.count, along.extent), along.count);  // what bounds are computed from
  }
  return windows;
}

}  // namespace

Tensor max_pool1d(const Operand& x, const PoolOptions& options) {
  return maxima("max_pool1d", x, plan("max_pool1d", x, options, 1));
}
Tensor max_pool2d(const Operand& x, const PoolOptions& options) {
  return maxima("max_pool2d", x, plan("max_pool2d", x, options, 2));
}
Tensor max_pool3d(const Operand& x, const PoolOptions& options) {
  return maxima("max_pool3d", x, plan("max_pool3d", x, options, 3));
}

Tensor average_pool1d(const Operand& x, const PoolOptions& options) {
  return averages("average_pool1d", x, plan("average_pool1d", x, options, 1));
}
Tensor average_pool2d(const Operand& x, const PoolOptions& options) {
  return averages("average_pool2d", x, plan("average_pool2d", x, options, 2));
}
Tensor average_pool3d(const Operand& x, const PoolOptions& options) {
  return averages("average_pool3d", x, plan("average_pool3d", x, options, 3));
}

Tensor adaptive_max_pool(const Operand& x, const PerAxis& size) {
  return maxima("adaptive_max_pool", x, adaptive_plan("adaptive_max_pool", x, size));
}

Tensor adaptive_average_pool(const Operand& x, const PerAxis& size) {
  return averages("adaptive_average_pool", x, adaptive_plan("adaptive_average_pool", x, size));
}

Tensor resize(const Operand& x, const PerAxis& size, Interpolation interpolation) {
  adaptive_plan("resize", x, size);  // checks the arguments
  const std::size_t axes = x.shape().rank() - 2;
  const auto sizes = size.resolve("resize", "the size", axes, 1, x.where());
  const CallerScope scope(x.where());
  Shape shape = x.shape();
  for (std::size_t axis = 1; axis <= axes; ++axis) shape[axis] = sizes[3 - axes + axis - 1];
  Array::empty(shape, x.dtype());  // what does not fit the memory is refused before any work
  Tensor result = x.tensor();
  for (std::size_t axis = 1; axis <= axes; ++axis)
    result = resized(result, static_cast<int>(axis), sizes[3 - axes + axis - 1], interpolation);
  return result;
}

}  // namespace xg
