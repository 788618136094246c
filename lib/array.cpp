#include "lib/array.hpp"

#include <algorithm>
#include <utility>

#include "lib/kernels/copy.hpp"

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

}  // namespace

Array::Array(Storage storage, const Shape& shape, const Strides& strides, std::int64_t offset, DType dtype)
    : storage_(std::move(storage)),
      shape_(shape),
      strides_(strides),
      offset_(offset),
      size_(shape.elements()),
      dtype_(dtype),
      contiguous_(row_major(shape, strides)) {}

Array Array::view(const Shape& shape, const Strides& strides, std::int64_t offset) const {
  return Array(storage_, shape, strides, offset, dtype_);
}

Array Array::empty(const Shape& shape, DType dtype) {
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(static_cast<std::size_t>(shape.elements()), size_of(dtype), &bytes) || bytes >> 47)
    throw ShapeError(concat("shape ", shape, " of ", dtype, " does not fit the address space"));
  return Array(Storage(bytes), shape, contiguous_strides(shape), 0, dtype);
}

Array Array::full(const Shape& shape, double value, DType dtype) {
  Array result = empty(shape, dtype);
  dispatch(dtype, [&]<class T>() { std::fill_n(result.data<T>(), result.size(), convert<T>(value)); });
  return result;
}

void Array::wrong_type(DType asked) const {
  throw DTypeError(concat("the array holds ", dtype_, ", not ", asked, ": convert with astype"));
}

Array Array::clone() const {
  Array result = empty(shape_, dtype_);
  kernels::copy(*this, result);
  return result;
}

Array Array::contiguous() const { return contiguous_ ? *this : clone(); }

Array Array::astype(DType dtype) const {
  if (dtype == dtype_) return *this;
  Array result = empty(shape_, dtype);
  kernels::copy(*this, result);
  return result;
}

Array Array::permute(const std::vector<std::size_t>& axes) const {
  Shape shape = shape_;
  Strides strides = strides_;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    shape[i] = shape_[axes[i]];
    strides[i] = strides_[axes[i]];
  }
  return view(shape, strides, offset_);
}

Array Array::slice(std::size_t axis, std::int64_t start, std::int64_t count, std::int64_t step) const {
  Shape shape = shape_;
  Strides strides = strides_;
  shape[axis] = count;
  strides[axis] *= step;
  return view(shape, strides, count == 0 ? offset_ : offset_ + start * strides_[axis]);
}

Array Array::broadcast_to(const Shape& shape) const {
  if (shape == shape_) return *this;
  const std::size_t lead = shape.rank() - rank();
  Strides strides = Strides::filled(shape.rank(), 0);
  for (std::size_t axis = 0; axis < rank(); ++axis)
    if (shape_[axis] != 1) strides[lead + axis] = strides_[axis];
  return view(shape, strides, offset_);
}

Array Array::expand_dims(std::size_t axis) const {
  Shape shape = shape_;
  Strides strides = strides_;
  shape.insert(axis, 1);
  strides.insert(axis, 1);
  return view(shape, strides, offset_);
}

Array Array::squeeze(std::size_t axis) const {
  Shape shape = shape_;
  Strides strides = strides_;
  shape.erase(axis);
  strides.erase(axis);
  return view(shape, strides, offset_);
}

Array Array::reshape(const Shape& shape) const {
  if (shape == shape_) return *this;
  if (contiguous_) return view(shape, contiguous_strides(shape), offset_);
  Strides from_strides, to_strides;
  const Shape from = without_ones(shape_, strides_, from_strides);
  Strides unused;
  const Shape to = without_ones(shape, shape, unused);
  Strides packed;
  if (size_ == 0 || !reshape_strides(from, from_strides, to, packed)) return clone().reshape(shape);
  for (std::size_t axis = 0, next = 0; axis < shape.rank(); ++axis)
    to_strides.push_back(shape[axis] == 1 ? 1 : packed[next++]);
  return view(shape, to_strides, offset_);
}

Array Array::transposed() const {
  Shape shape = shape_;
  Strides strides = strides_;
  std::swap(shape[rank() - 1], shape[rank() - 2]);
  std::swap(strides[rank() - 1], strides[rank() - 2]);
  return view(shape, strides, offset_);
}

void Array::assign(const Array& values) {
  if (values.shape() != shape_ || values.dtype() != dtype_)
    throw ShapeError(concat("assign: ", values.dtype(), " values of shape ", values.shape(), " do not fit ", dtype_,
                            " elements of shape ", shape_));
  kernels::copy(values.shares_storage(*this) ? values.clone() : values, *this);
  bump_version();
}

}  // namespace xg
