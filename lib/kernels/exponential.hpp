#pragma once

#include <cmath>
#include <limits>

#include "lib/kernels/pack.hpp"

namespace xg::kernels {

// Exponentials and logarithms of a pack (or one) of floats or doubles, over their whole range and within 3 units in the
// last place.

/// What approximations in a precision need.
template <class T>
struct Precision;

template <>
struct Precision<float> {
  /// ln 2 in two parts; the first has so few digits that its product with an exponent is exact.
  static constexpr float ln2_high = 0x1.62e4p-1f, ln2_low = 0x1.7f7d1cp-20f;
  /// Below and above, e^x is 0 (even times 128) and infinite.
  static constexpr float least_power = -128, greatest_power = 89;
};

template <>
struct Precision<double> {
  static constexpr double ln2_high = 0x1.62e42fefa38p-1, ln2_low = 0x1.ef35793c7673p-45;
  static constexpr double least_power = -800, greatest_power = 710;
};

/// c + x (rest[0] + x (rest[1] + ...)).
template <class V>
[[gnu::always_inline]] inline V polynomial(V, Element<V> c) {
  return V{} + c;
}
template <class V, class... Rest>
[[gnu::always_inline]] inline V polynomial(V x, Element<V> c, Rest... rest) {
  return c + x * polynomial(x, rest...);
}

/// (e^r - 1 - r) / r^2 for |r| up to 0.37: minimax polynomials, relative errors of e^r 2^-33 and 2^-57.
template <class V>
[[gnu::always_inline]] inline V power_tail(V r) {
  if constexpr (sizeof(Element<V>) == sizeof(float))
    return polynomial(r, 0.5f, 0x1.555554p-3f, 0x1.555446p-5f, 0x1.1112f6p-7f, 0x1.6dcbc2p-10f, 0x1.9ed68cp-13f);
  else
    return polynomial(r, 0x1.000000000000ap-1, 0x1.55555555554fap-3, 0x1.555555555086p-5, 0x1.1111111127c3fp-7,
                      0x1.6c16c1842e78dp-10, 0x1.a01a012a41e3ep-13, 0x1.a01999ffbfed1p-16, 0x1.71df256f5d58fp-19,
                      0x1.28ad7f10a8eb9p-22, 0x1.ad7f608db4b33p-26);
}

/// e^x = e^r 2^k with |r| < 0.37.
template <class V>
struct Reduced {
  V r;
  Bits<V> count;  ///< its last bits, two less than the mantissa has, are k + the offset
};

template <class V>
[[gnu::always_inline]] inline Reduced<V> reduced(V x, typename Layout<V>::Bits offset) {
  using T = Element<V>;
  using Integer = typename Layout<V>::Bits;
  // Where the last bit is worth 1, an addition rounds to whole numbers.
  const T shift = static_cast<T>(Integer{3} << (Layout<V>::mantissa_bits - 1)) + static_cast<T>(offset);
  const V shifted = x * static_cast<T>(0x1.71547652b82fep0) + shift;
  const V count = shifted - shift;
  return {x - count * Precision<T>::ln2_high - count * Precision<T>::ln2_low, bits_of(shifted)};
}

/// e^x, for products with it.
template <class V>
struct Power {
  V fraction;     ///< e^r
  Bits<V> count;  ///< as in Reduced, with twice the format's bias as offset

  /// factor e^x, rounded as if e^x could not be subnormal or infinite: the power of two is applied in two halves.
  [[gnu::always_inline]] V times(V factor) const { return fraction * half() * factor * other_half(); }
  [[gnu::always_inline]] V value() const { return fraction * half() * other_half(); }

 private:
  static constexpr int place = Layout<V>::mantissa_bits;  // of the exponent

