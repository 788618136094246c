#include "autograd/ops/conv.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "autograd/ops/check.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/record.hpp"
#include "lib/extent.hpp"
#include "lib/kernels/conv.hpp"

namespace xg {
namespace {

using kernels::Convolution;
using kernels::Spatial;

// A convolution, its transpose and the gradient of its kernel: each one's gradients are the other two.

Tensor convolve(const char* op, const Operand& x, const Operand& w, const Convolution& c, const Shape& y);
Tensor transpose_of(const char* op, const Operand& dy, const Operand& w, const Convolution& c, const Shape& x);
Tensor kernel_of(const Operand& x, const Operand& dy, const Convolution& c, const Shape& w);

/// The rules of y = x * w.
auto input_rule(const Operand& x, const Operand& w, const Convolution& c) {
  return [w = Saved(w), c, shape = x.shape()](const Tensor& dy) {
    return transpose_of("conv_transpose", dy, w.get(), c, shape);
  };
}
auto kernel_rule(const Operand& x, const Operand& w, const Convolution& c) {
  return [x = Saved(x), c, shape = w.shape()](const Tensor& dy) { return kernel_of(x.get(), dy, c, shape); };
}

Tensor convolve(const char* op, const Operand& x, const Operand& w, const Convolution& c, const Shape& y) {
  return record(
      op, [&] { return kernels::conv(x.array(), w.array(), Array(), c, y); }, edge(x, input_rule(x, w, c)),
      edge(w, kernel_rule(x, w, c)));
}

Tensor convolve(const char* op, const Operand& x, const Operand& w, const Operand& bias, const Convolution& c,
                const Shape& y) {
  return record(
      op, [&] { return kernels::conv(x.array(), w.array(), bias.array(), c, y); }, edge(x, input_rule(x, w, c)),
      edge(w, kernel_rule(x, w, c)), edge(bias, [](const Tensor& dy) {
        return sum(reshape(dy, {-1, dy.shape().back()}), {.axis = 0});
      }));
}

Tensor transpose_of(const char* op, const Operand& dy, const Operand& w, const Convolution& c, const Shape& x) {
  return record(
      op, [&] { return kernels::conv_transpose(dy.array(), w.array(), c, x); },
      edge(dy,
           [w = Saved(w), c, shape = dy.shape()](const Tensor& g) { return convolve("conv", g, w.get(), c, shape); }),
      edge(w, [dy = Saved(dy), c, shape = w.shape()](const Tensor& g) { return kernel_of(g, dy.get(), c, shape); }));
}

Tensor kernel_of(const Operand& x, const Operand& dy, const Convolution& c, const Shape& w) {
  return record(
      "conv_kernel", [&] { return kernels::conv_kernel(x.array(), dy.array(), c, w); },
      edge(x, [dy = Saved(dy), c,
               shape = x.shape()](const Tensor& g) { return transpose_of("conv_transpose", dy.get(), g, c, shape); }),
      edge(dy,
           [x = Saved(x), c, shape = dy.shape()](const Tensor& g) { return convolve("conv", x.get(), g, c, shape); }));
}

/// Everything but the extents of the arrays.
struct Settings {
  std::size_t axes;
  Spatial stride, dilation, padding;
  bool same, causal;
};

Settings resolve(const char* op, std::size_t axes, const PerAxis& stride, const PerAxis& dilation,
                 const Padding& padding, std::source_location where) {
  if (padding.causal() && std::string_view(op) != "conv1d")
    throw ValueError(concat(op, ": \"causal\" padding is for conv1d alone"), where);
  return {axes,
          stride.resolve(op, "the stride", axes, 1, where),
          dilation.resolve(op, "the dilation", axes, 1, where),
          padding.sides().resolve(op, "the padding", axes, 0, where),
          padding.same(),
          padding.causal()};
}

/// Spatial extents, with 1 for axes that are missing in front.
Spatial spatial(const Shape& shape, std::size_t first, std::size_t axes) {
  Spatial result{1, 1, 1};
  for (std::size_t axis = 0; axis < axes; ++axis) result[3 - axes + axis] = shape[first + axis];
  return result;
}

Shape image_shape(std::int64_t batch, const Spatial& extents, std::size_t axes, std::int64_t channels) {
  Shape shape{batch};
  for (std::size_t axis = 3 - axes; axis < 3; ++axis) shape.push_back(extents[axis]);
  shape.push_back(channels);
  return shape;
}

/// How far a kernel of that extent reaches.
std::int64_t reach(std::int64_t kernel, std::int64_t dilation, const ExtentArithmetic& checked) {
  return checked.add(checked.multiply(kernel - 1, dilation), 1);
}

/// Sets `before` and `out`, from `in`. False if the kernel does not fit.
bool measure(Convolution& c, const Settings& s, const ExtentArithmetic& checked) {
  c.stride = c.dilation = {1, 1, 1};
  for (std::size_t axis = 3 - s.axes; axis < 3; ++axis) {
    c.stride[axis] = s.stride[axis];
    c.dilation[axis] = s.dilation[axis];
  }
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const std::int64_t reached = reach(c.kernel[axis], c.dilation[axis], checked);
    std::int64_t total = checked.multiply(2, s.padding[axis]);
    if (s.same && axis >= 3 - s.axes) {
      const std::int64_t last = (divide_up(c.in[axis], c.stride[axis]) - 1) * c.stride[axis];
      total = std::max<std::int64_t>(0, checked.add(last, reached) - c.in[axis]);
    }
    if (s.causal && axis >= 3 - s.axes) total = reached - 1;
    c.before[axis] = s.causal ? total : total / 2;
    const std::int64_t room = checked.add(c.in[axis], total) - reached;
    c.out[axis] = room < 0 ? 0 : room / c.stride[axis] + 1;
    if (room < 0) return false;
  }
  return true;
}

void check_operands(const char* op, const Operand& x, const Operand& w, std::size_t axes) {
  check_floating(op, x);
  if (x.dtype() != w.dtype())
    throw DTypeError(concat(op, ": dtypes ", x.dtype(), " and ", w.dtype(), " differ: convert with astype"), x.where());
  const char* const names[] = {"", "length", "height, width", "depth, height, width"};
  if (x.shape().rank() != axes + 2 || w.shape().rank() != axes + 2)
    throw ShapeError(concat(op, ": x of shape ", x.shape(), " and a kernel of shape ", w.shape(), " where (batch, ",
                            names[axes], ", channels) and as many axes of the kernel are expected"),
                     x.where());
  if (std::find(w.shape().begin(), w.shape().begin() + axes, 0) != w.shape().begin() + axes)
    throw ShapeError(concat(op, ": the kernel of shape ", w.shape(), " has an empty spatial axis"), x.where());
}

void check_groups(const char* op, const Operand& x, const Operand& w, std::int64_t channels, std::int64_t features,
                  std::int64_t groups) {
  if (groups < 1 || channels % groups != 0 || features % groups != 0)
    throw ValueError(concat(op, ": ", channels, " channels and ", features, " features do not fall into ", groups,
                            " groups, for shapes ", x.shape(), " and ", w.shape()),
                     x.where());
}

Convolution plan(const char* op, const Operand& x, const Operand& w, const ConvOptions& options, std::size_t axes) {
  check_operands(op, x, w, axes);
  const Settings settings = resolve(op, axes, options.stride, options.dilation, options.padding, x.where());
  Convolution c{x.shape()[0],
                x.shape().back(),
                w.shape().back(),
                options.groups,
                spatial(x.shape(), 1, axes),
                {},
                spatial(w.shape(), 0, axes),
                {},
                {},
                {}};
  check_groups(op, x, w, c.channels, c.features, c.groups);
  const ExtentArithmetic checked(op, x.where());
  const std::int64_t expected = checked.multiply(w.shape()[axes], c.groups);
  if (expected != c.channels)
    throw ShapeError(concat(op, ": x of shape ", x.shape(), " has ", c.channels, " channels, the kernel ", w.shape(),
                            " is for ", expected, ": channels are the last axis of x"),
                     x.where());
  if (!measure(c, settings, checked))
    throw ShapeError(concat(op, ": the kernel of shape ", w.shape(), " reaches over x of shape ", x.shape(),
                            ": pad it, or take a smaller kernel or dilation"),
                     x.where());
  return c;
}

Tensor conv(const char* op, const Operand& x, const Operand& w, const ConvOptions& options, std::size_t axes) {
  const Convolution c = plan(op, x, w, options, axes);
  const Shape shape = image_shape(c.batch, c.out, axes, c.features);
  const Tensor& bias = options.bias;
  if (!bias.defined()) return convolve(op, x, w, c, shape);
  if (bias.shape() != Shape{c.features} || bias.dtype() != x.dtype())
    throw ShapeError(concat(op, ": a ", x.dtype(), " bias of shape (", c.features, ",) is expected, got ", bias.dtype(),
                            ' ', bias.shape()),
                     x.where());
  return convolve(op, x, w, Operand(bias, x.where()), c, shape);
}

Tensor conv_transpose(const char* op, const Operand& x, const Operand& w, const ConvOptions& options,
                      std::size_t axes) {
  check_operands(op, x, w, axes);
  if (options.bias.defined()) throw ValueError(concat(op, ": takes no bias: add it to the result"), x.where());
  const Settings settings = resolve(op, axes, options.stride, options.dilation, options.padding, x.where());
  const ExtentArithmetic checked(op, x.where());
  const std::int64_t features = checked.multiply(w.shape()[axes], options.groups);
  // The convolution whose transpose this is takes the result to x.
  Convolution c{x.shape()[0], features, x.shape().back(), options.groups, {}, {}, spatial(w.shape(), 0, axes), {},
                {},           {}};
  check_groups(op, x, w, x.shape().back(), features, c.groups);
  if (w.shape().back() != x.shape().back())
    throw ShapeError(concat(op, ": x of shape ", x.shape(), " has ", x.shape().back(), " channels, the kernel ",
                            w.shape(), " is for ", w.shape().back(), ": channels are the last axis of both"),
                     x.where());
  const Spatial given = spatial(x.shape(), 1, axes);
  c.in = {1, 1, 1};
  for (std::size_t axis = 3 - axes; axis < 3; ++axis) {
    const std::int64_t stride = settings.stride[axis], last = checked.multiply(given[axis] - 1, stride);
    const std::int64_t reached = reach(c.kernel[axis], settings.dilation[axis], checked);
    c.in[axis] = settings.same
                     ? checked.add(last, stride)
                     : checked.subtract(checked.add(last, reached), checked.multiply(2, settings.padding[axis]));
  }
  if (*std::min_element(c.in.begin(), c.in.end()) < 1 || !measure(c, settings, checked) || c.out != given)
    throw ShapeError(
        concat(op, ": no convolution with a kernel of shape ", w.shape(), " and this padding gives shape ", x.shape()),
        x.where());
  return transpose_of(op, x, w, c, image_shape(c.batch, c.in, axes, features));
}

/// A convolution without features, for windows of an array of that shape.
Convolution window_plan(const char* op, const Shape& shape, const UnfoldOptions& options, std::source_location where) {
  if (shape.rank() < 3 || shape.rank() > 5)
    throw ShapeError(concat(op, ": (batch, one to three spatial axes, channels) expected, got shape ", shape), where);
  shape.elements(where);  // none is negative
  const std::size_t axes = shape.rank() - 2;
  const Settings settings = resolve(op, axes, options.stride, options.dilation, options.padding, where);
  Convolution c{shape[0], shape.back(), 1, 1, spatial(shape, 1, axes), {}, {1, 1, 1}, {}, {}, {}};
  const Spatial window = options.window.resolve(op, "the window", axes, 1, where);
  for (std::size_t axis = 3 - axes; axis < 3; ++axis) c.kernel[axis] = window[axis];
  const ExtentArithmetic checked(op, where);
  if (!measure(c, settings, checked)) throw ShapeError(concat(op, ": the window reaches over shape ", shape), where);
  return c;
}

Tensor unfold_by(const Operand& x, const Convolution& c, const Shape& windows);

Tensor fold_by(const Operand& windows, const Convolution& c, const Shape& x) {
  return record(
      "fold", [&] { return kernels::fold(windows.array(), c, x); },
      edge(windows, [c, shape = windows.shape()](const Tensor& dy) { return unfold_by(dy, c, shape); }));
}

Tensor unfold_by(const Operand& x, const Convolution& c, const Shape& windows) {
  return record(
      "unfold", [&] { return kernels::unfold(x.array(), c, windows); },
      edge(x, [c, shape = x.shape()](const Tensor& dy) { return fold_by(dy, c, shape); }));
}

Shape windows_shape(const char* op, const Convolution& c, std::size_t axes, std::source_location where) {
  const ExtentArithmetic checked(op, where);
  std::int64_t row = c.channels;
  for (const std::int64_t extent : c.kernel) row = checked.multiply(row, extent);
  return image_shape(c.batch, c.out, axes, row);
}

}  // namespace

