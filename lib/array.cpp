#include "lib/array.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "lib/kernels/copy.hpp"
#include "lib/stretch.hpp"

namespace xg {
namespace {

bool row_major(const Shape& shape, const Strides& strides) {
  std::int64_t step = 1;
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    if (shape[axis] == 0) return true;
    if (shape[axis] != 1 && strides[axis] != step) return false;
    step *= shape[axis];
  }
  return true;
}

/// Strides under which a view of `shape` walks the elements in the same order; false if there are none.
bool reshape_strides(const Shape& from, const Strides& from_strides, const Shape& to, Strides& strides) {
  strides = Strides::filled(to.rank(), 1);
  std::size_t in = 0, out = 0;
  while (in < from.rank() && out < to.rank()) {
    std::size_t in_end = in + 1, out_end = out + 1;
    for (std::int64_t a = from[in], b = to[out]; a != b;) {
      if (a < b)
        a *= from[in_end++];
      else
        b *= to[out_end++];
    }
    for (std::size_t axis = in; axis + 1 < in_end; ++axis)
      if (from_strides[axis] != from_strides[axis + 1] * from[axis + 1]) return false;
    std::int64_t step = from_strides[in_end - 1];
    for (std::size_t axis = out_end; axis-- > out; step *= to[axis]) strides[axis] = step;
    in = in_end;
    out = out_end;
  }
  return true;
}

Shape without_ones(const Shape& shape, const Strides& strides, Strides& kept_strides) {
  Shape kept;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == 1) continue;
    kept.push_back(shape[axis]);
    kept_strides.push_back(strides[axis]);
  }
  return kept;
}

/// How many elements there are, if they fit the address space: extents of 0 count as 1, whichever axis they are on.
std::int64_t checked_size(const Shape& shape, DType dtype, std::source_location where) {
  const std::int64_t size = shape.elements(where);
  std::int64_t bound = size;
  if (size == 0) {
    bound = 1;
    for (const auto extent : shape) bound *= std::max<std::int64_t>(extent, 1);
  }
  constexpr std::int64_t address_space = std::int64_t{1} << 47;
  if (bound >= address_space / static_cast<std::int64_t>(size_of(dtype)))
    throw ShapeError(concat("shape ", shape, " of ", dtype, " does not fit the address space"), where);
  return size;
}

/// True if `count` steps from `start` stay inside an axis.
bool inside(std::int64_t extent, std::int64_t start, std::int64_t count, std::int64_t step) {
  if (count <= 0) return count == 0;
  if (start < 0 || start >= extent) return false;
  if (count == 1) return true;
  return step >= 0 ? step <= (extent - 1 - start) / (count - 1) : step >= -(start / (count - 1));
}

}  // namespace

Array::Array(Storage storage, const Shape& shape, std::int64_t size, DType dtype)
    : storage_(std::move(storage)), shape_(shape), strides_(contiguous_strides(shape)), size_(size), dtype_(dtype) {}

Array::Array(Storage storage, const Shape& shape, const Strides& strides, std::int64_t offset, std::int64_t size,
             DType dtype)
    : storage_(std::move(storage)),
      shape_(shape),
      strides_(strides),
      offset_(offset),
      size_(size),
      dtype_(dtype),
      contiguous_(row_major(shape, strides)) {}

Array Array::view(const Shape& shape, const Strides& strides, std::int64_t offset, std::source_location where) const {
  return Array(storage_, shape, strides, offset, checked_size(shape, dtype_, where), dtype_);
}

Array Array::empty(const Shape& shape, DType dtype, std::source_location where) {
  const std::int64_t size = checked_size(shape, dtype, where);
  return Array(Storage(static_cast<std::size_t>(size) * size_of(dtype), where), shape, size, dtype);
}

Array Array::full(const Shape& shape, const Scalar& value, DType dtype, std::source_location where) {
  check_fits("full", value, dtype, where);
  Array result = empty(shape, dtype, where);
  dispatch(dtype, [&]<class T>() {
    const T number = value.to<T>();
    // The C library knows how to clear much memory without reading it. -0 has other bits.
    if (const T zero{}; std::memcmp(&number, &zero, sizeof number) == 0)
      std::memset(result.raw(), 0, result.bytes());
    else
      std::fill_n(result.data<T>(), result.size(), number);
  });
  return result;
}

Array Array::from_numbers(const char* op, const std::vector<Scalar>& values, const Shape& shape, DType dtype,
                          std::source_location where) {
  check_count(values.size(), shape, where);
  for (const Scalar& value : values) check_fits(op, value, dtype, where);
  Array result = empty(shape, dtype, where);
  dispatch(dtype, [&]<class T>() {
    std::transform(values.begin(), values.end(), result.data<T>(), [](const Scalar& value) { return value.to<T>(); });
  });
  return result;
}

void Array::check_count(std::size_t count, const Shape& shape, std::source_location where) {
  if (static_cast<std::int64_t>(count) != shape.elements(where))
    throw ShapeError(concat(count, " values do not fill the shape ", shape), where);
}

