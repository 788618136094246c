#include "autograd/ops/special.hpp"

#include <cmath>
#include <numbers>

#include "tests/autograd/op_cases.hpp"

namespace xg::testing {
namespace {

/// Half and whole numbers from 0.5 to 6, where digamma and its derivative are finite sums.
std::vector<Inputs> halves() {
  std::vector<double> numbers;
  for (int i = 1; i <= 12; ++i) numbers.push_back(0.5 * i);
  return {{Tensor(Array::from(numbers, {3, 4}))}, {Tensor(Array::full({}, 2.5, float64))}};
}

/// -gamma + 1 + 1/2 + ... + 1 / (n - 1), and for halves -gamma - 2 ln 2 + 2 + 2/3 + 2/5 + ... (Abramowitz and Stegun,
/// 6.3.2 and 6.3.4).
double digamma_of(double x) {
  const bool whole = x == std::floor(x);
  double sum = -std::numbers::egamma - (whole ? 0 : 2 * std::numbers::ln2);
  for (double k = whole ? 1 : 0.5; k < x; ++k) sum += 1 / k;
  return sum;
}

/// pi^2 / 6 - 1 - 1/4 - ..., and for halves pi^2 / 2 - 4 - 4/9 - ... (6.4.2 and 6.4.4).
double trigamma_of(double x) {
  const bool whole = x == std::floor(x);
  double sum = std::numbers::pi * std::numbers::pi / (whole ? 6 : 2);
  for (double k = whole ? 1 : 0.5; k < x; ++k) sum -= 1 / (k * k);
  return sum;
}

OpCase function(const char* name, const char* variant, Tensor (*op)(const Tensor&), double (*f)(double),
                std::vector<Inputs> samples) {
  return {.name = name,
          .variant = variant,
          .function = [=](const Inputs& v) { return op(v[0]); },
          .samples = std::move(samples),
          .reference = [=](const Inputs& v) { return map(Values(v[0]), f); },
          .magnitude = 1};
}

}  // namespace

Cases special_cases() {
  // Below 0 by the recurrence from above.
  const auto below = [](double x) { return digamma_of(x + 3) - 1 / x - 1 / (x + 1) - 1 / (x + 2); };
  return {
      function(
          "lgamma", "", [](const Tensor& x) { return lgamma(x); }, [](double x) { return std::lgamma(x); },
          samples_of_one(0.3, 6)),
      function(
          "digamma", "", [](const Tensor& x) { return digamma(x); }, digamma_of, halves()),
      function("digamma", "below 0", [](const Tensor& x) { return digamma(x); }, below,
               {{Tensor({-0.5, -1.5, -2.5}, float64)}}),
      function(
          "polygamma", "order 0", [](const Tensor& x) { return polygamma(0, x); }, digamma_of, halves()),
      function(
          "polygamma", "order 1", [](const Tensor& x) { return polygamma(1, x); }, trigamma_of, halves()),
  };
}

}  // namespace xg::testing
