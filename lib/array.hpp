#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "lib/dtype.hpp"
#include "lib/shape.hpp"
#include "lib/storage.hpp"

namespace xg {

/// An n-dimensional array of one dtype, without gradients: a handle on shared storage with a shape, strides and an
/// offset (all in elements). Copying an Array shares its elements; clone() copies them. transpose, slice, expand and
/// reshape (where the strides allow it) are views; every other operation returns a fresh contiguous array.
class XG_API Array {
 public:
  /// No array at all: only assignment and defined() are allowed.
  Array() = default;

  /// Uninitialised elements.
  static Array empty(const Shape& shape, DType dtype = float32);
  /// All elements equal.
  static Array full(const Shape& shape, double value, DType dtype = float32);
  /// All elements 0.
  static Array zeros(const Shape& shape, DType dtype = float32) { return full(shape, 0, dtype); }
  /// A copy of `values`, in row-major order. Their count must be the shape's.
  template <class T>
  static Array from(const std::vector<T>& values, const Shape& shape);

  /// False for one that was never assigned.
  bool defined() const { return static_cast<bool>(storage_); }
  /// The extent of every axis.
  const Shape& shape() const { return shape_; }
  /// The distance of neighbours along every axis, in elements.
  const Strides& strides() const { return strides_; }
  /// How many axes there are.
  std::size_t rank() const { return shape_.rank(); }
  /// How many elements there are.
  std::int64_t size() const { return size_; }
  /// The type of the elements.
  DType dtype() const { return dtype_; }
  /// What the elements take, without gaps.
  std::size_t bytes() const { return static_cast<std::size_t>(size_) * size_of(dtype_); }
  /// True if the elements lie in row-major order without gaps.
  bool is_contiguous() const { return contiguous_; }

  /// The first element. `T` must be the C++ type of dtype().
  template <class T>
  T* data() const {
    if (dtype_of<T>() != dtype_) wrong_type(dtype_of<T>());
    return reinterpret_cast<T*>(raw());
  }
  /// The first element, of any type.
  std::byte* raw() const { return storage_.data() + static_cast<std::size_t>(offset_) * size_of(dtype_); }

  /// The only element, of any dtype, as a T.
  template <class T>
  T item() const;
  /// All elements in row-major order, converted to T.
  template <class T>
  std::vector<T> to_vector() const;

  /// A fresh contiguous copy.
  Array clone() const;
  /// The array itself if it is contiguous, else a contiguous copy.
  Array contiguous() const;
  /// The array itself if it has that dtype, else a converted copy, each element as convert() does.
  Array astype(DType dtype) const;

  /// Views. Axes and bounds are already checked by the caller.
  Array permute(const std::vector<std::size_t>& axes) const;
  /// Every step-th of `count` elements along an axis.
  Array slice(std::size_t axis, std::int64_t start, std::int64_t count, std::int64_t step) const;
  /// Axes of extent 1 stretched, and new ones in front.
  Array broadcast_to(const Shape& shape) const;
  /// A new axis of extent 1.
  Array expand_dims(std::size_t axis) const;
  /// Without an axis of extent 1.
  Array squeeze(std::size_t axis) const;
  /// A view where the strides allow it, else a copy. The number of elements must be the same.
  Array reshape(const Shape& shape) const;
  /// Swaps the last two axes.
  Array transposed() const;

  /// Copies `values` (of the same shape and dtype) into these elements and raises the version.
  void assign(const Array& values);
  /// How often the elements were changed in place.
  std::uint64_t version() const { return storage_.version(); }
  /// Must follow every change of the elements in place, so that a gradient that needs the old ones is refused.
  void bump_version() { storage_.bump_version(); }
  /// True if no other array shares the elements.
  bool is_unique() const { return storage_.unique(); }
  /// True if both have the same elements.
  bool shares_storage(const Array& other) const { return storage_ == other.storage_; }
  /// The same for all arrays that share their elements, and how many bytes those take.
  const void* storage_id() const { return storage_.data(); }
  /// What those take in all.
  std::size_t storage_bytes() const { return storage_.bytes(); }

 private:
  Array(Storage storage, const Shape& shape, const Strides& strides, std::int64_t offset, DType dtype);
  [[noreturn]] void wrong_type(DType asked) const;
  Array view(const Shape& shape, const Strides& strides, std::int64_t offset) const;

  Storage storage_;
  Shape shape_;
  Strides strides_;
  std::int64_t offset_ = 0;
  std::int64_t size_ = 0;
  DType dtype_ = float32;
  bool contiguous_ = true;
};

/// Like NumPy: nested brackets, aligned columns, "..." in the middle of large arrays.
XG_API std::string to_string(const Array& array);
/// Prints it as to_string() gives it.
XG_API std::ostream& operator<<(std::ostream& out, const Array& array);

template <class T>
Array Array::from(const std::vector<T>& values, const Shape& shape) {
  if (static_cast<std::int64_t>(values.size()) != shape.elements())
    throw ShapeError(concat(values.size(), " values do not fill the shape ", shape));
  Array result = empty(shape, dtype_of<T>());
  T* out = result.data<T>();
  for (std::size_t i = 0; i < values.size(); ++i) out[i] = values[i];
  return result;
}

template <class T>
T Array::item() const {
  if (size_ != 1) throw ShapeError(concat("item: one element expected, got shape ", shape_));
  return dispatch(dtype_, [&]<class From>() { return convert<T>(*data<From>()); });
}

template <class T>
std::vector<T> Array::to_vector() const {
  const Array flat = contiguous();
  std::vector<T> result(static_cast<std::size_t>(size_));
  dispatch(dtype_, [&]<class From>() {
    const From* in = flat.data<From>();
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = convert<T>(in[i]);
  });
  return result;
}

}  // namespace xg
