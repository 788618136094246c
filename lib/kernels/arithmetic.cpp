#include "lib/kernels/arithmetic.hpp"

#include <cmath>
#include <numbers>
#include <type_traits>

#include "lib/kernels/broadcast.hpp"
#include "lib/kernels/wrapping.hpp"

namespace xg::kernels {
namespace {

template <class F>
Array binary(const Array& a, const Array& b, DType dtype, F f) {
  Array out = Array::empty(broadcast_shape(a, b), dtype);
  const Array x = a.astype(dtype), y = b.astype(dtype);
  dispatch_numeric(
      dtype, [&]<class T>() { broadcast_loop<T, T>(x, y, out, [f](T p, T q) { return static_cast<T>(f(p, q)); }); });
  return out;
}

template <class F>
Array floating_binary(const Array& a, const Array& b, F f) {
  const DType common = promote(a.dtype(), b.dtype());
  const DType dtype = is_floating(common) ? common : float32;
  Array out = Array::empty(broadcast_shape(a, b), dtype);
  const Array x = a.astype(dtype), y = b.astype(dtype);
  dispatch_floating(dtype, [&]<class T>() { broadcast_loop<T, T>(x, y, out, f); });
  return out;
}

}  // namespace

Array add(const Array& a, const Array& b) {
  return binary(a, b, promote(a.dtype(), b.dtype()), wrapping([](auto x, auto y) { return x + y; }));
}

Array subtract(const Array& a, const Array& b) {
  return binary(a, b, promote(a.dtype(), b.dtype()), wrapping([](auto x, auto y) { return x - y; }));
}

Array multiply(const Array& a, const Array& b) {
  return binary(a, b, promote(a.dtype(), b.dtype()), wrapping([](auto x, auto y) { return x * y; }));
}

Array divide(const Array& a, const Array& b) {
  return floating_binary(a, b, [](auto x, auto y) { return x / y; });
}

Array maximum(const Array& a, const Array& b) {
  return binary(a, b, promote(a.dtype(), b.dtype()), [](auto x, auto y) { return x > y || x != x ? x : y; });
}

Array minimum(const Array& a, const Array& b) {
  return binary(a, b, promote(a.dtype(), b.dtype()), [](auto x, auto y) { return x < y || x != x ? x : y; });
}

Array power(const Array& a, const Array& b) {
  return floating_binary(a, b, [](auto x, auto y) { return std::pow(x, y); });
}

Array atan2(const Array& y, const Array& x) {
  return floating_binary(y, x, [](auto p, auto q) { return std::atan2(p, q); });
}

Array logaddexp(const Array& a, const Array& b) {
  return floating_binary(a, b, []<class T>(T x, T y) {
    // Equal ones may be infinite, and their difference is then NaN.
    return x == y ? x + std::numbers::ln2_v<T> : (x > y ? x : y) + std::log1p(std::exp(-std::abs(x - y)));
  });
}

Array remainder(const Array& a, const Array& b) {
  return binary(a, b, promote(a.dtype(), b.dtype()), []<class T>(T x, T y) {
    if constexpr (std::is_floating_point_v<T>) {
      const T rest = std::fmod(x, y);
      return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
    } else {
      // The smallest number has no opposite that -1 could divide it to.
      if constexpr (std::is_signed_v<T>)
        if (y == -1) return T{0};
      const auto rest = static_cast<T>(x % y);
      return rest != 0 && (rest < 0) != (y < 0) ? static_cast<T>(rest + y) : rest;
    }
  });
}

void add_into(Array& total, const Array& values) {
  dispatch_numeric(total.dtype(), [&]<class T>() {
    broadcast_loop<T, T>(total, values, total, wrapping([](auto x, auto y) { return x + y; }));
  });
}

}  // namespace xg::kernels
