#include "autograd/ops/elementwise.hpp"

#include <cmath>

#include "tests/autograd/op_cases.hpp"

namespace xg::testing {
namespace {

double limited(double x) { return std::isnan(x) ? x : std::fmax(-0.5, std::fmin(x, 0.5)); }

OpCase clip_case() {
  return {.name = "clip",
          .function = [](const Inputs& v) { return clip(v[0], -0.5, 0.5); },
          .samples = between_kinks(),
          .reference = [](const Inputs& v) { return map(Values(v[0]), limited); },
          .elementwise = true};
}

/// Through float32 and back: exact for the samples, multiples of 1/8, and for the steps of the difference.
OpCase rounded_case() {
  const Tensor eighths{{0.125, -0.25, 0.5}, {-0.875, 0.0, 1.0}};
  return {.name = "astype",
          .variant = "float32 and back",
          .function = [](const Inputs& v) { return astype(astype(v[0], float32), float64); },
          .samples = {{astype(eighths, float64)}},
          .reference = [](const Inputs& v) { return Values(v[0]); },
          .options = {.step = 0.25}};
}

}  // namespace

Cases elementwise_cases() {
  return {
      unary("exp", exp, std::exp, samples_of_one()),
      unary("log", log, std::log, samples_of_one(0.5, 3)),
      unary("log1p", log1p, std::log1p, samples_of_one(-0.5, 2)),
      unary("expm1", expm1, std::expm1, samples_of_one()),
      unary("sqrt", sqrt, std::sqrt, samples_of_one(0.5, 3)),
      unary(
          "rsqrt", rsqrt, [](double x) { return 1 / std::sqrt(x); }, samples_of_one(0.5, 3)),
      unary(
          "square", square, [](double x) { return x * x; }, samples_of_one()),
      unary(
          "cube", cube, [](double x) { return x * x * x; }, samples_of_one()),
      unary("abs", abs, std::fabs, between_kinks()),
      unary(
          "sign", sign, [](double x) { return x > 0    ? 1
                                              : x < 0  ? -1
                                              : x == 0 ? 0
                                                       : x; }, between_kinks()),
      unary(
          "reciprocal", reciprocal, [](double x) { return 1 / x; }, samples_of_one(0.5, 2)),
      unary("floor", floor, std::floor, between_kinks()),
      unary("ceil", ceil, std::ceil, between_kinks()),
      unary("round", round, std::nearbyint, between_kinks()),
      unary("erf", erf, std::erf, samples_of_one()),
      unary("erfc", erfc, std::erfc, samples_of_one()),
      clip_case(),
      {.name = "nan_to_num",
       .function = [](const Inputs& v) { return nan_to_num(v[0], {.nan = 1, .infinity = 2, .negative_infinity = 3}); },
       .samples = samples_of_one(),
       .reference =
           [](const Inputs& v) {
             return map(Values(v[0]), [](double x) { return std::isnan(x) ? 1 : !std::isinf(x) ? x : x > 0 ? 2 : 3; });
           },
       .elementwise = true},
      {.name = "astype",
       .variant = "the same dtype",
       .function = [](const Inputs& v) { return astype(v[0], v[0].dtype()); },
       .samples = samples_of_one(),
       .reference = [](const Inputs& v) { return Values(v[0]); }},
      rounded_case(),
      {.name = "astype",
       .variant = "to int64",
       .function = [](const Inputs& v) { return astype(v[0], int64); },
       .samples = samples_of_one(),
       .reference = [](const Inputs& v) { return map(Values(v[0]), [](double x) { return std::trunc(x); }); },
       .differentiable = false},
      {.name = "astype",
       .variant = "to boolean",
       .function = [](const Inputs& v) { return astype(v[0], boolean); },
       .samples = {{Tensor({0.0, -0.0, 0.5, -3.0}, float64)}},
       .reference = [](const Inputs& v) { return map(Values(v[0]), [](double x) { return x != 0 ? 1 : 0; }); },
       .differentiable = false},
  };
}

}  // namespace xg::testing
