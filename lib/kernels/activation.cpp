#include "lib/kernels/activation.hpp"

#include <cmath>
#include <limits>
#include <numbers>

#include "lib/kernels/exact.hpp"
#include "lib/kernels/exponential.hpp"
#include "lib/kernels/formula.hpp"

namespace xg::kernels {
namespace {

/// From here on, and down from its negative, the activation functions are their limits in either precision: it may
/// stand for all numbers beyond it where they would make 0 times infinity.
constexpr int beyond = 1000;

template <class V>
V above_limit(V x) {
  return at_least(V{} - Element<V>{beyond}, x);
}

/// The derivative sigmoid(z) (1 + x z' sigmoid(-z)) of x sigmoid(z), for more = 1 + x z' and e = e^-|z|: on one
/// fraction.
template <class V>
V gate_slope(V z, const Twofold<V>& more, const Decay<V>& e) {
  using T = Element<V>;
  const V size = e.value();
  const V numerator = z < T{0} ? more.high + (more.low + size) : size * more.high + (size * more.low + T{1});
  const V result = numerator / square_of_one_more(size);
  return z < T{0} ? e.times(result) : result;
}

/// What gelu_by_tanh is a gate of, and its derivative.
template <class V>
struct GeluGate {
  Twofold<V> z, slope;

  /// sqrt(8 / pi) (x + 0.044715 x^3) for |x| up to 40.
  explicit GeluGate(V x) {
    using T = Element<V>;
    constexpr long double linear = 1.595769121605730711759784495737L, cubic = linear * 0.044715L;
    constexpr T a = static_cast<T>(linear), a_rest = static_cast<T>(linear - static_cast<long double>(a));
    constexpr T b = static_cast<T>(cubic), b_rest = static_cast<T>(cubic - static_cast<long double>(b));
    const Twofold<V> square = exact_square(x), bend = exact_product(V{} + b, square.high);
    const Twofold<V> factor = exact_sum(V{} + a, bend.high);
    const V bend_rest = bend.low + b * square.low + b_rest * square.high;
    z = exact_product(x, factor.high);
    z.low += x * (factor.low + (bend_rest + a_rest));
    const Twofold<V> three = exact_product(V{} + T{3}, bend.high);
    slope = exact_sum(V{} + a, three.high);
    slope.low += three.low + (T{3} * bend_rest + a_rest);
  }

  /// e^-|z|.
  Decay<V> decay_of_size() const { return decay(negative_magnitude(z.high), z.high < Element<V>{0} ? z.low : -z.low); }
};

/// 1 - 1 / x^2 + 3 / x^4 - 15 / x^6 + ...: |x| Phi(x) / phi(x) for x < -30 (Abramowitz and Stegun, 26.2.12).
double tail_ratio(double x) {
  double sum = 1;
  const double square = x * x;
  for (int k = 15; k > 0; k -= 2) sum = 1 - k / square * sum;
  return sum;
}

/// factor phi(x).
double times_normal_density(double factor, double x) {
  const Twofold<double> square = exact_square(x);
  return decay(square.high / -2, square.low / -2).times(factor * (std::numbers::inv_sqrtpi / std::numbers::sqrt2));
}

/// Phi(x), by erfc and what the rounding of its argument changes.
double normal_distribution(double x) {
  constexpr double root = std::numbers::sqrt2 / 2, rest = -0x1.bdd3413b26456p-55;
  const Twofold<double> z = exact_product(-x, root);
  const double slope = decay(-z.high * z.high).times(2 * std::numbers::inv_sqrtpi);
  return 0.5 * (std::erfc(z.high) - slope * (z.low - x * rest));
}

/// Below -30, where factors are subnormal, by the asymptotic series.
double gelu_of(double x) {
  if (x < -30) return times_normal_density(-tail_ratio(x), std::fmax(x, -50));
  return x * normal_distribution(std::fmin(x, 50));
}

double gelu_slope_of(double x) {
  x = limited(x, -50.0, 50.0);
  if (x < -30) return times_normal_density(x - tail_ratio(x) / x, x);
  return normal_distribution(x) + times_normal_density(x, x);
}

/// f of each number of a pack.
template <class V, class F>
[[gnu::always_inline]] inline V one_by_one(V x, F f) {
  V result;
  for (std::size_t lane = 0; lane < sizeof(V) / sizeof(x[0]); ++lane) result[lane] = f(x[lane]);
  return result;
}

/// f of floats, in doubles, where terms may cancel and factors leave the range of float.
template <class F, int... lane>
[[gnu::always_inline]] inline Pack<float> in_doubles(Pack<float> x, F f, std::integer_sequence<int, lane...>) {
  constexpr int half = sizeof...(lane);
  typedef float Half __attribute__((vector_size(pack_bytes / 2)));
  const Half low =
      __builtin_convertvector(f(__builtin_convertvector(__builtin_shufflevector(x, x, lane...), Pack<double>)), Half);
  const Half high = __builtin_convertvector(
      f(__builtin_convertvector(__builtin_shufflevector(x, x, (half + lane)...), Pack<double>)), Half);
  return __builtin_shufflevector(low, high, lane..., (half + lane)...);
}

/// What floats need of the normal distribution in doubles: from `most` on it is 0 or 1 for them.
struct NormalTail {
  static constexpr double most = 15.5;

