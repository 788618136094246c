#include "lib/kernels/special.hpp"

#include <cmath>
#include <limits>

#include "lib/kernels/formula.hpp"

namespace xg::kernels {
namespace {

/// Bernoulli's numbers B_2, B_4, ...
constexpr double bernoulli[] = {1.0 / 6,       -1.0 / 30, 1.0 / 42,      -1.0 / 30,     5.0 / 66,
                                -691.0 / 2730, 7.0 / 6,   -3617.0 / 510, 43867.0 / 798, -174611.0 / 330};

/// Where the asymptotic series takes over, and the least argument from which the recurrence climbs there.
constexpr double far = 20, lowest = -10000;

/// digamma for large x: ln x - 1 / 2x - sum of B_2k / (2k x^2k).
double digamma_series(double x) {
  double result = std::log(x) - 0.5 / x, power = 1;
  for (int k = 1; k <= 10; ++k) {
    power /= x * x;
    result -= bernoulli[k - 1] / (2 * k) * power;
  }
  return result;
}

/// zeta(s, x) for large x: x^(1-s) / (s - 1) + x^-s / 2 + sum of B_2k / (2k)! s (s + 1) ... (s + 2k - 2) x^(1-s-2k).
double zeta_series(double s, double x) {
  double result = std::pow(x, 1 - s) / (s - 1) + 0.5 * std::pow(x, -s);
  double factor = s / 2, power = std::pow(x, -s - 1);
  for (int k = 1; k <= 10; ++k) {
    result += bernoulli[k - 1] * factor * power;
    factor *= (s + 2 * k - 1) * (s + 2 * k) / ((2 * k + 1) * (2 * k + 2));
    power /= x * x;
  }
  return result;
}

double polygamma_of(int n, double x) {
  if (!(x >= lowest)) return std::numeric_limits<double>::quiet_NaN();
  if (x == std::numeric_limits<double>::infinity()) return n == 0 ? x : 0;
  double sum = 0;
  if (n == 0) {
    for (; x < far; ++x) sum -= 1 / x;
    return sum + digamma_series(x);
  }
  for (; x < far; ++x) sum += std::pow(x, -n - 1);
  return (n % 2 == 0 ? -1 : 1) * std::tgamma(n + 1) * (sum + zeta_series(n + 1, x));
}

}  // namespace

Array lgamma(const Array& x) {
  return library_function(x, [](auto v) {
    int sign;  // lgamma() itself stores it in a global, which threads would share
    if constexpr (sizeof(v) == sizeof(float))
      return ::lgammaf_r(v, &sign);
    else
      return ::lgamma_r(v, &sign);
  });
}

Array polygamma(int n, const Array& x) {
  return library_function(x, [n](auto v) { return static_cast<decltype(v)>(polygamma_of(n, static_cast<double>(v))); });
}

}  // namespace xg::kernels
