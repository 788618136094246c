#include "lib/kernels/trigonometry.hpp"

#include <cmath>

#include "lib/kernels/formula.hpp"
#include "lib/kernels/pack.hpp"

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

Array atan_slope(const Array& x) {
  return vectorised(x, []<class V>(V v) {
    using T = Element<V>;
    // 1 / (1 + v^2), of large v by their inverse, since squares overflow.
    const V size = magnitude(v), small = size > T{1} ? T{1} / size : size, square = small * small;
    return (size > T{1} ? square : V{} + T{1}) / (square + T{1});
  });
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

Array asinh_slope(const Array& x) {
  return library_function(x, [](auto v) { return 1 / std::hypot(decltype(v){1}, v); });
}

Array acosh(const Array& x) {
  return library_function(x, [](auto v) { return std::acosh(v); });
}

Array atanh(const Array& x) {
  return library_function(x, [](auto v) { return std::atanh(v); });
}

}  // namespace xg::kernels