void Array::wrong_type(DType asked, std::source_location where) const {
  check_defined(where);
  throw DTypeError(concat("the array holds ", dtype_, ", not ", asked, ": convert with astype"), where);
}

void Array::undefined(std::source_location where) {
  throw ValueError("the array is undefined: assign it a value first", where);
}

Array Array::clone(std::source_location where) const {
  check_defined(where);
  Array result = empty(shape_, dtype_, where);
  kernels::copy(*this, result);
  return result;
}

Array Array::contiguous(std::source_location where) const {
  if (!contiguous_) return clone(where);
  check_defined(where);
  return *this;
}

Array Array::astype(DType dtype, std::source_location where) const {
  check_defined(where);
  if (dtype == dtype_) return *this;
  Array result = empty(shape_, dtype, where);
  kernels::copy(*this, result);
  return result;
}

Array Array::permute(const std::vector<std::size_t>& axes, std::source_location where) const {
  check_defined(where);
  std::array<bool, Shape::max_rank> named{};
  bool fits = axes.size() == rank();
  for (std::size_t i = 0; fits && i < axes.size(); ++i) fits = axes[i] < rank() && !std::exchange(named[axes[i]], true);
  if (!fits) throw ShapeError(concat("permute: not every axis of shape ", shape_, " is named once"), where);
  Shape shape = shape_;
  Strides strides = strides_;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    shape[i] = shape_[axes[i]];
    strides[i] = strides_[axes[i]];
  }
  return view(shape, strides, offset_, where);
}

Array Array::slice(std::size_t axis, std::int64_t start, std::int64_t count, std::int64_t step,
                   std::source_location where) const {
  check_defined(where);
  const std::int64_t extent = shape_[{axis, where}], stride = strides_[axis];
  if (!inside(extent, start, count, step))
    throw ShapeError(
        concat("slice: ", count, " steps of ", step, " from ", start, " leave axis ", axis, " of shape ", shape_),
        where);
  Shape shape = shape_;
  Strides strides = strides_;
  shape[axis] = count;
  if (count > 1) strides[axis] = stride * step;
  return view(shape, strides, count == 0 ? offset_ : offset_ + start * stride, where);
}

Array Array::broadcast_to(const Shape& shape, std::source_location where) const {
  check_defined(where);
  if (shape == shape_) return *this;
  if (!broadcasts_to(shape_, shape))
    throw ShapeError(concat("shape ", shape_, " does not broadcast to ", shape), where);
  return view(shape, stretched(shape_, strides_, shape), offset_, where);
}

Array Array::expand_dims(std::size_t axis, std::source_location where) const {
  check_defined(where);
  Shape shape = shape_;
  Strides strides = strides_;
  shape.insert(axis, 1);
  strides.insert(axis, 1);
  return view(shape, strides, offset_, where);
}

Array Array::squeeze(std::size_t axis, std::source_location where) const {
  check_defined(where);
  if (shape_[{axis, where}] != 1)
    throw ShapeError(concat("squeeze: axis ", axis, " of shape ", shape_, " has extent ", shape_[axis], ", not 1"),
                     where);
  Shape shape = shape_;
  Strides strides = strides_;
  shape.erase(axis);
  strides.erase(axis);
  return view(shape, strides, offset_, where);
}

Array Array::reshape(const Shape& shape, std::source_location where) const {
  check_defined(where);
  if (shape == shape_) return *this;
  if (shape.elements(where) != size_)
    throw ShapeError(concat("reshape: the ", size_, " elements of shape ", shape_, " do not fill ", shape), where);
  if (contiguous_) return view(shape, contiguous_strides(shape), offset_, where);
  Strides from_strides, to_strides;
  const Shape from = without_ones(shape_, strides_, from_strides);
  Strides unused;
  const Shape to = without_ones(shape, shape, unused);
  Strides packed;
  if (size_ == 0 || !reshape_strides(from, from_strides, to, packed)) return clone(where).reshape(shape, where);
  for (std::size_t axis = 0, next = 0; axis < shape.rank(); ++axis)
    to_strides.push_back(shape[axis] == 1 ? 1 : packed[next++]);
  return view(shape, to_strides, offset_, where);
}

Array Array::transposed(std::source_location where) const {
  check_defined(where);
  if (rank() < 2) throw ShapeError(concat("transposed: a matrix expected, or several, got shape ", shape_), where);
  Shape shape = shape_;
  Strides strides = strides_;
  std::swap(shape[-1], shape[-2]);
  std::swap(strides[-1], strides[-2]);
  return view(shape, strides, offset_, where);
}

void Array::assign(const Array& values, std::source_location where) {
  check_defined(where);
  values.check_defined(where);
  if (values.shape() != shape_ || values.dtype() != dtype_)
    throw ShapeError(concat("assign: ", values.dtype(), " values of shape ", values.shape(), " do not fit ", dtype_,
                            " elements of shape ", shape_),
                     where);
  kernels::copy(values.shares_storage(*this) ? values.clone(where) : values, *this);
  bump_version();
}

}  // namespace xg
