#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <ostream>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include "lib/dtype.hpp"
#include "lib/scalar.hpp"
#include "lib/shape.hpp"
#include "lib/storage.hpp"

namespace xg {

/// An n-dimensional array of one dtype, without gradients: a handle on shared storage with a shape, strides and an
/// offset (all in elements). Copying an Array shares its elements; clone() copies them. transpose, slice, expand and
/// reshape (where the strides allow it) are views; every other operation returns a fresh contiguous array.
///
/// An undefined array has no elements to ask for: that is a ValueError. Errors name the line of the operation that ran
/// into them, or of the call.
class XG_API Array {
 public:
  /// No array at all, of no elements: what asks for elements is a ValueError until it is assigned.
  Array() = default;
  /// Shares the other's elements.
  Array(const Array&) = default;
  /// Takes the other's place, which is left undefined.
  Array(Array&& other) noexcept
      : storage_(std::move(other.storage_)),
        shape_(std::move(other.shape_)),
        strides_(std::move(other.strides_)),
        offset_(std::exchange(other.offset_, 0)),
        size_(std::exchange(other.size_, 0)),
        dtype_(std::exchange(other.dtype_, float32)),
        contiguous_(std::exchange(other.contiguous_, true)) {}
  /// Shares the other's elements.
  Array& operator=(const Array&) = default;
  /// Takes the other's place, which is left undefined.
  Array& operator=(Array&& other) noexcept {
    storage_ = std::move(other.storage_);
    shape_ = std::move(other.shape_);
    strides_ = std::move(other.strides_);
    offset_ = std::exchange(other.offset_, 0);
    size_ = std::exchange(other.size_, 0);
    dtype_ = std::exchange(other.dtype_, float32);
    contiguous_ = std::exchange(other.contiguous_, true);
    return *this;
  }

  /// Uninitialised elements. A shape that is none (see Shape), or too large for the address space, is a ShapeError, one
  /// too large for the system's memory a MemoryError.
  static Array empty(const Shape& shape, DType dtype = float32,
                     std::source_location where = std::source_location::current());
  /// All elements `value`, towards zero in an integer dtype. A number outside the dtype's range is a ValueError.
  static Array full(const Shape& shape, const Scalar& value, DType dtype = float32,
                    std::source_location where = std::source_location::current());
  /// The same for elements that differ, in row-major order. Their count must be the shape's. Errors name `op`.
  static Array from_numbers(const char* op, const std::vector<Scalar>& values, const Shape& shape, DType dtype,
                            std::source_location where = std::source_location::current());
  /// All elements 0.
  static Array zeros(const Shape& shape, DType dtype = float32,
                     std::source_location where = std::source_location::current()) {
    return full(shape, 0, dtype, where);
  }
  /// A copy of `values`, in row-major order. Their count must be the shape's, else it is a ShapeError.
  template <class T>
  static Array from(const std::vector<T>& values, const Shape& shape,
                    std::source_location where = std::source_location::current());

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

  /// The first element. `T` must be the C++ type of dtype(), else it is a DTypeError.
  template <class T>
  T* data(std::source_location where = std::source_location::current()) const {
    if (dtype_of<T>() != dtype_) wrong_type(dtype_of<T>(), where);
    return reinterpret_cast<T*>(raw(where));
  }
  /// The first element, of any type.
  std::byte* raw(std::source_location where = std::source_location::current()) const {
    return storage(where).data() + static_cast<std::size_t>(offset_) * size_of(dtype_);
  }

  /// The only element, of any dtype, as a T. More than one, or none, is a ShapeError.
  template <class T>
  T item(std::source_location where = std::source_location::current()) const;
  /// All elements in row-major order, converted to T.
  template <class T>
  std::vector<T> to_vector(std::source_location where = std::source_location::current()) const;

  /// A fresh contiguous copy.
  Array clone(std::source_location where = std::source_location::current()) const;
  /// The array itself if it is contiguous, else a contiguous copy.
  Array contiguous(std::source_location where = std::source_location::current()) const;
  /// The array itself if it has that dtype, else a converted copy, each element as convert() does.
  Array astype(DType dtype, std::source_location where = std::source_location::current()) const;

