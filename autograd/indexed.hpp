#pragma once

#include "autograd/operand.hpp"
#include "autograd/ops/index.hpp"

namespace xg {

/// A part of a tensor, as `x[...]` gives it: a Tensor, which can be assigned to as well. `x[...] = y` writes y, which
/// broadcasts to the part, into the elements of x; `x[...] += y` adds to them. While that would have to be recorded
/// (x or y needs a gradient, and no NoGrad lives) it is a GraphError: index_update() is recorded. A variable of this
/// type (`auto row = x[0];`) is a handle like any other, and can become another.
class XG_API Indexed : public Tensor {
 public:
  /// That part.
  explicit Indexed(Tensor part) : Tensor(std::move(part)) {}
  /// The same part.
  Indexed(const Indexed&) = default;
  /// The same part.
  Indexed(Indexed&&) = default;

  /// Writes the values into x. Values that do not broadcast to the part are a ShapeError, floating ones for integers a
  /// DTypeError.
  void operator=(const Operand& values) &&;
  /// The same.
  void operator=(const Indexed& values) && { std::move(*this) = Operand(values); }
  /// Makes the variable another handle.
  Indexed& operator=(const Indexed& other) & = default;
  /// The same.
  Indexed& operator=(Tensor other) & {
    static_cast<Tensor&>(*this) = std::move(other);
    return *this;
  }
};

namespace detail {

/// a = f(a, b) into the elements of a, if nothing is recorded by that; else, if a is no leaf that needs a gradient,
/// into the variable. `sign` is for errors.
XG_API Tensor& change(Tensor& a, const char* sign, Tensor (*f)(Operand, Operand), const Operand& b);

}  // namespace detail

/// Throws a ValueError unless every element of the array has a place of its own.
void check_own_places(const char* op, const Array& x, std::source_location where);

}  // namespace xg
