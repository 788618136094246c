#include "lib/kernels/trigonometry.hpp"

#include <cmath>

#include "lib/kernels/formula.hpp"

namespace xg::kernels {

// The C library reduces an angle of any size exactly, which vector mathematics does not.

Array sin(const Array& x) {
  return library_function(x, [](auto v) { return std::sin(v); });
}

Array cos(const Array& x) {
  return library_function(x, [](auto v) { return std::cos(v); });
}

Array tan(const Array& x) {
  return library_function(x, [](auto v) { return std::tan(v); });
}

Array asin(const Array& x) {
  return library_function(x, [](auto v) { return std::asin(v); });
}

Array acos(const Array& x) {
  return library_function(x, [](auto v) { return std::acos(v); });
}

Array atan(const Array& x) {
  return library_function(x, [](auto v) { return std::atan(v); });
}

Array sinh(const Array& x) {
  return library_function(x, [](auto v) { return std::sinh(v); });
}

Array cosh(const Array& x) {
  return library_function(x, [](auto v) { return std::cosh(v); });
}

Array asinh(const Array& x) {
  return library_function(x, [](auto v) { return std::asinh(v); });
}

Array acosh(const Array& x) {
  return library_function(x, [](auto v) { return std::acosh(v); });
}

Array atanh(const Array& x) {
  return library_function(x, [](auto v) { return std::atanh(v); });
}

}  // namespace xg::kernels
