#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/ops/arithmetic.hpp"
#include "tests/autograd/op_cases.hpp"

namespace xg::testing {
namespace {

Reference pairs(double (*f)(double, double)) {
  return [f](const Inputs& v) { return zip(Values(v[0]), Values(v[1]), f); };
}

Reference elements(double (*f)(double)) {
  return [f](const Inputs& v) { return map(Values(v[0]), f); };
}

double larger(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? std::numeric_limits<double>::quiet_NaN() : a < b ? b : a;
}

double smaller(double a, double b) { return -larger(-a, -b); }

/// Pairs of tensors without a tie between them.
std::vector<Inputs> without_ties() {
  std::vector<Inputs> samples;
  for (const auto& [a, b] : broadcast_pairs()) samples.push_back({distinct(a), distinct(b, -0.6)});
  return samples;
}

/// Pairs with a positive first input.
std::vector<Inputs> positive_bases() {
  std::vector<Inputs> samples;
  for (const auto& [a, b] : broadcast_pairs()) samples.push_back({uniform(a, 0.5, 2), uniform(b)});
  return samples;
}

/// With a number on one side.
Cases with_numbers() {
  return {
      {.name = "add",
       .variant = "a number",
       .function = [](const Inputs& v) { return v[0] + 1.5; },
       .samples = samples_of_one(),
       .reference = elements([](double x) { return x + 1.5; }),
       .elementwise = true},
      {.name = "subtract",
       .variant = "from a number",
       .function = [](const Inputs& v) { return 1 - v[0]; },
       .samples = samples_of_one(),
       .reference = elements([](double x) { return 1 - x; }),
       .elementwise = true},
      {.name = "multiply",
       .variant = "by a number",
       .function = [](const Inputs& v) { return -3 * v[0]; },
       .samples = samples_of_one(),
       .reference = elements([](double x) { return -3 * x; }),
       .elementwise = true},
      {.name = "divide",
       .variant = "a number",
       .function = [](const Inputs& v) { return 2.0 / v[0]; },
       .samples = samples_of_one(0.5, 2),
       .reference = elements([](double x) { return 2 / x; }),
       .elementwise = true},
      {.name = "pow",
       .variant = "of a number",
       .function = [](const Inputs& v) { return pow(2.0, v[0]); },
       .samples = samples_of_one(),
       .reference = elements([](double x) { return std::pow(2.0, x); }),
       .elementwise = true},
      {.name = "pow",
       .variant = "to the third",
       .function = [](const Inputs& v) { return pow(v[0], 3); },
       .samples = samples_of_one(),
       .reference = elements([](double x) { return std::pow(x, 3.0); }),
       .elementwise = true},
      {.name = "maximum",
       .variant = "with a number",
       .function = [](const Inputs& v) { return maximum(v[0], 0.5); },
       .samples = samples_of_one(),
       .reference = elements([](double x) { return larger(x, 0.5); }),
       .elementwise = true},
      {.name = "minimum",
       .variant = "of a number",
       .function = [](const Inputs& v) { return minimum(0.5, v[0]); },
       .samples = samples_of_one(),
       .reference = elements([](double x) { return smaller(x, 0.5); }),
       .elementwise = true},
  };
}

/// The same tensor on both sides.
Cases with_itself() {
  return {
      {.name = "multiply",
       .variant = "by itself",
       .function = [](const Inputs& v) { return v[0] * v[0]; },
       .samples = samples_of_one(),
       .reference = elements([](double x) { return x * x; }),
       .elementwise = true},
      {.name = "pow",
       .variant = "to itself",
       .function = [](const Inputs& v) { return pow(v[0], v[0]); },
       .samples = samples_of_one(0.5, 2),
       .reference = elements([](double x) { return std::pow(x, x); }),
       .elementwise = true},
  };
}

Cases with_tensors() {
  return {
      {.name = "add",
       .function = [](const Inputs& v) { return add(v[0], v[1]); },
       .samples = samples_of_two(),
       .reference = pairs([](double a, double b) { return a + b; }),
       .elementwise = true},
      {.name = "subtract",
       .function = [](const Inputs& v) { return subtract(v[0], v[1]); },
       .samples = samples_of_two(),
       .reference = pairs([](double a, double b) { return a - b; }),
       .elementwise = true},
      {.name = "multiply",
       .function = [](const Inputs& v) { return multiply(v[0], v[1]); },
       .samples = samples_of_two(),
       .reference = pairs([](double a, double b) { return a * b; }),
       .elementwise = true},
      {.name = "divide",
       .function = [](const Inputs& v) { return divide(v[0], v[1]); },
       .samples = samples_of_two(0.5, 2),
       .reference = pairs([](double a, double b) { return a / b; }),
       .elementwise = true},
      {.name = "negative",
       .function = [](const Inputs& v) { return negative(v[0]); },
       .samples = samples_of_one(),
       .reference = elements([](double x) { return -x; }),
       .elementwise = true},
      {.name = "pow",
       .function = [](const Inputs& v) { return pow(v[0], v[1]); },
       .samples = positive_bases(),
       .reference = pairs([](double a, double b) { return std::pow(a, b); }),
       .elementwise = true},
      {.name = "maximum",
       .function = [](const Inputs& v) { return maximum(v[0], v[1]); },
       .samples = without_ties(),
       .reference = pairs(larger),
       .elementwise = true},
      {.name = "minimum",
       .function = [](const Inputs& v) { return minimum(v[0], v[1]); },
       .samples = without_ties(),
       .reference = pairs(smaller),
       .elementwise = true},
  };
}

double log_of_sum(double a, double b) {
  return a == b ? a + std::log(2.0) : std::max(a, b) + std::log1p(std::exp(-std::abs(a - b)));
}

/// Functions of two that are no operators.
Cases named_functions() {
  return {
      {.name = "atan2",
       .function = [](const Inputs& v) { return atan2(v[0], v[1]); },
       .samples = samples_of_two(0.5, 2),
       .reference = pairs([](double y, double x) { return std::atan2(y, x); }),
       .elementwise = true},
      {.name = "remainder",
       .function = [](const Inputs& v) { return remainder(v[0], v[1]); },
       .samples = {{distinct({3, 4}, -0.57), distinct({4}, 1.31)},
                   {distinct({5}, 3.13), Tensor(-0.7).array().astype(float64)}},
       .reference = pairs([](double a, double b) {
         const double rest = std::fmod(a, b);
         return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
       }),
       .elementwise = true},
      {.name = "lerp",
       .function = [](const Inputs& v) { return lerp(v[0], v[1], v[2]); },
       .samples = {{uniform({3, 4}), uniform({4}), uniform({})}, {uniform({2}), uniform({2}), uniform({2})}},
       .reference =
           [](const Inputs& v) {
             const Values a(v[0]), b(v[1]), difference = zip(b, a, std::minus<>());
             return zip(a, zip(difference, Values(v[2]), std::multiplies<>()), std::plus<>());
           },
       .magnitude = 4},
      {.name = "addcmul",
       .function = [](const Inputs& v) { return addcmul(v[0], v[1], v[2], 0.5); },
       .samples = {{uniform({3, 4}), uniform({4}), uniform({3, 1})}},
       .reference =
           [](const Inputs& v) {
             const Values product = zip(Values(v[1]), Values(v[2]), std::multiplies<>());
             return zip(Values(v[0]), product, [](double x, double p) { return x + 0.5 * p; });
           },
       .magnitude = 4},
      {.name = "logaddexp",
       .function = [](const Inputs& v) { return logaddexp(v[0], v[1]); },
       .samples = samples_of_two(),
       .reference = pairs(log_of_sum),
       .elementwise = true,
       .magnitude = 1},
  };
}

}  // namespace

Cases arithmetic_cases() {
  Cases cases = with_tensors();
  for (const Cases& more : {with_numbers(), with_itself(), named_functions()})
    cases.insert(cases.end(), more.begin(), more.end());
  return cases;
}

}  // namespace xg::testing
