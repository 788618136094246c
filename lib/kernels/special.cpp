#include "lib/kernels/special.hpp"

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "lib/kernels/formula.hpp"
#include "lib/kernels/wider.hpp"

namespace xg::kernels {
namespace {

/// Bernoulli's numbers B_2, B_4, ...
constexpr long double bernoulli[] = {1.0L / 6,       -1.0L / 30, 1.0L / 42,      -1.0L / 30,     5.0L / 66,
                                     -691.0L / 2730, 7.0L / 6,   -3617.0L / 510, 43867.0L / 798, -174611.0L / 330};

/// From the next one on n! leaves the range of long double.
constexpr int highest_order = 1754;

/// Where the asymptotic series of the n-th derivative takes over.
constexpr int far(int n) { return 20 + n; }

template <class W>
W to_the_power(W x, int n) {
  W result = 1;
  for (; n > 0; n /= 2, x *= x)
    if (n % 2 == 1) result *= x;
  return result;
}

/// digamma for large x: ln x - 1 / 2x - sum of B_2k / (2k x^2k).
template <class W>
W digamma_series(W x) {
  W result = std::log(x) - W{0.5} / x, power = 1;
  for (int k = 1; k <= 10; ++k) {
    power /= x * x;
    result -= static_cast<W>(bernoulli[k - 1]) / static_cast<W>(2 * k) * power;
  }
  return result;
}

/// zeta(n + 1, x) for large x: x^-n (1 / n + 1 / 2x + sum of B_2k / (2k)! (n + 1) (n + 2) ... (n + 2k - 1) x^-2k).
template <class W>
W zeta_series(int n, W x) {
  const W order = static_cast<W>(n);
  W sum = 1 / order + W{0.5} / x, factor = (order + 1) / 2, power = 1;
  for (int k = 1; k <= 10; ++k) {
    power /= x * x;
    sum += static_cast<W>(bernoulli[k - 1]) * factor * power;
    factor *= (order + static_cast<W>(2 * k)) * (order + static_cast<W>(2 * k + 1)) /
              static_cast<W>((2 * k + 1) * (2 * k + 2));
  }
  return sum / to_the_power(x, n);
}

/// cot(pi x), from what is left of the nearest whole number, which is exact.
template <class W>
W cotangent_of_pi(W x) {
  constexpr W pi = std::numbers::pi_v<W>;
  const W part = x - std::nearbyint(x), size = std::abs(part);
  return size <= W{0.25} ? 1 / std::tan(pi * part) : std::copysign(std::tan(pi * (W{0.5} - size)), part);
}

/// The coefficients of P_n, for which the n-th derivative of pi cot(pi x) is pi^(n + 1) P_n(cot(pi x)): P_0(c) = c, and
/// P_(n + 1) = -(1 + c^2) P_n'.
std::vector<long double> cotangent_polynomial(int n) {
  std::vector<long double> terms{0, 1};
  for (int order = 0; order < n; ++order) {
    std::vector<long double> next(terms.size() + 1);
    for (std::size_t k = 1; k < terms.size(); ++k) {
      next[k - 1] -= static_cast<long double>(k) * terms[k];
      next[k + 1] -= static_cast<long double>(k) * terms[k];
    }
    terms = std::move(next);
  }
  return terms;
}

template <class W>
W polynomial_at(const std::vector<long double>& terms, W x) {
  W sum = 0;
  for (auto term = terms.rbegin(); term != terms.rend(); ++term) sum = sum * x + static_cast<W>(*term);
  return sum;
}

/// For x > 0: by recurrence to where the series holds.
template <class W>
W positive_polygamma(int n, W x) {
  W sum = 0;
  if (n == 0) {
    for (; x < far(0); ++x) sum -= 1 / x;
    return sum + digamma_series(x);
  }
  if (x == std::numeric_limits<W>::infinity()) return 0;
  for (; x < far(n); ++x) sum += 1 / to_the_power(x, n + 1);
  return (n % 2 == 0 ? -1 : 1) * std::tgamma(static_cast<W>(n + 1)) * (sum + zeta_series(n, x));
}

/// At a pole an odd derivative is infinite, an even one has another sign on either side: that of the side of 0 which a
/// zero's sign names, else NaN.
template <class W>
W at_pole(int n, W x) {
  constexpr W infinity = std::numeric_limits<W>::infinity();
  if (std::isinf(x)) return std::numeric_limits<W>::quiet_NaN();
  if (n % 2 == 1) return infinity;
  return x == 0 ? -std::copysign(infinity, x) : std::numeric_limits<W>::quiet_NaN();
}

/// Below 0 by reflection: (-1)^n psi_n(1 - x) - psi_n(x) is the n-th derivative of pi cot(pi x).
template <class W>
W polygamma_of(int n, W x, const std::vector<long double>& cotangent) {
  if (!(x <= 0)) return positive_polygamma(n, x);
  if (x == std::floor(x)) return at_pole(n, x);
  const W mirrored = positive_polygamma(n, 1 - x);
  return (n % 2 == 0 ? mirrored : -mirrored) -
         to_the_power(std::numbers::pi_v<W>, n + 1) * polynomial_at(cotangent, cotangent_of_pi(x));
}

}  // namespace

Array lgamma(const Array& x) {
  return library_function(x, []<class T>(T v) {
    int sign;  // lgamma() itself stores it in a global, which threads would share
    if constexpr (sizeof(T) == sizeof(float)) return static_cast<float>(::lgamma_r(static_cast<double>(v), &sign));
    // Between the roots below 0 glibc's is 6 units off.
    return v < 0 ? static_cast<T>(::lgammal_r(static_cast<long double>(v), &sign))
                 : static_cast<T>(::lgamma_r(static_cast<double>(v), &sign));
  });
}

Array polygamma(int n, const Array& x) {
  if (n > highest_order) return library_function(x, []<class T>(T) { return std::numeric_limits<T>::quiet_NaN(); });
  return library_function(x, [n, cotangent = cotangent_polynomial(n)]<class T>(T v) {
    return static_cast<T>(polygamma_of(n, static_cast<Wider<T>>(v), cotangent));
  });
}

}  // namespace xg::kernels