  [[gnu::always_inline]] Bits<V> half_bits() const {
    return (count << (place - 1)) & ~((typename Layout<V>::Bits{1} << place) - 1);
  }
  [[gnu::always_inline]] V half() const { return std::bit_cast<V>(half_bits()); }
  [[gnu::always_inline]] V other_half() const { return std::bit_cast<V>((count << place) - half_bits()); }
};

template <class V>
[[gnu::always_inline]] inline Power<V> power_of(const Reduced<V>& e) {
  using T = Element<V>;
  return {T{1} + e.r * (T{1} + e.r * power_tail(e.r)), e.count};
}

/// e^x; outside of the limits of Precision it is the limit's.
template <class V>
[[gnu::always_inline]] inline Power<V> power(V x) {
  using P = Precision<Element<V>>;
  return power_of(reduced(limited(x, P::least_power, P::greatest_power), 2 * Layout<V>::bias));
}

/// e^(x + low), where low is what is missing to x, much smaller.
template <class V>
[[gnu::always_inline]] inline Power<V> power(V x, V low) {
  using P = Precision<Element<V>>;
  Reduced<V> e = reduced(limited(x, P::least_power, P::greatest_power), 2 * Layout<V>::bias);
  e.r += low;
  return power_of(e);
}

/// e^x.
template <class V>
[[gnu::always_inline]] inline V exponential(V x) {
  return power(x).value();
}

/// e^x for x <= 0, for products with it: multiplied by 2^lift until the end, it is normal where e^x no longer is.
template <class V>
struct Decay {
  V lifted;  ///< e^x 2^lift

  static constexpr typename Layout<V>::Bits lift = Layout<V>::bias / 2;

  /// factor e^x, rounded as if e^x could not be subnormal. The factor is at most 2^lift.
  [[gnu::always_inline]] V times(V factor) const { return lifted * factor * lowering; }
  /// e^x / divisor, likewise.
  [[gnu::always_inline]] V over(V divisor) const { return lifted / divisor * lowering; }
  [[gnu::always_inline]] V value() const { return lifted * lowering; }

 private:
  static constexpr Element<V> lowering =
      std::bit_cast<Element<V>>((Layout<V>::bias - lift) << Layout<V>::mantissa_bits);
};

/// e^(x + low) for x <= 0, where low is what is missing to x, much smaller.
template <class V>
[[gnu::always_inline]] inline Decay<V> decay(V x, V low) {
  using T = Element<V>;
  Reduced<V> e = reduced(at_least(V{} + Precision<T>::least_power, x), Layout<V>::bias + Decay<V>::lift);
  e.r += low;
  return {power_of(e).fraction * std::bit_cast<V>(e.count << Layout<V>::mantissa_bits)};
}

/// e^x for x <= 0.
template <class V>
[[gnu::always_inline]] inline Decay<V> decay(V x) {
  const Reduced<V> e = reduced(at_least(V{} + Precision<Element<V>>::least_power, x), Layout<V>::bias + Decay<V>::lift);
  return {power_of(e).fraction * std::bit_cast<V>(e.count << Layout<V>::mantissa_bits)};
}

/// (e^x - 1) / 2, which is in the range where e^x is just beyond. x is in [-50, greatest_power].
template <class V>
[[gnu::always_inline]] inline V half_of_power_less_one(V x) {
  const Reduced<V> e = reduced(x, Layout<V>::bias - 1);
  const V rest = e.r + e.r * e.r * power_tail(e.r);
  const V half = std::bit_cast<V>(e.count << Layout<V>::mantissa_bits);
  return half * rest + (half - Element<V>(0.5));
}

/// e^x - 1.
template <class V>
[[gnu::always_inline]] inline V exponential_less_one(V x) {
  using T = Element<V>;
  constexpr T least = std::numeric_limits<T>::digits * T(-0.75);  // -1 to the last digit
  const V result = half_of_power_less_one(limited(x, least, Precision<T>::greatest_power)) * T{2};
  return magnitude(x) < std::numeric_limits<T>::epsilon() / 4 ? x : result;
}

/// (2 atanh(s) - 2 s) / s^3 of z = s^2, for ln m with m in [sqrt(1/2), sqrt(2)] and s = (m - 1) / (m + 1): minimax
/// polynomials, relative errors of the logarithm 2^-30 and 2^-59.
template <class V>
[[gnu::always_inline]] inline V logarithm_tail(V z) {
  if constexpr (sizeof(Element<V>) == sizeof(float))
    return polynomial(z, 0x1.55557ap-1f, 0x1.995e9cp-2f, 0x1.31e678p-2f);
  else
    return polynomial(z, 0x1.5555555555593p-1, 0x1.999999997fb31p-2, 0x1.2492494217a8bp-2, 0x1.c71c51e7f3125p-3,
                      0x1.7466462d33713p-3, 0x1.39a0f4f5f828fp-3, 0x1.2f0d8ef234f7p-3);
}

/// x = (1 + f) 2^exponent with 1 + f in [sqrt(1/2), sqrt(2)], for finite x > 0.
template <class V>
struct Split {
  V f;
  V exponent;

