#pragma once

#include <initializer_list>
#include <source_location>
#include <type_traits>

#include "autograd/saved.hpp"
#include "autograd/tensor.hpp"

namespace xg {

/// An argument of an operation: a Tensor, or what converts to one, with the user's line. Numbers are weak: they take
/// the dtype of the tensor they meet, which must hold them, unless they are of a larger kind. An Operand lives no
/// longer than the call.
class XG_API Operand {
 public:
  /// The tensor itself, which must live as long. An undefined one is a ValueError.
  Operand(const Tensor& tensor, std::source_location where = std::source_location::current());
  /// What a rule saved, if it was not changed.
  Operand(const Saved& saved, std::source_location where = std::source_location::current())
      : Operand(saved.get(), where) {}
  /// A constant.
  Operand(const Array& array, std::source_location where = std::source_location::current());
  /// A number, whose dtype is decided by what it meets.
  template <class T>
  requires std::is_arithmetic_v<T> Operand(T number, std::source_location where = std::source_location::current())
      : Operand(Scalar(number), where) {}
  /// A number, whose dtype is decided by what it meets.
  Operand(const Scalar& number, std::source_location where = std::source_location::current());
  /// A constant vector.
  template <class T>
  requires std::is_arithmetic_v<T> Operand(std::initializer_list<T> values,
                                           std::source_location where = std::source_location::current())
      : own_(values), where_(where) {}
  /// A constant matrix.
  template <class T>
  requires std::is_arithmetic_v<T> Operand(std::initializer_list<std::initializer_list<T>> rows,
                                           std::source_location where = std::source_location::current())
      : own_(rows), where_(where) {}
  /// The same argument.
  Operand(const Operand&) = default;
  Operand& operator=(const Operand&) = delete;

  /// The tensor; a number becomes one of its own dtype.
  const Tensor& tensor() const {
    if (tensor_) return *tensor_;
    if (!own_.defined()) materialize("an operation", number_.dtype());
    return own_;
  }
  /// The value.
  const Array& array() const { return tensor().array(); }
  /// Its shape.
  const Shape& shape() const { return tensor().shape(); }
  /// Its dtype.
  DType dtype() const { return tensor().dtype(); }
  /// The user's line.
  const std::source_location& where() const { return where_; }
  /// As tensor().
  operator const Tensor&() const { return tensor(); }

  /// True for a number, whose dtype is not decided yet.
  bool is_number() const { return is_number_; }
  /// That number.
  const Scalar& number() const { return number_; }
  /// Gives a number the dtype it has beside a tensor of dtype `other`: that dtype, unless the number is of a larger
  /// kind (a floating number beside integers makes float32). One outside the dtype's range is a ValueError that names
  /// `op`.
  void adapt_to(const char* op, DType other);

 private:
  void materialize(const char* op, DType dtype) const;

  const Tensor* tensor_ = nullptr;
  mutable Tensor own_;
  Scalar number_ = 0;
  bool is_number_ = false;
  std::source_location where_;
};

}  // namespace xg
