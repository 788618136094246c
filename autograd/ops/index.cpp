#include "autograd/ops/index.hpp"

#include <algorithm>

#include "autograd/indexed.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/record.hpp"
#include "lib/extent.hpp"
#include "lib/kernels/arithmetic.hpp"
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
  if (distance <= 0) return {0, 0, 1};
  // A step that leaves the axis at once makes no second one, and has no width that need fit 64 bits.
  if (step >= distance || step <= -distance) return {start, 1, 1};
  return {start, divide_up(distance, step > 0 ? step : -step), step};
}

// The gradient of a part is dy at its place in zeros of the whole. The rules can also add it there to what others gave:
// many parts of one tensor cost as much as the tensor, not as much as that for each.

Tensor slice_back(const Operand& dy, const Shape& shape, std::size_t axis, const Range& range);

struct SliceRule {
  Shape shape;
  std::size_t axis;
  Range range;

  Tensor operator()(const Tensor& dy) const { return slice_back(dy, shape, axis, range); }
  void add_to(Array& total, const Tensor& dy) const {
    Array part = total.slice(axis, range.start, range.count, range.step);
    kernels::add_into(part, dy.array());
  }
};

/// The elements of x in a range along an axis: a view.
Tensor slice_range(const Operand& x, std::size_t axis, const Range& range) {
  return record(
      "slice", [&] { return x.array().slice(axis, range.start, range.count, range.step); },
      edge(x, SliceRule{x.shape(), axis, range}));
}

/// The transpose of a slice: dy at its place in zeros of the sliced shape.
Tensor slice_back(const Operand& dy, const Shape& shape, std::size_t axis, const Range& range) {
  const auto kernel = [&] {
    const Array whole = Array::zeros(shape, dy.dtype());
    Array part = whole.slice(axis, range.start, range.count, range.step);
    kernels::copy(dy.array(), part);
    return whole;
  };
  return record("slice_back", kernel, edge(dy, [axis, range](const Tensor& g) { return slice_range(g, axis, range); }));
}

/// The transpose of take: dy added up at the indices in zeros of the indexed shape.
Tensor take_back(const Operand& dy, const Shape& shape, const Tensor& indices, std::size_t axis) {
  const auto kernel = [&] {
    Array total = Array::zeros(shape, dy.dtype());
    kernels::add_at(total, indices.array(), axis, dy.array());
    return total;
  };
  return record("take_back", kernel, edge(dy, [indices = Saved(indices), axis](const Tensor& g) {
                  return take(g, indices, static_cast<int>(axis));
                }));
}

struct TakeRule {
  Shape shape, seen;
  Saved indices;
  std::size_t axis;

  Tensor operator()(const Tensor& dy) const {
    const Tensor back = take_back(dy, seen, indices, axis);
    return seen == shape ? back : reshape(back, shape);
  }
  void add_to(Array& total, const Tensor& dy) const {
    Array whole = total.reshape(seen);
    kernels::add_at(whole, indices.get().array(), axis, dy.array());
  }
};