  [[gnu::always_inline]] explicit Split(V x) {
    using T = Element<V>;
    using Integer = typename Layout<V>::Bits;
    constexpr int place = Layout<V>::mantissa_bits;
    constexpr Integer one = Integer{Layout<V>::bias} << place, root = std::bit_cast<Integer>(T(M_SQRT1_2));
    constexpr T large = static_cast<T>(Integer{1} << place), up = 2 * large;
    const auto subnormal = x < std::numeric_limits<T>::min();
    // The exponent as if mantissas began at sqrt(1/2). As the last bits of a large number it needs no conversion.
    const Bits<V> moved = bits_of(subnormal ? x * up : x) + (one - root);
    exponent = std::bit_cast<V>((moved >> place) | std::bit_cast<Integer>(large)) -
               (subnormal ? V{} + (large + T{Layout<V>::bias} + (place + 1)) : V{} + (large + T{Layout<V>::bias}));
    f = std::bit_cast<V>((moved & ((Integer{1} << place) - 1)) + root) - T{1};
  }
};

/// ln x + low, where low is small against x.
template <class V>
[[gnu::always_inline]] inline V logarithm(V x, V low = V{}) {
  using T = Element<V>;
  constexpr T infinity = std::numeric_limits<T>::infinity();
  const Split<V> m(x);
  // ln(1 + f) = 2 atanh(s) = f - (f^2 / 2 - s (f^2 / 2 + tail)) with s = f / (2 + f).
  const V s = m.f / (T{2} + m.f), half = T(0.5) * m.f * m.f, z = s * s;
  const V small = s * (half + z * logarithm_tail(z)) + (m.exponent * Precision<T>::ln2_low + low);
  const V result = m.exponent * Precision<T>::ln2_high - ((half - small) - m.f);
  const V outside = x < T{0} ? V{} + std::numeric_limits<T>::quiet_NaN() : x;  // infinity and NaN stay
  return (x > T{0}) & (x < infinity) ? result : x == T{0} ? V{} - infinity : outside;
}

/// ln(1 + x).
template <class V>
[[gnu::always_inline]] inline V logarithm_plus_one(V x) {
  using T = Element<V>;
  constexpr T infinity = std::numeric_limits<T>::infinity();
  const V sum = T{1} + x, lost = (x - (sum - T{1})) / sum;
  const V result = logarithm(sum, (sum > T{0}) & (sum < infinity) ? lost : V{});
  return magnitude(x) < std::numeric_limits<T>::epsilon() / 4 ? x : result;
}

/// (e^2x - 1) / (e^2x + 1).
template <class V>
[[gnu::always_inline]] inline V hyperbolic_tangent(V x) {
  using T = Element<V>;
  constexpr T one = std::numeric_limits<T>::digits * T(0.4);  // from where it is 1
  const V size = magnitude(x), half = half_of_power_less_one(at_most(V{} + one, size) * T{2});
  return with_sign(half / (half + T{1}), x);
}

/// 1 / (1 + e^-x).
template <class V>
[[gnu::always_inline]] inline V logistic(V x) {
  using T = Element<V>;
  const V e = decay(negative_magnitude(x)).value();
  return (x < T{0} ? e : V{} + T{1}) / (e + T{1});
}

/// (1 + e)^2 for 0 <= e <= 1, rounded about once.
template <class V>
[[gnu::always_inline]] inline V square_of_one_more(V e) {
  return e * (e + Element<V>{2}) + Element<V>{1};
}

/// ln(1 + e^x).
template <class V>
[[gnu::always_inline]] inline V log_one_plus_power(V x) {
  return (x > Element<V>{0} ? x : V{}) + logarithm_plus_one(decay(negative_magnitude(x)).value());
}

}  // namespace xg::kernels