  // Views. Axes, bounds and shapes that do not fit are a ShapeError.

  /// Result axis i is axis axes[i], each of which must be named once.
  Array permute(const std::vector<std::size_t>& axes,
                std::source_location where = std::source_location::current()) const;
  /// Every step-th of `count` elements along an axis.
  Array slice(std::size_t axis, std::int64_t start, std::int64_t count, std::int64_t step,
              std::source_location where = std::source_location::current()) const;
  /// Axes of extent 1 stretched, and new ones in front.
  Array broadcast_to(const Shape& shape, std::source_location where = std::source_location::current()) const;
  /// A new axis of extent 1.
  Array expand_dims(std::size_t axis, std::source_location where = std::source_location::current()) const;
  /// Without an axis of extent 1.
  Array squeeze(std::size_t axis, std::source_location where = std::source_location::current()) const;
  /// A view where the strides allow it, else a copy. The number of elements must be the same.
  Array reshape(const Shape& shape, std::source_location where = std::source_location::current()) const;
  /// Swaps the last two axes.
  Array transposed(std::source_location where = std::source_location::current()) const;

  /// Copies `values` (of the same shape and dtype, else it is a ShapeError) into these elements and raises the version.
  void assign(const Array& values, std::source_location where = std::source_location::current());
  /// How often the elements were changed in place.
  std::uint64_t version(std::source_location where = std::source_location::current()) const {
    return storage(where).version();
  }
  /// Must follow every change of the elements in place, so that a gradient that needs the old ones is refused.
  void bump_version(std::source_location where = std::source_location::current()) {
    check_defined(where);
    storage_.bump_version();
  }
  /// True if no other array shares the elements.
  bool is_unique(std::source_location where = std::source_location::current()) const { return storage(where).unique(); }
  /// True if both have the same elements.
  bool shares_storage(const Array& other) const { return storage_ == other.storage_; }
  /// The same for all arrays that share their elements, and how many bytes those take.
  const void* storage_id(std::source_location where = std::source_location::current()) const {
    return storage(where).data();
  }
  /// What those take in all.
  std::size_t storage_bytes(std::source_location where = std::source_location::current()) const {
    return storage(where).bytes();
  }

 private:
  /// A contiguous array.
  Array(Storage storage, const Shape& shape, std::int64_t size, DType dtype);
  Array(Storage storage, const Shape& shape, const Strides& strides, std::int64_t offset, std::int64_t size,
        DType dtype);
  static void check_count(std::size_t count, const Shape& shape, std::source_location where);
  [[noreturn, gnu::cold]] void wrong_type(DType asked, std::source_location where) const;
  [[noreturn, gnu::cold]] static void undefined(std::source_location where);
  void check_defined(std::source_location where) const {
    if (!storage_) undefined(where);
  }
  const Storage& storage(std::source_location where) const {
    check_defined(where);
    return storage_;
  }
  Array view(const Shape& shape, const Strides& strides, std::int64_t offset, std::source_location where) const;

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
Array Array::from(const std::vector<T>& values, const Shape& shape, std::source_location where) {
  check_count(values.size(), shape, where);
  Array result = empty(shape, dtype_of<T>(), where);
  T* out = result.data<T>();
  for (std::size_t i = 0; i < values.size(); ++i) out[i] = values[i];
  return result;
}

template <class T>
T Array::item(std::source_location where) const {
  check_defined(where);
  if (size_ != 1) throw ShapeError(concat("item: one element expected, got shape ", shape_), where);
  return dispatch(dtype_, [&]<class From>() { return convert<T>(*data<From>()); });
}

template <class T>
std::vector<T> Array::to_vector(std::source_location where) const {
  const Array flat = contiguous(where);
  std::vector<T> result;
  try {
    result.resize(static_cast<std::size_t>(size_));
  } catch (const std::bad_alloc&) {
    throw MemoryError(concat("to_vector: no memory for ", size_, " elements"), where);
  }
  dispatch(dtype_, [&]<class From>() {
    const From* in = flat.data<From>();
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = convert<T>(in[i]);
  });
  return result;
}

}  // namespace xg