Tensor conv1d(const Operand& x, const Operand& w, const ConvOptions& o) { return conv("conv1d", x, w, o, 1); }
Tensor conv2d(const Operand& x, const Operand& w, const ConvOptions& o) { return conv("conv2d", x, w, o, 2); }
Tensor conv3d(const Operand& x, const Operand& w, const ConvOptions& o) { return conv("conv3d", x, w, o, 3); }

Tensor conv1d_transpose(const Operand& x, const Operand& w, const ConvOptions& options) {
  return conv_transpose("conv1d_transpose", x, w, options, 1);
}
Tensor conv2d_transpose(const Operand& x, const Operand& w, const ConvOptions& options) {
  return conv_transpose("conv2d_transpose", x, w, options, 2);
}
Tensor conv3d_transpose(const Operand& x, const Operand& w, const ConvOptions& options) {
  return conv_transpose("conv3d_transpose", x, w, options, 3);
}

Tensor unfold(const Operand& x, const UnfoldOptions& options) {
  check_floating("unfold", x);
  const Convolution c = window_plan("unfold", x.shape(), options, x.where());
  return unfold_by(x, c, windows_shape("unfold", c, x.shape().rank() - 2, x.where()));
}

Tensor fold(const Operand& windows, const Shape& shape, const UnfoldOptions& options) {
  check_floating("fold", windows);
  const Convolution c = window_plan("fold", shape, options, windows.where());
  const Shape expected = windows_shape("fold", c, shape.rank() - 2, windows.where());
  if (windows.shape() != expected)
    throw ShapeError(concat("fold: windows of shape ", windows.shape(), " where shape ", shape, " has ", expected),
                     windows.where());
  return fold_by(windows, c, shape);
}

}  // namespace xg
