#pragma once

#include "lib/array.hpp"

namespace xg::kernels {

/// An array as a kernel wants it: the caller's own where it is so already, without another handle to count, else a
/// copy.
class Borrowed {
 public:
  /// With its elements in row-major order, without gaps.
  explicit Borrowed(const Array& array) {
    if (!array.is_contiguous()) copy_ = array.contiguous();
    array_ = array.is_contiguous() ? &array : &copy_;
  }
  /// In that dtype.
  Borrowed(const Array& array, DType dtype) {
    if (array.dtype() != dtype) copy_ = array.astype(dtype);
    array_ = array.dtype() == dtype ? &array : &copy_;
  }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;

  const Array& operator*() const { return *array_; }
  const Array* operator->() const { return array_; }

 private:
  Array copy_;
  const Array* array_;
};

}  // namespace xg::kernels