/// What checked indices take along an axis of x, seen under a shape of as many elements.
Tensor taken(const char* op, const Operand& x, const Shape& seen, const Tensor& indices, std::size_t axis) {
  return record(
      op, [&] { return kernels::take(x.array().reshape(seen), indices.array(), axis); },
      edge(x, TakeRule{x.shape(), seen, Saved(indices), axis}));
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

/// The part of an array that indices name: a view.
Array region(const Array& x, const Indices& indices) {
  std::int64_t named = 0, ellipses = 0;
  for (const auto& each : indices.list()) {
    named += std::holds_alternative<std::int64_t>(each) || std::holds_alternative<Slice>(each);
    ellipses += std::holds_alternative<Ellipsis>(each);
  }
  const auto rank = static_cast<std::int64_t>(x.rank());
  if (named > rank)
    throw ShapeError(concat("index: ", named, " axes are named, and shape ", x.shape(), " has ", rank),
                     indices.where());
  if (ellipses > 1) throw ValueError("index: more than one ellipsis", indices.where());
  Array part = x;
  std::size_t axis = 0;
  for (const auto& each : indices.list()) {
    if (const auto* number = std::get_if<std::int64_t>(&each)) {
      const std::int64_t extent = part.shape()[axis];
      if (*number < -extent || *number >= extent)
        throw ValueError(
            concat("index: ", *number, " is out of range for an axis of extent ", extent, " of shape ", x.shape()),
            indices.where());
      part = part.slice(axis, *number < 0 ? *number + extent : *number, 1, 1).squeeze(axis);
    } else if (const auto* slice = std::get_if<Slice>(&each)) {
      const Range range = resolve({.start = slice->start, .stop = slice->stop, .step = slice->step}, part.shape()[axis],
                                  indices.where());
      part = part.slice(axis++, range.start, range.count, range.step);
    } else if (std::holds_alternative<Newaxis>(each)) {
      part = part.expand_dims(axis++);
    } else {
      axis += static_cast<std::size_t>(rank - named);
    }
  }
  return part;
}

/// The transpose of index: dy at its place in zeros of the indexed shape.
Tensor index_back(const Operand& dy, const Shape& shape, const Indices& indices) {
  const auto kernel = [&] {
    const Array whole = Array::zeros(shape, dy.dtype());
    Array part = region(whole, indices);
    kernels::copy(dy.array(), part);
    return whole;
  };
  return record("index_back", kernel, edge(dy, [indices](const Tensor& g) { return index(g, indices); }));
}

struct IndexRule {
  Shape shape;
  Indices indices;

  Tensor operator()(const Tensor& dy) const { return index_back(dy, shape, indices); }
  void add_to(Array& total, const Tensor& dy) const {
    Array part = region(total, indices);
    kernels::add_into(part, dy.array());
  }
};

/// Where gather finds its elements in the flattened tensor.
Tensor flat_places(const Array& chosen, const Shape& shape, std::size_t axis) {
  const Array flat = Array::empty(chosen.shape(), int64);
  const Strides from = contiguous_strides(shape), to = contiguous_strides(chosen.shape());
  for (std::int64_t i = 0; i < flat.size(); ++i) {
    std::int64_t place = chosen.data<std::int64_t>()[i] * from[axis];
    for (std::size_t a = 0; a < shape.rank(); ++a)
      if (a != axis) place += i / to[a] % chosen.shape()[a] * from[a];
    flat.data<std::int64_t>()[i] = place;
  }
  return flat;
}

/// Indices must have the shape of x but for the extent of an axis.
void check_aligned(const char* op, const Operand& x, const Operand& indices, std::size_t position, int axis) {
  Shape expected = x.shape();
  if (indices.shape().rank() == expected.rank()) expected[position] = indices.shape()[position];
  if (indices.shape() != expected)
    throw ShapeError(
        concat(op, ": indices of shape ", indices.shape(), " do not match shape ", x.shape(), " outside axis ", axis),
        x.where());
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
  return taken("take", x, x.shape(), checked_indices("take", indices, x.shape()[position]), position);
}

Tensor gather(const Operand& x, const Operand& indices, int axis) {
  const std::size_t position = normalize_axis("gather", axis, x.shape().rank(), x.where());
  check_aligned("gather", x, indices, position, axis);
  const Array chosen = checked_indices("gather", indices, x.shape()[position]);
  return taken("gather", x, {x.tensor().size()}, flat_places(chosen, x.shape(), position), 0);
}

Tensor scatter_add(const Operand& x, const Operand& indices, const Operand& values, int axis) {
  const std::size_t position = normalize_axis("scatter_add", axis, x.shape().rank(), x.where());
  check_aligned("scatter_add", x, indices, position, axis);
  if (values.shape() != indices.shape() || values.dtype() != x.dtype())
    throw ShapeError(concat("scatter_add: ", values.dtype(), " values of shape ", values.shape(), " where ", x.dtype(),
                            ' ', indices.shape(), " is expected"),
                     x.where());
  const Tensor chosen = checked_indices("scatter_add", indices, x.shape()[position]);
  const auto kernel = [&] {
    const Tensor places = flat_places(chosen.array(), x.shape(), position);
    Array total = x.array().clone().reshape({x.tensor().size()});
    const std::int64_t count = places.size();
    kernels::add_at(total, places.array().reshape({count}), 0, values.array().reshape({count}));
    return total.reshape(x.shape());
  };
  return record("scatter_add", kernel, edge(x, [](const Tensor& dy) { return dy; }),
                edge(values, [chosen = Saved(chosen), axis](const Tensor& dy) { return gather(dy, chosen, axis); }));
}

Tensor index(const Operand& x, const Indices& indices) {
  const CallerScope scope(indices.where());
  return record(
      "index", [&] { return region(x.array(), indices); }, edge(x, IndexRule{x.shape(), indices}));
}

Tensor Tensor::operator[](const Indices& indices) const { return index(Operand(*this, indices.where()), indices); }

Indexed Tensor::operator[](const Indices& indices) { return Indexed(index(Operand(*this, indices.where()), indices)); }

Tensor index_update(const Operand& x, const Indices& indices, Operand values) {
  const CallerScope scope(x.where());
  values.adapt_to("index_update", x.dtype());
  const Shape part = region(x.array(), indices).shape();
  if (values.dtype() != x.dtype())
    throw DTypeError(
        concat("index_update: ", values.dtype(), " values for a ", x.dtype(), " tensor: convert with astype"),
        x.where());
  if (!broadcasts_to(values.shape(), part))
    throw ShapeError(concat("index_update: values of shape ", values.shape(), " do not broadcast to ", part),
                     x.where());
  const auto kernel = [&] {
    const Array whole = x.array().clone();
    Array changed = region(whole, indices);
    kernels::copy(values.array().broadcast_to(part), changed);
    return whole;
  };
  return record("index_update", kernel, edge(x, [indices](const Tensor& dy) { return index_update(dy, indices, 0.0); }),
                edge(values, [indices](const Tensor& dy) { return index(dy, indices); }));
}

Tensor boolean_mask(const Operand& x, const Operand& mask) {
  if (mask.dtype() != boolean)
    throw DTypeError(
        concat("boolean_mask: the mask must be boolean, got ", mask.dtype(), ": compare it with something"), x.where());
  Shape rest{mask.tensor().size()};
  bool fits = mask.shape().rank() <= x.shape().rank();
  for (std::size_t axis = 0; fits && axis < x.shape().rank(); ++axis)
    if (axis < mask.shape().rank())
      fits = mask.shape()[axis] == x.shape()[axis];
    else
      rest.push_back(x.shape()[axis]);
  if (!fits)
    throw ShapeError(
        concat("boolean_mask: a mask of shape ", mask.shape(), " does not match the first axes of shape ", x.shape()),
        x.where());
  const std::vector<bool> holds = mask.tensor().to_vector<bool>();
  std::vector<std::int64_t> places;
  for (std::size_t i = 0; i < holds.size(); ++i)
    if (holds[i]) places.push_back(static_cast<std::int64_t>(i));
  return taken("boolean_mask", x, rest, Array::from(places, {static_cast<std::int64_t>(places.size())}), 0);
}

Tensor masked_fill(const Operand& x, const Operand& mask, const Scalar& value) {
  check_held("masked_fill", value, x.dtype(), x.where());
  return where(mask, Operand(Array::full({}, value, x.dtype()), x.where()), x);
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
