#include "tests/autograd/ranges.hpp"

#include <numbers>

#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/special.hpp"
#include "autograd/ops/trigonometry.hpp"

namespace xg::testing {
namespace {

constexpr Wide pi = std::numbers::pi_v<Wide>;
constexpr Wide infinity = std::numeric_limits<Wide>::infinity();
constexpr Wide nan = std::numeric_limits<Wide>::quiet_NaN();

Wide sigmoid_of(Wide x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
Wide sigmoid_slope_of(Wide x) { return sigmoid_of(x) * sigmoid_of(-x); }
Wide softplus_of(Wide x) { return std::fmax(x, Wide{0}) + std::log1p(std::exp(-std::fabs(x))); }
Wide sign_of(Wide x) { return std::isnan(x) ? x : static_cast<Wide>((x > 0) - (x < 0)); }

/// x y, 0 if one of them is.
Wide product(Wide x, Wide y) {
  return x == 0 || y == 0 ? std::copysign(Wide{0}, x) * std::copysign(Wide{1}, y) : x * y;
}

/// factor e^(-x^2 / divisor).
Wide bell_of(Wide x, Wide divisor, Wide factor) {
  const Wide square = x * x, rest = std::fma(x, x, -square);
  return std::isinf(square) ? 0 : factor * std::exp(-square / divisor) * (1 - rest / divisor);
}
Wide normal_density(Wide x) { return bell_of(x, 2, 1 / std::sqrt(2 * pi)); }
Wide normal_distribution(Wide x) { return std::erfc(-x / std::sqrt(Wide{2})) / 2; }

/// The argument z of the sigmoid in gelu by tanh, and its derivative.
Wide gelu_gate(Wide x) { return 2 * std::sqrt(2 / pi) * (x + 0.044715L * x * x * x); }
Wide gelu_gate_slope(Wide x) { return 2 * std::sqrt(2 / pi) * (1 + 3 * 0.044715L * x * x); }
/// Of x sigmoid(z).
Wide gate_slope(Wide x, Wide z, Wide dz) {
  if (std::fabs(z) > 20000) return z > 0 ? 1 : -0.0L;
  return sigmoid_of(z) + x * dz * sigmoid_slope_of(z);
}

Wide mish_of(Wide x) {
  const Wide e = std::exp(-std::fabs(x));
  return x < 0 ? product(x, e * (e + 2) / (e * (e + 2) + 2)) : x * (1 + 2 * e) / (1 + 2 * e + 2 * e * e);
}
Wide mish_slope_of(Wide x) {
  if (std::fabs(x) > 20000) return x > 0 ? 1 : -0.0L;
  const Wide t = mish_of(x) / x, e = std::exp(-std::fabs(x));
  const Wide root = x < 0 ? e * (e + 2) + 2 : 1 + 2 * e + 2 * e * e;  // (1 - t^2) is 4 (e^x + 1)^2 / root^2
  const Wide rest = x < 0 ? 4 * (1 + e) * (1 + e) / (root * root) : 4 * e * e * (1 + e) * (1 + e) / (root * root);
  return x == 0 ? 0.6L : t + x * rest * sigmoid_of(x);
}

/// digamma by recurrence up to 60 and the asymptotic series, below -100 by reflection (Abramowitz and Stegun, 6.3).
Wide digamma_of(Wide x) {
  if (std::isinf(x)) return x > 0 ? x : nan;
  if (x == 0) return -std::copysign(infinity, x);
  if (x < 0 && x == std::floor(x)) return nan;
  if (x < -100) {
    const Wide part = x - std::nearbyint(x);
    return digamma_of(1 - x) - pi * std::cos(pi * part) / std::sin(pi * part);
  }
  Wide sum = 0;
  for (; x < 60; ++x) sum += 1 / x;
  const Wide square = x * x;
  return std::log(x) - 1 / (2 * x) -
         (1 / 12.0L - (1 / 120.0L - (1 / 252.0L - 1 / (240 * square)) / square) / square) / square - sum;
}

Wide trigamma_of(Wide x) {
  if (std::isinf(x)) return x > 0 ? 0 : nan;
  if (x <= 0 && x == std::floor(x)) return infinity;
  if (x < -100) {
    const Wide sine = std::sin(pi * (x - std::nearbyint(x)));
    return pi * pi / (sine * sine) - trigamma_of(1 - x);
  }
  Wide sum = 0;
  for (; x < 60; ++x) sum += 1 / (x * x);
  const Wide square = x * x;
  return sum + 1 / x + 1 / (2 * square) +
         (1 / 6.0L - (1 / 30.0L - (1 / 42.0L - 1 / (30 * square)) / square) / square) / (square * x);
}

template <class F>
auto of(F function) {
  return [function](const Tensor& x) { return function(x); };
}

/// Around a root, the size of a term that cancels there.
Bound near(Wide root, Wide distance, Wide (*term)(Wide), const char* reason) {
  return {.scale = [=](Wide x) { return std::fabs(x - root) < distance ? std::fabs(term(x)) : Wide{0}; },
          .reason = reason};
}

std::vector<RangeCase> exponentials() {
  const auto exp_of = [](Wide x) { return std::exp(x); };
  return {
      {.name = "exp",
       .function = of(exp),
       .value = exp_of,
       .slope = exp_of,
       .critical = {88.72283935546875, -87.33654785156250, -103.97208, 709.782712893384, -708.3964185322641,
                    -745.1332191019411}},
      {.name = "expm1",
       .function = of(expm1),
       .value = [](Wide x) { return std::expm1(x); },
       .slope = exp_of,
       .critical = {88.72283935546875, 709.782712893384, -17.32868, -37.42994775023705}},
      {.name = "log",
       .function = of(log),
       .value = [](Wide x) { return std::log(x); },
       .slope = [](Wide x) { return 1 / x; },
       .critical = {1, 0.7071067811865476, 1.4142135623730951},
       .first = 0},
      {.name = "log1p",
       .function = of(log1p),
       .value = [](Wide x) { return std::log1p(x); },
       .slope = [](Wide x) { return 1 / (1 + x); },
       .critical = {-1, 0.41421356237309515, -0.2928932188134524},
       .first = -1},
      {.name = "sqrt",
       .function = of(sqrt),
       .value = [](Wide x) { return std::sqrt(x); },
       .slope = [](Wide x) { return 0.5L / std::sqrt(x); },
       .first = 0},
      {.name = "rsqrt",
       .function = of(rsqrt),
       .value = [](Wide x) { return 1 / std::sqrt(x); },
       .slope = [](Wide x) { return -0.5L / std::sqrt(x) / x; },
       .first = 0},
      {.name = "tanh",
       .function = of(tanh),
       .value = [](Wide x) { return std::tanh(x); },
       .slope = [](Wide x) { return 1 / (std::cosh(x) * std::cosh(x)); },
       .critical = {9.010913, 19.06154746539849},
       .slope_bound = {.scale = [](Wide) { return 1; },
                       .reason = "1 - y^2 from y alone: the rounding of y next to 1 is all of it"}},
      {.name = "sigmoid",
       .function = of(sigmoid),
       .value = sigmoid_of,
       .slope = sigmoid_slope_of,
       .critical = {-88.72283935546875, -103.97208, -709.782712893384, -745.1332191019411}},
      {.name = "softplus",
       .function = of(softplus),
       .value = softplus_of,
       .slope = sigmoid_of,
       .critical = {-103.97208, -745.1332191019411}},
      {.name = "log_sigmoid",
       .function = of(log_sigmoid),
       .value = [](Wide x) { return -softplus_of(-x); },
       .slope = [](Wide x) { return sigmoid_of(-x); }},
      {.name = "erf",
       .function = of(erf),
       .value = [](Wide x) { return std::erf(x); },
       .slope = [](Wide x) { return bell_of(x, 1, 2 / std::sqrt(pi)); }},
      {.name = "erfc",
       .function = of(erfc),
       .value = [](Wide x) { return std::erfc(x); },
       .slope = [](Wide x) { return bell_of(x, 1, -2 / std::sqrt(pi)); },
       .critical = {10.054197, 26.543258}},
  };
}

std::vector<RangeCase> powers_and_steps() {
  const auto none = [](Wide) { return Wide{0}; };
  return {
      {.name = "negative",
       .function = of(negative),
       .value = [](Wide x) { return -x; },
       .slope = [](Wide) { return Wide{-1}; },
       .smooth = false},
      {.name = "square",
       .function = of(square),
       .value = [](Wide x) { return x * x; },
       .slope = [](Wide x) { return 2 * x; }},
      {.name = "cube",
       .function = of(cube),
       .value = [](Wide x) { return x * x * x; },
       .slope = [](Wide x) { return 3 * x * x; }},
      {.name = "reciprocal",
       .function = of(reciprocal),
       .value = [](Wide x) { return 1 / x; },
       .slope = [](Wide x) { return -1 / x / x; }},
      {.name = "abs", .function = of(abs), .value = [](Wide x) { return std::fabs(x); }, .slope = sign_of},
      {.name = "sign", .function = of(sign), .value = sign_of, .slope = none, .smooth = false},
      {.name = "floor",
       .function = of(floor),
       .value = [](Wide x) { return std::floor(x); },
       .slope = none,
       .critical = {1, -1},
       .smooth = false},
      {.name = "ceil",
       .function = of(ceil),
       .value = [](Wide x) { return std::ceil(x); },
       .slope = none,
       .critical = {1, -1},
       .smooth = false},
      {.name = "round",
       .function = of(round),
       .value = [](Wide x) { return std::nearbyint(x); },
       .slope = none,
       .critical = {0.5, 1.5, -0.5},
       .smooth = false},
  };
}

std::vector<RangeCase> angles() {
  const auto one_less_square = [](Wide x) { return (1 - x) * (1 + x); };
  const auto inverse_length = [](Wide x) { return 1 / std::hypot(Wide{1}, x); };
  return {
      {.name = "sin",
       .function = of(sin),
       .value = [](Wide x) { return std::sin(x); },
       .slope = [](Wide x) { return std::cos(x); },
       .critical = {3.141592653589793, 1e5, 1e22}},
      {.name = "cos",
       .function = of(cos),
       .value = [](Wide x) { return std::cos(x); },
       .slope = [](Wide x) { return -std::sin(x); },
       .critical = {1.5707963267948966, 1e5, 1e22}},
      {.name = "tan",
       .function = of(tan),
       .value = [](Wide x) { return std::tan(x); },
       .slope = [](Wide x) { return 1 + std::tan(x) * std::tan(x); },
       .critical = {1.5707963267948966, 3.141592653589793, 1e5, 1e22}},
      {.name = "asin",
       .function = of(asin),
       .value = [](Wide x) { return std::asin(x); },
       .slope = [=](Wide x) { return 1 / std::sqrt(one_less_square(x)); },
       .critical = {1, -1, 0.5},
       .first = -1,
       .last = 1},
      {.name = "acos",
       .function = of(acos),
       .value = [](Wide x) { return std::acos(x); },
       .slope = [=](Wide x) { return -1 / std::sqrt(one_less_square(x)); },
       .critical = {1, -1, 0.5},
       .first = -1,
       .last = 1},
      {.name = "atan",
       .function = of(atan),
       .value = [](Wide x) { return std::atan(x); },
       .slope = [](Wide x) { return std::fabs(x) > 1 ? 1 / x / (x + 1 / x) : 1 / (1 + x * x); },
       .critical = {1, -1}},
      {.name = "sinh",
       .function = of(sinh),
       .value = [](Wide x) { return std::sinh(x); },
       .slope = [](Wide x) { return std::cosh(x); },
       .critical = {89.41598629223294, 710.4758600739439}},
      {.name = "cosh",
       .function = of(cosh),
       .value = [](Wide x) { return std::cosh(x); },
       .slope = [](Wide x) { return std::sinh(x); },
       .critical = {89.41598629223294, 710.4758600739439}},
      {.name = "asinh",
       .function = of(asinh),
       .value = [](Wide x) { return std::asinh(x); },
       .slope = inverse_length,
       .critical = {1}},
      {.name = "acosh",
       .function = of(acosh),
       .value = [](Wide x) { return std::acosh(x); },
       .slope = [](Wide x) { return 1 / (std::sqrt(x - 1) * std::sqrt(x + 1)); },
       .critical = {1},
       .first = 1},
      {.name = "atanh",
       .function = of(atanh),
       .value = [](Wide x) { return std::atanh(x); },
       .slope = [=](Wide x) { return 1 / one_less_square(x); },
       .critical = {1, -1},
       .first = -1,
       .last = 1},
  };
}

std::vector<RangeCase> activations() {
  const Wide alpha = 1.6732632423543772L, scale = 1.0507009873554805L;
  const auto linear = [](Wide x) { return std::fabs(x) <= 3 ? 1 / 6.0L : Wide{0}; };
  return {
      {.name = "relu",
       .function = of(relu),
       .value = [](Wide x) { return x < 0 ? 0 : x; },
       .slope = [](Wide x) { return x > 0    ? 1
                                    : x <= 0 ? 0
                                             : x; }},
      {.name = "leaky_relu",
       .function = [](const Tensor& x) { return leaky_relu(x, 0.25); },
       .value = [](Wide x) { return x > 0 ? x : x / 4; },
       .slope = [](Wide x) { return x > 0 ? 1 : 0.25L; },
       .smooth = false},
      {.name = "elu",
       .function = [](const Tensor& x) { return elu(x, 1.5); },
       .value = [](Wide x) { return x > 0 ? x : 1.5L * std::expm1(x); },
       .slope = [](Wide x) { return x > 0 ? 1 : 1.5L * std::exp(x); }},
      {.name = "selu",
       .function = of(selu),
       .value = [=](Wide x) { return scale * (x > 0 ? x : alpha * std::expm1(x)); },
       .slope = [=](Wide x) { return scale * (x > 0 ? 1 : alpha * std::exp(x)); }},
      {.name = "gelu",
       .function = [](const Tensor& x) { return gelu(x); },
       .value = [](Wide x) { return product(x, normal_distribution(x)); },
       .slope = [](Wide x) { return normal_distribution(x) + product(x, normal_density(x)); },
       .critical = {-0.7517915246935645, -30, -14.4, -38.5},
       .slope_bound = near(
           -0.7517915246935645L, 1.5L, [](Wide x) { return x * normal_density(x); },
           "a root: Phi(x) and x phi(x) cancel")},
      {.name = "gelu by tanh",
       .function = [](const Tensor& x) { return gelu(x, true); },
       .value = [](Wide x) { return product(x, sigmoid_of(gelu_gate(x))); },
       .slope = [](Wide x) { return gate_slope(x, gelu_gate(x), gelu_gate_slope(x)); },
       .critical = {-0.75246, -21, -10},
       .slope_bound = near(
           -0.75246L, 1, [](Wide x) { return x * gelu_gate_slope(x) * sigmoid_slope_of(gelu_gate(x)); },
           "a root: the terms cancel")},
      {.name = "silu",
       .function = of(silu),
       .value = [](Wide x) { return product(x, sigmoid_of(x)); },
       .slope = [](Wide x) { return gate_slope(x, x, 1); },
       .critical = {-1.2784645427610738},
       .slope_bound = near(
           -1.2784645427610738L, 0.5L, [](Wide x) { return x * sigmoid_slope_of(x); },
           "a root: 1 and x sigmoid(-x) cancel")},
      {.name = "mish",
       .function = of(mish),
       .value = mish_of,
       .slope = mish_slope_of,
       .critical = {-1.1924},
       .slope_bound = near(
           -1.1924L, 0.5L, [](Wide x) { return mish_slope_of(x) - mish_of(x) / x; }, "a root: the terms cancel")},
      {.name = "hard_sigmoid",
       .function = of(hard_sigmoid),
       .value = [](Wide x) { return std::isnan(x) ? x : std::fmin(std::fmax(x + 3, Wide{0}), Wide{6}) / 6; },
       .slope = linear,
       .critical = {3, -3},
       .smooth = false},
      {.name = "softsign",
       .function = of(softsign),
       .value = [](Wide x) { return std::isinf(x) ? std::copysign(Wide{1}, x) : x / (1 + std::fabs(x)); },
       .slope = [](Wide x) { return 1 / (1 + std::fabs(x)) / (1 + std::fabs(x)); }},
  };
}

std::vector<RangeCase> gamma_functions() {
  const Bound roots{.scale = [](Wide x) { return std::ldexp(std::log(20 + std::fabs(x)), -9); },
                    .reason = "roots of digamma: a logarithm and a sum cancel there, with 11 digits more than float64"};
  return {
      {.name = "lgamma",
       .function = of(lgamma),
       .value =
           [](Wide x) {
             int sign;
             return ::lgammal_r(x, &sign);
           },
       .slope = digamma_of,
       .critical = {1, 2, -1, -2, -3, -2.4570247382208, -2.7476826467274, -3.9552942848586, -10000.5},
       .slope_bound = roots,
       .widest = 60},
      {.name = "digamma",
       .function = of(digamma),
       .value = digamma_of,
       .slope = trigamma_of,
       .critical = {1.4616321449683622, -0.5040830082644554, -1, -10000, -9999.5},
       .value_bound = roots,
       .widest = 60},
  };
}

}  // namespace

std::vector<RangeCase> range_cases() {
  std::vector<RangeCase> cases;
  for (const auto& more : {exponentials(), powers_and_steps(), angles(), activations(), gamma_functions()})
    cases.insert(cases.end(), more.begin(), more.end());
  return cases;
}

std::vector<PairCase> pair_cases() {
  // x / (x^2 + y^2), 0 at infinity.
  const auto share = [](Wide x, Wide y) {
    return std::isinf(x) || std::isinf(y) ? 0 / (x * x + y * y) : x / (x * x + y * y);
  };
  // Beyond 2^64 all numbers are even, and b - 1, which is odd, is rounded to b.
  const auto power_slope = [](Wide a, Wide b) {
    return b == 0 ? 0 : std::fabs(b) > 1e18L && a < 0 ? -b * std::pow(-a, b - 1) : b * std::pow(a, b - 1);
  };
  const auto power_growth = [](Wide a, Wide b) {
    return a == 0 && b >= 0 ? 0 : a < 0 ? nan : product(std::pow(a, b), std::log(a));
  };
  const auto logaddexp_slope = [](Wide a, Wide b) { return a == b ? 0.5L : sigmoid_of(a - b); };
  return {
      {.name = "pow",
       .function = [](const Tensor& a, const Tensor& b) { return pow(a, b); },
       .value = [](Wide a, Wide b) { return std::pow(a, b); },
       .first_slope = power_slope,
       .second_slope = power_growth},
      {.name = "atan2",
       .function = [](const Tensor& y, const Tensor& x) { return atan2(y, x); },
       .value = [](Wide y, Wide x) { return std::atan2(y, x); },
       .first_slope = [=](Wide y, Wide x) { return share(x, y); },
       .second_slope = [=](Wide y, Wide x) { return -share(y, x); }},
      {.name = "logaddexp",
       .function = [](const Tensor& a, const Tensor& b) { return logaddexp(a, b); },
       .value =
           [](Wide a, Wide b) {
             return std::isinf(a) && a == b ? a : std::fmax(a, b) + std::log1p(std::exp(-std::fabs(a - b)));
           },
       .first_slope = logaddexp_slope,
       .second_slope = [=](Wide a, Wide b) { return logaddexp_slope(b, a); },
       .scale = [](Wide a, Wide b) { return std::fmax(a, b) < 0 && std::fmax(a, b) > -1 ? -std::fmax(a, b) : 0; },
       .reason = "a root: the larger one and the logarithm cancel"},
  };
}

}  // namespace xg::testing
