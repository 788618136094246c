#include "lib/kernels/trigonometry.hpp"

#include <cmath>
#include <limits>

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
    constexpr T large = T{1} / std::numeric_limits<T>::epsilon() * 1024;  // 1 is nothing to its square, which is finite
    const V size = magnitude(v), inverse = T{1} / (size > large ? size : size * size + T{1});
    return size > large ? inverse * inverse : inverse;
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