  Pack<double> size;   ///< |x|, at most `most`
  Pack<double> power;  ///< e^(-x^2 / 2)
  Pack<double> ratio;  ///< Phi(-|x|) / power

  explicit NormalTail(Pack<double> x)
      : size(at_most(Pack<double>{} + most, magnitude(x))), power(decay(size * size * -0.5).value()) {
    // (|x| + k) ratio in u = (|x| - k) / (|x| + k), a change of variable by Shepherd and Laframboise (1981): a minimax
    // polynomial, relative error 2^-30.6.
    constexpr double k = 3.75;
    const Pack<double> scale = 1.0 / (size + k);
    ratio = scale * polynomial(1.0 - 2 * k * scale, 0x1.80268b6d63396p-1, -0x1.2d27080b2cf98p-1, 0x1.696910bc5c5c5p-2,
                               -0x1.364e9ad7ce9d7p-3, 0x1.331ce8d429d0bp-5, 0x1.32f548c44ff8dp-10,
                               -0x1.10ce3f632c7a8p-8, 0x1.39d2d4e49d917p-11, 0x1.e8c6a9ef0e9c2p-12,
                               -0x1.8e06987e59ed8p-14, -0x1.e3954d10b7d62p-15);
  }
};

/// Phi(x) + x phi(x).
struct GeluSlope {
  template <class V>
  V operator()(V v) const {
    if constexpr (std::is_same_v<V, Pack<double>>)
      return one_by_one(v, gelu_slope_of);
    else
      return in_doubles(
          v, [](Pack<double> z) __attribute__((always_inline)) {
            constexpr double density = std::numbers::inv_sqrtpi / std::numbers::sqrt2;
            const NormalTail tail(z);
            const Pack<double> below = tail.power * (tail.ratio - tail.size * density);
            return z < 0.0 ? below : 1.0 - below;
          },
          std::make_integer_sequence<int, pack_bytes / 8>());
  }
};

}  // namespace

Array leaky_relu(const Array& x, double negative_slope) {
  return library_function(x, [=]<class T>(T v) { return v > 0 ? v : static_cast<T>(negative_slope) * v; });
}

Array elu(const Array& x, double alpha, double scale) {
  return vectorised(x, [=]<class V>(V v) {
    using T = Element<V>;
    return v > T{0} ? v * static_cast<T>(scale) : exponential_less_one(v) * static_cast<T>(scale * alpha);
  });
}

Array elu_slope(const Array& x, double alpha, double scale) {
  return vectorised(x, [=]<class V>(V v) {
    using T = Element<V>;
    const V below = power(at_most(V{}, v)).times(V{} + static_cast<T>(scale * alpha));
    return v > T{0} ? V{} + static_cast<T>(scale) : below;
  });
}

Array gelu(const Array& x) {
  return vectorised(x, []<class V>(V v) {
    if constexpr (std::is_same_v<V, Pack<double>>)
      return one_by_one(v, gelu_of);
    else
      return in_doubles(
          v, [](Pack<double> z) __attribute__((always_inline)) {
            const NormalTail tail(z);
            const Pack<double> less = tail.size * tail.power * tail.ratio;
            return (z < 0.0 ? Pack<double>{} : z) - less;
          },
          std::make_integer_sequence<int, pack_bytes / 8>());
  });
}

Array gelu_slope(const Array& x) { return vectorised(x, GeluSlope()); }

Array gelu_gradient(const Array& dy, const Array& x) { return vectorised_gradient(dy, x, GeluSlope()); }

Array gelu_by_tanh(const Array& x) {
  return vectorised(x, []<class V>(V v) {
    using T = Element<V>;
    const GeluGate<V> gate(limited(v, T{-40}, T{40}));
    const Decay<V> e = gate.decay_of_size();
    const V result = at_least(V{} - T{40}, v) / (e.value() + T{1});
    return v < T{0} ? e.times(result) : result;
  });
}

Array gelu_by_tanh_slope(const Array& x) {
  return vectorised(x, []<class V>(V v) {
    const V at = limited(v, Element<V>{-40}, Element<V>{40});
    const GeluGate<V> gate(at);
    const Twofold<V> t = exact_product(at, gate.slope.high);
    Twofold<V> more = exact_sum(t.high, V{} + Element<V>{1});
    more.low += t.low + at * gate.slope.low;
    return gate_slope(v, more, gate.decay_of_size());
  });
}

Array silu(const Array& x) {
  return vectorised(x, []<class V>(V v) {
    using T = Element<V>;
    const Decay<V> e = decay(negative_magnitude(v));
    const V result = above_limit(v) / (e.value() + T{1});
    return v < T{0} ? e.times(result) : result;
  });
}

Array silu_slope(const Array& x) {
  return vectorised(x, []<class V>(V v) {
    const V at = limited(v, Element<V>{-beyond}, Element<V>{beyond});
    return gate_slope(v, {at + Element<V>{1}, V{}}, decay(negative_magnitude(v)));
  });
}

Array mish(const Array& x) {
  return vectorised(x, []<class V>(V v) {
    using T = Element<V>;
    const Decay<V> decayed = decay(negative_magnitude(v));
    const V e = decayed.value();
    // Both sides of 0 divided by the larger of 1 and e^2x.
    const V numerator = v < T{0} ? e + T{2} : T{2} * e + T{1};
    const V denominator = v < T{0} ? e * (e + T{2}) + T{2} : T{2} * e * (e + T{1}) + T{1};
    const V result = above_limit(v) * (numerator / denominator);
    return v < T{0} ? decayed.times(result) : result;
  });
}

Array mish_slope(const Array& x) {
  return vectorised(x, []<class V>(V v) {
    using T = Element<V>;
    const V at = limited(v, T{-beyond}, T{beyond}), line = T{4} * at;
    const Decay<V> decayed = decay(negative_magnitude(v));
    const V e = decayed.value();
    // Both sides of 0 divided by the larger of 1 and e^4x; the square of the denominator is multiplied out.
    const V below = (line + T{4}) + e * ((line + T{6}) + e * (e + T{4}));
    const V above = e * (e * ((line + T{6}) + e * (line + T{4})) + T{4}) + T{1};
    const V result = v < T{0} ? below / polynomial(e, T{4}, T{8}, T{8}, T{4}, T{1})
                              : above / polynomial(e, T{1}, T{4}, T{8}, T{8}, T{4});
    return v < T{0} ? decayed.times(result) : result;
  });
}

Array hard_sigmoid(const Array& x) {
  return vectorised(x, []<class V>(V v) {
    using T = Element<V>;
    return limited(v + T{3}, T{0}, T{6}) / T{6};
  });
}

Array softsign(const Array& x) {
  return vectorised(x, []<class V>(V v) {
    using T = Element<V>;
    const V finite = limited(v, std::numeric_limits<T>::lowest(), std::numeric_limits<T>::max());
    return finite / (magnitude(finite) + T{1});
  });
}

Array softsign_slope(const Array& x) {
  return vectorised(x, []<class V>(V v) {
    const V share = Element<V>{1} / (magnitude(v) + Element<V>{1});
    return share * share;
  });
}

}  // namespace xg::kernels
