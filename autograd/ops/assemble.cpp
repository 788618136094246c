#include "autograd/ops/assemble.hpp"

#include <algorithm>

#include "autograd/ops/index.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/record.hpp"
#include "lib/extent.hpp"
#include "lib/kernels/copy.hpp"

namespace xg {
namespace {

/// x's parts along an axis at positions that f counts out.
template <class F>
Tensor taken(const Tensor& x, std::size_t axis, std::int64_t count, F f) {
  const Array positions = Array::empty({count}, int64);
  for (std::int64_t i = 0; i < count; ++i) positions.data<std::int64_t>()[i] = f(i);
  return take(x, Tensor(positions), static_cast<int>(axis));
}

using Widths = std::vector<std::pair<std::int64_t, std::int64_t>>;

/// The extents after padding.
Shape padded_shape(const Operand& x, const Widths& widths) {
  const ExtentArithmetic checked("pad", x.where());
  Shape shape = x.shape();
  for (std::size_t axis = 0; axis < widths.size(); ++axis)
    shape[axis] = checked.add(shape[axis], checked.add(widths[axis].first, widths[axis].second));
  return shape;
}

Tensor padded_with(const Operand& x, const Widths& widths, const Shape& shape, const Scalar& value) {
  check_held("pad", value, x.dtype(), x.where());
  const auto kernel = [&] {
    const Array whole = Array::full(shape, value, x.dtype());
    Array part = whole;
    for (std::size_t axis = 0; axis < widths.size(); ++axis)
      part = part.slice(axis, widths[axis].first, x.shape()[axis], 1);
    kernels::copy(x.array(), part);
    return whole;
  };
  return record("pad", kernel, edge(x, [widths, old = x.shape()](const Tensor& dy) {
                  Tensor inner = dy;
                  for (std::size_t axis = 0; axis < widths.size(); ++axis)
                    inner = slice(inner, static_cast<int>(axis),
                                  {.start = widths[axis].first, .stop = widths[axis].first + old[axis]});
                  return inner;
                }));
}

/// `count` copies of an element at one end of an axis.
Tensor repeated_edge(const Tensor& x, std::size_t axis, std::int64_t place, std::int64_t count) {
  Shape shape = x.shape();
  shape[axis] = count;
  return broadcast_to(slice(x, static_cast<int>(axis), {.start = place, .stop = place + 1}), shape);
}

/// Every block of `inner` elements `count` times in a row.
Tensor repeated_blocks(const char* op, const Operand& x, const Shape& result, std::int64_t inner, std::int64_t count) {
  const std::int64_t blocks = inner == 0 ? 0 : x.tensor().size() / inner;
  const Array each = x.array().reshape({blocks, 1, inner});
  const Shape repeated{blocks, count, inner};
  return record(
      op, [&] { return each.broadcast_to(repeated).clone().reshape(result); },
      edge(x, [repeated, old = x.shape()](const Tensor& dy) {
        return reshape(sum(reshape(dy, repeated), {.axis = 1}), old);
      }));
}

/// The product of the extents from an axis on.
std::int64_t elements_from(const Shape& shape, std::size_t axis) {
  std::int64_t count = 1;
  for (; axis < shape.rank(); ++axis) count *= shape[axis];
  return count;
}

}  // namespace

Tensor pad(const Operand& x, const Widths& widths, const PadOptions& options) {
  const Shape& shape = x.shape();
  if (widths.size() > shape.rank())
    throw ValueError(concat("pad: ", widths.size(), " pairs of widths for shape ", shape), x.where());
  for (std::size_t axis = 0; axis < widths.size(); ++axis) {
    const auto [before, after] = widths[axis];
    const std::int64_t extent = shape[axis], most = std::max(before, after);
    if (std::min(before, after) < 0)
      throw ValueError(concat("pad: the widths must not be negative, got ", before, " and ", after), x.where());
    if (most > 0 &&
        ((options.mode == PadMode::edge && extent == 0) || (options.mode == PadMode::reflect && most >= extent)))
      throw ValueError(concat("pad: axis ", axis, " of shape ", shape, " has too few elements for a width of ", most),
                       x.where());
  }
  const Shape padded = padded_shape(x, widths);
  if (options.mode == PadMode::constant) return padded_with(x, widths, padded, options.value);
  const CallerScope scope(x.where());
  Tensor result = x.tensor();
  for (std::size_t axis = 0; axis < widths.size(); ++axis) {
    const auto [before, after] = widths[axis];
    const std::int64_t last = shape[axis] - 1;
    if (options.mode == PadMode::edge && before + after > 0)
      result = concatenate({repeated_edge(result, axis, 0, before), result, repeated_edge(result, axis, last, after)},
                           static_cast<int>(axis));
    else if (options.mode == PadMode::reflect)
      result = taken(result, axis, padded[axis], [&](std::int64_t i) {
        const std::int64_t place = i - before;
        return place < 0 ? -place : place > last ? 2 * last - place : place;
      });
  }
  return result;
}

Tensor tile(const Operand& x, const std::vector<std::int64_t>& counts) {
  for (const std::int64_t count : counts)
    if (count < 0) throw ValueError(concat("tile: the counts must not be negative, got ", count), x.where());
  const CallerScope scope(x.where());
  const ExtentArithmetic checked("tile", x.where());
  Shape shape = x.shape();
  while (shape.rank() < counts.size()) shape.insert(0, 1);
  Tensor result = reshape(x, shape);
  for (std::size_t i = counts.size(); i-- > 0;) {
    if (counts[i] == 1) continue;
    const std::size_t axis = shape.rank() - counts.size() + i;
    const std::int64_t inner = elements_from(shape, axis);
    shape[axis] = checked.multiply(counts[i], shape[axis]);
    result = repeated_blocks("tile", result, shape, inner, counts[i]);
  }
  return result;
}

Tensor repeat(const Operand& x, std::int64_t count, int axis) {
  const std::size_t position = normalize_axis("repeat", axis, x.shape().rank(), x.where());
  if (count < 0) throw ValueError(concat("repeat: the count must not be negative, got ", count), x.where());
  const CallerScope scope(x.where());
  Shape shape = x.shape();
  shape[position] = ExtentArithmetic("repeat", x.where()).multiply(count, shape[position]);
  return repeated_blocks("repeat", x, shape, elements_from(shape, position + 1), count);
}

Tensor roll(const Operand& x, std::int64_t shift, int axis) {
  const std::size_t position = normalize_axis("roll", axis, x.shape().rank(), x.where());
  const CallerScope scope(x.where());
  const std::int64_t extent = x.shape()[position];
  const std::int64_t moved = extent == 0 ? 0 : shift % extent, start = moved < 0 ? -moved : extent - moved;
  return concatenate({slice(x, axis, {.start = start}), slice(x, axis, {.stop = start})}, axis);
}

std::vector<Tensor> split(const Operand& x, const std::vector<std::int64_t>& extents, int axis) {
  const std::size_t position = normalize_axis("split", axis, x.shape().rank(), x.where());
  const ExtentArithmetic checked("split", x.where());
  std::int64_t total = 0;
  for (const std::int64_t extent : extents) {
    if (extent < 0) throw ValueError(concat("split: the extents must not be negative, got ", extent), x.where());
    total = checked.add(total, extent);
  }
  if (total != x.shape()[position])
    throw ShapeError(concat("split: extents of ", total, " in all do not fill axis ", axis, " of shape ", x.shape()),
                     x.where());
  std::vector<Tensor> parts;
  std::int64_t start = 0;
  for (const std::int64_t extent : extents) {
    parts.push_back(slice(x, axis, {.start = start, .stop = start + extent}));
    start += extent;
  }
  return parts;
}

std::vector<Tensor> chunk(const Operand& x, std::int64_t count, int axis) {
  const std::size_t position = normalize_axis("chunk", axis, x.shape().rank(), x.where());
  if (count < 1) throw ValueError(concat("chunk: at least one part expected, got ", count), x.where());
  const std::int64_t extent = x.shape()[position];
  if (count > std::max<std::int64_t>(extent, 1))
    throw ValueError(
        concat("chunk: axis ", axis, " of shape ", x.shape(), " has too few elements for ", count, " parts"),
        x.where());
  std::vector<std::int64_t> extents;
  for (std::int64_t i = 0; i < count; ++i) extents.push_back(extent / count + (i < extent % count ? 1 : 0));
  return split(x, extents, axis);
}

std::vector<Tensor> meshgrid(const std::vector<Tensor>& vectors, std::source_location where) {
  const CallerScope scope(where);
  Shape grid;
  for (const Tensor& vector : vectors) {
    if (Operand(vector, where).shape().rank() != 1)
      throw ShapeError(concat("meshgrid: vectors expected, got shape ", vector.shape()), where);
    grid.push_back(vector.size());
  }
  std::vector<Tensor> result;
  for (std::size_t axis = 0; axis < vectors.size(); ++axis) {
    Shape shape = Shape::filled(vectors.size(), 1);
    shape[axis] = vectors[axis].size();
    result.push_back(broadcast_to(reshape(vectors[axis], shape), grid));
  }
  return result;
}

}  // namespace xg
