#include "autograd/ops/assemble.hpp"

#include <algorithm>

#include "autograd/ops/index.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/record.hpp"
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

Tensor padded_with(const Operand& x, const Widths& widths, double value) {
  Shape shape = x.shape();
  for (std::size_t axis = 0; axis < widths.size(); ++axis) shape[axis] += widths[axis].first + widths[axis].second;
  const Array whole = Array::full(shape, value, x.dtype());
  Array part = whole;
  for (std::size_t axis = 0; axis < widths.size(); ++axis)
    part = part.slice(axis, widths[axis].first, x.shape()[axis], 1);
  kernels::copy(x.array(), part);
  return record("pad", whole, edge(x, [widths, old = x.shape()](const Tensor& dy) {
                  Tensor inner = dy;
                  for (std::size_t axis = 0; axis < widths.size(); ++axis)
                    inner = slice(inner, static_cast<int>(axis),
                                  {.start = widths[axis].first, .stop = widths[axis].first + old[axis]});
                  return inner;
                }));
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
  if (options.mode == PadMode::constant) return padded_with(x, widths, options.value);
  const CallerScope scope(x.where());
  Tensor result = x.tensor();
  for (std::size_t axis = 0; axis < widths.size(); ++axis) {
    const auto [before, after] = widths[axis];
    const std::int64_t last = shape[axis] - 1;
    result = taken(result, axis, before + shape[axis] + after, [&](std::int64_t i) {
      const std::int64_t place = i - before;
      if (options.mode == PadMode::edge) return std::clamp<std::int64_t>(place, 0, last);
      return place < 0 ? -place : place > last ? 2 * last - place : place;
    });
  }
  return result;
}

Tensor tile(const Operand& x, const std::vector<std::int64_t>& counts) {
  for (const std::int64_t count : counts)
    if (count < 0) throw ValueError(concat("tile: the counts must not be negative, got ", count), x.where());
  const CallerScope scope(x.where());
  Shape shape = x.shape();
  while (shape.rank() < counts.size()) shape.insert(0, 1);
  Tensor result = reshape(x, shape);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::size_t axis = shape.rank() - counts.size() + i;
    if (counts[i] != 1)
      result = taken(result, axis, counts[i] * shape[axis], [&](std::int64_t place) { return place % shape[axis]; });
  }
  return result;
}

Tensor repeat(const Operand& x, std::int64_t count, int axis) {
  const std::size_t position = normalize_axis("repeat", axis, x.shape().rank(), x.where());
  if (count < 0) throw ValueError(concat("repeat: the count must not be negative, got ", count), x.where());
  const CallerScope scope(x.where());
  return taken(x, position, count * x.shape()[position], [&](std::int64_t place) { return place / count; });
}

Tensor roll(const Operand& x, std::int64_t shift, int axis) {
  const std::size_t position = normalize_axis("roll", axis, x.shape().rank(), x.where());
  const CallerScope scope(x.where());
  const std::int64_t extent = x.shape()[position];
  return taken(x, position, extent, [&](std::int64_t place) {
    const std::int64_t from = (place - shift) % extent;
    return from < 0 ? from + extent : from;
  });
}

std::vector<Tensor> split(const Operand& x, const std::vector<std::int64_t>& extents, int axis) {
  const std::size_t position = normalize_axis("split", axis, x.shape().rank(), x.where());
  std::int64_t total = 0;
  for (const std::int64_t extent : extents) {
    if (extent < 0) throw ValueError(concat("split: the extents must not be negative, got ", extent), x.where());
    total += extent;
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
