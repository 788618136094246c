#include "lib/kernels/arithmetic.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <type_traits>

#include "lib/kernels/borrowed.hpp"
#include "lib/kernels/broadcast.hpp"
#include "lib/kernels/exact.hpp"
#include "lib/kernels/exponential.hpp"
#include "lib/kernels/wider.hpp"
#include "lib/kernels/wrapping.hpp"

namespace xg::kernels {
namespace {

template <class F>
Array binary(const Array& a, const Array& b, DType dtype, F f) {
  Array out = Array::empty(broadcast_shape(a, b), dtype);
  const Borrowed x(a, dtype), y(b, dtype);
  dispatch_numeric(
      dtype, [&]<class T>() { broadcast_loop<T, T>(*x, *y, out, [f](T p, T q) { return static_cast<T>(f(p, q)); }); });
  return out;
}

template <class F>
Array floating_binary(const Array& a, const Array& b, F f) {
  const DType common = promote(a.dtype(), b.dtype());
  const DType dtype = is_floating(common) ? common : float32;
  Array out = Array::empty(broadcast_shape(a, b), dtype);
  const Borrowed x(a, dtype), y(b, dtype);
  dispatch_floating(dtype, [&]<class T>() { broadcast_loop<T, T>(*x, *y, out, f); });
  return out;
}

/// From a^b where all that it takes is in the range, else in a wider type.
template <class T>
T power_slope_of(T a, T b) {
  if (b == 0) return 0;
  using W = Wider<T>;
  const T power = std::pow(a, b), quotient = power / a, slope = b * quotient;
  if (std::isnormal(power) && std::isnormal(quotient) && std::isnormal(slope)) return slope;
  const W order = static_cast<W>(b), less = order - 1;
  const W sign = less == order && a < 0 ? -1 : 1;  // large numbers are even, one less is odd
  return static_cast<T>(order * sign * std::pow(static_cast<W>(a), less));
}

template <class T>
T power_growth_of(T a, T b) {
  if (a == 0 && b >= 0) return 0;
  if (a < 0) return std::numeric_limits<T>::quiet_NaN();
  using W = Wider<T>;
  const T power = std::pow(a, b), growth = power * std::log(a);
  if (std::isnormal(power) && std::isnormal(growth)) return growth;
  const W wide = std::pow(static_cast<W>(a), static_cast<W>(b));
  return wide == 0 ? T{0} : static_cast<T>(wide * std::log(static_cast<W>(a)));
}

/// Scaled by a power of two, so that the larger of the two squares is near 1.
template <class T>
T atan2_slope_of(T p, T q) {
  const T size = std::abs(p) > std::abs(q) ? std::abs(p) : std::abs(q);
  if (std::isinf(size)) return 0 / (std::abs(p) + std::abs(q));
  constexpr Bits<T> bias = Layout<T>::bias;
  const Bits<T> exponent = bits_of(size) >> Layout<T>::mantissa_bits;
  const T scale = std::bit_cast<T>((2 * bias - std::min(exponent, 2 * bias - 1)) << Layout<T>::mantissa_bits);
  const T x = p * scale, y = q * scale;
  const T square = x * x + y * y;
  return scale > 1 ? x * scale / square : x / square * scale;  // the largest factors first: nothing becomes subnormal
}

template <class T>
T logaddexp_slope_of(T a, T b) {
  if (a == b) return T{0.5};
  const Twofold<T> difference = exact_sum(a, -b);
  const T low = std::abs(difference.high) < 1000 ? difference.low : T{0};
  const T e = decay(-std::abs(difference.high), difference.high < 0 ? low : -low).value();
  return (difference.high < 0 ? e : T{1}) / (1 + e);
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

Array power_slope(const Array& a, const Array& b) {
  return floating_binary(a, b, [](auto x, auto y) { return power_slope_of(x, y); });
}

Array power_growth(const Array& a, const Array& b) {
  return floating_binary(a, b, [](auto x, auto y) { return power_growth_of(x, y); });
}

Array atan2(const Array& y, const Array& x) {
  return floating_binary(y, x, [](auto p, auto q) { return std::atan2(p, q); });
}

Array atan2_slope(const Array& p, const Array& q) {
  return floating_binary(p, q, [](auto x, auto y) { return atan2_slope_of(x, y); });
}

Array logaddexp(const Array& a, const Array& b) {
  return floating_binary(a, b, []<class T>(T x, T y) {
    // Equal ones may be infinite, and their difference is then NaN.
    return x == y ? x + std::numbers::ln2_v<T> : (x > y ? x : y) + std::log1p(std::exp(-std::abs(x - y)));
  });
}

Array logaddexp_slope(const Array& a, const Array& b) {
  return floating_binary(a, b, [](auto x, auto y) { return logaddexp_slope_of(x, y); });
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
