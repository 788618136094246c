#include "autograd/ops/index.hpp"

#include <algorithm>

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/record.hpp"
#include "lib/kernels/copy.hpp"
#include "lib/kernels/index.hpp"

namespace xg {
namespace {

/// A slice counted out: where it starts and how many steps it makes.
struct Range {
  std::int64_t start, count, step;
};

Range resolve(const SliceOptions& bounds, std::int64_t extent, std::source_location where) {
  const std::int64_t step = bounds.step;
  if (step == 0) throw ValueError("slice: the step must not be 0", where);
  const std::int64_t low = step > 0 ? 0 : -1, high = step > 0 ? extent : extent - 1;
  const auto position = [&](std::optional<std::int64_t> bound, std::int64_t otherwise) {
    if (!bound) return otherwise;
    return std::clamp(*bound < 0 ? *bound + extent : *bound, low, high);
  };
  const std::int64_t start = position(bounds.start, step > 0 ? low : high);
  const std::int64_t stop = position(bounds.stop, step > 0 ? high : low);
  const std::int64_t distance = step > 0 ? stop - start : start - stop;
  const std::int64_t width = step > 0 ? step : -step;
  return {start, distance > 0 ? (distance + width - 1) / width : 0, step};
}

Tensor slice_back(const Operand& dy, const Shape& shape, std::size_t axis, const Range& range);

/// The elements of x in a range along an axis: a view.
Tensor slice_range(const Operand& x, std::size_t axis, const Range& range) {
  return record(
      "slice", x.array().slice(axis, range.start, range.count, range.step),
      edge(x, [shape = x.shape(), axis, range](const Tensor& dy) { return slice_back(dy, shape, axis, range); }));
}

/// The transpose of a slice: dy at its place in zeros of the sliced shape.
Tensor slice_back(const Operand& dy, const Shape& shape, std::size_t axis, const Range& range) {
  const Array whole = Array::zeros(shape, dy.dtype());
  Array part = whole.slice(axis, range.start, range.count, range.step);
  kernels::copy(dy.array(), part);
  return record("slice_back", whole, edge(dy, [axis, range](const Tensor& g) { return slice_range(g, axis, range); }));
}

/// The transpose of take: dy added up at the indices in zeros of the indexed shape.
Tensor take_back(const Operand& dy, const Shape& shape, const Tensor& indices, std::size_t axis) {
  Array total = Array::zeros(shape, dy.dtype());
  kernels::add_at(total, indices.array(), axis, dy.array());
  return record("take_back", total, edge(dy, [indices = Saved(indices), axis](const Tensor& g) {
                  return take(g, indices, static_cast<int>(axis));
                }));
}

/// int64 indices in [0, extent).
Array checked_indices(const char* op, const Operand& indices, std::int64_t extent) {
  if (is_floating(indices.dtype()) || indices.dtype() == boolean)
    throw DTypeError(concat(op, ": integer indices expected, got ", indices.dtype()), indices.where());
  const Array given = indices.array().astype(int64).contiguous();
  const std::int64_t* index = given.data<std::int64_t>();
  const auto bad = std::find_if(index, index + given.size(), [&](auto i) { return i < -extent || i >= extent; });
  if (bad != index + given.size())
    throw ValueError(concat(op, ": index ", *bad, " is out of range for an axis of extent ", extent), indices.where());
  if (std::all_of(index, index + given.size(), [](auto i) { return i >= 0; })) return given;
  const Array wrapped = given.clone();
  std::for_each_n(wrapped.data<std::int64_t>(), given.size(), [&](auto& i) { i += i < 0 ? extent : 0; });
  return wrapped;
}

/// x where `keeps(column - row)` holds, else 0.
template <class F>
Tensor triangle(const char* op, const Operand& x, F keeps) {
  const Shape& shape = x.shape();
  if (shape.rank() < 2) throw ShapeError(concat(op, ": a matrix expected, or several, got shape ", shape), x.where());
  const std::int64_t rows = shape[shape.rank() - 2], columns = shape.back();
  const Array kept = Array::empty({rows, columns}, boolean);
  for (std::int64_t i = 0; i < kept.size(); ++i) kept.data<bool>()[i] = keeps(i % columns - i / columns);
  return where(Tensor(kept), x, Tensor(Array::zeros({}, x.dtype())));
}

}  // namespace

Tensor slice(const Operand& x, int axis, const SliceOptions& bounds) {
  const std::size_t position = normalize_axis("slice", axis, x.shape().rank(), x.where());
  return slice_range(x, position, resolve(bounds, x.shape()[position], x.where()));
}

Tensor select(const Operand& x, std::int64_t index, int axis) {
  const std::size_t position = normalize_axis("select", axis, x.shape().rank(), x.where());
  const std::int64_t extent = x.shape()[position];
  if (index < -extent || index >= extent)
    throw ValueError(concat("select: index ", index, " is out of range for axis ", axis, " of shape ", x.shape()),
                     x.where());
  const std::int64_t start = index < 0 ? index + extent : index;
  return squeeze(Operand(slice(x, axis, {.start = start, .stop = start + 1}), x.where()), static_cast<int>(position));
}

Tensor take(const Operand& x, const Operand& indices, int axis) {
  const std::size_t position = normalize_axis("take", axis, x.shape().rank(), x.where());
  const Tensor chosen = checked_indices("take", indices, x.shape()[position]);
  return record("take", kernels::take(x.array(), chosen.array(), position),
                edge(x, [shape = x.shape(), chosen = Saved(chosen), position](const Tensor& dy) {
                  return take_back(dy, shape, chosen, position);
                }));
}

Tensor gather(const Operand& x, const Operand& indices, int axis) {
  const std::size_t position = normalize_axis("gather", axis, x.shape().rank(), x.where());
  Shape expected = x.shape();
  if (indices.shape().rank() == expected.rank()) expected[position] = indices.shape()[position];
  if (indices.shape() != expected)
    throw ShapeError(
        concat("gather: indices of shape ", indices.shape(), " do not match shape ", x.shape(), " outside axis ", axis),
        x.where());
  const Array chosen = checked_indices("gather", indices, x.shape()[position]);
  // The same as take from the flattened tensor, at positions counted out here.
  const Array flat = Array::empty(indices.shape(), int64);
  const Strides from = contiguous_strides(x.shape()), to = contiguous_strides(indices.shape());
  for (std::int64_t i = 0; i < flat.size(); ++i) {
    std::int64_t place = chosen.data<std::int64_t>()[i] * from[position];
    for (std::size_t a = 0; a < expected.rank(); ++a)
      if (a != position) place += i / to[a] % expected[a] * from[a];
    flat.data<std::int64_t>()[i] = place;
  }
  return take(Operand(reshape(x, {-1}), x.where()), Tensor(flat));
}

Tensor flip(const Operand& x, const Axes& axes) {
  const auto flipped = axis_mask("flip", axes, x.shape(), x.where());
  const CallerScope scope(x.where());
  Tensor result = x.tensor();
  for (std::size_t axis = 0; axis < x.shape().rank(); ++axis)
    if (flipped[axis]) result = slice(result, static_cast<int>(axis), {.step = -1});
  return result;
}

Tensor tril(const Operand& x, std::int64_t offset) {
  return triangle("tril", x, [=](std::int64_t distance) { return distance <= offset; });
}

Tensor triu(const Operand& x, std::int64_t offset) {
  return triangle("triu", x, [=](std::int64_t distance) { return distance >= offset; });
}

Tensor one_hot(const Operand& indices, std::int64_t depth, DType dtype) {
  if (depth < 0) throw ValueError(concat("one_hot: the depth must not be negative, got ", depth), indices.where());
  const Array chosen = checked_indices("one_hot", indices, depth);
  const std::int64_t* index = chosen.data<std::int64_t>();
  const Array given = indices.array().astype(int64).contiguous();
  const auto [wrapped, negative] = std::mismatch(index, index + chosen.size(), given.data<std::int64_t>());
  if (wrapped != index + chosen.size())
    throw ValueError(concat("one_hot: index ", *negative, " is out of range for a depth of ", depth), indices.where());
  return kernels::one_hot(chosen, depth, dtype);
}

}  // namespace xg
