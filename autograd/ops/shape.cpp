#include "autograd/ops/shape.hpp"

#include <utility>

#include "autograd/ops/check.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/record.hpp"
#include "lib/extent.hpp"
#include "lib/kernels/index.hpp"

namespace xg {
namespace {

/// Fills in the one extent that is -1.
Shape resolve(const Operand& x, Shape shape) {
  const std::int64_t size = x.tensor().size();
  Shape known;
  std::size_t unknown = shape.rank();
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] < -1) throw ShapeError(concat("reshape: negative extent in shape ", shape), x.where());
    if (shape[axis] == -1 && unknown < shape.rank())
      throw ShapeError(concat("reshape: ", shape, " leaves more than one extent open"), x.where());
    if (shape[axis] == -1)
      unknown = axis;
    else
      known.push_back(shape[axis]);
  }
  const std::int64_t rest = known.elements(x.where());
  if (unknown < shape.rank()) {
    if (rest == 0 || size % rest != 0)
      throw ShapeError(concat("reshape: shape ", x.shape(), " has ", size, " elements, which do not fill ", shape),
                       x.where());
    shape[unknown] = size / rest;
  } else if (rest != size) {
    throw ShapeError(concat("reshape: shape ", x.shape(), " has ", size, " elements, ", shape, " needs ", rest),
                     x.where());
  }
  return shape;
}

std::vector<int> inverse(const std::vector<std::size_t>& order) {
  std::vector<int> result(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) result[order[i]] = static_cast<int>(i);
  return result;
}

void check_list(const char* op, const std::vector<Tensor>& tensors, std::source_location where) {
  if (tensors.empty()) throw ValueError(concat(op, ": no tensors were given"), where);
  for (std::size_t i = 0; i < tensors.size(); ++i)
    if (!tensors[i].defined())
      throw ValueError(concat(op, ": tensor ", i, " is undefined: assign it a value first"), where);
}

}  // namespace

Tensor reshape(const Operand& x, Shape shape) {
  return record(
      "reshape", [&] { return x.array().reshape(resolve(x, shape)); },
      edge(x, [old = x.shape()](const Tensor& dy) { return reshape(dy, old); }));
}

Tensor flatten(const Operand& x, int start) {
  Shape shape;
  const std::size_t first = x.shape().rank() == 0 ? 0 : normalize_axis("flatten", start, x.shape().rank(), x.where());
  std::int64_t rest = 1;
  for (std::size_t axis = 0; axis < x.shape().rank(); ++axis) {
    if (axis < first)
      shape.push_back(x.shape()[axis]);
    else
      rest *= x.shape()[axis];
  }
  shape.push_back(rest);
  return reshape(x, shape);
}

Tensor permute(const Operand& x, const std::vector<int>& axes) {
  if (axes.size() != x.shape().rank())
    throw ShapeError(concat("permute: ", axes.size(), " axes were given for shape ", x.shape()), x.where());
  axis_mask("permute", Axes(std::span(axes)), x.shape(), x.where());
  std::vector<std::size_t> order;
  for (const int axis : axes) order.push_back(normalize_axis("permute", axis, axes.size(), x.where()));
  return record(
      "permute", [&] { return x.array().permute(order); },
      edge(x, [back = inverse(order)](const Tensor& dy) { return permute(dy, back); }));
}

Tensor transpose(const Operand& x) {
  std::vector<int> axes;
  for (std::size_t axis = x.shape().rank(); axis-- > 0;) axes.push_back(static_cast<int>(axis));
  return permute(x, axes);
}

Tensor transpose(const Operand& x, int a, int b) {
  std::vector<int> axes;
  for (std::size_t axis = 0; axis < x.shape().rank(); ++axis) axes.push_back(static_cast<int>(axis));
  std::swap(axes[normalize_axis("transpose", a, axes.size(), x.where())],
            axes[normalize_axis("transpose", b, axes.size(), x.where())]);
  return permute(x, axes);
}

Tensor squeeze(const Operand& x, const Axes& axes) {
  const auto mask = axis_mask("squeeze", axes, x.shape(), x.where());
  Shape shape;
  for (std::size_t axis = 0; axis < x.shape().rank(); ++axis) {
    const std::int64_t extent = x.shape()[axis];
    if (mask[axis] && extent != 1 && !axes.all())
      throw ShapeError(concat("squeeze: axis ", axis, " of shape ", x.shape(), " has extent ", extent, ", not 1"),
                       x.where());
    if (!mask[axis] || extent != 1) shape.push_back(extent);
  }
  return reshape(x, shape);
}

Tensor expand_dims(const Operand& x, int axis) {
  Shape shape = x.shape();
  shape.insert(normalize_axis("expand_dims", axis, shape.rank() + 1, x.where()), 1);
  return reshape(x, shape);
}

Tensor broadcast_to(const Operand& x, const Shape& shape) {
  if (!broadcasts_to(x.shape(), shape))
    throw ShapeError(concat("broadcast_to: shape ", x.shape(), " does not broadcast to ", shape), x.where());
  return record(
      "broadcast_to", [&] { return x.array().broadcast_to(shape); }, edge(x, [](const Tensor& dy) { return dy; }));
}

Tensor concatenate(const std::vector<Tensor>& tensors, int axis, std::source_location where) {
  check_list("concatenate", tensors, where);
  const Shape& first = tensors.front().shape();
  const std::size_t position = normalize_axis("concatenate", axis, first.rank(), where);
  DType dtype = tensors.front().dtype();
  for (const Tensor& tensor : tensors) {
    Shape expected = first;
    if (tensor.rank() == first.rank()) expected[position] = tensor.shape()[position];
    if (tensor.shape() != expected)
      throw ShapeError(concat("concatenate: shapes ", first, " and ", tensor.shape(), " differ outside axis ", axis),
                       where);
    dtype = promote(dtype, tensor.dtype());
  }
  const ExtentArithmetic checked("concatenate", where);
  std::vector<Array> arrays;
  std::vector<AnyEdge> edges;
  std::int64_t start = 0;
  for (const Tensor& tensor : tensors) {
    const std::int64_t stop = checked.add(start, tensor.shape()[position]);
    arrays.push_back(tensor.array().astype(dtype));
    edges.push_back(edge(Operand(tensor, where), std::function<Tensor(const Tensor&)>([=](const Tensor& dy) {
                           return slice(dy, static_cast<int>(position), {.start = start, .stop = stop});
                         })));
    start = stop;
  }
  return record(
      "concatenate", [&] { return kernels::concatenate(arrays, position); }, std::move(edges));
}

Tensor stack(const std::vector<Tensor>& tensors, int axis, std::source_location where) {
  check_list("stack", tensors, where);
  const auto position = static_cast<int>(normalize_axis("stack", axis, tensors.front().rank() + 1, where));
  std::vector<Tensor> expanded;
  for (const Tensor& tensor : tensors) {
    if (tensor.shape() != tensors.front().shape())
      throw ShapeError(concat("stack: shapes ", tensors.front().shape(), " and ", tensor.shape(), " differ"), where);
    expanded.push_back(expand_dims(Operand(tensor, where), position));
  }
  return concatenate(expanded, position, where);
}

}  // namespace xg
